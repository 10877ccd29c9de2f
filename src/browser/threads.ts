/** Threads in a browser: an executor on Web Workers. */
import { ValueError } from "../errors.ts";
import { jobs } from "../evaluation/jobs.ts";
import { canShareMemory, type Executor, inlineExecutor, workerExecutor } from "../threads/executor.ts";

export interface BrowserExecutor {
  /** Close it when done. */
  readonly executor: Executor;
  /** Why there is one thread only, to be shown to the person who waits. */
  readonly note?: string;
}

const NOT_ISOLATED =
  "This page computes on one thread, because browsers share memory only with pages that are cross-origin isolated. Serve it " +
  "with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.";

const NOT_LOADED =
  'its script did not load. In development with Vite 7 or older, set optimizeDeps.exclude to ["xpikeformer"]';

/**
 * An executor of `threads` threads (default: all that the browser names). One thread runs inline, between redraws.
 * Throws  ValueError for a number of threads that makes no sense
 */
export function browserExecutor(threads: number = navigator.hardwareConcurrency): BrowserExecutor {
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= 1024)) {
    throw new ValueError("threads", `${threads} threads are not possible. Give a whole number from 1 to 1024.`);
  }
  if (threads === 1) return { executor: inlineExecutor(jobs) };
  if (!canShareMemory()) return { executor: inlineExecutor(jobs), note: NOT_ISOLATED };
  const workers = Array.from(
    { length: threads },
    // Bundlers look for exactly this expression.
    () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }),
  );
  return {
    executor: workerExecutor(
      workers.map((worker) => ({
        post: (message) => worker.postMessage(message),
        onMessage: (listen) => worker.addEventListener("message", ({ data }) => listen(data)),
        onError: (listen) =>
          worker.addEventListener("error", ({ message }) => listen(new Error(message ?? NOT_LOADED))),
        terminate: async () => worker.terminate(),
      })),
    ),
  };
}
