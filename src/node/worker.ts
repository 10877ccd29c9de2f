/** Entry of a Node worker thread. */
import { parentPort } from "node:worker_threads";
import { jobs } from "../evaluation/jobs.ts";
import { serveJobs } from "../threads/executor.ts";

const port = parentPort!;
port.on(
  "message",
  serveJobs(jobs, (message) => port.postMessage(message)),
);
