/** The operations of a training step one by one: on a GPU, in WebAssembly on one thread, and against the limits of the adapter. */
import { arena, countingArena, type Place } from "../src/kernels/arena.ts";
import { standaloneKernels } from "../src/kernels/memory.ts";
import type { TrainingOps } from "../src/kernels/training-ops.ts";
import { gpuKernels } from "../src/kernels/webgpu/ops.ts";
import type { Gpu } from "../src/webgpu/gpu.ts";
import { type BenchOptions, measure, median, printNumber, type Row, type Samples, type Section } from "./harness.ts";
import { ROUNDED, requireSameWork, type Work } from "./same-work.ts";
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
    const [wasm, webgpu] = [await onWasm(of, repeats), await onGpu(gpu, of, repeats)];
    requireSameWork(of.name, { name: "wasm", work: wasm.work }, { name: "webgpu", work: webgpu.work }, tolerances(of));
    rows.push(describe(of, webgpu.samples, wasm.samples, limits));
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

/** Of an operation on the same arrays: what it left there after its first call, and its times. */
interface Ran {
  readonly work: Work;
  readonly samples: Samples;
}

/** Arrays of packed bits, which must be equal. */
const HOLD_BITS = ["spikes", "scores", "attended"];

const tolerances = ({ arrays }: KernelCase) => {
  const names = Object.keys(arrays).filter((name) => !HOLD_BITS.includes(name));
  return Object.fromEntries(names.map((name) => [name, { ...ROUNDED, within: 1e-4 }]));
};

/** What a first call leaves. Tallies have a form of the backend's own. */
async function firstCall(
  of: KernelCase,
  ops: TrainingOps & { words(at: Place, count: number): Uint32Array | Promise<Uint32Array> },
  { at, scratch }: ReturnType<typeof placeCase>,
): Promise<Work> {
  of.run(ops, at, scratch);
  const answers = Object.entries(of.arrays).filter(([name, { use }]) => use !== "read" && name !== "tally");
  const read = answers.map(async ([name, { contents }]) => {
    const words = await ops.words(at[name], contents.byteLength / 4);
    return [
      name,
      HOLD_BITS.includes(name) ? words : new Float32Array(words.buffer, words.byteOffset, words.length),
    ] as const;
  });
  return Object.fromEntries(await Promise.all(read));
}

async function onWasm(of: KernelCase, repeats: number): Promise<Ran> {
  const { kernels, arena: memory } = standaloneKernels(bytesNeeded(of));
  const { at, scratch } = placeCase(of, memory);
  for (const [name, { contents }] of Object.entries(of.arrays)) kernels.write(at[name], contents);
  const work = await firstCall(of, kernels, { at, scratch });
  return { work, samples: await measure(() => of.run(kernels, at, scratch), { repeats, warmUp: 1 }) };
}

async function onGpu(gpu: Gpu, of: KernelCase, repeats: number): Promise<Ran> {
  const bytes = bytesNeeded(of);
  const ops = gpuKernels(gpu, bytes);
  const { at, scratch } = placeCase(of, arena(0, bytes));
  for (const [name, { contents }] of Object.entries(of.arrays)) ops.write(at[name], contents);
  const work = await firstCall(of, ops, { at, scratch });
  const run = async (count: number) => {
    for (let i = 0; i < count; i++) of.run(ops, at, scratch);
    await ops.read(0, 1);
  };
  const calls = await enough(run);
  const samples = await sample(repeats, calls, () => run(calls));
  ops.close();
  return { work, samples };
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
