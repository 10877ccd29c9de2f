/**
 * The buffers between units while a prompt is in progress, and their peak size in bits.
 *
 *   spikes      input vectors of layers, from the LIF units before them until they have been read
 *   qkv         q, k and v, until the engine has counted them
 *   attention   the engine's output, from its first bit until the next layer has read it
 *   stream      values of the residual stream, each in one place from its first to its last addition
 *   embedding   sums of the embedding, for networks that read values once for all steps
 *   membranes   and other state of neurons, of all tokens, where time steps are not the innermost loop
 *   states      membranes of attention, where blocks take turns on its units; only for units with neurons
 *   logits      accumulators of the answers
 */
import { membranesOf, widestMembrane } from "../hardware/attention/unit.ts";
import type { Machine } from "./machine.ts";
import { peakOverlap } from "./peak.ts";
import { attentionParts } from "./shape.ts";

export interface BufferUse {
  readonly name: "spikes" | "qkv" | "attention" | "stream" | "embedding" | "membranes" | "states" | "logits";
  /** Bits of one access. */
  readonly wordBits: number;
  /** Peak content over all clocks. */
  readonly bits: number;
}

/** The first and last clock of each entry in the buffer. */
export interface Held {
  readonly from: Float64Array;
  readonly to: Float64Array;
}

/** Entries that a schedule keeps, one per vector; `lines` by layer with the bits of a vector, `qkv` and `attention` by block. */
export interface Alive {
  readonly lines: (Held & { readonly bits: number })[];
  readonly qkv: Held[];
  readonly attention: Held[];
  embedded: Held | null;
  stream: Held | null;
}

/** @param period clocks between prompts; infinite for a single prompt */
export function bufferUses(machine: Machine, alive: Alive, period: number): BufferUse[] {
  const { shape, units, words, attention } = machine;
  const { width, classes, queries, meanReadOut } = shape;
  const peak = (held: readonly (Held | null)[]) => {
    const present = held.filter((one) => one !== null);
    const join = (end: keyof Held) => concatenate(present.map((one) => one[end]));
    return peakOverlap(join("from"), join("to"), period);
  };
  // Each layer has its own lines; the other memories are shared by all blocks.
  const spikes = alive.lines.reduce((sum, line) => sum + line.bits * peak([line]), 0);
  const { membranes, stateWords, membraneBits, place } = units.lif;
  return [
    { name: "spikes", wordBits: width, bits: spikes },
    {
      name: "qkv",
      wordBits: attention.unit === "none" ? width : attention.wordBits,
      bits: attentionParts(shape).length * width * peak(alive.qkv),
    },
    {
      name: "attention",
      wordBits: attention.unit === "none" ? width : attention.wordBits,
      bits: width * peak(alive.attention),
    },
    { name: "stream", wordBits: words.stream, bits: width * words.stream * peak([alive.stream]) },
    { name: "embedding", wordBits: words.current, bits: width * words.current * peak([alive.embedded]) },
    { name: "membranes", wordBits: membraneBits, bits: place === "sram" ? membranes * stateWords * membraneBits : 0 },
    ...stateUses(machine),
    {
      name: "logits",
      wordBits: words.logit,
      bits: classes * (meanReadOut ? 1 : queries) * words.logit,
    },
  ];
}

/** Membranes of attention in SRAM; none for units that keep them in registers, or have none. */
function stateUses({ attention, shape: { depth, heads } }: Machine): BufferUse[] {
  if (attention.unit === "none" || attention.unit === "ssa-tile" || attention.drained === "run") return [];
  const wordBits = widestMembrane(attention);
  return [{ name: "states", wordBits, bits: depth * heads * membranesOf(attention) * wordBits }];
}

function concatenate(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
