/** Entry of a Web Worker. */
import { jobs } from "../evaluation/jobs.ts";
import { serveJobs } from "../threads/executor.ts";

const serve = serveJobs(jobs, (message) => postMessage(message));
addEventListener("message", ({ data }) => serve(data));
