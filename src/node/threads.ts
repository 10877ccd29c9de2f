/** Threads in Node: an executor on worker_threads. */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { ValueError } from "../errors.ts";
import { jobs } from "../evaluation/jobs.ts";
import {
  type Executor,
  inlineExecutor,
  type JobRegistry,
  type Watch,
  type WorkerPort,
  workerExecutor,
} from "../threads/executor.ts";

/** Environment variable: the minutes that a piece of work may take without progress before its thread counts as hung. */
export const HUNG_VARIABLE = "XPIKE_THREAD_MINUTES";
/** Our choice: the longest pieces that we know, slices of ImageNet on one slow core, take a few minutes. */
const HUNG_MINUTES = 60;

/**
 * An executor with `threads` threads (default: all cores). A single thread is also a worker, so that the caller's can handle
 * signals meanwhile. A thread whose work makes no progress for an hour (`XPIKE_THREAD_MINUTES`), or for 20 times the longest
 * piece of the same job, is ended; another one retries. Close it when done.
 *
 * @param served the jobs, and the entry of the worker that serves them
 * Throws  ValueError for an invalid number of threads or of minutes
 */
export function nodeExecutor(
  threads: number = availableParallelism(),
  served: { readonly jobs: JobRegistry; readonly script: string } = { jobs, script: "./worker.js" },
): Executor {
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= 1024)) {
    throw new ValueError("threads", `${threads} threads are not possible. Give a whole number from 1 to 1024.`);
  }
  const script = new URL(served.script, import.meta.url);
  // The sources, which tests run, have no script that Node could load.
  if (threads === 1 && !existsSync(script)) return inlineExecutor(served.jobs);
  const create = (): WorkerPort => {
    const worker = new Worker(script);
    return {
      post: (message) => worker.postMessage(message),
      onMessage: (listen) => worker.on("message", listen),
      onError: (listen) => {
        worker.on("error", listen);
        worker.on("exit", (code) => listen(new Error(`it exited with code ${code}`)));
      },
      terminate: () => worker.terminate(),
    };
  };
  const watch = threadWatch(create, process.env);
  return workerExecutor(Array.from({ length: threads }, create), watch);
}

/** Time after which a thread counts as hung. Throws ValueError for an invalid number of minutes. */
export function threadWatch(
  replace: () => WorkerPort,
  environment: Readonly<Record<string, string | undefined>> = {},
): Watch {
  const text = environment[HUNG_VARIABLE] ?? String(HUNG_MINUTES);
  const minutes = Number(text);
  // A Node timer takes at most 2^31 milliseconds.
  if (text.trim() === "" || !(minutes > 0 && minutes <= 1_000_000)) {
    throw new ValueError(
      HUNG_VARIABLE,
      `"${text}" is not a number of minutes. Give the minutes without progress after which a thread is replaced, above 0 and at most 1,000,000, or unset the variable ` +
        `for the default of ${HUNG_MINUTES}.`,
    );
  }
  return { limit: 60_000 * minutes, replace, way: `allow more with ${HUNG_VARIABLE}=${Math.ceil(6 * minutes)}` };
}
