/**
 * A queue worker: takes jobs of exactly this software, measures their points on threads, and sends the rows.
 *
 * The threads compute while the main loop renews the locks of jobs, however long a point takes. Networks and data are read once
 * and kept.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Job, Worker } from "bullmq";
import { SpecError } from "../../errors.ts";
import type { Row } from "../../sweep/unit.ts";
import type { Executor, Session } from "../../threads/executor.ts";
import { buildId } from "../build.ts";
import { sha256Of } from "../content-hash.ts";
import { nodeExecutor } from "../threads.ts";
import { type SweepSetup, sweepJobs } from "./job.ts";
import type { PlannedPoint } from "./plan.ts";
import { rowLines } from "./row-lines.ts";
import {
  connectQueue,
  INPUT_SECONDS,
  JOB,
  jobSpec,
  loadQueue,
  NO_INPUTS,
  networkKey,
  PREFIX,
  type QueueAddress,
  queueName,
  rowsKey,
  serverError,
  sweepKey,
  waitingBuilds,
} from "./valkey.ts";
import { manifestSpec, readData } from "./work.ts";

export interface QueueWorkerOptions {
  readonly threads: number;
  /** Folder of the tasks' data, instead of the usual ones. */
  readonly data?: string;
  /** Another build of the program whose sweeps are measured, instead of those of this one. Rows name the build that measured them. */
  readonly acceptBuild?: string;
  /** Called when a job is done, with the number of its points, or has failed. */
  readonly onDone?: (points: number) => void;
  readonly onFailed?: (reason: string) => void;
}

/** A worker that runs until `close`, which lets it finish the jobs that it has. */
export interface QueueWorker {
  readonly queue: string;
  /** Other builds that had points waiting when it started. */
  readonly others: readonly string[];
  close(): Promise<void>;
}

/** Milliseconds that a worker may be silent before others take its jobs, and the interval between checks for such workers. */
const LOCK = 15_000;
const STALLED_INTERVAL = 7500;
/**
 * Milliseconds that an idle worker has to close. BullMQ 6.7 may wait forever if its idle connection was lost and restored.
 */
const FAREWELL = 5000;
/** Time that a sweep has to send inputs that the server lost, and the interval between looks for them. */
const INPUT_MILLISECONDS = 10_000;
const LOOK_MILLISECONDS = 250;
/** Workers that may die during a job before it counts as failed. */
const MOST_STALLED = 20;

interface Lane {
  readonly executor: Executor;
  /** Key of the inputs that its session was opened with. */
  setup: string | null;
  session: Session<readonly PlannedPoint[], Row[]> | null;
}

/** Throws PlatformError as `connectQueue`. */
export async function startQueueWorker(address: QueueAddress, options: QueueWorkerOptions): Promise<QueueWorker> {
  const { threads } = options;
  const place = options.data === undefined ? {} : { folder: options.data };
  const { Worker, UnrecoverableError } = await loadQueue();
  const connection = await connectQueue(address);
  const others = options.acceptBuild === undefined ? await waitingBuilds(connection) : [];
  const setups = new Map<string, Promise<SweepSetup>>();
  const free: Lane[] = Array.from({ length: threads }, () => ({
    executor: nodeExecutor(1, { jobs: sweepJobs, script: "./sweep/worker.js" }),
    setup: null,
    session: null,
  }));
  const lanes = [...free];
  /** When an input was first missed. */
  const lost = new Map<string, number>();
  let isClosing = false;

  /** The inputs from which points are computed, by sweep and required data. */
  function setupOf(name: string, sweep: string, points: readonly PlannedPoint[]): Promise<SweepSetup> {
    const setup = setups.get(name) ?? readSetup(sweep, points);
    setups.set(name, setup);
    // The next job retries a failed read.
    setup.catch(() => setups.delete(name));
    return setup;
  }

  async function readSetup(sweep: string, points: readonly PlannedPoint[]): Promise<SweepSetup> {
    const { design, networks: names } = manifestSpec.parse(
      JSON.parse((await readInput(sweepKey(sweep), sweep)).toString()),
    );
    const networks: Record<string, Uint8Array> = {};
    for (const [name, hash] of Object.entries(names)) networks[name] = await readInput(networkKey(hash), hash);
    return { design, networks, data: await readData(design, points, place) };
  }

  /**
   * Waits a while for what the server has lost: the sweep sends it again. If none does, all its jobs fail without waiting, until
   * the input is there.
   */
  async function readInput(key: string, hash: string): Promise<Buffer> {
    for (;;) {
      const bytes = await connection.getBuffer(key);
      if (bytes !== null && sha256Of(bytes) === hash) {
        lost.delete(key);
        return bytes;
      }
      const since = lost.get(key) ?? Date.now();
      lost.set(key, since);
      if (Date.now() - since >= INPUT_MILLISECONDS || isClosing) {
        throw new UnrecoverableError(`${NO_INPUTS} (${key}). Is the sweep still running?`);
      }
      await sleep(LOOK_MILLISECONDS);
    }
  }

  async function measure(job: Job): Promise<void> {
    if (job.name !== JOB) throw new SpecError("job", `There is no job ${job.name}; a worker measures points.`);
    const { sweep, points } = jobSpec.parse(job.data);
    const name = [sweep, ...new Set(points.map(({ data }) => data))].join(" ");
    const setup = await setupOf(name, sweep, points);
    const lane = free.pop()!;
    try {
      if (lane.setup !== name) {
        lane.session?.close();
        lane.session = lane.executor.open<SweepSetup, readonly PlannedPoint[], Row[]>(JOB, setup, { repeatable: true });
        lane.setup = name;
      }
      const [rows] = await lane.session!.run([points]);
      await connection.rpush(rowsKey(sweep), Buffer.from(rowLines(rows.map((row) => ({ ...row, build: buildId() })))));
      // There may be no one left to receive them.
      await connection.expire(rowsKey(sweep), INPUT_SECONDS);
      options.onDone?.(points.length);
    } finally {
      free.push(lane);
    }
  }

  const measuring = new Set<Promise<void>>();
  const measureTracked = (job: Job): Promise<void> => {
    const measured = measure(job).finally(() => measuring.delete(measured));
    measuring.add(measured);
    return measured;
  };

  const worker: Worker = new Worker(queueName(options.acceptBuild), measureTracked, {
    connection: connection.duplicate(),
    prefix: PREFIX,
    concurrency: threads,
    lockDuration: LOCK,
    stalledInterval: STALLED_INTERVAL,
    maxStalledCount: MOST_STALLED,
  });
  // The connection is restored, and lost jobs come back.
  worker.on("error", () => {});
  worker.on("failed", (_, error) => options.onFailed?.(error.message));
  await worker.waitUntilReady().catch((error) => {
    throw serverError(error);
  });
  return {
    queue: worker.name,
    others,
    close: async () => {
      isClosing = true;
      const closed = worker.close();
      while (measuring.size > 0) await Promise.allSettled(measuring);
      await Promise.race([closed, sleep(FAREWELL, undefined, { ref: false })]);
      // Not awaited: it waits for the same connection.
      worker.disconnect().catch(() => {});
      await Promise.all(lanes.map(({ executor }) => executor.close()));
      connection.disconnect();
    },
  };
}
