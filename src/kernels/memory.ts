/**
 * The kernels' memory and its allocator.
 *
 * All kernels work on byte offsets into one WebAssembly memory, which several threads may share. An `Arena` hands out
 * offsets from a region; a plan made on `countingArena()` touches no memory and tells how many bytes the plan needs.
 */
import { PlatformError } from "../errors.ts";
import { type KernelExports, SHARED_BINARY, UNSHARED_BINARY } from "./binary.generated.ts";

export interface Kernels {
  readonly memory: WebAssembly.Memory;
  readonly run: KernelExports;
  /** First byte that kernels themselves do not use. */
  readonly base: number;
  /** Views over the whole memory; index = byte offset / element size. */
  readonly f32: Float32Array;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly u8: Uint8Array;
}

const PAGE = 65536;
const MAXIMUM_PAGES = 65536;

/** A memory of at least `bytes`, shared between threads when `shared`. Throws PlatformError above 4 GiB. */
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
  return new WebAssembly.Memory({ initial: size, maximum: size, shared });
}

/** Instantiates the kernels on a memory; every thread does this once on the same memory. */
export function instantiateKernels(memory: WebAssembly.Memory): Kernels {
  const shared = !(memory.buffer instanceof ArrayBuffer);
  const module = new WebAssembly.Module(decodeBase64(shared ? SHARED_BINARY : UNSHARED_BINARY));
  const instance = new WebAssembly.Instance(module, { env: { memory, abort: onAbort } });
  const run = instance.exports as unknown as KernelExports;
  const buffer = memory.buffer;
  return {
    memory,
    run,
    base: run.heapBase(),
    f32: new Float32Array(buffer),
    i32: new Int32Array(buffer),
    u32: new Uint32Array(buffer),
    u8: new Uint8Array(buffer),
  };
}

function onAbort(): never {
  throw new Error("A kernel aborted");
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Hands out 64-byte aligned offsets, one after another. */
export interface Arena {
  /** Byte offset of a block of `count` 32-bit elements. */
  words(count: number): number;
  /** Bytes handed out so far, from the start of the region. */
  readonly used: number;
  /** Offset that the next block would get; `rewind(offset)` gives back everything handed out after it. */
  mark(): number;
  rewind(offset: number): void;
}

/** An arena over `[start, end)`. Throws PlatformError when the region is exhausted. */
export function arena(start: number, end: number): Arena {
  let next = align(start);
  let high = next;
  return {
    words: (count) => {
      const offset = next;
      next = align(offset + count * 4);
      high = Math.max(high, next);
      if (next > end) {
        throw new PlatformError(
          "kernels.memory",
          `A plan needs ${next - start} bytes, but its region has ${end - start}.`,
        );
      }
      return offset;
    },
    get used() {
      return high - start;
    },
    mark: () => next,
    rewind: (offset) => {
      next = offset;
    },
  };
}

/** An arena that only counts: `used` is the region size (plus alignment) that the same plan will need. */
export const countingArena = (): Arena => arena(0, Number.POSITIVE_INFINITY);

const align = (offset: number): number => Math.ceil(offset / 64) * 64;

/** Kernels on an unshared memory of their own, with an arena over all of it: one thread, and tests. */
export function standaloneKernels(bytes: number): { kernels: Kernels; arena: Arena } {
  const memory = allocateMemory(bytes + 2 * PAGE, false);
  const kernels = instantiateKernels(memory);
  return { kernels, arena: arena(kernels.base, memory.buffer.byteLength) };
}
