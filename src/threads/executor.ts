/**
 * Runs work on several threads, by name: the same calls run inline on one thread, on Node workers or on Web workers.
 *
 * A job is a factory: its set-up value opens it on every thread, then each piece goes to whichever thread is free. Results come
 * back in piece order, and a job must not depend on which thread runs a piece, so the outcome is the same for any number of
 * threads. Set-up values and pieces are copied (structured clone); shared memory is passed by reference.
 */
import { invariant, PlatformError } from "../errors.ts";
import type { Gpu } from "../webgpu/gpu.ts";
import { fromPlainError, type PlainError, toPlainError } from "./plain-error.ts";

/** Opens a job on one thread and returns the function that runs its pieces. Both may be asynchronous. */
export type Job<Setup = unknown, Piece = unknown, Result = unknown> = (
  setup: Setup,
  thread: number,
) => OpenJob<Piece, Result> | Promise<OpenJob<Piece, Result>>;

/** A job that is open on one thread: runs its pieces. A long piece calls `alive` to report progress. */
export type OpenJob<Piece, Result> = (piece: Piece, alive: () => void) => Result | Promise<Result>;

export type JobRegistry = Readonly<Record<string, Job>>;

/** Called with each result as it comes, in any order, and the index of its piece. */
export type OnResult<Result> = (result: Result, index: number) => void;

export interface Session<Piece, Result> {
  /** Results in piece order; one call at a time. Rejects with the first error of a piece, or of opening the job. */
  run(pieces: readonly Piece[], onResult?: OnResult<Result>): Promise<Result[]>;
  /**
   * Runs the same piece once on every thread of the session, for work on each thread's own part. Results by thread; rejects as `run`.
   */
  each(piece: Piece): Promise<Result[]>;
  close(): void;
}

export interface SessionOptions {
  /** Opens the job on this many threads, the first ones. Default: on all. */
  readonly threads?: number;
  /**
   * A piece depends only on the set-up and on memory that only the caller changes meanwhile, so another thread may run it again
   * if one hangs. Default: no; a thread that hangs ends the session.
   */
  readonly repeatable?: boolean;
}

export interface Executor {
  readonly threads: number;
  /** Whether pieces run on other threads than the caller's, so that common memory must be shared. */
  readonly isApart: boolean;
  /** Where chips are simulated, if not on the CPU. */
  readonly device?: Device | undefined;
  open<Setup, Piece, Result>(job: string, setup: Setup, options?: SessionOptions): Session<Piece, Result>;
  /** Ends the threads; whatever is still running rejects. */
  close(): Promise<void>;
}

/** A GPU, and an executor on the thread that opened it, because a GPU is not passed between threads. */
export interface Device {
  readonly gpu: Gpu;
  readonly executor: Executor;
}

/** The same threads, and a GPU for the jobs that can use one. It stays open when the threads are closed. */
export const withGpu = (executor: Executor, jobs: JobRegistry, gpu: Gpu): Executor => {
  const inline = inlineExecutor(jobs);
  return {
    ...executor,
    device: { gpu, executor: inline },
    close: async () => {
      await Promise.all([executor.close(), inline.close()]);
    },
  };
};

/**
 * Runs every piece on the calling thread, and handles events (Ctrl-C, a redraw) between pieces.
 *
 * @param onPiece called when a piece is done
 */
export function inlineExecutor(jobs: JobRegistry, onPiece: () => void = () => {}): Executor {
  let closed = false;
  return {
    threads: 1,
    isApart: false,
    open: <Setup, Piece, Result>(name: string, setup: Setup): Session<Piece, Result> => {
      let work: OpenJob<unknown, unknown> | undefined;
      const run = async (pieces: readonly Piece[], onResult?: OnResult<Result>) => {
        work ??= await find(jobs, name)(setup, 0);
        const results: Result[] = [];
        for (const piece of pieces) {
          results.push((await work(piece, onPiece)) as Result);
          onPiece();
          onResult?.(results.at(-1)!, results.length - 1);
          await nextTurn();
          if (closed && results.length < pieces.length) throw closedThreads();
        }
        return results;
      };
      return { run, each: (piece) => run([piece]), close: () => {} };
    },
    close: async () => {
      closed = true;
    },
  };
}

/** Resolves after waiting events were handled. Resolved promises alone would block them for as long as training runs. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") return setImmediate(resolve);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

export type Request =
  | { kind: "open"; session: number; job: string; setup: unknown; thread: number }
  | { kind: "run"; session: number; index: number; piece: unknown }
  | { kind: "close"; session: number };

export type Response =
  | { session: number; index: number; result: unknown }
  | { session: number; index: number; alive: true }
  | { session: number; index: number; error: PlainError };

/** One end of a worker thread, as both Node and browsers offer it. */
export interface WorkerPort {
  post(message: Request): void;
  onMessage(listen: (message: Response) => void): void;
  /** The thread has ended, or never started. */
  onError(listen: (error: Error) => void): void;
  terminate(): Promise<unknown>;
}

/** The worker's side: answers requests from `jobs`. */
export function serveJobs(jobs: JobRegistry, post: (message: Response) => void): (message: Request) => void {
  const open = new Map<number, Promise<OpenJob<unknown, unknown>>>();
  const openJob = async (name: string, setup: unknown, thread: number) => find(jobs, name)(setup, thread);
  // A thread does one piece at a time, even if a failed list has left an asynchronous piece running.
  let last: Promise<void> = Promise.resolve();
  async function answer(session: number, index: number, piece: unknown) {
    const alive = () => post({ session, index, alive: true });
    // Timing starts here: a piece cannot hang before its thread has started or has finished its previous work.
    alive();
    try {
      const work = await open.get(session)!;
      post({ session, index, result: await work(piece, alive) });
    } catch (error) {
      post({ session, index, error: toPlainError(error) });
    }
  }
  return (message) => {
    const { session } = message;
    if (message.kind === "close") open.delete(session);
    else if (message.kind === "run") {
      const { index, piece } = message;
      last = last.then(() => answer(session, index, piece));
    } else {
      const work = openJob(message.job, message.setup, message.thread);
      // A session that could not be opened answers its first piece with the reason.
      work.catch(() => {});
      open.set(session, work);
    }
  };
}

/** When a thread counts as hung, and what takes its place. */
export interface Watch {
  /** Minimum time without progress, in milliseconds. */
  readonly limit: number;
  /** Starts a new thread; the one that hung has ended. */
  readonly replace: () => WorkerPort;
  /** How a user raises the limit. */
  readonly way: string;
}

/** A piece that a thread was given and has not answered yet. */
interface Posted {
  readonly session: number;
  readonly index: number;
  readonly piece: unknown;
  tries: number;
  /** Ticks of the watch since the thread started the piece or last reported progress; null until it has. */
  ticks: number | null;
}

interface OpenSession extends Required<SessionOptions> {
  readonly job: string;
  readonly setup: unknown;
  /** Threads that have done a piece, on which later pieces may depend. */
  readonly worked: Set<number>;
}

/** Ticks of the watch within its limit. They count time in which this process ran: a machine that slept has not hung. */
const TICKS = 60;
/** A piece may take this many times as long as the longest of its job so far, if that is more than the limit. */
const LONGEST = 20;

/**
 * Spreads pieces over worker threads, one at a time each.
 *
 * @param watch ends a thread whose piece makes no progress; a repeatable piece is tried once more, on a new thread
 */
export function workerExecutor(given: readonly WorkerPort[], watch?: Watch): Executor {
  const ports = [...given];
  /** Threads that hung and are being ended. */
  const ending = new Set<number>();
  /** By thread, in execution order. */
  const posted: Posted[][] = ports.map(() => []);
  const sessions = new Map<number, OpenSession>();
  let opened = 0;
  let broken: Error | null = null;
  const listeners = new Map<number, (port: number, index: number, answer: Response) => void>();
  const failures = new Map<number, (error: Error) => void>();
  const longest = new Map<string, number>();
  let timer: ReturnType<typeof setInterval> | undefined;
  const breakDown = (error: Error): void => {
    broken ??= error;
    stopWatching();
    for (const fail of [...failures.values()]) fail(broken);
  };

  function listen(thread: number): void {
    const port = ports[thread];
    // Messages from a thread that is ending are ignored.
    const isHere = () => ports[thread] === port && !ending.has(thread);
    port.onMessage((message) => {
      if (!isHere()) return;
      const { session, index } = message;
      const place = posted[thread].findIndex((one) => one.session === session && one.index === index);
      const piece = posted[thread][place];
      const own = sessions.get(session);
      if (own) longest.set(own.job, Math.max(longest.get(own.job) ?? 0, piece.ticks ?? 0));
      if ("alive" in message) {
        piece.ticks = 0;
        return;
      }
      own?.worked.add(thread);
      posted[thread].splice(place, 1);
      if (posted.every(({ length }) => length === 0)) stopWatching();
      listeners.get(session)?.(thread, index, message);
    });
    port.onError((cause) => {
      if (isHere()) breakDown(stoppedThread(cause));
    });
  }
  for (const thread of ports.keys()) listen(thread);

  function send(thread: number, piece: Posted): void {
    posted[thread].push(piece);
    if (!ending.has(thread)) ports[thread].post({ kind: "run", ...pick(piece) });
    if (watch) timer ??= setInterval(tick, watch.limit / TICKS);
  }

  function stopWatching(): void {
    clearInterval(timer);
    timer = undefined;
  }

  function tick(): void {
    for (const [thread, [piece]] of posted.entries()) {
      if (piece === undefined || piece.ticks === null || ending.has(thread)) continue;
      const job = sessions.get(piece.session)?.job ?? "";
      if (++piece.ticks > Math.max(TICKS, LONGEST * (longest.get(job) ?? 0))) void replaceThread(thread, watch!);
    }
  }

  /** Ends a thread that hung, and gives its work to a new one. */
  async function replaceThread(thread: number, { replace, limit, way }: Watch): Promise<void> {
    const [hung] = posted[thread];
    ending.add(thread);
    // Only then may another thread write to the memory that it wrote to.
    await ports[thread].terminate();
    if (broken) return;
    ports[thread] = replace();
    ending.delete(thread);
    listen(thread);
    for (const [session, { job, setup, threads }] of sessions) {
      if (thread < threads) ports[thread].post({ kind: "open", session, job, setup, thread });
    }
    for (const piece of posted[thread].splice(0)) {
      const session = sessions.get(piece.session);
      if (!session) continue;
      const { job, repeatable, worked } = session;
      const again = piece === hung ? repeatable && piece.tries === 1 : repeatable || !worked.has(thread);
      if (again) send(thread, { ...piece, tries: piece.tries + (piece === hung ? 1 : 0), ticks: null });
      else failures.get(piece.session)?.(hungThread(job, ((hung.ticks! - 1) * limit) / TICKS, way));
    }
  }

  function open<Setup, Piece, Result>(
    job: string,
    setup: Setup,
    { threads = ports.length, repeatable = false }: SessionOptions = {},
  ): Session<Piece, Result> {
    const session = opened++;
    let issued = 0;
    const used = ports.slice(0, threads).map((_, thread) => thread);
    sessions.set(session, { job, setup, threads, repeatable, worked: new Set() });
    const tell = (message: (thread: number) => Request) => {
      for (const thread of used) if (!ending.has(thread)) ports[thread].post(message(thread));
    };
    tell((thread) => ({ kind: "open", session, job, setup, thread }));
    const run = (pieces: readonly Piece[], onResult?: OnResult<Result>) =>
      new Promise<Result[]>((resolve, reject) => {
        invariant(!listeners.has(session), "a session runs one list of pieces at a time");
        if (broken) return reject(broken);
        const results = new Array<Result>(pieces.length);
        // Indices continue from list to list: the rest of a failed list is recognised by a smaller index.
        const first = issued;
        issued += pieces.length;
        let next = 0;
        let done = 0;
        const finish = (settle: () => void) => {
          listeners.delete(session);
          failures.delete(session);
          settle();
        };
        const fail = (error: Error) => finish(() => reject(error));
        const give = (thread: number) => {
          if (next >= pieces.length) return;
          send(thread, { session, index: first + next, piece: pieces[next], tries: 1, ticks: null });
          next++;
        };
        if (pieces.length === 0) return resolve(results);
        failures.set(session, fail);
        listeners.set(session, (thread, index, message) => {
          if (index < first) return;
          if ("error" in message) return fail(fromPlainError(message.error));
          const result = (message as { result: unknown }).result as Result;
          results[index - first] = result;
          try {
            onResult?.(result, index - first);
          } catch (error) {
            return fail(error as Error);
          }
          if (++done === pieces.length) return finish(() => resolve(results));
          give(thread);
        });
        for (const thread of used) give(thread);
      });
    return {
      run,
      // Each thread starts with the piece of its own number.
      each: (piece) => run(used.map(() => piece)),
      close: () => {
        sessions.delete(session);
        tell(() => ({ kind: "close", session }));
      },
    };
  }

  return {
    threads: ports.length,
    isApart: true,
    open,
    close: async () => {
      breakDown(closedThreads());
      await Promise.all(ports.map((port) => port.terminate()));
    },
  };
}

const pick = ({ session, index, piece }: Posted) => ({ session, index, piece });

/** Set by `hungThread` and checked by `isHung`. */
const HUNG = new Error("A thread has hung.");

/** The error of a thread that hung, which took its part of a session with it; a new thread may succeed. */
export const isHung = (error: unknown): boolean => error instanceof Error && error.cause === HUNG;

function hungThread(job: string, milliseconds: number, way: string): PlatformError {
  const minutes = Number((milliseconds / 60_000).toPrecision(2));
  return new PlatformError(
    "threads",
    `A thread was stopped because its work (${job}) showed no progress for ${minutes} minutes, and a second attempt on a ` +
      `new thread failed the same way. If the work never ends, fix it, for example a loop in your device module. If this machine is that slow, ${way}. ` +
      "Saved work is kept: continue with --resume.",
    { cause: HUNG },
  );
}

const closedThreads = (): PlatformError => new PlatformError("threads", "The threads were closed during their work.");

function stoppedThread(cause: Error): PlatformError {
  return new PlatformError(
    "threads",
    `A worker thread stopped: ${cause.message || "no reason was given"}. Use fewer threads if memory ran out.`,
    { cause },
  );
}

function find(jobs: JobRegistry, name: string): Job {
  const job = Object.hasOwn(jobs, name) ? jobs[name] : undefined;
  if (!job) throw new PlatformError("executor", `There is no job "${name}". Known: ${Object.keys(jobs).join(", ")}.`);
  return job;
}

/** True if threads can share memory; otherwise everything runs on one thread. */
export const canShareMemory = (): boolean =>
  typeof SharedArrayBuffer !== "undefined" &&
  ((globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated ?? true);
