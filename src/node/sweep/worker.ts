/** Entry of a worker thread that measures points of a sweep. */
import { parentPort } from "node:worker_threads";
import { serveJobs } from "../../threads/executor.ts";
import { sweepJobs } from "./job.ts";

const port = parentPort!;
port.on(
  "message",
  serveJobs(sweepJobs, (message) => port.postMessage(message)),
);
