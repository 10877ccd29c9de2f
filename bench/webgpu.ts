/**
 * What a GPU, or a driver that is one in software, reaches: its limits, the kernels of training against these and against WebAssembly,
 * whole training steps with their time by kernel, and chips.
 */
import { openNodeGpu } from "../src/node/webgpu.ts";
import type { Gpu } from "../src/webgpu/gpu.ts";
import type { BenchOptions, Section } from "./harness.ts";
import { webgpuChips } from "./webgpu-chips.ts";
import { webgpuKernels } from "./webgpu-kernels.ts";
import { webgpuLimits } from "./webgpu-limits.ts";
import { webgpuSteps } from "./webgpu-steps.ts";

export async function webgpu(options: BenchOptions): Promise<Section[]> {
  let gpu: Gpu;
  try {
    gpu = await openNodeGpu({ timed: true });
  } catch (error) {
    const about = "kernels, training and chips on a GPU.";
    return [{ name: "webgpu", about, rows: [], notes: [`Not measured. ${(error as Error).message}`] }];
  }
  try {
    const { limits, section } = await webgpuLimits(gpu, options);
    const kernels = await webgpuKernels(gpu, limits, options);
    const steps = await webgpuSteps(gpu, options);
    return [section, kernels, steps, await webgpuChips(gpu, options)];
  } finally {
    gpu.close();
  }
}
