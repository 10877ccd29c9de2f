/**
 * Training steps, or inferences, of the reference model on some number of threads, in its own process, so that its peak memory
 * can be measured. Twin of `peers/training_step.py`: both print JSON in the same form. With `--export` it writes weights, inputs
 * and labels for the peer instead.
 */
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { type Executor, inlineExecutor, workerExecutor } from "../src/threads/executor.ts";
import { measure } from "./harness.ts";
import { referenceJobs } from "./reference-job.ts";
import { exportReference, type Reference, type Width } from "./reference-model.ts";
import type { ReferenceRun } from "./reference-run.ts";
import { openReference } from "./reference-steps.ts";

/** Steps until V8 has optimised every kernel; wide networks call each kernel more often. */
const WARM_UPS: Readonly<Record<Width, number>> = { 128: 5, 256: 3, 512: 2 };

const { values } = parseArgs({
  options: {
    of: { type: "string", default: "{}" },
    measure: { type: "string", default: "training" },
    threads: { type: "string", default: "1" },
    repeats: { type: "string", default: "10" },
    export: { type: "string" },
  },
});
const threads = Number(values.threads);
const of = JSON.parse(values.of) as Reference;

if (values.export) exportReference(of, values.export);
else process.stdout.write(`${JSON.stringify(await run())}\n`);

async function run(): Promise<ReferenceRun> {
  const executor = createExecutor();
  const { describe, train, fold, infer, densities } = openReference(of, threads, executor);
  const losses: number[] = [];
  const step = async () => losses.push(await train());
  const isInference = values.measure === "inference";
  const work = await describe();
  if (isInference) {
    await step();
    await fold();
  }
  const times = { repeats: Number(values.repeats), warmUp: WARM_UPS[of.width], minimumMilliseconds: 0 };
  const samples = await measure(isInference ? infer : step, times);
  const residentMegabytes = process.resourceUsage().maxRSS / 1024;
  const result = { work, samples, residentMegabytes, losses, densities: isInference ? await densities() : null };
  await executor.close();
  return result;
}

function createExecutor(): Executor {
  if (threads === 1) return inlineExecutor(referenceJobs);
  const script = new URL("./reference-worker.js", import.meta.url);
  const workers = Array.from({ length: threads }, () => new Worker(script));
  return workerExecutor(
    workers.map((worker) => ({
      post: (message) => worker.postMessage(message),
      onMessage: (listen) => worker.on("message", listen),
      onError: (listen) => worker.on("error", listen),
      terminate: () => worker.terminate(),
    })),
  );
}
