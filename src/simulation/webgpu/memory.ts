/**
 * Arrays of a plan in a GPU's memory. A plan takes places from an arena; here each becomes an array of its own once an operation names
 * it, because a GPU limits the size of an array and binds whole arrays. Much of a plan never exists here, such as tables of the
 * kernels in WebAssembly.
 *
 * A number takes 4 bytes, whatever it takes on the CPU: plans reserve 4 for each.
 */
import { invariant } from "../../errors.ts";
import { type Arena, arena, type Place } from "../../kernels/arena.ts";
import type { Commands } from "../../webgpu/commands.ts";

export interface GpuMemory {
  /** Hands out places, but no memory. */
  readonly arena: Arena;
  /** The array that begins at a place. */
  arrayAt(place: Place): GPUBuffer;
  /** The array that holds a place, and the place's first byte in it. */
  within(place: Place): { readonly buffer: GPUBuffer; readonly byte: number };
  /** Bytes of the array at a place. */
  sizeAt(place: Place): number;
  /** Frees all arrays. */
  close(): void;
}

export function gpuMemory(commands: Pick<Commands, "array">): GpuMemory {
  const places = arena(0, Number.POSITIVE_INFINITY);
  const starts: number[] = [];
  const sizes: number[] = [];
  const buffers: (GPUBuffer | undefined)[] = [];

  /** The array with the last start at or before a place. */
  function indexOf(place: Place): number {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= place) low = middle;
      else high = middle;
    }
    return low;
  }
  function bufferOf(index: number): GPUBuffer {
    buffers[index] ??= commands.array(sizes[index]);
    return buffers[index];
  }

  return {
    arena: {
      ...places,
      words: (count) => {
        // Every array takes a place, so that no two share one.
        const place = places.words(Math.max(1, count));
        starts.push(place);
        sizes.push(4 * count);
        return place;
      },
      get used() {
        return places.used;
      },
    },
    arrayAt: (place) => {
      const index = indexOf(place);
      invariant(starts[index] === place, "an operation on a GPU names an array by its start");
      return bufferOf(index);
    },
    within: (place) => {
      const index = indexOf(place);
      return { buffer: bufferOf(index), byte: place - starts[index] };
    },
    sizeAt: (place) => sizes[indexOf(place)],
    close: () => {
      for (const buffer of buffers) buffer?.destroy();
      buffers.length = 0;
    },
  };
}
