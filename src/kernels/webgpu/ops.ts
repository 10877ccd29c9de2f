/**
 * The backend on a GPU, in WGSL: each operation records calls of kernels (`recorder.ts`) on one memory (`memory.ts`). Every operation
 * repeats itself bit for bit on a device; against WebAssembly numbers differ by rounding, because a GPU fuses products with sums.
 */
import type { Gpu } from "../../webgpu/gpu.ts";
import type { TrainingOps } from "../training-ops.ts";
import { attentionOps } from "./attention-ops.ts";
import { requireMemory } from "./binding.ts";
import { columnOps } from "./columns.ts";
import { denseOps } from "./dense.ts";
import { fireOps } from "./fire-ops.ts";
import { hardwareNoiseOps } from "./hardware-noise.ts";
import { windowOps } from "./maps.ts";
import { type GpuMemoryOps, memoryOps } from "./memory.ts";
import { noiseOps } from "./noise.ts";
import { optimiserOps } from "./optimiser.ts";
import type { Profile } from "./profile.ts";
import { openRecorder } from "./recorder.ts";
import { rowOps } from "./rows.ts";
import { spikeOps } from "./spike-ops.ts";
import { winogradOps } from "./winograd.ts";

export interface GpuKernels extends TrainingOps, GpuMemoryOps {
  /** Frees the memory. */
  close(): void;
}

/**
 * The operations on a memory of their own.
 *
 * @param profile  gets to know all of their work
 * Throws  PlatformError when the GPU does not bind so many bytes
 */
export function gpuKernels(gpu: Gpu, bytes: number, profile: Profile | null = null): GpuKernels {
  requireMemory(gpu, bytes);
  const recorder = openRecorder(gpu, bytes, profile);
  const memory = memoryOps(recorder);
  const dense = denseOps(recorder);
  return {
    ...memory,
    ...rowOps(recorder),
    ...dense,
    ...spikeOps(recorder, { ...memory, ...dense }),
    ...windowOps(recorder),
    ...winogradOps(recorder),
    ...columnOps(recorder),
    ...fireOps(recorder),
    ...attentionOps(recorder),
    ...optimiserOps(recorder),
    ...noiseOps(recorder),
    ...hardwareNoiseOps(recorder),
    close: recorder.close,
  };
}
