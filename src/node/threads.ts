/** Threads in Node: an executor on worker_threads. */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { ValueError } from "../errors.ts";
import { jobs } from "../evaluation/jobs.ts";
import { type Executor, inlineExecutor, type JobRegistry, workerExecutor } from "../threads/executor.ts";

/**
 * An executor of `threads` threads (default: all cores). A single one is a worker thread too, so that the caller's may answer signals
 * meanwhile. Close it when done.
 *
 * @param served the jobs, and the entry of the worker that serves the same
 */
export function nodeExecutor(
  threads: number = availableParallelism(),
  served: { readonly jobs: JobRegistry; readonly script: string } = { jobs, script: "./worker.js" },
): Executor {
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= 1024)) {
    throw new ValueError("threads", `${threads} threads are not possible; give a whole number from 1 to 1024.`);
  }
  const script = new URL(served.script, import.meta.url);
  // The sources, which tests run, have no script that Node could load.
  if (threads === 1 && !existsSync(script)) return inlineExecutor(served.jobs);
  const workers = Array.from({ length: threads }, () => new Worker(script));
  return workerExecutor(
    workers.map((worker) => ({
      post: (message) => worker.postMessage(message),
      onMessage: (listen) => worker.on("message", listen),
      onError: (listen) => {
        worker.on("error", listen);
        worker.on("exit", (code) => listen(new Error(`it exited with code ${code}`)));
      },
      terminate: () => worker.terminate(),
    })),
  );
}
