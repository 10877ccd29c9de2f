/**
 * The limits of an adapter, measured:
 *
 *   bandwidth   a copy of an array that no cache holds: each byte is read once and written once
 *   f32 rate    chains of fused multiply-adds in registers: two operations each
 */

import { USAGE } from "../src/webgpu/buffers.ts";
import type { Gpu } from "../src/webgpu/gpu.ts";
import { gridOf } from "../src/webgpu/kernel.ts";
import { type BenchOptions, median, type Row, type Samples, type Section, startClock } from "./harness.ts";

export interface Limits {
  /** Bytes read and written per second. */
  readonly bandwidth: number;
  /** Operations per second. */
  readonly f32: number;
}

const LANES = 256;
const MEBIBYTE = 2 ** 20;
/** Time that a sample takes at least, so that handing over and waiting are a small part. */
const SAMPLE_MILLISECONDS = 60;

/** The rows of groups of a grid: `rowOf` of `src/webgpu/kernel.ts`. */
const HEAD = `
@group(0) @binding(0) var<uniform> call: vec4u;
fn itemOf(group: vec3u, lane: u32) -> u32 { return ${LANES}u * (group.y + 32768u * group.z) + lane; }
`;
const MAIN = `
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = itemOf(group, lane);`;

const COPY = `${HEAD}
@group(0) @binding(1) var<storage, read> source: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> result: array<vec4u>;
${MAIN}
  if (at < call.x) { result[at] = source[at]; }
}`;

/** Chains of vectors, more than the latency of an operation, and how often each is written out in a round. */
const CHAINS = 4;
const UNROLLED = 8;
const OPERATIONS_PER_ROUND = 2 * 4 * CHAINS * UNROLLED;

/** Values approach 2, from factors that no compiler knows. */
const MULTIPLY_ADD = `${HEAD}
@group(0) @binding(1) var<storage, read_write> result: array<f32>;
${MAIN}
  let factor = bitcast<f32>(call.y);
  let shift = bitcast<f32>(call.z);
${Array.from({ length: CHAINS }, (_, i) => `  var x${i} = vec4f(f32(lane % 8u + ${i}u));`).join("\n")}
  for (var round = 0u; round < call.x; round++) {
${Array.from({ length: CHAINS * UNROLLED }, (_, i) => `    x${i % CHAINS} = fma(x${i % CHAINS}, vec4f(factor), vec4f(shift));`).join("\n")}
  }
  let sum = ${Array.from({ length: CHAINS }, (_, i) => `x${i}`).join(" + ")};
  result[at] = sum.x + sum.y + sum.z + sum.w;
}`;

export async function webgpuLimits(
  gpu: Gpu,
  { quick }: BenchOptions,
): Promise<{ readonly limits: Limits; readonly section: Section }> {
  const repeats = quick ? 3 : 7;
  const copy = await measureCopy(gpu, Math.min(gpu.largestArray, (quick ? 64 : 512) * MEBIBYTE), repeats);
  const fused = await measureMultiplyAdd(gpu, gpu.isSoftware ? 64 : 8192, repeats);
  const limits = { bandwidth: copy.rate, f32: fused.rate };
  const rows: Row[] = [
    { name: `copy of ${copy.mebibytes} MiB`, samples: copy.samples, figures: { "GB/s": copy.rate / 1e9 } },
    { name: "fused multiply-adds", samples: fused.samples, figures: { "GFLOP/s": fused.rate / 1e9 } },
  ];
  const software = gpu.isSoftware
    ? ["This driver computes on the CPU: its rates and times say nothing about a GPU."]
    : [];
  const notes = ["A copy reads and writes each byte; a fused multiply-add is two operations.", ...software];
  return { limits, section: { name: "webgpu: limits", about: `${gpu.name}, measured.`, rows, notes } };
}

async function measureCopy(gpu: Gpu, bytes: number, repeats: number) {
  const { device } = gpu;
  const usage = USAGE.storage;
  const [source, result] = [device.createBuffer({ size: bytes, usage }), device.createBuffer({ size: bytes, usage })];
  const vectors = Math.floor(bytes / 16);
  const work = prepare(gpu, COPY, [source, result], gridOf(1, Math.ceil(vectors / LANES)));
  const copies = await enough((count) => work.run([vectors, 0, 0, 0], count));
  const samples = await sample(repeats, copies, () => work.run([vectors, 0, 0, 0], copies));
  work.close();
  return { mebibytes: bytes / MEBIBYTE, samples, rate: (2 * 16 * vectors) / (median(samples.wall) / 1000) };
}

async function measureMultiplyAdd(gpu: Gpu, groups: number, repeats: number) {
  const result = gpu.device.createBuffer({ size: 4 * LANES * groups, usage: USAGE.storage });
  const [factor, shift] = new Uint32Array(Float32Array.of(0.5, 1).buffer);
  const work = prepare(gpu, MULTIPLY_ADD, [result], gridOf(1, groups));
  const rounds = await enough((count) => work.run([64 * count, factor, shift, 0], 1));
  const samples = await sample(repeats, 1, () => work.run([64 * rounds, factor, shift, 0], 1));
  work.close();
  const operations = OPERATIONS_PER_ROUND * 64 * rounds * LANES * groups;
  return { samples, rate: operations / (median(samples.wall) / 1000) };
}

/** A kernel on these arrays, and what frees them. */
function prepare({ device }: Gpu, code: string, arrays: readonly GPUBuffer[], grid: readonly [number, number, number]) {
  const module = device.createShaderModule({ code });
  const pipeline = device.createComputePipeline({ layout: "auto", compute: { module, entryPoint: "main" } });
  const numbers = device.createBuffer({ size: 16, usage: USAGE.uniform | USAGE.copyTarget });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [numbers, ...arrays].map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  return {
    /** Runs it `times` times, and waits. */
    run: async (values: readonly number[], times: number): Promise<void> => {
      device.queue.writeBuffer(numbers, 0, Uint32Array.from(values));
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      for (let i = 0; i < times; i++) pass.dispatchWorkgroups(...grid);
      pass.end();
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
    },
    close: () => {
      for (const buffer of [numbers, ...arrays]) buffer.destroy();
    },
  };
}

/** How much work takes a sample's time, in powers of two; the first call, which compiles, does not count. */
export async function enough(work: (count: number) => Promise<void>): Promise<number> {
  await work(1);
  for (let count = 1; ; count *= 2) {
    const elapsed = startClock();
    await work(count);
    if (elapsed().wall >= SAMPLE_MILLISECONDS) return count;
  }
}

/** Times per call of work that does `calls` of them. */
export async function sample(repeats: number, calls: number, work: () => Promise<void>): Promise<Samples> {
  const samples: { wall: number[]; cpu: number[] } = { wall: [], cpu: [] };
  for (let i = 0; i < repeats; i++) {
    const elapsed = startClock();
    await work();
    const { wall, cpu } = elapsed();
    samples.wall.push(wall / calls);
    samples.cpu.push(cpu / calls);
  }
  return samples;
}
