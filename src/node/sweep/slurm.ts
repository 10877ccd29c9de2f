/**
 * What both sides of Slurm share: the folder `slurm` of a sweep, which the submitting machine and all nodes see.
 *
 *   networks/SHA256                 networks, by the hash of their file
 *   rows/FIRST-LAST-SHA256.jsonl    rows that tasks have measured, with checksums; a file is complete or absent, and its name has the hash
 *                                   of its content
 *   1/, 2/ ...                      submissions, one array job each:
 *     submission.json               the sweep, the software that may answer, and the name of the job
 *     task-0.json, task-1.json ...  the points of each array task, in batches
 *     submit.sh                     the script
 *     task-0.log ...                the output of tasks
 *
 * The only program there is the script, which starts `xpike worker` on the folder of its submission.
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { FileError, SpecError } from "../../errors.ts";
import { buildId, describeBuilds } from "../build.ts";
import { sha256Of } from "../content-hash.ts";
import { listFolder, makeFolder, readFileChecked, writeFileAtomic } from "../files.ts";
import type { PlannedPoint } from "./plan.ts";
import { type FoundRows, readRowLines } from "./row-lines.ts";
import { softwareSpec } from "./software.ts";
import { manifestSpec, pointSpec } from "./work.ts";

export const SLURM_FOLDER = "slurm";
export const SLURM_FILES = {
  networks: "networks",
  rows: "rows",
  submission: "submission.json",
  script: "submit.sh",
} as const;

/** Prefix of a task's `xpike worker --engine`. */
export const TASK_SCHEME = "slurm:";

const LARGEST_FILE = 2 ** 30;

export const taskFile = (task: number): string => `task-${task}.json`;
export const logFile = (task: number): string => `task-${task}.log`;

const submissionSpec = manifestSpec.omit({ build: true }).extend({
  software: softwareSpec,
  /** Other builds of the program that may answer too. */
  accepts: z.array(z.string()).default([]),
  /** Unique name of the array job. */
  job: z.string().regex(/^xpike-[0-9a-f]{12}$/),
  tasks: z.int().min(1),
  /** Folder that paths in the experiment are relative to, and that of the data instead of the usual ones. */
  directory: z.string(),
  data: z.string().nullable(),
});

const taskSpec = z.array(z.array(pointSpec).min(1)).min(1);

export type Submission = z.infer<typeof submissionSpec>;
type Batches = readonly (readonly PlannedPoint[])[];

export const jobName = (): string => `xpike-${randomBytes(6).toString("hex")}`;

/** Numbers of the submissions in the folder `slurm`, in order. */
export async function listSubmissions(slurm: string): Promise<number[]> {
  const names = await listFolder(slurm);
  return names
    .filter((name) => /^[1-9]\d{0,8}$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** A submission with the points of its tasks, complete: `submission.json` is written last. */
export async function writeSubmission(
  folder: string,
  submission: Submission,
  tasks: readonly Batches[],
  script: string,
): Promise<void> {
  await makeFolder(folder);
  for (const [task, batches] of tasks.entries()) {
    await writeFileAtomic(join(folder, taskFile(task)), `${JSON.stringify(batches)}\n`);
  }
  await writeFileAtomic(join(folder, SLURM_FILES.script), script);
  await writeFileAtomic(join(folder, SLURM_FILES.submission), `${JSON.stringify(submission, null, 2)}\n`);
}

/** Throws FileError if there is none, or it is incomplete. */
export const readSubmission = (folder: string): Promise<Submission> =>
  readChecked(join(folder, SLURM_FILES.submission), submissionSpec);

/** The points of an array task. Throws FileError. */
export const readTask = (folder: string, task: number): Promise<PlannedPoint[][]> =>
  readChecked(join(folder, taskFile(task)), taskSpec);

async function readChecked<T>(path: string, spec: z.ZodType<T>): Promise<T> {
  const text = new TextDecoder().decode(await readFileChecked(path, LARGEST_FILE));
  try {
    return spec.parse(JSON.parse(text));
  } catch (cause) {
    throw new FileError(path, "The file is damaged. Run `xpike sweep --resume`, which writes it again.", {
      cause,
    });
  }
}

/** Throws FileError when the submission is of another build of the program than this one, and neither accepts the other. */
export function requireSoftware(
  folder: string,
  { software: { build: asked }, accepts }: Pick<Submission, "software" | "accepts">,
  accepted: string | undefined = undefined,
): void {
  const own = buildId();
  if ([asked, ...accepts].includes(own) || accepted === asked) return;
  throw new FileError(
    folder,
    `The sweep was submitted by ${describeBuilds([asked])}, but this program is build ${own}: values may differ. Let the nodes run the program ` +
      `of the submitting machine, from a shared folder, or continue the sweep with --accept-build ${own}. Its table then names both.`,
  );
}

/** `0000064-0000127-SHA256.jsonl`: the first and last point, and 16 digits of the hash. */
export const rowsFile = (rows: readonly { readonly point: number }[], text: Uint8Array): string =>
  `${pointsOf(rows)}-${sha256Of(text).slice(0, 16)}.jsonl`;

export const pointsOf = (points: readonly { readonly point: number }[]): string =>
  [points[0], points[points.length - 1]].map(({ point }) => String(point).padStart(7, "0")).join("-");

/** What a file of rows holds. */
export interface RowsFile extends FoundRows {
  /** It matches its name: nothing of it is missing or changed. */
  readonly isWhole: boolean;
}

/** The rows in a file of rows; null if the name is not that of such a file, or there is none any more. */
export async function readRowsFile(folder: string, name: string): Promise<RowsFile | null> {
  const [, hash] = /-([0-9a-f]{16})\.jsonl$/.exec(name) ?? [];
  if (hash === undefined) return null;
  const path = join(folder, name);
  const bytes = await readFileChecked(path, LARGEST_FILE).catch((error) => {
    if (existsSync(path)) throw error;
    return null;
  });
  return bytes && { ...readRowLines(bytes, name), isWhole: sha256Of(bytes).startsWith(hash) };
}

/** Options of `sbatch` that the script sets itself, or that would move it away from where its rows are expected. */
const OWN = ["array", "job-name", "output", "error", "open-mode", "requeue", "no-requeue", "wrap", "wait", "test-only"];

/**
 * The site's options, as typed: `--partition=short --time=2:00:00`.
 * Throws  SpecError for anything that is not a long option, for the script's own options, and for characters that no option needs
 */
export function parseSbatchOptions(text: string): string[] {
  const refuse = (word: string, reason: string): never => {
    throw new SpecError(
      "sbatch",
      `${JSON.stringify(word)} is not an option for the job: ${reason}. Write long options with = before their values, such as ` +
        '--sbatch "--partition=short --time=2:00:00 --cpus-per-task=4".',
    );
  };
  const words = text.split(/[ \t]+/).filter((word) => word !== "");
  for (const word of words) {
    const [, name] = /^--([a-z][a-z0-9-]*)(?:=[\w.,:;/@%+*()&|!?[\]{}~=-]+)?$/.exec(word) ?? [];
    if (name === undefined) refuse(word, "it is not of the form --name or --name=value");
    if (OWN.includes(name!)) refuse(word, `--${name} is set by the script itself`);
  }
  return words;
}

export interface ScriptParts {
  readonly job: string;
  readonly tasks: number;
  /** Folder of the submission. */
  readonly folder: string;
  /** Node and the script of `xpike`, as a node starts them. */
  readonly program: readonly string[];
  /** The site's options. */
  readonly sbatch: readonly string[];
}

/** The script of an array job: each task measures its points, on as many threads as it has processors. */
export function slurmScript({ job, tasks, folder, program, sbatch }: ScriptParts): string {
  const options = [`--job-name=${job}`, `--array=0-${tasks - 1}`, "--requeue", "--output=/dev/null", ...sbatch];
  const command = [...program, "worker", "--engine", `${TASK_SCHEME}${folder}`].map(quoted).join(" ");
  return `#!/bin/sh
# Points of a sweep of xpikeformer. Submit with: sbatch ${SLURM_FILES.script}
${options.map((option) => `#SBATCH ${option}`).join("\n")}
exec >>${quoted(join(folder, "task-"))}"$SLURM_ARRAY_TASK_ID".log 2>&1
exec ${command} --threads "\${SLURM_CPUS_PER_TASK:-1}"
`;
}

/** For a POSIX shell. */
const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
