/** The work of a training step, all shards and the optimiser, and the time of a micro-batch in WebAssembly on one thread. */
import type { Experiment } from "../src/experiment/experiment.ts";
import { type Arena, arena, countingArena, reserveTally } from "../src/kernels/arena.ts";
import { standaloneKernels } from "../src/kernels/memory.ts";
import { bindNetwork } from "../src/kernels/network-pass.ts";
import { planNetwork } from "../src/kernels/pass-plan.ts";
import { inputRows } from "../src/model/geometry.ts";
import { initialise } from "../src/model/network.ts";
import { stream } from "../src/numeric/stream.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";
import { createOptimiser } from "../src/train/optimiser.ts";
import { planPasses, planTraining, shardRange } from "../src/train/plan.ts";
import { countingOps, type StepWork } from "./counting-ops.ts";
import { startClock } from "./harness.ts";
import { randomBits } from "./reference-model.ts";

/** Of the first stage, without noise; layers are kept, not computed again. */
export async function workOfStep(experiment: Experiment): Promise<StepWork> {
  const work: StepWork = { dense: 0, spikes: 0, attention: 0, bytes: 0 };
  const ops = countingOps(work);
  const geometry = networkGeometry(experiment, createTask(experiment));
  const { training } = experiment;
  const [stage] = training.stages;
  const anywhere = { total: Number.POSITIVE_INFINITY, each: Number.POSITIVE_INFINITY };
  const plan = planTraining(experiment, geometry, 0, 1, anywhere);
  const layout = planPasses(arena(0, Number.POSITIVE_INFINITY), experiment, geometry, stage, plan.recompute);
  const pass = bindNetwork(ops, layout.training, { value: plan.value, gradient: plan.gradients[0] });
  for (let shard = 0; shard < training.shards; shard++) pass.step(shardRange(experiment, shard).count, 1, 0);
  const optimiser = createOptimiser(ops, plan, experiment);
  optimiser.addGradients(Array.from({ length: training.shards }, (_, shard) => shard));
  await optimiser.update(stage, 1e-3, 1, async () => {});
  return work;
}

/** Share of ones among the bits that the network reads. */
const INPUT_DENSITY = 0.25;

/**
 * Seconds of CPU time of a micro-batch, forward and backward: the median of `repeats` after one that does not count. Inputs are random
 * bits, and the network is fresh.
 */
export function timeMicroBatch(experiment: Experiment, prompts: number, repeats: number): number[] {
  const geometry = networkGeometry(experiment, createTask(experiment));
  const network = initialise(experiment.model, geometry, stream(1));
  const options = { maxPrompts: prompts, training: true, attention: "sampled", realInputs: false } as const;
  const plan = (memory: Arena) => {
    const place = () =>
      Object.fromEntries(
        Object.entries(network.parameters).map(([name, { data }]) => [name, memory.words(data.length)]),
      );
    const parameters = { value: place(), gradient: place() };
    const layout = planNetwork(memory, network, options);
    return { parameters, layout, tally: reserveTally(memory, 8) };
  };
  const counting = countingArena();
  plan(counting);
  const { kernels, arena: memory } = standaloneKernels(counting.used);
  const { parameters, layout, tally } = plan(memory);
  const pass = bindNetwork(kernels, layout, parameters);
  for (const [name, { data }] of Object.entries(network.parameters)) kernels.write(parameters.value[name], data);
  const steps = network.model.kind === "ann" ? 1 : network.model.steps;
  kernels.write(pass.inputs, randomInputs(steps * prompts * inputRows(geometry), geometry.inputs));
  const answers = prompts * geometry.queries.length * geometry.classes;
  kernels.fill(pass.targets, answers, 1 / geometry.classes);
  const seconds: number[] = [];
  for (let repeat = -1; repeat < repeats; repeat++) {
    const elapsed = startClock();
    pass.step(prompts, 1 / prompts, tally);
    if (repeat >= 0) seconds.push(elapsed().cpu / 1000);
  }
  return seconds;
}

/** Packed bits [rows][inputs]; bits past the last input are 0. */
function randomInputs(rows: number, inputs: number): Uint32Array {
  const words = Math.ceil(inputs / 32);
  const bits = randomBits(rows * words, INPUT_DENSITY, stream(1).fork("inputs").word);
  const last = 2 ** (inputs - 32 * (words - 1)) - 1;
  for (let word = words - 1; word < bits.length; word += words) bits[word] &= last;
  return bits;
}
