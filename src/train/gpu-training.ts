/** Training on a GPU: what it does not train, and its kernels as the trainer's backend. */
import { SpecError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { isTransformer } from "../experiment/model.ts";
import { operationsOf } from "../model/graph.ts";
import { graphOf } from "../model/transformer.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import type { Gpu } from "../webgpu/gpu.ts";
import type { TrainingBackend } from "./workplace.ts";

/** Most features of a head on packed spikes, which kernels hold in two words (`kernels/webgpu/heads.ts`). */
const MOST_FEATURES = 64;

/** The kernels are loaded here: programs without a GPU do without them. */
export async function gpuBackend(gpu: Gpu): Promise<TrainingBackend> {
  const [{ gpuKernels }, { largestMemory }] = await Promise.all([
    import("../kernels/webgpu/ops.ts"),
    import("../kernels/webgpu/binding.ts"),
  ]);
  return {
    name: "webgpu",
    device: gpu.name,
    base: 0,
    largestMemory: largestMemory(gpu),
    requireTrainable: requireGpuTraining,
    create: (bytes) => gpuKernels(gpu, bytes),
  };
}

/** Throws SpecError at a field that asks for what a GPU does not train. */
export function requireGpuTraining(experiment: Experiment): void {
  const { model } = experiment;
  if (model.kind === "ann") return;
  const geometry = networkGeometry(experiment, createTask(experiment));
  for (const { name, heads, dimension } of operationsOf(graphOf({ model, geometry }), "attention")) {
    if (dimension <= MOST_FEATURES) continue;
    const width = heads * dimension;
    throw new SpecError(
      isTransformer(model) ? "model.heads" : `model.operations.${name}`,
      `A head has ${dimension} features (width ${width} / ${heads}), but a GPU attends to at most ${MOST_FEATURES}. Use at least ` +
        `${Math.ceil(width / MOST_FEATURES)} heads, or the backend \`wasm\`.`,
    );
  }
}
