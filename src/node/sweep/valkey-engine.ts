/**
 * The engine of a queue: points go to BullMQ on a Valkey or Redis server, and workers on any machine measure them.
 *
 * Delivery is at least once, and rows are identified by the number of their point, so a row that arrives twice changes
 * nothing. Jobs that the server or a worker lost are sent again. No more jobs wait than keep the workers busy, so memory
 * does not grow with the sweep.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Job, Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Row } from "../../sweep/unit.ts";
import { buildId } from "../build.ts";
import { sha256Of } from "../content-hash.ts";
import type { PlannedPoint } from "./plan.ts";
import { parseRow } from "./row-spec.ts";
import type { Engine } from "./sweep.ts";
import {
  connectQueue,
  INPUT_SECONDS,
  JOB,
  listeningBuilds,
  loadQueue,
  networkKey,
  PREFIX,
  type QueueAddress,
  queueName,
  rowsKey,
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
/** Rows fetched from the server at a time. */
const TAKEN = 256;

export interface QueueEngineOptions {
  /** Called once, if no worker of this build is available, with the other builds that have workers. */
  readonly onNoWorker?: (queue: string, others: readonly string[]) => void;
}

/** Throws PlatformError as `connectQueue`. */
export async function queueEngine(address: QueueAddress, { onNoWorker }: QueueEngineOptions = {}): Promise<Engine> {
  const { Queue } = await loadQueue();
  const connection = await connectQueue(address);
  const queue = new Queue(queueName(), { connection, prefix: PREFIX });
  // The connection reports its errors, and reconnects.
  queue.on("error", () => {});
  return {
    measure: async ({ design, inputs }, batches, keep) => {
      requireNoModules(batches.flat());
      const used = new Set(batches.flat().flatMap(({ network }) => network ?? []));
      const networks: Record<string, string> = {};
      for (const name of used) {
        const bytes = inputs.networks[name];
        networks[name] = sha256Of(bytes);
        await connection.set(networkKey(networks[name]), Buffer.from(bytes), "EX", INPUT_SECONDS);
      }
      const manifest = JSON.stringify({ build: buildId(), design, networks } satisfies Manifest);
      const sweep = sha256Of(manifest);
      await connection.set(sweepKey(sweep), manifest, "EX", INPUT_SECONDS);
      if ((await queue.getWorkersCount()) === 0) onNoWorker?.(queue.name, await listeningBuilds(connection));

      const left = new Map(batches.map((points) => [jobName(sweep, points), points]));
      const owner = new Map([...left].flatMap(([name, points]) => points.map(({ point }) => [point, name] as const)));
      const missing = new Map([...left].map(([name, points]) => [name, new Set(points.map(({ point }) => point))]));
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
        const texts = await connection.lrange(rowsKey(sweep), 0, TAKEN - 1);
        for (const text of texts) {
          const rows = (JSON.parse(text) as unknown[]).map((row) => parseRow(row));
          await keepNew(rows, owner, missing, left, keep);
        }
        for (const name of out) if (!left.has(name)) out.delete(name);
        // Only now: a process killed earlier still has them on the server.
        if (texts.length > 0) await connection.ltrim(rowsKey(sweep), texts.length, -1);
        else if (left.size > 0) await sleep(POLL_MILLISECONDS);
        if (Date.now() - checked >= CHECK_MILLISECONDS) {
          await sendLostAgain(queue, connection, sweep, out, left);
          checked = Date.now();
        }
      }
      await removeWaiting(queue, sweep);
      await connection.del(rowsKey(sweep));
    },
    close: async () => {
      await queue.close();
      connection.disconnect();
    },
  };
}

/** A batch identified by its content, so that a job is never queued twice. */
const jobName = (sweep: string, points: readonly PlannedPoint[]): string =>
  `${sweep.slice(0, 16)}-${points[0].point}-${points[points.length - 1].point}`;

const send = (queue: Queue, name: string, job: { sweep: string; points: readonly PlannedPoint[] }): Promise<Job> =>
  queue.add(JOB, job as UnitJob, {
    jobId: name,
    attempts: ATTEMPTS,
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
 * Sends jobs again that the server no longer has although their rows did not arrive.
 * Throws  Error with the failure of a job, which is a defect: any error that a user can cause is a row
 */
async function sendLostAgain(
  queue: Queue,
  connection: Redis,
  sweep: string,
  out: ReadonlySet<string>,
  left: ReadonlyMap<string, readonly PlannedPoint[]>,
): Promise<void> {
  const lost: string[] = [];
  for (const name of out) {
    const job = await queue.getJob(name);
    if (job === undefined) lost.push(name);
    else if (await job.isFailed()) {
      const reason = job.failedReason;
      await job.remove();
      throw new Error(
        `Workers failed ${ATTEMPTS} times to measure points ${name.split("-").slice(1).join(" to ")}: ${reason}`,
      );
    }
  }
  // A worker sends rows before its job disappears: a missing job without rows is lost.
  if ((await connection.llen(rowsKey(sweep))) > 0) return;
  for (const name of lost) await send(queue, name, { sweep, points: left.get(name)! });
}

/** Removes jobs that no one waits for any more: from a killed process, or sent twice. */
async function removeWaiting(queue: Queue, sweep: string): Promise<void> {
  for (const job of await queue.getJobs(["waiting", "delayed", "failed"], 0, 2 * WINDOW)) {
    // A job that a worker has just taken stays; no one collects its rows, and the server forgets them in time.
    if ((job?.data as UnitJob | undefined)?.sweep === sweep) await job.remove().catch(() => {});
  }
}
