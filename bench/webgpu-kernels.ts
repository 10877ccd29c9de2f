/** The operations of a training step one by one: on a GPU, in WebAssembly on one thread, and against the limits of the adapter. */
import { arena, countingArena } from "../src/kernels/arena.ts";
import { standaloneKernels } from "../src/kernels/memory.ts";
import { gpuKernels } from "../src/kernels/webgpu/ops.ts";
import type { Gpu } from "../src/webgpu/gpu.ts";
import { type BenchOptions, measure, median, printNumber, type Row, type Samples, type Section } from "./harness.ts";
import { bytesOf, type KernelCase, type KernelSizes, kernelCases, placeCase } from "./webgpu-cases.ts";
import { enough, type Limits, sample } from "./webgpu-limits.ts";

/** For a driver in software, and those of CIFAR-10 on 64 patches and a class token, 16 images at a time. */
const SMALL: KernelSizes = { steps: 4, prompts: 2, tokens: 32, width: 128, heads: 2, classes: 10 };
const LARGE: KernelSizes = { steps: 8, prompts: 16, tokens: 65, width: 384, heads: 6, classes: 10 };

export async function webgpuKernels(gpu: Gpu, limits: Limits, { quick }: BenchOptions): Promise<Section> {
  const sizes = quick ? SMALL : LARGE;
  const repeats = quick ? 3 : 7;
  const rows: Row[] = [];
  for (const of of kernelCases(sizes)) {
    const wasm = await onWasm(of, repeats);
    rows.push(describe(of, await onGpu(gpu, of, repeats), wasm, limits));
  }
  const { steps, prompts, tokens, width, heads } = sizes;
  return {
    name: "webgpu: kernels",
    about: `T ${steps}, ${prompts} prompts of ${tokens} tokens, width ${width}, ${heads} heads, on the GPU; wasm on one thread.`,
    rows,
    notes: [
      "Bytes are those of the arrays that an operation reads and writes, once each: what a cache saves, or a kernel reads again, is not " +
        "counted. Operations are counted where products of matrices are the work; spikes count as dense.",
      "A call includes its share of handing over and waiting: small operations show that, not the kernel. Arrays that stay in a cache " +
        "may exceed the bandwidth.",
    ],
  };
}

function bytesNeeded(of: KernelCase): number {
  const counting = countingArena();
  placeCase(of, counting);
  return counting.used;
}

async function onWasm(of: KernelCase, repeats: number): Promise<Samples> {
  const { kernels, arena: memory } = standaloneKernels(bytesNeeded(of));
  const { at, scratch } = placeCase(of, memory);
  for (const [name, { contents }] of Object.entries(of.arrays)) kernels.write(at[name], contents);
  return measure(() => of.run(kernels, at, scratch), { repeats, warmUp: 1 });
}

async function onGpu(gpu: Gpu, of: KernelCase, repeats: number): Promise<Samples> {
  const bytes = bytesNeeded(of);
  const ops = gpuKernels(gpu, bytes);
  const { at, scratch } = placeCase(of, arena(0, bytes));
  for (const [name, { contents }] of Object.entries(of.arrays)) ops.write(at[name], contents);
  const work = async (count: number) => {
    for (let i = 0; i < count; i++) of.run(ops, at, scratch);
    await ops.read(0, 1);
  };
  const calls = await enough(work);
  const samples = await sample(repeats, calls, () => work(calls));
  ops.close();
  return samples;
}

function describe(of: KernelCase, samples: Samples, wasm: Samples, { bandwidth, f32 }: Limits): Row {
  const seconds = median(samples.wall) / 1000;
  const bytes = bytesOf(of) / seconds;
  const percent = (rate: number, limit: number) => `${printNumber((100 * rate) / limit)} %`;
  const operations = of.operations === null ? null : of.operations / seconds;
  return {
    name: of.name,
    samples,
    figures: {
      "wasm ms": median(wasm.wall),
      "times wasm": median(wasm.wall) / median(samples.wall),
      "GB/s": bytes / 1e9,
      "of bandwidth": percent(bytes, bandwidth),
      ...(operations !== null && { "GFLOP/s": operations / 1e9, "of f32 rate": percent(operations, f32) }),
    },
  };
}
