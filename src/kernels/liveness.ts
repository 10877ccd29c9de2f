/**
 * Memory of arrays that are not needed at the same time: each has an interval of steps, and arrays whose intervals do not meet may
 * share a place. Larger arrays choose first.
 */
import type { Arena, Place } from "./arena.ts";

export interface Buffer {
  readonly words: number;
  /** Numbers of the first and the last step that use it. */
  readonly first: number;
  last: number;
  /** Set by `placeBuffers`. */
  at: Place;
}

/** Gives every buffer a place. */
export function placeBuffers(arena: Arena, buffers: readonly Buffer[]): void {
  const slots: { readonly at: Place; readonly held: Buffer[] }[] = [];
  const meet = (a: Buffer, b: Buffer) => a.first <= b.last && b.first <= a.last;
  for (const buffer of buffers.toSorted((a, b) => b.words - a.words)) {
    let slot = slots.find(({ held }) => !held.some((other) => meet(buffer, other)));
    if (slot === undefined) {
      slot = { at: arena.words(buffer.words), held: [] };
      slots.push(slot);
    }
    slot.held.push(buffer);
    buffer.at = slot.at;
  }
}
