/** Entry of a worker thread of `reference-process.ts`. */
import { parentPort } from "node:worker_threads";
import { serveJobs } from "../src/threads/executor.ts";
import { referenceJobs } from "./reference-job.ts";

const port = parentPort!;
port.on(
  "message",
  serveJobs(referenceJobs, (message) => port.postMessage(message)),
);
