/**
 * The engine of a queue: points go to BullMQ on a Valkey or Redis server, and workers on any machine measure them.
 *
 * Delivery is at least once, and rows are identified by the number of their point, so a row that arrives twice changes
 * nothing. Jobs and inputs that the server or a worker lost are sent again, and damaged rows are measured again. No more jobs wait than
 * keep the workers busy, so memory does not grow with the sweep.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Job, JobType, Queue } from "bullmq";
import type { Redis } from "ioredis";
import { PlatformError } from "../../errors.ts";
import type { Row } from "../../sweep/unit.ts";
import { buildId } from "../build.ts";
import { sha256Of } from "../content-hash.ts";
import type { PlannedPoint } from "./plan.ts";
import { type BrokenRow, describeBroken, readRowLines } from "./row-lines.ts";
import type { Engine } from "./sweep.ts";
import {
  connectQueue,
  INPUT_SECONDS,
  JOB,
  listeningBuilds,
  loadQueue,
  NO_INPUTS,
  networkKey,
  PREFIX,
  type QueueAddress,
  queueName,
  rowsKey,
  serverError,
  sweepKey,
  type UnitJob,
} from "./valkey.ts";
import { type Manifest, requireNoModules } from "./work.ts";

/** Jobs that wait or run at any time. */
const WINDOW = 512;
const POLL_MILLISECONDS = 50;
/** Interval between checks whether jobs are still there. */
const CHECK_MILLISECONDS = 3000;
/** Attempts of a job that throws; jobs of dead workers are not counted. */
const ATTEMPTS = 3;
/** Times that the row of a point may arrive damaged. */
const MOST_DAMAGED = 3;
/** Jobs listed by the server at a time. */
const PAGE = 1024;
/** Rows fetched from the server at a time. */
const TAKEN = 256;

export interface QueueEngineOptions {
  /** Called once, if no worker of this build is available, with the other builds that have workers. */
  readonly onNoWorker?: (queue: string, others: readonly string[]) => void;
  /** What the server has lost or damaged, and is sent or measured again. */
  readonly onNote?: (note: string) => void;
}

/** Throws PlatformError as `connectQueue`. */
export async function queueEngine(address: QueueAddress, options: QueueEngineOptions = {}): Promise<Engine> {
  const { Queue } = await loadQueue();
  const connection = await connectQueue(address);
  const queue = new Queue(queueName(), { connection, prefix: PREFIX });
  // The connection reports its errors, and reconnects.
  queue.on("error", () => {});
  const server = { queue, connection };
  let isWaiting = false;
  connection.on("ready", () => {
    isWaiting = false;
  });
  connection.on("reconnecting", () => {
    if (!isWaiting) options.onNote?.("The connection to the queue's server is lost. Waiting for it.");
    isWaiting = true;
  });
  return {
    measure: async (sweep, batches, keep) => {
      requireNoModules(batches.flat());
      try {
        await measureAll(server, sweep, batches, keep, options);
      } catch (error) {
        throw isRefusal(error) ? serverError(error) : error;
      }
    },
    close: async () => {
      await queue.close().catch(() => {});
      connection.disconnect();
    },
  };
}

/** An answer of the server, which a user can cause, and not a defect. */
const isRefusal = (error: unknown): boolean =>
  error instanceof Error &&
  (["ReplyError", "AbortError"].includes(error.name) || error.message === "Connection is closed.");

interface Server {
  readonly queue: Queue;
  readonly connection: Redis;
}

async function measureAll(
  server: Server,
  { design, inputs }: Parameters<Engine["measure"]>[0],
  batches: readonly (readonly PlannedPoint[])[],
  keep: (rows: readonly Row[]) => Promise<void>,
  { onNoWorker, onNote }: QueueEngineOptions,
): Promise<void> {
  const { queue, connection } = server;
  const files = inputFiles(
    design,
    new Map(batches.flat().flatMap(({ network: name }) => (name === null ? [] : [[name, inputs.networks[name]]]))),
  );
  const { sweep } = files;
  await removeFailed(queue, sweep);
  await sendInputs(connection, files);
  if ((await queue.getWorkersCount()) === 0) onNoWorker?.(queue.name, await listeningBuilds(connection));

  const left = new Map(batches.map((points) => [jobName(sweep, points), points]));
  const owner = new Map([...left].flatMap(([name, points]) => points.map(({ point }) => [point, name] as const)));
  const missing = new Map([...left].map(([name, points]) => [name, new Set(points.map(({ point }) => point))]));
  const damaged = new Map<number, number>();
  const waiting = left.keys();
  const out = new Set<string>();
  let checked = Date.now();
  while (left.size > 0) {
    while (out.size < WINDOW) {
      const { value: name } = waiting.next();
      if (name === undefined) break;
      await send(queue, name, { sweep, points: left.get(name)! });
      out.add(name);
    }
    const texts = await connection.lrangeBuffer(rowsKey(sweep), 0, TAKEN - 1);
    for (const text of texts) {
      const { rows, broken } = readRowLines(text, "the queue");
      if (broken.length > 0) onNote?.(`${describeBroken(broken)}. Their points are measured again.`);
      for (const row of broken) countDamage(row, damaged);
      await keepNew(rows, owner, missing, left, keep);
    }
    for (const name of out) if (!left.has(name)) out.delete(name);
    // Only now: a process killed earlier still has them on the server.
    if (texts.length > 0) await connection.ltrim(rowsKey(sweep), texts.length, -1);
    else if (left.size > 0) await sleep(POLL_MILLISECONDS);
    if (Date.now() - checked >= CHECK_MILLISECONDS) {
      if (await sendLostInputs(connection, files)) {
        onNote?.("The server has lost the sweep's inputs. They are sent again, with all jobs that it lost.");
      }
      await sendLostJobs(server, files, out, left);
      checked = Date.now();
    }
  }
  await removeJobs(queue, sweep, ["waiting", "delayed", "failed"]);
  await connection.del(rowsKey(sweep));
}

/** Throws PlatformError for a point whose row arrives damaged again and again: no accident. */
function countDamage({ point, fault }: BrokenRow, damaged: Map<number, number>): void {
  if (point === null) return;
  const count = (damaged.get(point) ?? 0) + 1;
  damaged.set(point, count);
  if (count < MOST_DAMAGED) return;
  throw new PlatformError(
    "engine",
    `The row of point ${point} arrived ${count} times with ${fault}. Check the network and the memory of server and workers, then continue ` +
      "with --resume.",
  );
}

/** What workers read from the server: the manifest, by its hash, and networks, by the hash of their files. */
interface InputFiles {
  readonly sweep: string;
  readonly files: ReadonlyMap<string, Uint8Array | string>;
}

function inputFiles(design: Manifest["design"], used: ReadonlyMap<string, Uint8Array>): InputFiles {
  const files = new Map<string, Uint8Array | string>();
  const networks: Record<string, string> = {};
  for (const [name, bytes] of used) {
    networks[name] = sha256Of(bytes);
    files.set(networkKey(networks[name]), bytes);
  }
  const manifest = JSON.stringify({ build: buildId(), design, networks } satisfies Manifest);
  const sweep = sha256Of(manifest);
  return { sweep, files: files.set(sweepKey(sweep), manifest) };
}

async function sendInputs(connection: Redis, { files }: InputFiles): Promise<void> {
  for (const [key, content] of files) {
    await connection.set(key, typeof content === "string" ? content : Buffer.from(content), "EX", INPUT_SECONDS);
  }
}

/** Whether there were any: a server without a file loses everything when it restarts, and another one may have too little memory. */
async function sendLostInputs(connection: Redis, inputs: InputFiles): Promise<boolean> {
  const { files } = inputs;
  if ((await connection.exists(...files.keys())) === files.size) return false;
  await sendInputs(connection, inputs);
  return true;
}

/** A batch identified by its content, so that a job is never queued twice. */
const jobName = (sweep: string, points: readonly PlannedPoint[]): string =>
  `${sweep.slice(0, 16)}-${points[0].point}-${points[points.length - 1].point}`;

const send = (queue: Queue, name: string, job: { sweep: string; points: readonly PlannedPoint[] }): Promise<Job> =>
  queue.add(JOB, job as UnitJob, {
    jobId: name,
    attempts: ATTEMPTS,
    removeOnFail: { age: INPUT_SECONDS },
    backoff: { type: "exponential", delay: 500 },
    removeOnComplete: true,
  });

/** Keeps rows of points that have none yet, and removes finished jobs from the list. */
async function keepNew(
  rows: readonly Row[],
  owner: ReadonlyMap<number, string>,
  missing: ReadonlyMap<string, Set<number>>,
  left: Map<string, readonly PlannedPoint[]>,
  keep: (rows: readonly Row[]) => Promise<void>,
): Promise<void> {
  const fresh = rows.filter(({ point, hash }) => {
    const name = owner.get(point);
    const planned = name === undefined ? undefined : left.get(name)?.find((one) => one.point === point);
    return planned?.hash === hash && missing.get(name!)!.has(point);
  });
  if (fresh.length === 0) return;
  await keep(fresh);
  for (const { point } of fresh) {
    const name = owner.get(point)!;
    const points = missing.get(name)!;
    points.delete(point);
    if (points.size === 0) left.delete(name);
  }
}

/**
 * Sends jobs again that the server no longer has although their rows did not arrive, and those that failed only because it had lost
 * their inputs.
 * Throws  PlatformError with the reason of a failed job, after the failed jobs are removed
 */
async function sendLostJobs(
  { queue, connection }: Server,
  inputs: InputFiles,
  out: ReadonlySet<string>,
  left: ReadonlyMap<string, readonly PlannedPoint[]>,
): Promise<void> {
  const { sweep } = inputs;
  const lost: string[] = [];
  for (const name of out) {
    const job = await queue.getJob(name);
    if (job === undefined) lost.push(name);
    else if (await job.isFailed()) {
      const reason = String(job.failedReason);
      if (!reason.startsWith(NO_INPUTS)) {
        await removeFailed(queue, sweep);
        throw failedJob(left.get(name)!, reason);
      }
      // What is there may be damaged.
      await sendInputs(connection, inputs);
      await remove(job);
      lost.push(name);
    }
  }
  // A worker sends rows before its job disappears: a missing job without rows is lost.
  if ((await connection.llen(rowsKey(sweep))) > 0) return;
  for (const name of lost) await send(queue, name, { sweep, points: left.get(name)! });
}

function failedJob(points: readonly PlannedPoint[], reason: string): PlatformError {
  const [first, last] = [points[0].point, points[points.length - 1].point];
  const which = first === last ? `point ${first}` : `points ${first} to ${last}`;
  return new PlatformError(
    "engine",
    `Workers failed ${ATTEMPTS} times to measure ${which}: ${reason.replace(/\.$/, "")}. Rows are kept. Mend the workers (their output says ` +
      "more), then continue with --resume.",
  );
}

/** A failed job would keep a new one with its name from being queued. */
const removeFailed = (queue: Queue, sweep: string): Promise<void> => removeJobs(queue, sweep, ["failed"]);

/** Removes jobs that no one waits for any more: from a killed process, failed, or sent twice. */
async function removeJobs(queue: Queue, sweep: string, states: JobType[]): Promise<void> {
  const own: Job[] = [];
  for (let start = 0; ; start += PAGE) {
    const jobs: (Job | undefined)[] = await queue.getJobs(states, start, start + PAGE - 1);
    own.push(...jobs.flatMap((job) => (job && (job.data as UnitJob | undefined)?.sweep === sweep ? [job] : [])));
    if (jobs.length === 0) break;
  }
  for (const job of own) await remove(job);
}

/** A job that a worker has just taken stays; no one collects its rows, and the server forgets them in time. */
const remove = (job: Job): Promise<void> => job.remove().catch(() => {});
