/** The Slurm commands that a sweep needs: submit, query, cancel. Arguments are passed unchanged, without a shell. */
import { execFile } from "node:child_process";
import { PlatformError } from "../../errors.ts";

/** An array task, or several tasks of an array that wait together. */
export interface ArrayTask {
  /** Number of the array job. */
  readonly id: string;
  readonly job: string;
  /** Null for tasks that wait together. */
  readonly task: number | null;
  /** `PENDING`, `RUNNING`, `COMPLETED`, `FAILED`, `TIMEOUT` ... */
  readonly state: string;
  /** The reason for waiting. */
  readonly reason: string;
}

/** States that a task does not leave by itself (squeue(1), "JOB STATE CODES"). In any other state it may still measure points. */
const ENDED = [
  "BOOT_FAIL",
  "CANCELLED",
  "COMPLETED",
  "DEADLINE",
  "FAILED",
  "LAUNCH_FAILED",
  "NODE_FAIL",
  "OUT_OF_MEMORY",
  "PREEMPTED",
  "RECONFIG_FAIL",
  "REVOKED",
  "TIMEOUT",
];

export const hasEnded = ({ state }: ArrayTask): boolean => ENDED.includes(state);

/** Largest answer of squeue: one line for each of a hundred thousand tasks. */
const LARGEST_ANSWER = 2 ** 24;

/** Throws PlatformError if no job can be submitted. */
export async function requireSlurm(): Promise<void> {
  await run("sbatch", ["--version"]);
}

/**
 * Submits a script, and returns the number of the job.
 * Throws  PlatformError with the message of sbatch
 */
export async function submitScript(script: string): Promise<string> {
  const { ok, out, err } = await run("sbatch", ["--parsable", script]);
  if (!ok) {
    throw new PlatformError(
      "sbatch",
      `Slurm refuses the job: ${lastLine(err)}. Correct the options of --sbatch, or write the script with --print and ` +
        "submit it by your site's rules.",
    );
  }
  // With several clusters, the number is followed by the name of one.
  return out.trim().split(";")[0];
}

/**
 * Tasks of the jobs with these names that Slurm still knows, including those that ended a few minutes ago.
 *
 * Returns  null if the controller does not answer now
 */
export async function findTasks(jobs: readonly string[]): Promise<ArrayTask[] | null> {
  if (jobs.length === 0) return [];
  const format = "%F|%j|%K|%T|%r";
  const { ok, out } = await run("squeue", ["-h", "-r", "-t", "all", `--name=${jobs.join()}`, "-o", format]);
  if (!ok) return null;
  return out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [id, job, task, state, ...reason] = line.split("|");
      return { id, job, task: /^\d+$/.test(task) ? Number(task) : null, state, reason: reason.join("|") };
    });
}

/** Cancels whole array jobs. */
export async function cancelJobs(ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await run("scancel", ids);
}

interface Outcome {
  readonly ok: boolean;
  readonly out: string;
  readonly err: string;
}

function run(program: string, argv: readonly string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    execFile(program, argv, { maxBuffer: LARGEST_ANSWER, encoding: "utf8" }, (error, out, err) => {
      if ((error as NodeJS.ErrnoException | null)?.code === "ENOENT") reject(noSlurm(program));
      else resolve({ ok: error === null, out, err });
    });
  });
}

const noSlurm = (program: string): PlatformError =>
  new PlatformError(
    "engine",
    `Slurm's ${program} is not installed. Start the sweep on a machine that submits jobs (Debian: slurm-client), write ` +
      "the script with --print, or use this machine's threads: --engine threads.",
  );

const lastLine = (text: string): string =>
  text
    .trim()
    .split("\n")
    .at(-1)!
    .replace(/^sbatch: (error: )?/, "")
    .replace(/\.$/, "");
