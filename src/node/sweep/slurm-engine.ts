/**
 * The Slurm engine: an array job on a folder that all nodes see. Its tasks leave rows as files, which are collected here.
 *
 * Rows are identified by the number of their point, so a task that Slurm runs twice changes nothing. Points that an array job
 * leaves without rows are submitted again, a few times. A restarted process finds the job by its name, and its rows in the folder.
 */
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PlatformError } from "../../errors.ts";
import type { Row } from "../../sweep/unit.ts";
import { sha256Of } from "../content-hash.ts";
import { listFolder, makeFolder, readFileChecked, writeFileAtomic } from "../files.ts";
import type { PlannedPoint, PlannedSweep, SweepPlace } from "./plan.ts";
import { type BrokenRow, describeBroken } from "./row-lines.ts";
import {
  jobName,
  listSubmissions,
  logFile,
  readRowsFile,
  readSubmission,
  readTask,
  SLURM_FILES,
  SLURM_FOLDER,
  slurmScript,
  writeSubmission,
} from "./slurm.ts";
import { type ArrayTask, cancelJobs, findTasks, hasEnded, requireSlurm, submitScript } from "./slurm-commands.ts";
import { softwareOf } from "./software.ts";
import type { Engine } from "./sweep.ts";
import { requireNoModules } from "./work.ts";

/** Interval between looks into the folder, and between queries to the controller, which many users share. */
const LOOK_MILLISECONDS = 500;
const ASK_MILLISECONDS = 5000;
/** Grace period after a task ends successfully: its rows exist, but a network disk may show them later. */
const SETTLE_MILLISECONDS = 60_000;
/** Array tasks that may end before a point, the first without a row, before the sweep gives up. */
const ATTEMPTS = 3;
const LONGEST_TAIL = 2000;

export interface SlurmOptions {
  /** Node and the script of `xpike`, as a cluster node starts them. */
  readonly program: readonly string[];
  readonly place: SweepPlace;
  /** Most tasks of an array job. */
  readonly tasks: number;
  /** Options of the job, such as `--partition=short`. */
  readonly sbatch: readonly string[];
  /** Other builds of the program that nodes may run. */
  readonly acceptBuild?: readonly string[];
  /** Writes the script for the remaining points and submits nothing: `onScript` receives its path. */
  readonly onScript?: (path: string) => void;
  readonly onNote?: (note: string) => void;
}

export interface SlurmEngine extends Engine {
  /** Like `Engine.measure`. Once `signal` is aborted, jobs are cancelled, and it rejects with the signal's reason. */
  measure(
    sweep: Pick<PlannedSweep, "design" | "inputs">,
    batches: readonly (readonly PlannedPoint[])[],
    keep: (rows: readonly Row[]) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<void>;
}

/** An array job in progress. */
interface Watched {
  readonly number: number;
  readonly job: string;
  readonly tasks: number;
}

/**
 * @param sweepFolder the folder of the sweep, which all nodes see under the same path
 * Throws  PlatformError if jobs are to be submitted and Slurm is not available
 */
export async function slurmEngine(sweepFolder: string, options: SlurmOptions): Promise<SlurmEngine> {
  if (!options.onScript) await requireSlurm();
  const slurm = join(resolve(sweepFolder), SLURM_FOLDER);
  return {
    measure: async (sweep, batches, keep, signal) => {
      requireNoModules(batches.flat());
      await makeFolder(join(slurm, SLURM_FILES.rows));
      const left = new Map(batches.flat().map((point) => [point.point, point]));
      const { gather, broken } = gatherer(join(slurm, SLURM_FILES.rows), left, keep);
      try {
        await measureAll(sweep, batches, { slurm, left, gather, broken, signal, options });
      } catch (error) {
        if (signal?.aborted) await cancelLive(slurm, options);
        throw error;
      }
      if (left.size > 0) return;
      // Tasks that still run would repeat work that is done.
      if (!options.onScript) await cancelLive(slurm, {});
      // A task may still be writing there.
      await rm(slurm, { recursive: true, force: true, maxRetries: 5 }).catch((error: Error) => {
        options.onNote?.(`The folder ${slurm} is no longer needed, but could not be removed: ${error.message}.`);
      });
    },
    close: async () => {},
  };
}

interface Measuring {
  readonly slurm: string;
  /** Points without a row, by number. */
  readonly left: ReadonlyMap<number, PlannedPoint>;
  readonly gather: () => Promise<void>;
  readonly broken: () => readonly BrokenRow[];
  readonly signal: AbortSignal | undefined;
  readonly options: SlurmOptions;
}

async function measureAll(
  sweep: Pick<PlannedSweep, "design" | "inputs">,
  batches: readonly (readonly PlannedPoint[])[],
  { slurm, left, gather, broken, signal, options }: Measuring,
): Promise<void> {
  const failures = new Map<number, number>();
  const note = noteOnce(options.onNote);
  let watched: Watched[] = [];
  while (left.size > 0) {
    const known = await knownSubmissions(slurm);
    const tasks = await tasksOf(known, options);
    // After the query: tasks that ended before it have left their rows.
    await gather();
    signal?.throwIfAborted();
    const live = tasks?.filter((task) => !hasEnded(task));
    if (left.size === 0) return;
    if (live === undefined) note("The controller of Slurm does not answer; waiting for it.");
    else if (live.length > 0) {
      if (options.onScript) return note(`Job ${live[0].id} still measures points; no other script is written.`);
      // Includes jobs of an earlier run, and those that a user has submitted.
      watched = known.filter(({ job }) => live.some((task) => task.job === job));
      // Once one of them has started, the others are waiting for their turn.
      if (tasks!.every(({ state }) => state === "PENDING")) note(`Job ${live[0].id} waits: ${live[0].reason}.`);
    } else {
      const ended = tasks!.filter((task) => watched.some(({ job }) => job === task.job));
      if (ended.some(({ state }) => state === "COMPLETED")) await lookOn(SETTLE_MILLISECONDS, gather, left, signal);
      if (left.size === 0) return;
      for (const job of watched) await countFailures(slurm, job, ended, left, failures);
      if (broken().length > 0) note(`${describeBroken(broken())}. Those without another row are measured again.`);
      const rest = batches.map((batch) => batch.filter(({ point }) => left.has(point)));
      const written = await prepare(sweep, rest, slurm, options);
      if (options.onScript) return options.onScript(written.script);
      watched = [written];
      const id = await submit(slurm, written);
      const again = failures.size === 0 ? "" : `, for ${left.size} points that have no row yet`;
      options.onNote?.(`Job ${id} of ${written.tasks} ${written.tasks === 1 ? "task" : "tasks"} is submitted${again}.`);
    }
    await lookOn(ASK_MILLISECONDS, gather, left, signal);
  }
}

/** Slurm's view of submissions; when scripts are only written, Slurm may be absent and knows nothing. */
async function tasksOf(known: readonly Watched[], { onScript }: SlurmOptions): Promise<ArrayTask[] | null> {
  const tasks = findTasks(known.map(({ job }) => job));
  return onScript ? ((await tasks.catch(() => null)) ?? []) : tasks;
}

/** Collects for this long, or until no point is left. Returns early when the signal is aborted. */
async function lookOn(
  milliseconds: number,
  gather: () => Promise<void>,
  left: ReadonlyMap<number, PlannedPoint>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const end = Date.now() + milliseconds;
  while (left.size > 0 && Date.now() < end && !signal?.aborted) {
    // Woken by the signal.
    await sleep(LOOK_MILLISECONDS, null, signal ? { signal } : {}).catch(() => {});
    await gather();
  }
}

/** Looks into the folder of rows. */
interface Gatherer {
  /** Keeps new rows of points that have none, and removes these points from the list. */
  gather(): Promise<void>;
  /** What was broken in files at the last look. */
  broken(): BrokenRow[];
}

function gatherer(
  folder: string,
  left: Map<number, PlannedPoint>,
  keep: (rows: readonly Row[]) => Promise<void>,
): Gatherer {
  const seen = new Set<string>();
  const damaged = new Map<string, BrokenRow[]>();
  return {
    broken: () => [...damaged.values()].flat(),
    gather: async () => {
      for (const name of (await listFolder(folder)).sort()) {
        if (seen.has(name)) continue;
        const file = await readRowsFile(folder, name);
        if (file === null) continue;
        // On a network disk, a file may be whole a little later.
        if (file.isWhole) seen.add(name);
        damaged.set(name, file.broken);
        const rows = file.rows.filter(({ point, hash }) => left.get(point)?.hash === hash);
        if (rows.length === 0) continue;
        await keep(rows);
        for (const { point } of rows) left.delete(point);
      }
    },
  };
}

/**
 * A task that ended failed at the first of its points that has no row.
 * Throws  PlatformError when the job was cancelled, or a point has failed too often
 */
async function countFailures(
  slurm: string,
  { number, job, tasks }: Watched,
  found: readonly ArrayTask[],
  left: ReadonlyMap<number, PlannedPoint>,
  failures: Map<number, number>,
): Promise<void> {
  const folder = join(slurm, String(number));
  const own = found.filter((task) => task.job === job);
  const cancelled = own.find(({ state }) => state === "CANCELLED");
  if (cancelled) {
    throw new PlatformError(
      "engine",
      `Job ${cancelled.id} was cancelled, and ${left.size} points have no row. Continue with --resume.`,
    );
  }
  for (let task = 0; task < tasks; task++) {
    const first = (await readTask(folder, task)).flat().find(({ point }) => left.has(point));
    if (first === undefined) continue;
    const count = (failures.get(first.point) ?? 0) + 1;
    failures.set(first.point, count);
    if (count < ATTEMPTS) continue;
    const log = join(folder, logFile(task));
    const said = await readTail(log);
    const state = own.find((one) => one.task === task)?.state ?? "no longer known to Slurm";
    throw new PlatformError(
      "engine",
      `${ATTEMPTS} Slurm tasks ended without the row of point ${first.point}. The last one, task ${task}, is ${state}` +
        `${said === "" ? `, and ${log} is empty` : `, and ${log} ends with: ${said}`}. Give tasks more resources, such as --time or ` +
        "--mem with --sbatch, and continue with --resume.",
    );
  }
}

/** The last line of a log; empty without one. */
async function readTail(path: string): Promise<string> {
  const bytes = await readFileChecked(path, 2 ** 30).catch(() => new Uint8Array());
  const text = new TextDecoder().decode(bytes.slice(-LONGEST_TAIL)).trim();
  return text.split("\n").at(-1)!.replaceAll(/\p{C}/gu, "").replace(/\.$/, "");
}

/** Writes a submission of these points: neighbours go to different tasks, because they take similar time. */
async function prepare(
  { design, inputs }: Pick<PlannedSweep, "design" | "inputs">,
  batches: readonly (readonly PlannedPoint[])[],
  slurm: string,
  { program, place, tasks: most, sbatch, acceptBuild = [] }: SlurmOptions,
): Promise<Watched & { readonly script: string }> {
  const filled = batches.filter((batch) => batch.length > 0);
  const tasks = Math.min(most, filled.length);
  const networks = await writeNetworks(join(slurm, SLURM_FILES.networks), inputs.networks, filled.flat());
  const number = ((await listSubmissions(slurm)).at(-1) ?? 0) + 1;
  const folder = join(slurm, String(number));
  const job = jobName();
  const submission = {
    design,
    networks,
    software: softwareOf(),
    accepts: [...acceptBuild],
    job,
    tasks,
    directory: resolve(place.directory),
    data: place.data === undefined ? null : resolve(place.data),
  };
  const shares = Array.from({ length: tasks }, (_, task) => filled.filter((_, i) => i % tasks === task));
  await writeSubmission(folder, submission, shares, slurmScript({ job, tasks, folder, program, sbatch }));
  return { number, job, tasks, script: join(folder, SLURM_FILES.script) };
}

/** Networks of the points by content; the hash of each, by the name that points use for it. */
async function writeNetworks(
  folder: string,
  networks: Readonly<Record<string, Uint8Array>>,
  points: readonly PlannedPoint[],
): Promise<Record<string, string>> {
  await makeFolder(folder);
  const hashes: Record<string, string> = {};
  for (const name of new Set(points.flatMap(({ network }) => network ?? []))) {
    hashes[name] = sha256Of(networks[name]);
    await writeFileAtomic(join(folder, hashes[name]), networks[name]);
  }
  return hashes;
}

/** Submits, or removes all traces of what was refused. */
async function submit(slurm: string, { number, script }: Watched & { readonly script: string }): Promise<string> {
  try {
    return await submitScript(script);
  } catch (error) {
    await rm(join(slurm, String(number)), { recursive: true, force: true });
    throw error;
  }
}

/** Complete submissions of the folder. */
async function knownSubmissions(slurm: string): Promise<Watched[]> {
  const found: Watched[] = [];
  for (const number of await listSubmissions(slurm)) {
    const submission = await readSubmission(join(slurm, String(number))).catch(() => null);
    if (submission) found.push({ number, job: submission.job, tasks: submission.tasks });
  }
  return found;
}

async function cancelLive(slurm: string, { onNote }: Pick<SlurmOptions, "onNote">): Promise<void> {
  const tasks = await findTasks((await knownSubmissions(slurm)).map(({ job }) => job));
  const ids = [...new Set(tasks?.filter((task) => !hasEnded(task)).map(({ id }) => id))];
  await cancelJobs(ids);
  if (tasks === null) onNote?.("The controller of Slurm does not answer: cancel what it still has with scancel.");
  else if (ids.length > 0) onNote?.(`Cancelled: ${ids.join(", ")}.`);
}

/** Says each sentence only once. */
function noteOnce(onNote: ((note: string) => void) | undefined): (text: string) => void {
  const said = new Set<string>();
  return (text) => {
    if (!said.has(text)) onNote?.(text);
    said.add(text);
  };
}
