/**
 * Work on several threads, by name: the same calls run inline on one thread, on Node workers or on Web workers.
 *
 * A job is a factory: its set-up value opens it on every thread, then each task is handed to whichever thread is free.
 * Results come back in task order, and a job must not depend on which thread runs a task, so the outcome is the same for
 * any number of threads. Set-up values and tasks are copied (structured clone); shared memory is passed by reference.
 */
import { PlatformError } from "../errors.ts";

/** Opens a job on one thread and returns the function that runs its tasks. */
export type Job<Setup = unknown, Task = unknown, Result = unknown> = (
  setup: Setup,
  thread: number,
) => (task: Task) => Result;

export type JobRegistry = Readonly<Record<string, Job>>;

export interface Session<Task, Result> {
  run(tasks: readonly Task[]): Promise<Result[]>;
  close(): void;
}

export interface Executor {
  readonly threads: number;
  open<Setup, Task, Result>(job: string, setup: Setup): Session<Task, Result>;
  close(): Promise<void>;
}

/** Runs every task on the calling thread. */
export function inlineExecutor(jobs: JobRegistry): Executor {
  return {
    threads: 1,
    open: <Setup, Task, Result>(name: string, setup: Setup): Session<Task, Result> => {
      const run = find(jobs, name)(setup, 0) as (task: unknown) => Result;
      return {
        run: async (tasks) => {
          const results: Result[] = [];
          for (const task of tasks) {
            results.push(run(task));
            await Promise.resolve();
          }
          return results;
        },
        close: () => {},
      };
    },
    close: async () => {},
  };
}

export type Request =
  | { kind: "open"; session: number; job: string; setup: unknown; thread: number }
  | { kind: "run"; session: number; index: number; task: unknown }
  | { kind: "close"; session: number };

export type Response = { session: number; index: number; result: unknown } | { session: number; index: number; error: unknown };

/** One end of a worker thread, as Node and browsers both offer it. */
export interface WorkerPort {
  post(message: Request): void;
  onMessage(listen: (message: Response) => void): void;
  onError(listen: (error: Error) => void): void;
  terminate(): Promise<unknown>;
}

/** The worker's side: answers requests from `jobs`. An error is passed back as it is, with its fields. */
export function serveJobs(jobs: JobRegistry, post: (message: Response) => void): (message: Request) => void {
  const open = new Map<number, (task: unknown) => unknown>();
  const failed = new Map<number, unknown>();
  return (message) => {
    const { session } = message;
    if (message.kind === "close") {
      open.delete(session);
      failed.delete(session);
      return;
    }
    try {
      if (message.kind === "open") open.set(session, find(jobs, message.job)(message.setup, message.thread));
      else if (failed.has(session)) throw failed.get(session);
      else post({ session, index: message.index, result: open.get(session)!(message.task) });
    } catch (error) {
      // A session that could not be opened answers its first task with the reason.
      if (message.kind === "open") failed.set(session, error);
      else post({ session, index: message.index, error });
    }
  };
}

/** Spreads tasks over worker threads, one at a time each. */
export function workerExecutor(ports: readonly WorkerPort[]): Executor {
  let sessions = 0;
  let broken: Error | null = null;
  const listeners = new Map<number, (port: number, message: Response) => void>();
  const failures = new Set<(error: Error) => void>();
  for (const [index, port] of ports.entries()) {
    port.onMessage((message) => listeners.get(message.session)?.(index, message));
    port.onError((error) => {
      broken = error;
      for (const fail of failures) fail(error);
    });
  }

  function open<Setup, Task, Result>(job: string, setup: Setup): Session<Task, Result> {
    const session = sessions++;
    for (const [thread, port] of ports.entries()) port.post({ kind: "open", session, job, setup, thread });
    const run = (tasks: readonly Task[]) =>
      new Promise<Result[]>((resolve, reject) => {
        if (broken) return reject(broken);
        const results = new Array<Result>(tasks.length);
        let next = 0;
        let done = 0;
        const finish = (settle: () => void) => {
          listeners.delete(session);
          failures.delete(fail);
          settle();
        };
        const fail = (error: Error) => finish(() => reject(error));
        const give = (port: number) => {
          if (next < tasks.length) ports[port].post({ kind: "run", session, index: next, task: tasks[next++] });
        };
        failures.add(fail);
        listeners.set(session, (port, message) => {
          if ("error" in message) return finish(() => reject(message.error));
          results[message.index] = message.result as Result;
          if (++done === tasks.length) return finish(() => resolve(results));
          give(port);
        });
        if (tasks.length === 0) return finish(() => resolve(results));
        for (let port = 0; port < ports.length; port++) give(port);
      });
    return {
      run,
      close: () => {
        for (const port of ports) port.post({ kind: "close", session });
      },
    };
  }

  return {
    threads: ports.length,
    open,
    close: async () => {
      await Promise.all(ports.map((port) => port.terminate()));
    },
  };
}

function find(jobs: JobRegistry, name: string): Job {
  const job = jobs[name];
  if (!job) throw new PlatformError("executor", `There is no job "${name}". Known: ${Object.keys(jobs).join(", ")}.`);
  return job;
}

/** True where memory can be shared between threads; without it everything runs on one thread. */
export const canShareMemory = (): boolean =>
  typeof SharedArrayBuffer !== "undefined" &&
  ((globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated ?? true);
