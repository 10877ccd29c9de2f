/**
 * The values of a pass while its plan is made: their forms and places, and from which step to which each of them lives.
 * `pass-steps.ts` adds the steps.
 */
import { type Arena, type PackedBits, type Place, reserveBits } from "./arena.ts";
import { countOf, type Held, rowsOf } from "./held.ts";
import { type Buffer, placeBuffers } from "./liveness.ts";
import type { PassNode, Places, Planned, Shape } from "./operations/kit.ts";
import type { ColumnMap } from "./ops.ts";

/** A value while the plan is made. */
export interface Value {
  readonly shape: Shape;
  /** The node that writes it; null for the input. */
  readonly node: number | null;
  /** The value at whose place it is, such as the raw output of which columns are a view. */
  readonly viewOf: Value | null;
  readonly bits: { readonly bits: PackedBits; readonly gate: PackedBits | null } | null;
  readonly map: ColumnMap | null;
  /** Its numbers in the forward pass; and in the backward pass, null while they are not there. */
  readonly forward: Buffer | null;
  backward: Buffer | null;
}

export type Phase = "forward" | "backward";
export type Own = Readonly<Record<string, Buffer>>;
export type Memory = ReturnType<typeof startMemory>;

export const rootOf = (value: Value): Value => (value.viewOf ? rootOf(value.viewOf) : value);

export function startMemory(arena: Arena, maxPrompts: number, nodes: readonly PassNode[]) {
  const buffers: Buffer[] = [];
  const values = new Map<string, Value>();
  let time = 0;

  const named = (name: string) => values.get(name) as Value;
  const countWords = (shape: Shape) => countOf(shape, maxPrompts);
  function reserve(words: number): Buffer {
    const buffer = { words, first: time, last: time, at: 0 };
    buffers.push(buffer);
    return buffer;
  }
  const fixed = (at: Place): Buffer => ({ words: 0, first: 0, last: Number.POSITIVE_INFINITY, at });
  const lasting = (words: number): Buffer => fixed(arena.words(words));
  const reserveBitsOf = (shape: Shape) => reserveBits(arena, rowsOf(shape, maxPrompts), shape.features);

  function heldOf(name: string, phase: Phase): Held {
    const value = named(name);
    const { shape, bits, map } = value;
    const { steps, rows, features } = shape;
    if (shape.form === "bits") return { steps, rows, features, form: "bits", ...bits! };
    const root = rootOf(value);
    const { at } = (phase === "backward" ? root.backward : null) ?? root.forward!;
    if (shape.form === "columns") return { steps, rows, features, form: "columns", at, map: map! };
    return { steps, rows, features, form: "numbers", at };
  }

  return {
    arena,
    named,
    heldOf,
    countWords,
    reserve,
    reserveBitsOf,
    fixed,
    lasting,
    reserveAll: (words: Readonly<Record<string, number>> = {}, by = reserve): Record<string, Buffer> =>
      Object.fromEntries(Object.entries(words).map(([name, count]) => [name, by(count)])),
    add: (name: string, value: Value) => values.set(name, value),
    /** The next step. What it touches lives until then. */
    next: () => {
      time++;
    },
    touch: (...touched: readonly (Buffer | null)[]) => {
      for (const buffer of touched) if (buffer) buffer.last = Math.max(buffer.last, time);
    },
    /** Of a node, once everything has a place. */
    placesOf: (at: number, own: Own, phase: Phase): Places => ({
      reads: nodes[at].reads.map((name) => heldOf(name, phase)),
      writes: heldOf(nodes[at].writes, phase),
      own: Object.fromEntries(Object.entries(own).map(([name, buffer]) => [name, buffer.at])),
    }),
    keepInput(name: string, shape: Shape): Place {
      const bits = shape.form === "bits" ? { bits: reserveBitsOf(shape), gate: null } : null;
      const buffer = bits ? null : lasting(countWords(shape));
      values.set(name, { shape, node: null, viewOf: null, bits, map: null, forward: buffer, backward: buffer });
      return bits?.bits.at ?? buffer!.at;
    },
    place: () => placeBuffers(arena, buffers),
  };
}

/** Which values the backward pass reads, and which of them it computes again. */
export interface Keeping {
  readonly needed: ReadonlySet<string>;
  isDropped(node: number): boolean;
}

export function keepingOf(
  nodes: readonly PassNode[],
  planned: readonly Planned[],
  { training, recomputes }: { readonly training: boolean; readonly recomputes: boolean },
): Keeping {
  const needed = new Set<string>();
  const writers = new Map(nodes.map(({ writes }, at) => [writes, at]));

  function isDropped(at: number): boolean {
    const { operation, writes } = nodes[at];
    const { kind, block } = operation;
    if (kind === "rounding") return true;
    if (!recomputes) return false;
    if (kind === "linear") return true;
    const isInside = nodes.every((reader) => !reader.reads.includes(writes) || reader.operation.block === block);
    return (kind === "add" || kind === "numbers") && block !== null && isInside;
  }
  function viewed(name: string): string {
    const at = writers.get(name);
    return at !== undefined && planned[at].view ? viewed(nodes[at].reads[0]) : name;
  }
  /** With a dropped value, those from which it is computed. */
  function visit(value: string): void {
    const name = viewed(value);
    if (needed.has(name)) return;
    needed.add(name);
    const at = writers.get(name);
    if (at !== undefined && isDropped(at)) for (const read of nodes[at].reads) visit(read);
  }
  if (training) {
    for (const [at, { reads }] of nodes.entries()) for (const i of planned[at].needs ?? []) visit(reads[i]);
  }
  return { needed, isDropped };
}
