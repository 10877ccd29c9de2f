/**
 * Training steps, or inferences, of the reference model on some number of threads, in a process of its own, so that its peak
 * memory is its own too. Twin of `peers/training_step.py`: same options, same JSON on standard output.
 */
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { allocateMemory, instantiateKernels } from "../src/kernels/memory.ts";
import { foldNetwork } from "../src/model/fold.ts";
import { initialise, type Network } from "../src/model/network.ts";
import { stream } from "../src/numeric/stream.ts";
import type { SpikingSpec } from "../src/spec/model.ts";
import { type Executor, inlineExecutor, workerExecutor } from "../src/threads/executor.ts";
import { createOptimiser } from "../src/train/optimiser.ts";
import { planTraining } from "../src/train/plan.ts";
import { measure } from "./harness.ts";
import { type ReferenceResult, type ReferenceSetup, type ReferenceTask, referenceJobs } from "./reference-job.ts";
import {
  BATCH,
  LEARNING_RATE,
  referenceExperiment,
  referenceGeometry,
  SHARDS,
  type SurrogateName,
  TOKENS,
} from "./reference-model.ts";
import type { ReferenceRun } from "./reference-run.ts";

/** Steps until V8 has optimised every kernel. */
const WARM_UP = 5;

const { values } = parseArgs({
  options: {
    measure: { type: "string", default: "training" },
    threads: { type: "string", default: "1" },
    repeats: { type: "string", default: "10" },
    surrogate: { type: "string", default: "sigmoid" },
  },
});
const threads = Number(values.threads);
const repeats = Number(values.repeats);
const surrogate = values.surrogate as SurrogateName;

const experiment = referenceExperiment(surrogate);
const { base } = instantiateKernels(allocateMemory(0, false));
const plan = planTraining(experiment, referenceGeometry, base, threads);
const memory = allocateMemory(plan.bytes, threads > 1);
const kernels = instantiateKernels(memory);
const optimiser = createOptimiser(kernels, plan, experiment);
optimiser.writeParameters(initialise(experiment.model, referenceGeometry, stream(1)).parameters);
const executor = createExecutor();
const session = executor.open<ReferenceSetup, ReferenceTask, ReferenceResult>("reference-shard", {
  surrogate,
  memory,
  threads,
});
const losses: number[] = [];

const run = values.measure === "inference" ? await measureInference() : await measureTraining();
await executor.close();
process.stdout.write(`${JSON.stringify(run)}\n`);

async function measureTraining(): Promise<ReferenceRun> {
  const samples = await measure(train, { repeats, warmUp: WARM_UP, minimumMilliseconds: 0 });
  return { samples, ...memoryAndLoss(), densities: {} };
}

async function measureInference(): Promise<ReferenceRun> {
  await train();
  optimiser.writeFolded(foldNetwork(measuredNetwork()));
  const samples = await measure(() => forEachShard("infer"), { repeats, warmUp: WARM_UP, minimumMilliseconds: 0 });
  const [densities] = await forEachShard("count");
  return { samples, ...memoryAndLoss(), densities };
}

function memoryAndLoss(): Pick<ReferenceRun, "residentMegabytes" | "firstLoss" | "lastLoss"> {
  const residentMegabytes = process.resourceUsage().maxRSS / 1024;
  return { residentMegabytes, firstLoss: losses[0], lastLoss: losses[losses.length - 1] };
}

async function train(): Promise<void> {
  const step = losses.length;
  const results = await forEachShard("train");
  losses.push(results.reduce((sum, { loss }) => sum + loss, 0) / (BATCH * TOKENS));
  optimiser.addGradients(plan.gradients.map((_, buffer) => buffer));
  optimiser.update(LEARNING_RATE, step + 1);
}

function forEachShard(kind: ReferenceTask["kind"]): Promise<ReferenceResult[]> {
  const step = losses.length;
  return session.run(Array.from({ length: SHARDS }, (_, shard) => ({ kind, step, shard })));
}

/** The network with the BatchNorm statistics of the last step as running ones, as if training had gone on for long. */
function measuredNetwork(): Network<SpikingSpec> {
  const parameters = optimiser.readParameters();
  for (const name of Object.keys(plan.statistics[0])) {
    const { data } = parameters[name];
    for (let i = 0; i < data.length; i++) {
      data[i] = plan.statistics.reduce((sum, at) => sum + kernels.f32[at[name] / 4 + i], 0) / SHARDS;
    }
  }
  return { model: experiment.model, geometry: referenceGeometry, parameters };
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
