/**
 * The folder of a sweep:
 *
 *   sweep.json      the request: the design with its experiment, the hash of every point, and the software that answers
 *   networks/       networks trained for it, each in a folder of `xpike train`
 *   rows/           rows of the table, several points per file; a file is complete or absent, and rows found there are kept
 *   results.*       the table of all rows, once they are there: DuckDB, Parquet and CSV
 *   front.html      the front
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { FileError } from "../../errors.ts";
import { designSpec } from "../../spec/design.ts";
import type { OpenedDesign } from "../../sweep/points.ts";
import { isAdaptive } from "../../sweep/rounds.ts";
import type { Row } from "../../sweep/unit.ts";
import { requireBuild } from "../build.ts";
import { contentHash } from "../content-hash.ts";
import { makeFolder, readFileChecked, writeFileAtomic } from "../files.ts";
import { removeTemporaries } from "../run-folder.ts";
import type { PlannedSweep } from "./plan.ts";
import { rowSpec } from "./row-spec.ts";
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
  /** Hash of all points, in order; for an adaptive sweep, of its first round and of everything that the other rounds follow from. */
  readonly hash: string;
}

/** Version of the folder. In the first version, rows of a budget lacked what a later round continues from. */
const VERSION = 2;

const questionSpec = z.object({
  format: z.literal("xpikeformer-sweep"),
  version: z.int().min(1).max(VERSION),
  software: softwareSpec,
  design: designSpec.extend({ experiment: z.record(z.string(), z.unknown()) }),
  points: z.int().min(0),
  hash: z.string(),
});

/**
 * Creates the folder of a sweep, or opens one with the same request. The caller holds the folder (`useFolder`).
 *
 * Returns  the rows that are there
 * Throws   FileError when it holds a sweep and `resume` is not set, holds none and `resume` is set, or holds another sweep or one
 *          of other builds that are not accepted
 */
export async function openSweepFolder(
  folder: string,
  { design, points }: Pick<PlannedSweep, "design" | "points">,
  { resume, acceptBuild }: { readonly resume: boolean; readonly acceptBuild?: readonly string[] | undefined },
): Promise<Row[]> {
  const { experiment, axes, sampling, seed, budget, objectives, constraints } = design;
  const first = points.map((point) => point.hash);
  // Anything that follows from rows also follows from these.
  const hash = contentHash(
    isAdaptive(design) ? [first, { experiment, axes, sampling, seed, budget, objectives, constraints }] : first,
  );
  const question: SweepQuestion = { software: softwareOf(), design, points: points.length, hash };
  await makeFolder(folder);
  const before = (await readdir(folder)).includes(SWEEP_FILES.question) ? await readQuestion(folder) : null;
  if (before === null) {
    if (resume)
      throw new FileError(
        folder,
        "The folder holds no sweep to resume. Leave --resume out, or name another folder with --out.",
      );
    await makeFolder(join(folder, SWEEP_FILES.rows));
    const document = { format: "xpikeformer-sweep", version: VERSION, ...question };
    await writeFileAtomic(join(folder, SWEEP_FILES.question), `${JSON.stringify(document, null, 2)}\n`);
    return [];
  }
  if (!resume) {
    throw new FileError(
      folder,
      "The folder already holds a sweep. Continue it with --resume, or choose another folder with --out.",
    );
  }
  await removeTemporaries(join(folder, SWEEP_FILES.rows));
  const rows = await readRows(folder);
  // First, because another build may list other points.
  requireBuild(
    folder,
    "sweep",
    await buildsOfSweep(before.software.build, rows, join(folder, SWEEP_FILES.networks)),
    acceptBuild,
  );
  if (before.hash !== hash) {
    throw new FileError(
      folder,
      `The folder holds another sweep, with ${before.points} points; this design, with its networks and data, has ${points.length} ` +
        "different points. Choose another folder with --out.",
    );
  }
  // Whether a row belongs to a later round is known only when that round is planned.
  const stranger = rows.find(({ point, hash }) => (points[point] ? points[point].hash !== hash : !isAdaptive(design)));
  if (stranger) throw strangeRow(folder, stranger);
  return rows;
}

/** For a row that does not belong to the folder's sweep. */
export const strangeRow = (folder: string, { point }: Pick<Row, "point">): FileError =>
  new FileError(join(folder, SWEEP_FILES.rows), `Row ${point} belongs to no point of this sweep. Remove it.`);

/** Stores rows of neighbouring points in one file. */
export async function keepRows(folder: string, rows: readonly Row[]): Promise<void> {
  const name = [rows[0], rows[rows.length - 1]].map(({ point }) => String(point).padStart(7, "0")).join("-");
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  await writeFileAtomic(join(folder, SWEEP_FILES.rows, `${name}.jsonl`), text);
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

/** The rows of a folder, by point; one of them if several files hold a point. Throws FileError for a damaged file. */
export async function readRows(folder: string): Promise<Row[]> {
  const directory = join(folder, SWEEP_FILES.rows);
  const rows = new Map<number, Row>();
  for (const name of await readdir(directory)) {
    if (!name.endsWith(".jsonl")) continue;
    const path = join(directory, name);
    for (const line of (await readText(path)).trimEnd().split("\n")) {
      const result = rowSpec.safeParse(parseLine(path, line));
      if (!result.success) throw new FileError(path, "The file is damaged. Remove it; --resume runs its points again.");
      rows.set(result.data.point, result.data);
    }
  }
  return [...rows.values()].sort((a, b) => a.point - b.point);
}

const readText = async (path: string): Promise<string> =>
  new TextDecoder().decode(await readFileChecked(path, LARGEST_FILE));

function parseLine(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileError(path, "The file is damaged: it is not JSON.", { cause });
  }
}
