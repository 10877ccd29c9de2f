/**
 * The folder of a sweep:
 *
 *   sweep.json      the request: the design with its experiment, the hash of every point, and the software that answers
 *   networks/       networks trained for it, each in a folder of `xpike train`
 *   rows/           rows of the table, several points per file, each with its checksum (`row-lines.ts`); a file is complete or absent,
 *                   and rows found there are kept, unless they are broken: then their points are measured again
 *   results.*       the table of all rows, once they are there: DuckDB, Parquet and CSV
 *   front.html      the front
 */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { FileError } from "../../errors.ts";
import { designSpec } from "../../experiment/design.ts";
import type { OpenedDesign } from "../../sweep/points.ts";
import { isAdaptive } from "../../sweep/rounds.ts";
import type { Row } from "../../sweep/unit.ts";
import { requireBuild } from "../build.ts";
import { contentHash } from "../content-hash.ts";
import { listFolder, makeFolder, readFileChecked, writeFileAtomic } from "../files.ts";
import { removeTemporaries } from "../run-folder.ts";
import type { PlannedSweep } from "./plan.ts";
import { type BrokenRow, type FoundRows, readRowLines, rowLines } from "./row-lines.ts";
import { buildsOfSweep, type Software, softwareOf, softwareSpec } from "./software.ts";

export const SWEEP_FILES = {
  question: "sweep.json",
  rows: "rows",
  networks: "networks",
  database: "results.duckdb",
  parquet: "results.parquet",
  csv: "results.csv",
  page: "front.html",
} as const;

const LARGEST_FILE = 2 ** 30;

/** The request of a folder. */
export interface SweepQuestion {
  readonly software: Software;
  readonly design: OpenedDesign;
  readonly points: number;
  /** Number of rows of all rounds, once they are there; null before. */
  readonly rows: number | null;
  /** Hash of all points, in order; for an adaptive sweep, of its first round and of everything that the other rounds follow from. */
  readonly hash: string;
  /** As `PlannedSweep`; absent in folders of older programs. */
  readonly contents?: Contents;
}

type Contents = PlannedSweep["contents"];

/** Version of the folder. In the first version, rows of a budget lacked what a later round continues from. */
const VERSION = 2;

const questionSpec = z.object({
  format: z.literal("xpikeformer-sweep"),
  version: z.int().min(1).max(VERSION),
  software: softwareSpec,
  design: designSpec.extend({ experiment: z.record(z.string(), z.unknown()) }),
  points: z.int().min(0),
  rows: z.int().min(0).nullable().default(null),
  hash: z.string(),
  contents: z.record(z.string(), z.string()).exactOptional(),
});

/**
 * Creates the folder of a sweep, or opens one with the same request, and removes broken rows. The caller holds the folder (`useFolder`).
 *
 * Returns  the rows that are there, and those that were broken
 * Throws   FileError when it holds a sweep and `resume` is not set, holds none and `resume` is set, or holds another sweep or one
 *          of other builds that are not accepted
 */
export async function openSweepFolder(
  folder: string,
  { design, points, contents }: Pick<PlannedSweep, "design" | "points" | "contents">,
  { resume, acceptBuild }: { readonly resume: boolean; readonly acceptBuild?: readonly string[] | undefined },
): Promise<FoundRows> {
  const { experiment, axes, sampling, seed, budget, objectives, constraints } = design;
  const first = points.map((point) => point.hash);
  // Anything that follows from rows also follows from these.
  const hash = contentHash(
    isAdaptive(design) ? [first, { experiment, axes, sampling, seed, budget, objectives, constraints }] : first,
  );
  const question: SweepQuestion = { software: softwareOf(), design, points: points.length, rows: null, hash, contents };
  await makeFolder(folder);
  const rowFolder = join(folder, SWEEP_FILES.rows);
  const before = (await listFolder(folder)).includes(SWEEP_FILES.question) ? await readQuestion(folder) : null;
  if (before === null) {
    if (resume)
      throw new FileError(
        folder,
        "The folder holds no sweep to resume. Leave --resume out, or name another folder with --out.",
      );
    await makeFolder(rowFolder);
    if ((await listRowFiles(folder)).length > 0) {
      throw new FileError(
        rowFolder,
        `The folder holds rows, but ${SWEEP_FILES.question}, which says what they are of, is gone. Restore it, remove ${rowFolder}, or choose ` +
          "another folder with --out.",
      );
    }
    await writeQuestion(folder, question);
    return { rows: [], broken: [] };
  }
  if (!resume) {
    throw new FileError(
      folder,
      "The folder already holds a sweep. Continue it with --resume, or choose another folder with --out.",
    );
  }
  await makeFolder(rowFolder);
  await removeTemporaries(rowFolder);
  const found = await readRows(folder);
  // First, because another build may list other points.
  requireBuild(
    folder,
    "sweep",
    await buildsOfSweep(before.software.build, found.rows, join(folder, SWEEP_FILES.networks)),
    acceptBuild,
  );
  if (before.hash !== hash) {
    requireContents(folder, before.contents ?? {}, contents);
    throw new FileError(
      folder,
      `The folder holds another sweep, with ${before.points} points; this design, with its networks and data, has ${points.length} ` +
        "different points. Choose another folder with --out.",
    );
  }
  // Whether a row belongs to a later round is known only when that round is planned.
  const stranger = found.rows.find(({ point, hash }) =>
    points[point] ? points[point].hash !== hash : !isAdaptive(design),
  );
  if (stranger) throw strangeRow(folder, stranger);
  await removeBroken(folder, found);
  return found;
}

/** Throws FileError at the first file, or data, whose content has changed since the sweep in `folder` began. */
function requireContents(folder: string, before: Contents, now: Contents): void {
  for (const [name, hash] of Object.entries(before)) {
    if ((now[name] ?? hash) === hash) continue;
    throw new FileError(
      name,
      `The sweep in ${folder} was started with a different ${name}: its SHA-256 was ${hash} and is now ${now[name]}. Restore the ` +
        "original, or choose another folder with --out.",
    );
  }
}

/** Records that all rows are there: a folder that lost some of them shows it, also if their number depends on the rows. */
export async function endSweep(folder: string, rows: number): Promise<void> {
  const question = await readQuestion(folder);
  if (question.rows !== rows) await writeQuestion(folder, { ...question, rows });
}

async function writeQuestion(folder: string, question: SweepQuestion): Promise<void> {
  const document = { format: "xpikeformer-sweep", version: VERSION, ...question };
  await writeFileAtomic(join(folder, SWEEP_FILES.question), `${JSON.stringify(document, null, 2)}\n`);
}

/** Files with broken rows keep the others, under a name of their own: new rows of the same points get new files. */
async function removeBroken(folder: string, { broken }: FoundRows): Promise<void> {
  for (const place of new Set(broken.map(({ place }) => place))) {
    const path = join(folder, place);
    const two = broken.filter((row) => row.place === place && row.fault === "two contents");
    const lost = new Set(two.map(({ point }) => point));
    const { rows } = readRowLines(await readFileChecked(path, LARGEST_FILE), place);
    const kept = rows.filter(({ point }) => !lost.has(point));
    const name = kept.length > 0 ? await keepRows(folder, kept) : null;
    if (name !== place) await rm(path, { force: true });
  }
}

/** For a row that does not belong to the folder's sweep. */
export const strangeRow = (folder: string, { point }: Pick<Row, "point">): FileError =>
  new FileError(join(folder, SWEEP_FILES.rows), `Row ${point} belongs to no point of this sweep. Remove its line.`);

/** Stores rows of neighbouring points in one file. Returns its place in the folder. */
export async function keepRows(folder: string, rows: readonly Row[]): Promise<string> {
  const name = [rows[0], rows[rows.length - 1]].map(({ point }) => String(point).padStart(7, "0")).join("-");
  const place = join(SWEEP_FILES.rows, `${name}.jsonl`);
  await writeFileAtomic(join(folder, place), rowLines(rows));
  return place;
}

/** The request of a folder. Throws FileError when it holds no sweep, or one with rows that this version cannot read. */
export async function readQuestion(folder: string): Promise<SweepQuestion> {
  const path = join(folder, SWEEP_FILES.question);
  const result = questionSpec.safeParse(parseLine(path, await readText(path)));
  if (!result.success) {
    const [{ path: field, message }] = result.error.issues;
    throw new FileError(path, `This file does not describe a sweep: ${field.join(".")}: ${message}.`);
  }
  const { version, ...question } = result.data;
  if (version < VERSION && question.design.budget) {
    throw new FileError(
      path,
      `The sweep has a budget, but version ${version} of its folder lacks data that later rounds need; version ${VERSION} keeps ` +
        `it. Its table and front stay in ${SWEEP_FILES.csv} and ${SWEEP_FILES.page}. Start again in another folder with --out.`,
    );
  }
  return question;
}

/**
 * The rows of a folder, by point, and those that are not as they were written, which no one may use: `xpike sweep --resume` measures
 * them again. Two different rows of a point are both broken. Rows of versions that kept no checksums are broken too.
 * Throws  FileError when a file cannot be read
 */
export async function readRows(folder: string): Promise<FoundRows> {
  const rows = new Map<number, { readonly row: Row; readonly place: string }>();
  const broken: BrokenRow[] = [];
  for (const name of await listRowFiles(folder)) {
    const place = join(SWEEP_FILES.rows, name);
    const found = readRowLines(await readFileChecked(join(folder, place), LARGEST_FILE), place);
    broken.push(...found.broken);
    if (found.rows.length + found.broken.length === 0) broken.push({ point: null, place, fault: "no checksum" });
    for (const row of found.rows) {
      const { point } = row;
      const other = rows.get(point);
      if (other && contentHash(other.row) !== contentHash(row)) {
        for (const one of [other.place, place]) broken.push({ point, place: one, fault: "two contents" });
      } else rows.set(point, { row, place });
    }
  }
  for (const { point, fault } of broken) if (fault === "two contents") rows.delete(point!);
  return { rows: [...rows.values()].map(({ row }) => row).sort((a, b) => a.point - b.point), broken };
}

/** None if their folder is gone. */
async function listRowFiles(folder: string): Promise<string[]> {
  const path = join(folder, SWEEP_FILES.rows);
  return existsSync(path) ? (await listFolder(path)).filter((name) => name.endsWith(".jsonl")).sort() : [];
}

const readText = async (path: string): Promise<string> =>
  new TextDecoder().decode(await readFileChecked(path, LARGEST_FILE));

function parseLine(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileError(
      path,
      "The file is damaged: it is not JSON. Restore it, or start again in another folder with --out.",
      {
        cause,
      },
    );
  }
}
