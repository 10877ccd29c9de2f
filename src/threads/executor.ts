/**
 * Work on several threads, by name: the same calls run inline on one thread, on Node workers or on Web workers.
 *
 * A job is a factory: its set-up value opens it on every thread, then each piece is handed to whichever thread is free.
 * Results come back in piece order, and a job must not depend on which thread runs a piece, so the outcome is the same for
 * any number of threads. Set-up values and pieces are copied (structured clone); shared memory is passed by reference.
 */
import { ERROR_CLASSES, type ErrorTag, invariant, isXpikeError, PlatformError } from "../errors.ts";

/** Opens a job on one thread and returns the function that runs its pieces. Either may take its time and return a promise. */
export type Job<Setup = unknown, Piece = unknown, Result = unknown> = (
  setup: Setup,
  thread: number,
) => OpenJob<Piece, Result> | Promise<OpenJob<Piece, Result>>;

/** A job that was opened on one thread: what does its pieces. */
export type OpenJob<Piece, Result> = (piece: Piece) => Result | Promise<Result>;

export type JobRegistry = Readonly<Record<string, Job>>;

/** Called with each result as it comes, in no order, and the index of its piece. */
export type OnResult<Result> = (result: Result, index: number) => void;

export interface Session<Piece, Result> {
  /** Results in piece order; one call at a time. Rejects with the first error of a piece, or of opening the job. */
  run(pieces: readonly Piece[], onResult?: OnResult<Result>): Promise<Result[]>;
  /** The same piece on every thread of the session, once: for what each does with a part of its own. Results by thread; rejects as `run`. */
  each(piece: Piece): Promise<Result[]>;
  close(): void;
}

export interface Executor {
  readonly threads: number;
  /** Pieces run on other threads than the caller's, which memory that both use must be shared with. */
  readonly isApart: boolean;
  /** On all threads, or on the first few of them. */
  open<Setup, Piece, Result>(job: string, setup: Setup, most?: { readonly threads: number }): Session<Piece, Result>;
  /** Ends the threads; what still runs rejects. */
  close(): Promise<void>;
}

/** Runs every piece on the calling thread, and lets events (Ctrl-C, a redraw) through between pieces. */
export function inlineExecutor(jobs: JobRegistry): Executor {
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
          results.push((await work(piece)) as Result);
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

/** Resolves after waiting events were handled. Resolved promises alone would keep them out for as long as training runs. */
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
  | { session: number; index: number; error: PlainError };

/** One end of a worker thread, as Node and browsers both offer it. */
export interface WorkerPort {
  post(message: Request): void;
  onMessage(listen: (message: Response) => void): void;
  /** The thread is gone, or never came up. */
  onError(listen: (error: Error) => void): void;
  terminate(): Promise<unknown>;
}

/** The worker's side: answers requests from `jobs`. */
export function serveJobs(jobs: JobRegistry, post: (message: Response) => void): (message: Request) => void {
  const open = new Map<number, Promise<OpenJob<unknown, unknown>>>();
  const openJob = async (name: string, setup: unknown, thread: number) => find(jobs, name)(setup, thread);
  // A thread does one piece at a time, also where a list that failed has left one behind that takes a promise's time.
  let last: Promise<void> = Promise.resolve();
  async function answer(session: number, index: number, piece: unknown) {
    try {
      const work = await open.get(session)!;
      post({ session, index, result: await work(piece) });
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

/** Spreads pieces over worker threads, one at a time each. */
export function workerExecutor(ports: readonly WorkerPort[]): Executor {
  let sessions = 0;
  let broken: Error | null = null;
  const listeners = new Map<number, (port: number, message: Response) => void>();
  const failures = new Set<(error: Error) => void>();
  const breakDown = (error: Error): void => {
    broken ??= error;
    for (const fail of failures) fail(broken);
  };
  for (const [index, port] of ports.entries()) {
    port.onMessage((message) => listeners.get(message.session)?.(index, message));
    port.onError((cause) => breakDown(stoppedThread(cause)));
  }

  function open<Setup, Piece, Result>(
    job: string,
    setup: Setup,
    most = { threads: ports.length },
  ): Session<Piece, Result> {
    const session = sessions++;
    let issued = 0;
    const used = ports.slice(0, most.threads);
    for (const [thread, port] of used.entries()) port.post({ kind: "open", session, job, setup, thread });
    const run = (pieces: readonly Piece[], onResult?: OnResult<Result>) =>
      new Promise<Result[]>((resolve, reject) => {
        invariant(!listeners.has(session), "a session runs one list of pieces at a time");
        if (broken) return reject(broken);
        const results = new Array<Result>(pieces.length);
        // Indices go on from list to list: what is left of a list that failed is told apart by a smaller index.
        const first = issued;
        issued += pieces.length;
        let next = 0;
        let done = 0;
        const finish = (settle: () => void) => {
          listeners.delete(session);
          failures.delete(fail);
          settle();
        };
        const fail = (error: Error) => finish(() => reject(error));
        const give = (port: number) => {
          if (next >= pieces.length) return;
          ports[port].post({ kind: "run", session, index: first + next, piece: pieces[next] });
          next++;
        };
        if (pieces.length === 0) return resolve(results);
        failures.add(fail);
        listeners.set(session, (port, message) => {
          if (message.index < first) return;
          if ("error" in message) return fail(fromPlainError(message.error));
          results[message.index - first] = message.result as Result;
          try {
            onResult?.(message.result as Result, message.index - first);
          } catch (error) {
            return fail(error as Error);
          }
          if (++done === pieces.length) return finish(() => resolve(results));
          give(port);
        });
        for (let port = 0; port < used.length; port++) give(port);
      });
    return {
      run,
      // Each thread begins with the piece of its own number.
      each: (piece) => run(used.map(() => piece)),
      close: () => {
        for (const port of used) port.post({ kind: "close", session });
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

const closedThreads = (): PlatformError =>
  new PlatformError("threads", "The threads were closed while work was under way.");

function stoppedThread(cause: Error): PlatformError {
  return new PlatformError(
    "threads",
    `A worker thread stopped: ${cause.message || "no reason was given"}. Use fewer threads if memory ran out.`,
    { cause },
  );
}

/** Copying between threads turns errors of our classes into plain ones, so their fields travel instead. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Of an XpikeError only. */
  readonly xpike?: { readonly tag: ErrorTag; readonly path: string };
}

function toPlainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), stack: undefined };
  const { name, message, stack } = error;
  return { name, message, stack, ...(isXpikeError(error) && { xpike: { tag: error.tag, path: error.path } }) };
}

function fromPlainError({ name, message, stack, xpike }: PlainError): Error {
  const error = xpike ? new ERROR_CLASSES[xpike.tag](xpike.path, message) : Object.assign(new Error(message), { name });
  // Where it happened, on the other thread.
  if (stack !== undefined) error.stack = stack;
  return error;
}

function find(jobs: JobRegistry, name: string): Job {
  const job = Object.hasOwn(jobs, name) ? jobs[name] : undefined;
  if (!job) throw new PlatformError("executor", `There is no job "${name}". Known: ${Object.keys(jobs).join(", ")}.`);
  return job;
}

/** True where memory can be shared between threads; without it everything runs on one thread. */
export const canShareMemory = (): boolean =>
  typeof SharedArrayBuffer !== "undefined" &&
  ((globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated ?? true);
