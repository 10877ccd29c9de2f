/**
 * Allocation of arrays as numbers only, so that a plan can be made and tested without a memory.
 *
 * A plan takes its places from an `Arena`. On `countingArena()` it learns how many bytes it needs; on an arena over a memory
 * region it gets places there. Bits are packed 32 to a word, row by row.
 */
import { PlatformError } from "../errors.ts";

/** Byte offset of an array in the memory of a backend. */
export type Place = number;

/** Bytes that a plan may request of one WebAssembly memory, which is limited to 4 GiB; one page is reserved. */
export const LARGEST_MEMORY = 2 ** 32 - 2 ** 16;

/** Hands out 64-byte aligned places, one after another. */
export interface Arena {
  /** Place of a block of `count` 32-bit elements. */
  words(count: number): Place;
  /** Bytes handed out so far, from the start of the region. */
  readonly used: number;
  /** Offset that the next block would get; `rewind(offset)` frees everything handed out after it. */
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

/**
 * Words of a tally: a sum that operations add to, in a form of the backend's own. Passes and the optimiser leave their numbers there,
 * so that a GPU is asked for them once per step.
 */
export const TALLY_WORDS = 2;

/** Reserves `count` tallies, one after another. */
export const reserveTally = (arena: Arena, count = 1): Place => arena.words(TALLY_WORDS * count);

/** The place of a tally, given that of the first. */
export const tallyAt = (first: Place, index: number): Place => first + 4 * TALLY_WORDS * index;

/** Spikes `[rows][words]`, feature f in bit f mod 32 of word f / 32; bits past the last feature are 0. */
export interface PackedBits {
  readonly at: Place;
  readonly words: number;
  readonly features: number;
}

/** Words of packed bits, with spare ones: kernels read up to 12 bytes past the last row. */
export const packedWords = (rows: number, features: number): number => rows * Math.ceil(features / 32) + 4;

/** Packed bits at a place. */
export const packedAt = (at: Place, features: number): PackedBits => ({
  at,
  words: Math.ceil(features / 32),
  features,
});

/** Reserves packed bits for `rows` rows. */
export const reserveBits = (arena: Arena, rows: number, features: number): PackedBits =>
  packedAt(arena.words(packedWords(rows, features)), features);
