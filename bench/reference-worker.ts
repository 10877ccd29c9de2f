/** Entry of a worker thread of `reference-process.ts`. */
import { parentPort } from "node:worker_threads";
import { serveJobs } from "../src/kernels/executor.ts";
import { referenceJobs } from "./reference-job.ts";

const port = parentPort!;
port.on(
  "message",
  serveJobs(referenceJobs, (message) => port.postMessage(message)),
);
