/**
 * Records the calls of kernels over one memory, in order, and hands them to the GPU.
 *
 * A step of training is thousands of calls, so a call is cheap: all kernels bind the same arrays, the memory and a scratch memory, in one
 * group of bindings that is made once. What differs are numbers, in a slot of a uniform buffer that is chosen by its offset. The GPU
 * completes a call before it begins the next.
 *
 * Nothing is read back until `read`, which also throws what the GPU found wrong with anything before.
 */
import { invariant } from "../../errors.ts";
import { contentsOf, NUMBERS_STRIDE, USAGE } from "../../webgpu/buffers.ts";
import { type Gpu, lostGpu, messageOf } from "../../webgpu/gpu.ts";
import { gridOver } from "../../webgpu/kernel.ts";
import { openScopes, requireAccepted } from "../../webgpu/scopes.ts";
import { requireScratch } from "./binding.ts";
import { bufferBytes, openBuffers } from "./buffers.ts";
import { BINDING, FIRST_NUMBER, type GpuKernel, moduleOf, type NumberKind } from "./kernel.ts";
import { CALLS, type Profile } from "./profile.ts";

/** Words of a call's numbers. */
const SLOT = NUMBERS_STRIDE / 4;
/** `GPUShaderStage.COMPUTE`, which Node does not have as a global. */
const COMPUTE = 4;

export type CallNumbers<N extends string> = Readonly<Record<NoInfer<N>, number>>;

export interface Recorder {
  /** Runs a kernel on a grid of groups. Places are byte offsets in the memory. */
  call<N extends string>(kernel: GpuKernel<N>, numbers: CallNumbers<N>, grid: readonly [number, number, number]): void;
  /** Runs a kernel for each of `count` items. */
  each<N extends string>(
    kernel: GpuKernel<N | "count">,
    count: number,
    numbers: CallNumbers<Exclude<N, "count">>,
  ): void;
  /** Makes the scratch memory at least so large, in words; what it holds is lost. Throws PlatformError when the GPU binds fewer. */
  reserve(words: number): void;
  /** Writes whole words at a byte offset, in order with the calls. */
  write(byte: number, bytes: Uint8Array): void;
  /** The same at the start of the scratch memory, which holds at least these words then. */
  writeParts(words: Uint32Array): void;
  /** Words as they are at this point. Throws PlatformError when the GPU is lost or has no memory. */
  read(byte: number, words: number): Promise<Uint32Array>;
  close(): void;
}

/** A kernel as the recorder keeps it. */
interface Prepared {
  readonly pipeline: GPUComputePipeline;
  readonly numbers: readonly (readonly [string, NumberKind])[];
}

/** What all recorders share whose memories on a device have as many buffers: kernels are compiled once. */
interface Shared {
  readonly bindings: GPUBindGroupLayout;
  readonly layout: GPUPipelineLayout;
  readonly prepared: Map<GpuKernel, Prepared>;
}

const DEVICES = new WeakMap<GPUDevice, Map<string, Shared>>();

/** For memories of so many buffers, of which all but the last have so many words. */
function sharedOf(device: GPUDevice, buffers: number, words: number): Shared {
  const ofDevice = DEVICES.get(device) ?? new Map<string, Shared>();
  DEVICES.set(device, ofDevice);
  const key = buffers === 1 ? "one" : `${buffers} of ${words}`;
  const known = ofDevice.get(key);
  if (known) return known;
  const uses = (type: GPUBufferBindingType, hasDynamicOffset = false) => ({
    visibility: COMPUTE,
    buffer: { type, hasDynamicOffset },
  });
  const bindings = device.createBindGroupLayout({
    entries: [
      { binding: BINDING.numbers, ...uses("uniform", true) },
      { binding: BINDING.scratch, ...uses("storage") },
      ...Array.from({ length: buffers }, (_, i) => ({ binding: BINDING.memory + i, ...uses("storage") })),
    ],
  });
  const layout = device.createPipelineLayout({ bindGroupLayouts: [bindings] });
  const made = { bindings, layout, prepared: new Map<GpuKernel, Prepared>() };
  ofDevice.set(key, made);
  return made;
}

/**
 * @param bytes    of the memory, whose contents are undefined
 * @param profile  gets to know all of its work
 */
export function openRecorder(gpu: Gpu, bytes: number, profile: Profile | null = null): Recorder {
  const { device } = gpu;
  /** Of everything handed over since the last `read`. */
  let accepted: Promise<void>[] = [];
  const memory = openBuffers(gpu, Math.max(4, bytes), storage);
  const shape = { buffers: memory.list.length, words: bufferBytes(gpu) / 4 };
  const uniforms = device.createBuffer({ size: CALLS * NUMBERS_STRIDE, usage: USAGE.uniform | USAGE.copyTarget });
  const { bindings, layout, prepared } = sharedOf(device, shape.buffers, shape.words);
  const pending = new Uint32Array(CALLS * SLOT);
  const pendingFloats = new Float32Array(pending.buffer);
  let scratch = storage(4);
  let group = groupOf();
  holdBuffers();
  let encoder: GPUCommandEncoder | null = null;
  let pass: GPUComputePassEncoder | null = null;
  /** The pipeline that the pass has. */
  let bound: GPUComputePipeline | null = null;
  const offset = new Uint32Array(1);
  let calls = 0;

  function checked<T>(work: () => T): T {
    openScopes(gpu);
    try {
      return work();
    } finally {
      const outcome = requireAccepted(gpu, "memory for training");
      // Who reads next gets the error.
      outcome.catch(() => {});
      accepted.push(outcome);
    }
  }

  function storage(size: number): GPUBuffer {
    const usage = USAGE.storage | USAGE.copySource | USAGE.copyTarget;
    return checked(() => device.createBuffer({ size: 4 * Math.ceil(Math.max(4, size) / 4), usage }));
  }

  function groupOf(): GPUBindGroup {
    return device.createBindGroup({
      layout: bindings,
      entries: [
        { binding: BINDING.numbers, resource: { buffer: uniforms, size: NUMBERS_STRIDE } },
        { binding: BINDING.scratch, resource: { buffer: scratch } },
        ...memory.list.map((buffer, i) => ({ binding: BINDING.memory + i, resource: { buffer } })),
      ],
    });
  }

  function holdBuffers(): void {
    profile?.holds(memory.size + scratch.size + uniforms.size);
  }

  function prepare(kernel: GpuKernel): Prepared {
    const known = prepared.get(kernel);
    if (known) return known;
    const pipeline = checked(() => {
      const module = device.createShaderModule({ label: kernel.name, code: moduleOf(kernel, shape) });
      return device.createComputePipeline({ label: kernel.name, layout, compute: { module, entryPoint: "main" } });
    });
    const numbers = Object.entries<NumberKind>(kernel.numbers);
    invariant(numbers.length + FIRST_NUMBER <= SLOT, "the numbers of a kernel fit in a slot");
    const made = { pipeline, numbers };
    prepared.set(kernel, made);
    return made;
  }

  const commandEncoder = () => {
    encoder ??= device.createCommandEncoder();
    return encoder;
  };

  function endPass(): void {
    pass?.end();
    pass = null;
  }

  /** Hands over what is recorded. */
  function submit(): void {
    endPass();
    const recorded = encoder;
    if (recorded !== null) {
      checked(() => {
        if (calls > 0) device.queue.writeBuffer(uniforms, 0, pending, 0, calls * SLOT);
        profile?.finish(recorded);
        device.queue.submit([recorded.finish()]);
      });
      profile?.submitted();
    }
    encoder = null;
    calls = 0;
  }

  function put(kind: NumberKind, slot: number, value: number): void {
    if (kind === "f32") pendingFloats[slot] = value;
    else pending[slot] = kind === "place" ? value / 4 : value;
  }

  function call(kernel: GpuKernel, numbers: Readonly<Record<string, number>>, grid: readonly [number, number, number]) {
    if (calls === CALLS) submit();
    const { pipeline, numbers: kinds } = prepare(kernel);
    const first = calls * SLOT;
    for (let i = 0; i < kinds.length; i++) put(kinds[i][1], first + FIRST_NUMBER + i, numbers[kinds[i][0]]);
    const own = profile?.called(kernel.name) ?? null;
    if (own !== null) endPass();
    if (pass === null) {
      pass = commandEncoder().beginComputePass(own ?? undefined);
      bound = null;
    }
    if (pipeline !== bound) pass.setPipeline(pipeline);
    bound = pipeline;
    offset[0] = calls * NUMBERS_STRIDE;
    pass.setBindGroup(0, group, offset, 0, 1);
    pass.dispatchWorkgroups(...grid);
    calls++;
  }

  function reserve(words: number): void {
    if (4 * words <= scratch.size) return;
    requireScratch(gpu, 4 * words);
    // Recorded calls keep the memory that they were recorded with.
    scratch = storage(Math.min(Math.max(4 * words, 2 * scratch.size), gpu.largestArray));
    group = groupOf();
    holdBuffers();
  }

  /** Hands bytes to the device, after all recorded work. */
  function hand(bytes: number, write: () => void): void {
    submit();
    profile?.wrote(bytes);
    checked(write);
  }

  return {
    call: call as Recorder["call"],
    each: (kernel, count, numbers) => {
      if (count > 0) call(kernel, { ...numbers, count }, gridOver(count, kernel.lanes));
    },
    reserve,
    write: (byte, bytes) =>
      hand(bytes.byteLength, () => memory.write(device.queue, byte, bytes as Uint8Array<ArrayBuffer>)),
    writeParts: (words) => {
      reserve(words.length);
      hand(words.byteLength, () => device.queue.writeBuffer(scratch, 0, words as Uint32Array<ArrayBuffer>));
    },
    read: async (byte, words) => {
      const aside = device.createBuffer({ size: Math.max(4, 4 * words), usage: USAGE.mapRead | USAGE.copyTarget });
      endPass();
      profile?.read(4 * words);
      memory.copy(commandEncoder(), byte, 4 * words, aside);
      submit();
      const outcomes = accepted;
      accepted = [];
      await Promise.all(outcomes);
      const [read] = await contentsOf([aside]).catch((cause: unknown) => {
        throw lostGpu(gpu, gpu.lost() ?? messageOf(cause));
      });
      return read.subarray(0, words);
    },
    close: () => {
      for (const held of [memory, scratch, uniforms]) held.destroy();
    },
  };
}
