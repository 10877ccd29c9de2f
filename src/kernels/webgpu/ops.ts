/**
 * The backend on a GPU, in WGSL: each operation records calls of kernels (`recorder.ts`) on one memory (`memory.ts`). Every operation
 * repeats itself bit for bit on a device; against WebAssembly numbers differ by rounding, because a GPU fuses products with sums.
 */
import type { Gpu } from "../../webgpu/gpu.ts";
import type { AttentionOps, DenseOps, RowOps, SpikeOps } from "../ops.ts";
import { attentionOps } from "./attention-ops.ts";
import { type ColumnOps, columnOps } from "./columns.ts";
import { denseOps } from "./dense.ts";
import { type FireOps, fireOps } from "./fire-ops.ts";
import { type GpuMemoryOps, memoryOps, requireBinding } from "./memory.ts";
import { type NoiseOps, noiseOps } from "./noise.ts";
import { type OptimiserOps, optimiserOps } from "./optimiser.ts";
import { openRecorder } from "./recorder.ts";
import { rowOps } from "./rows.ts";
import { spikeOps } from "./spike-ops.ts";

export interface GpuKernels
  extends GpuMemoryOps,
    RowOps,
    DenseOps,
    ColumnOps,
    OptimiserOps,
    NoiseOps,
    SpikeOps,
    FireOps,
    AttentionOps {
  /** Frees the memory. */
  close(): void;
}

/**
 * The operations on a memory of their own.
 *
 * Throws  PlatformError when the GPU does not bind so many bytes
 */
export function gpuKernels(gpu: Gpu, bytes: number): GpuKernels {
  requireBinding(gpu, bytes);
  const recorder = openRecorder(gpu, bytes);
  const memory = memoryOps(recorder);
  const dense = denseOps(recorder);
  return {
    ...memory,
    ...rowOps(recorder),
    ...dense,
    ...spikeOps(recorder, { ...memory, ...dense }),
    ...fireOps(recorder),
    ...attentionOps(recorder),
    ...columnOps(recorder),
    ...optimiserOps(recorder),
    ...noiseOps(recorder),
    close: recorder.close,
  };
}
