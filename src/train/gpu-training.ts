/** Training on a GPU: what it does not train, and its kernels as the trainer's backend. */
import { SpecError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
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
export function requireGpuTraining({ model }: Experiment): void {
  if (model.kind !== "spiking") return;
  const { width, heads } = model;
  const features = width / heads;
  if (features <= MOST_FEATURES) return;
  throw new SpecError(
    "model.heads",
    `A head has ${features} features (width ${width} / ${heads}), but a GPU attends to at most ${MOST_FEATURES}. Use at least ` +
      `${Math.ceil(width / MOST_FEATURES)} heads, or the backend \`wasm\`.`,
  );
}
