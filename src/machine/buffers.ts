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
import { tokensRead } from "../model/geometry.ts";
import { operationsOf } from "../model/graph.ts";
import type { Holding } from "./holdings.ts";
import type { Machine } from "./machine.ts";
import { meanReadOut, trunkOf } from "./network.ts";
import { peakOverlap } from "./peak.ts";

export interface BufferUse {
  readonly name: Holding["buffer"] | "membranes" | "states" | "logits";
  /** Bits of one access. */
  readonly wordBits: number;
  /** Peak content over all clocks. */
  readonly bits: number;
}

/** @param period clocks between prompts; infinite for a single prompt */
export function bufferUses(machine: Machine, held: readonly Holding[], period: number): BufferUse[] {
  const { network, units, words, engines } = machine;
  const { graph } = network;
  const [readOut] = operationsOf(graph, "read-out");
  const answers = meanReadOut(graph) ? 1 : tokensRead(readOut.geometry).length;
  const inBuffer = (name: Holding["buffer"]) => held.filter(({ buffer }) => buffer === name);
  // Each value has its own lines; in other memories, rows of one size share their places, such as those of all blocks.
  const own = inBuffer("spikes").reduce((sum, line) => sum + line.bits * peakOf([line], period), 0);
  const shared = (name: Holding["buffer"]) => {
    const all = inBuffer(name);
    const sizes = [...new Set(all.map(({ bits }) => bits))];
    return sizes.reduce(
      (sum, size) =>
        sum +
        size *
          peakOf(
            all.filter(({ bits }) => bits === size),
            period,
          ),
      0,
    );
  };
  const { membranes, stateWords, membraneBits, place } = units.lif;
  const { features: width } = trunkOf(graph);
  const attended = Math.max(0, ...engines.map((engine) => ("wordBits" in engine ? engine.wordBits : width))) || width;
  return [
    { name: "spikes", wordBits: width, bits: own },
    { name: "qkv", wordBits: attended, bits: shared("qkv") },
    { name: "attention", wordBits: attended, bits: shared("attention") },
    { name: "stream", wordBits: words.stream, bits: shared("stream") },
    { name: "embedding", wordBits: words.current, bits: shared("embedding") },
    { name: "membranes", wordBits: membraneBits, bits: place === "sram" ? membranes * stateWords * membraneBits : 0 },
    ...stateUses(machine),
    { name: "logits", wordBits: words.logit, bits: answers * readOut.columns * words.logit },
  ];
}

function peakOf(held: readonly Holding[], period: number): number {
  const join = (end: "from" | "to") => concatenate(held.map((one) => one[end]));
  return peakOverlap(join("from"), join("to"), period);
}

/** Membranes of attention in SRAM; none for units that keep them in registers, or have none. */
function stateUses({ engines }: Machine): BufferUse[] {
  const stored = engines.flatMap((engine) => {
    if (engine.unit === "none" || engine.unit === "ssa-tile" || engine.drained === "run") return [];
    const wordBits = widestMembrane(engine);
    return { wordBits, bits: engine.serves.length * engine.heads * membranesOf(engine) * wordBits };
  });
  if (stored.length === 0) return [];
  const bits = stored.reduce((sum, one) => sum + one.bits, 0);
  return [{ name: "states", wordBits: Math.max(...stored.map(({ wordBits }) => wordBits)), bits }];
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
