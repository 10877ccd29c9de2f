/** A Slurm array task: measures the points of its file on threads, and leaves their rows as files. */
import { dirname, join } from "node:path";
import { FileError } from "../../errors.ts";
import { buildId } from "../build.ts";
import { sha256Of } from "../content-hash.ts";
import { listFolder, readFileChecked, writeFileAtomic } from "../files.ts";
import { NETWORK_BYTES, type PlannedPoint } from "./plan.ts";
import { rowLines } from "./row-lines.ts";
import {
  pointsOf,
  readRowsFile,
  readSubmission,
  readTask,
  requireSoftware,
  rowsFile,
  SLURM_FILES,
  type Submission,
} from "./slurm.ts";
import { threadsEngine } from "./threads.ts";
import { readData } from "./work.ts";

/**
 * Measures the points of a task that have no rows yet, so a requeued task continues where it was.
 *
 * @param folder of the submission
 * @param acceptBuild another build, whose submissions this one may answer
 * Returns  the number of points that were measured
 * Throws   FileError for a submission of another build, or a damaged one; as `readData`
 */
export async function runSlurmTask(
  folder: string,
  task: number,
  threads: number,
  acceptBuild?: string,
): Promise<number> {
  const submission = await readSubmission(folder);
  requireSoftware(folder, submission, acceptBuild);
  const slurm = dirname(folder);
  const rows = join(slurm, SLURM_FILES.rows);
  const batches = await withoutRows(rows, await readTask(folder, task));
  const points = batches.flat();
  if (points.length === 0) return 0;
  const { design, directory, data: own } = submission;
  const inputs = {
    networks: await readNetworks(join(slurm, SLURM_FILES.networks), submission, points),
    data: await readData(design, points, { directory, ...(own !== null && { folder: own }) }),
  };
  const engine = threadsEngine(threads);
  try {
    await engine.measure({ design, inputs }, batches, async (measured) => {
      const text = rowLines(measured.map((row) => ({ ...row, build: buildId() })));
      await writeFileAtomic(join(rows, rowsFile(measured, text)), text);
    });
  } finally {
    await engine.close();
  }
  return points.length;
}

/** Batches of which a row is missing or broken. */
async function withoutRows(folder: string, batches: readonly PlannedPoint[][]): Promise<PlannedPoint[][]> {
  const names = await listFolder(folder);
  const left: PlannedPoint[][] = [];
  for (const batch of batches) {
    const hashes = new Map<number, string>();
    for (const name of names.filter((name) => name.startsWith(`${pointsOf(batch)}-`))) {
      for (const { point, hash } of (await readRowsFile(folder, name))?.rows ?? []) hashes.set(point, hash);
    }
    if (batch.some(({ point, hash }) => hashes.get(point) !== hash)) left.push(batch);
  }
  return left;
}

async function readNetworks(
  folder: string,
  { networks }: Submission,
  points: readonly PlannedPoint[],
): Promise<Record<string, Uint8Array>> {
  const found: Record<string, Uint8Array> = {};
  for (const name of new Set(points.flatMap(({ network }) => network ?? []))) {
    const path = join(folder, networks[name]);
    const bytes = await readFileChecked(path, NETWORK_BYTES);
    if (sha256Of(bytes) !== networks[name]) {
      throw new FileError(path, "The network is damaged. Run `xpike sweep --resume`, which writes it again.");
    }
    found[name] = bytes;
  }
  return found;
}
