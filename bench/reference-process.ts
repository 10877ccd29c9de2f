/**
 * Training steps, or inferences, of the reference model on some number of threads, in its own process, so that its peak memory
 * can be measured. Twin of `peers/training_step.py`: both print JSON in the same form. With `--export` it writes weights, inputs
 * and labels for the peer instead.
 */
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import type { SpikingSpec } from "../src/experiment/model.ts";
import { allocateMemory, instantiateKernels } from "../src/kernels/memory.ts";
import { foldNetwork } from "../src/model/fold.ts";
import { initialise, type Network } from "../src/model/network.ts";
import { stream } from "../src/numeric/stream.ts";
import { type Executor, inlineExecutor, workerExecutor } from "../src/threads/executor.ts";
import { createOptimiser } from "../src/train/optimiser.ts";
import { planTraining } from "../src/train/plan.ts";
import { measure } from "./harness.ts";
import { type ReferenceResult, type ReferenceSetup, type ReferenceTask, referenceJobs } from "./reference-job.ts";
import {
  BATCH,
  exportReference,
  LEARNING_RATE,
  referenceExperiment,
  referenceGeometry,
  SHARDS,
  type SurrogateName,
  TOKENS,
  type Width,
} from "./reference-model.ts";
import type { ReferenceRun } from "./reference-run.ts";

/** Steps until V8 has optimised every kernel; wide networks call each kernel more often. */
const WARM_UPS: Readonly<Record<Width, number>> = { 128: 5, 256: 3, 512: 2 };

const { values } = parseArgs({
  options: {
    measure: { type: "string", default: "training" },
    threads: { type: "string", default: "1" },
    repeats: { type: "string", default: "10" },
    surrogate: { type: "string", default: "sigmoid" },
    width: { type: "string", default: "128" },
    export: { type: "string" },
  },
});
const threads = Number(values.threads);
const repeats = Number(values.repeats);
const surrogate = values.surrogate as SurrogateName;

const width = Number(values.width) as Width;
const warmUp = WARM_UPS[width];

const experiment = referenceExperiment(surrogate, width);
const { base } = instantiateKernels(allocateMemory(0, false));
const plan = planTraining(experiment, referenceGeometry, base, threads);
const memory = allocateMemory(plan.bytes, threads > 1);
const kernels = instantiateKernels(memory);
const optimiser = createOptimiser(kernels, plan, experiment);
optimiser.writeParameters(initialise(experiment.model, referenceGeometry, stream(1)).parameters);
const executor = createExecutor();
const session = executor.open<ReferenceSetup, ReferenceTask, ReferenceResult>("reference-shard", {
  surrogate,
  width,
  memory,
  threads,
});
const losses: number[] = [];

if (values.export) exportReference(experiment, values.export);
else {
  const run = values.measure === "inference" ? await measureInference() : await measureTraining();
  process.stdout.write(`${JSON.stringify(run)}\n`);
}
await executor.close();

async function measureTraining(): Promise<ReferenceRun> {
  const samples = await measure(train, { repeats, warmUp, minimumMilliseconds: 0 });
  return { samples, residentMegabytes: residentMegabytes(), losses, densities: null };
}

async function measureInference(): Promise<ReferenceRun> {
  await train();
  optimiser.writeFolded(foldNetwork(await measuredNetwork()));
  const samples = await measure(() => forEachShard("infer"), { repeats, warmUp, minimumMilliseconds: 0 });
  const [spikes] = await forEachShard("count");
  const last = `blocks.${experiment.model.depth - 1}`;
  const densities = { attention: spikes[`${last}.attention`], hidden: spikes[`${last}.hidden`] };
  return { samples, residentMegabytes: residentMegabytes(), losses, densities };
}

function residentMegabytes(): number {
  return process.resourceUsage().maxRSS / 1024;
}

async function train(): Promise<void> {
  const step = losses.length;
  await forEachShard("train");
  optimiser.addGradients(plan.gradients.map((_, buffer) => buffer));
  // AdamW has no matrices to orthogonalise.
  await optimiser.update(experiment.training.stages[0], LEARNING_RATE, step + 1, () => Promise.resolve());
  const sums = await Promise.all(plan.losses.map((at) => kernels.sums(at, 1)));
  losses.push(sums.reduce((sum, [loss]) => sum + loss, 0) / (BATCH * TOKENS));
}

function forEachShard(kind: ReferenceTask["kind"]): Promise<ReferenceResult[]> {
  const step = losses.length;
  return session.run(Array.from({ length: SHARDS }, (_, shard) => ({ kind, step, shard })));
}

/** The network with the BatchNorm statistics of the last step as running statistics, as if training had continued for long. */
async function measuredNetwork(): Promise<Network<SpikingSpec>> {
  const parameters = await optimiser.readParameters();
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
