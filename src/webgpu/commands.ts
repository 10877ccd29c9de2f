/**
 * Work for a GPU whose results the host needs as numbers: recorded once, then run, then gone through again with the results.
 *
 * A pass of a simulator calls operations one after another, and some return a number: how many spikes there were, how many registers
 * saturated. A GPU has that number only later. No operation depends on it, so `run` calls the pass twice. The first time, operations are
 * recorded and return 0; then the GPU works, and everything is read back at once; the second time, operations do nothing and return their
 * numbers. The pass is the same code as on the CPU and awaits nothing.
 */
import { invariant } from "../errors.ts";
import { contentsOf, NUMBERS_STRIDE, USAGE } from "./buffers.ts";
import { type Gpu, lostGpu, messageOf } from "./gpu.ts";
import { FIRST_ARRAY, type Kernel, moduleOf } from "./kernel.ts";
import { openScopes, requireAccepted } from "./scopes.ts";

/** Calls with numbers in one buffer. */
const CALLS = 1024;
/** Counters of a run. */
const COUNTERS = 4096;

export interface Commands {
  /** A zeroed array. */
  array(bytes: number): GPUBuffer;
  /** Runs a kernel on a grid of groups. */
  call<N extends string, A extends string>(
    kernel: Kernel<N, A>,
    numbers: Readonly<Record<NoInfer<N>, number>>,
    arrays: Readonly<Record<NoInfer<A>, GPUBuffer>>,
    grid: readonly [number, number, number],
  ): void;
  /** A number that the kernel called by `encode` counts: the counter's index for the kernel, and the number for the caller. */
  count(encode: (counter: number) => void): number;
  /** Writes words to an array; within `run` in order with the kernels. */
  write(target: GPUBuffer, byte: number, values: Uint32Array | Int32Array | Float32Array): void;
  copy(from: GPUBuffer, fromByte: number, to: GPUBuffer, toByte: number, bytes: number): void;
  /** A copy of words of an array as they are at this point; zeros while recording. */
  read(from: GPUBuffer, byte: number, words: number): Uint32Array;
  /**
   * Runs `work` twice, as explained above, and returns the second result.
   * Throws  PlatformError when the GPU is lost or has no memory; as `work`
   */
  run<T>(work: () => T): Promise<T>;
}

export function openCommands(gpu: Gpu): Commands {
  const { device } = gpu;
  const pipelines = new Map<Kernel, GPUComputePipeline>();
  const counters = array(8 * COUNTERS);
  const numberBuffers: GPUBuffer[] = [];
  let phase: "idle" | "recording" | "replaying" = "idle";
  let encoder: GPUCommandEncoder | null = null;
  let pass: GPUComputePassEncoder | null = null;
  let calls = 0;
  let pending = new Uint32Array(0);
  let counted = 0;
  /** What is read back: from the counters, then array by array. */
  let reads: { readonly source: GPUBuffer; readonly bytes: number }[] = [];
  let results: { readonly counts: number[]; readonly arrays: Uint32Array[] } = { counts: [], arrays: [] };

  function array(bytes: number): GPUBuffer {
    const size = 4 * Math.max(1, Math.ceil(bytes / 4));
    return device.createBuffer({ size, usage: USAGE.storage | USAGE.copySource | USAGE.copyTarget });
  }

  function pipelineOf(kernel: Kernel): GPUComputePipeline {
    const known = pipelines.get(kernel);
    if (known) return known;
    const module = device.createShaderModule({ label: kernel.name, code: moduleOf(kernel) });
    const pipeline = device.createComputePipeline({
      label: kernel.name,
      layout: "auto",
      compute: { module, entryPoint: "main" },
    });
    pipelines.set(kernel, pipeline);
    return pipeline;
  }

  const commandEncoder = () => {
    encoder ??= device.createCommandEncoder();
    return encoder;
  };
  function endPass() {
    pass?.end();
    pass = null;
  }

  /** Hands over what is recorded; later writes come after it. */
  function submit() {
    endPass();
    if (encoder === null) return;
    const first = Math.floor((calls - 1) / CALLS);
    if (calls > 0) device.queue.writeBuffer(numberBuffers[first], 0, pending);
    device.queue.submit([encoder.finish()]);
    encoder = null;
  }

  /** The place of a call's numbers. Every buffer is written once, before the calls that read it are handed over. */
  function numbersOf(kernel: Kernel, numbers: Readonly<Record<string, number>>): GPUBufferBinding {
    const slot = calls % CALLS;
    if (slot === 0) {
      submit();
      pending = new Uint32Array((CALLS * NUMBERS_STRIDE) / 4);
    }
    const place = Math.floor(calls / CALLS);
    numberBuffers[place] ??= device.createBuffer({
      size: CALLS * NUMBERS_STRIDE,
      usage: USAGE.uniform | USAGE.copyTarget,
    });
    calls++;
    const names = Object.keys(kernel.numbers);
    pending.set(
      names.map((name) => numbers[name]),
      (slot * NUMBERS_STRIDE) / 4,
    );
    return { buffer: numberBuffers[place], offset: slot * NUMBERS_STRIDE, size: 4 * names.length };
  }

  function call(
    kernel: Kernel,
    numbers: Readonly<Record<string, number>>,
    arrays: Readonly<Record<string, GPUBuffer>>,
    grid: readonly [number, number, number],
  ): void {
    if (phase === "replaying") return;
    invariant(phase === "recording", "kernels are called within a run");
    const pipeline = pipelineOf(kernel);
    const resources = [
      numbersOf(kernel, numbers),
      { buffer: counters },
      ...Object.keys(kernel.arrays).map((name) => ({ buffer: arrays[name] })),
    ];
    invariant(resources.length === FIRST_ARRAY + Object.keys(arrays).length, "a kernel gets the arrays that it names");
    pass ??= commandEncoder().beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(
      0,
      device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: resources.map((resource, binding) => ({ binding, resource })),
      }),
    );
    pass.dispatchWorkgroups(...grid);
  }

  function count(encode: (counter: number) => void): number {
    const own = counted++;
    invariant(own < COUNTERS, "a run has at most as many counters as are read back");
    if (phase === "replaying") return results.counts[own];
    encode(own);
    return 0;
  }

  function write(target: GPUBuffer, byte: number, values: Uint32Array | Int32Array | Float32Array): void {
    if (phase === "replaying") return;
    submit();
    device.queue.writeBuffer(target, byte, values as Uint32Array<ArrayBuffer>);
  }

  function copy(from: GPUBuffer, fromByte: number, to: GPUBuffer, toByte: number, bytes: number): void {
    if (phase === "replaying") return;
    endPass();
    commandEncoder().copyBufferToBuffer(from, fromByte, to, toByte, bytes);
  }

  function read(from: GPUBuffer, byte: number, words: number): Uint32Array {
    const index = reads.length;
    reads.push({ source: from, bytes: 4 * words });
    if (phase === "replaying") return results.arrays[index];
    // Later kernels may overwrite the array, so it is set aside.
    const aside = device.createBuffer({ size: Math.max(4, 4 * words), usage: USAGE.mapRead | USAGE.copyTarget });
    reads[index] = { source: aside, bytes: 4 * words };
    copy(from, byte, aside, 0, 4 * words);
    return new Uint32Array(words);
  }

  async function run<T>(work: () => T): Promise<T> {
    invariant(phase === "idle", "a GPU runs one pass at a time");
    openScopes(gpu);
    const begin = (next: "recording" | "replaying") => {
      phase = next;
      counted = 0;
      reads = [];
    };
    let made: GPUBuffer[] = [];
    try {
      begin("recording");
      calls = 0;
      commandEncoder().clearBuffer(counters);
      work();
      const counts = device.createBuffer({ size: 8 * COUNTERS, usage: USAGE.mapRead | USAGE.copyTarget });
      copy(counters, 0, counts, 0, 8 * COUNTERS);
      submit();
      made = [counts, ...reads.map(({ source }) => source)];
    } finally {
      // What failed is dropped with its recording.
      if (made.length === 0) encoder = pass = null;
      phase = "idle";
      await requireAccepted(gpu, "memory for a slice of prompts");
    }
    const [counts, ...arrays] = await contentsOf(made).catch((cause: unknown) => {
      throw lostGpu(gpu, gpu.lost() ?? messageOf(cause));
    });
    results = {
      counts: Array.from({ length: COUNTERS }, (_, i) => counts[2 * i] + 2 ** 32 * counts[2 * i + 1]),
      arrays,
    };
    try {
      begin("replaying");
      return work();
    } finally {
      phase = "idle";
    }
  }

  return { array, call: call as Commands["call"], count, write, copy, read, run };
}
