/**
 * The WebAssembly backend: the kernels on one memory, which several threads may share.
 *
 * A memory is limited to 4 GiB and never grows. Every thread instantiates the kernels once on the same memory; places mean the
 * same on all of them.
 */
import { PlatformError } from "../errors.ts";
import { type Arena, arena } from "./arena.ts";
import { BINARY, type KernelExports, LIMITS_FLAGS } from "./binary.generated.ts";
import type { SimulationOps } from "./simulation-ops.ts";
import type { TrainingOps } from "./training-ops.ts";
import { attentionOps } from "./wasm/attention-ops.ts";
import { crossbarOps } from "./wasm/crossbar-ops.ts";
import { denseOps } from "./wasm/dense-ops.ts";
import { integerOps } from "./wasm/integer-ops.ts";
import { mapOps } from "./wasm/map-ops.ts";
import { memoryOps, rowOps } from "./wasm/memory-ops.ts";
import { neuronOps } from "./wasm/neuron-ops.ts";
import { spikeOps } from "./wasm/spike-ops.ts";
import { trainingOps } from "./wasm/training-ops.ts";

export interface Kernels extends TrainingOps, SimulationOps {
  readonly sampledAttention: SimulationOps["sampledAttention"];
  readonly memory: WebAssembly.Memory;
  /** The exports as compiled, with positional arguments; benchmarks and tests call them. */
  readonly run: KernelExports;
  /** First byte that kernels themselves do not use. */
  readonly base: number;
  /** Views over the whole memory; index = byte offset / element size. */
  readonly f32: Float32Array;
  readonly u32: Uint32Array;
}

const PAGE = 65536;
const MAXIMUM_PAGES = 65536;

/** Flag in an imported memory's limits: shared between threads. */
const SHARED = 2;

/** Bytes that a memory needs in addition to a plan's: the kernels' own data, and alignment. */
export const KERNEL_BYTES = 2 * PAGE;

/** A memory of at least `bytes`, shared between threads if `shared`. Throws PlatformError above 4 GiB, and if none is available. */
export function allocateMemory(bytes: number, shared: boolean): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE) + 1;
  if (pages > MAXIMUM_PAGES) {
    throw new PlatformError(
      "kernels.memory",
      `The plan needs ${(bytes / 2 ** 30).toFixed(2)} GiB, but WebAssembly addresses 4 GiB. Use a smaller batch or more shards.`,
    );
  }
  // A memory never grows; shared memories reserve their maximum at once.
  const size = Math.max(pages, 16);
  try {
    return new WebAssembly.Memory({ initial: size, maximum: size, shared });
  } catch (error) {
    throw new PlatformError(
      "kernels.memory",
      `The system did not provide ${((size * PAGE) / 2 ** 20).toFixed(0)} MiB of memory, for which WebAssembly reserves several GiB of ` +
        "addresses. Raise the address limit (`ulimit -v`), free memory, or use fewer threads.",
      { cause: error },
    );
  }
}

/** Instantiates the kernels on a memory; every thread does this once on the same memory. `letters`: another binary (`fast-math.ts`). */
export function instantiateKernels(memory: WebAssembly.Memory, letters = BINARY): Kernels {
  const module = moduleOf(letters, !(memory.buffer instanceof ArrayBuffer));
  const instance = new WebAssembly.Instance(module, { env: { memory, abort: onAbort } });
  return bindKernels(memory, instance.exports as unknown as KernelExports);
}

/** Compiled once per thread, for any number of memories of a kind. */
function moduleOf(letters: string, isShared: boolean): WebAssembly.Module {
  const modules = compiled[isShared ? "shared" : "own"];
  const known = modules.get(letters);
  if (known) return known;
  const binary = decodeLetters(letters);
  if (isShared) binary[LIMITS_FLAGS] |= SHARED;
  const module = new WebAssembly.Module(binary);
  modules.set(letters, module);
  return module;
}

const compiled = { shared: new Map<string, WebAssembly.Module>(), own: new Map<string, WebAssembly.Module>() };

/** The operations on given exports, which may be instrumented for timing or counting. */
export function bindKernels(memory: WebAssembly.Memory, run: KernelExports): Kernels {
  const buffer = memory.buffer;
  return {
    memory,
    run,
    base: run.heapBase(),
    f32: new Float32Array(buffer),
    u32: new Uint32Array(buffer),
    ...memoryOps(run, buffer),
    ...rowOps(run, buffer),
    ...denseOps(run, buffer),
    ...spikeOps(run, buffer),
    ...mapOps(run),
    ...neuronOps(run, buffer),
    ...attentionOps(run),
    ...trainingOps(run, buffer),
    ...crossbarOps(run),
    ...integerOps(run, buffer),
  };
}

function onAbort(): never {
  throw new Error("A kernel aborted");
}

/** The bytes of a text of one letter each; `letterOf` in scripts/build.mjs is the inverse. */
function decodeLetters(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) {
    const code = text.charCodeAt(i);
    bytes[i] = code - (code < 92 ? 35 : code < 127 ? 36 : 70);
  }
  return bytes;
}

/** Kernels on their own unshared memory, with an arena over all of it: for one thread, and for tests. */
export function standaloneKernels(bytes: number): { kernels: Kernels; arena: Arena } {
  const memory = allocateMemory(bytes + KERNEL_BYTES, false);
  const kernels = instantiateKernels(memory);
  return { kernels, arena: arena(kernels.base, memory.buffer.byteLength) };
}
