/**
 * Bits that a job reads from buffers and writes to them, and the number of a unit's jobs that do so.
 *
 *   linear      lines of a vector; after the converters the stream's words, membranes kept in SRAM, and spikes
 *   attention   q, k and v of a run, once for every pass that needs them, the bits of its output, and membranes kept in SRAM
 *
 * Membranes are written at every step but the last and read at every step but the first.
 *
 * These are the accesses that simulators count and the cost model prices. Left out, as there: sums of an embedding of values,
 * which come from outside the chip, and logits. Without an output projection, neurons sit between attention and the next layer:
 * its spikes are written, and the output of attention is read once. For a layer on several loads of the chip, the last load has
 * all accesses.
 */
import type { NoUnit } from "../hardware/attention/catalogue.ts";
import { membranesOf, widestMembrane } from "../hardware/attention/unit.ts";
import { beginsStream, followsAttention } from "../model/layers.ts";
import { neuronGrid, pixels } from "../model/stem.ts";
import type { BufferUse } from "./buffers.ts";
import type { AttentionUnit, LayerUnit, Machine } from "./machine.ts";
import { lastVectors } from "./shape.ts";

export interface Transfer {
  readonly way: "read" | "write";
  /** A buffer, or the outside. */
  readonly buffer: Exclude<BufferUse["name"], "embedding" | "logits"> | "input";
  /** Per job that transfers any. */
  readonly bits: number;
  /** Number of the unit's jobs that do. */
  readonly jobs: number;
}

/** Where a layer reads: behind attention without a unit, the values themselves. */
function readFrom({ attention }: Machine, { readsInput, attended }: LayerUnit): Transfer["buffer"] {
  if (attended !== null) return attention.unit === "none" ? "qkv" : "attention";
  return readsInput ? "input" : "spikes";
}

/** Transfers of a layer's jobs. */
export function layerTransfers(machine: Machine, layer: LayerUnit): Transfer[] {
  const { shape, words, units } = machine;
  const { width, steps, residuals } = shape;
  const { block, trainIn, trainOut, inputs, outputs, reads, tokens, everyStep } = layer;
  // Values enter once; the results enter stream and neurons with the first layer, step by step.
  if (!everyStep) return [];
  // Attention is added to the stream at all tokens, also before a head that reads some of them.
  const isShortcut = followsAttention(layer);
  const vectors = isShortcut ? shape.tokens : tokens.length;
  const at = machine.layers.indexOf(layer);
  const last = machine.layers[machine.layers.length - 1];
  const takesValues = at > 0 && !machine.layers[at - 1].everyStep;
  const moves: Transfer[] = [];
  const move = (way: Transfer["way"], buffer: Transfer["buffer"], bits: number, of = vectors * steps) => {
    if (bits > 0 && of > 0) moves.push({ way, buffer, bits, jobs: of });
  };
  move("read", readFrom(machine, layer), inputs * reads, tokens.length * steps);

  const word = width * words.stream;
  // Neurons behind the sum of the stream and what the layer adds to it; the last sum goes straight to those that the head reads.
  const driven = isShortcut ? trainIn : trainOut;
  const joins = isShortcut || (block !== null && layer.joins !== null);
  if (residuals > 0 && joins) move("read", "stream", word);
  const isKept = joins && driven !== last.trainIn;
  if (residuals > 0 && (beginsStream(layer) || takesValues || isKept)) move("write", "stream", word);

  if (shape.stemShortcut && beginsStream(layer)) move("read", "stream", word);
  const size = shape.stem?.[at];
  if (layer.ownNeurons && layer.joins !== null) {
    move("write", "stream", word, shape.tokens * steps);
  }

  const fire = (neurons: number, into: "spikes" | "qkv") => {
    const fired = firedVectors();
    if (units.lif.place === "sram") {
      const state = neurons * units.lif.stateWords * words.membrane;
      move("read", "membranes", state, fired * (steps - 1));
      move("write", "membranes", state, fired * (steps - 1));
    }
    move("write", into, neurons, fired * steps);
  };
  /** Vectors per step of the neurons behind the layer. */
  function firedVectors(): number {
    if (size && layer.ownNeurons) return pixels(neuronGrid(size));
    return driven === last.trainIn ? lastVectors(shape) : vectors;
  }
  if (takesValues || isShortcut) fire(width, "spikes");
  if (!layer.answers) fire(outputs, layer.attention === null ? "spikes" : "qkv");
  return moves;
}
/**
 * Transfers of the runs of the attention units for one block; none without units.
 *
 * @param runs number of runs per prompt
 */
export function engineTransfers({ shape, attention }: Machine, runs: number): Transfer[] {
  if (attention.unit === "none") return [];
  const { tokens, steps, width, heads } = shape;
  const perRun = (steps / runs) * width;
  return [
    { way: "read", buffer: "qkv", bits: perRun * attention.vectors, jobs: runs },
    { way: "write", buffer: "attention", bits: perRun * tokens, jobs: runs },
    ...stateTransfers(attention, heads, runs),
  ];
}

/** Membranes that wait in SRAM while other blocks have their turn. */
function stateTransfers(attention: Exclude<AttentionUnit, NoUnit>, heads: number, runs: number): Transfer[] {
  if (attention.unit === "ssa-tile" || attention.drained === "run" || runs === 1) return [];
  const bits = heads * membranesOf(attention) * widestMembrane(attention);
  return (["read", "write"] as const).map((way) => ({ way, buffer: "states", bits, jobs: runs - 1 }));
}

/** Total bits transferred by jobs. */
export const bitsOf = (transfers: readonly Transfer[], way: Transfer["way"], buffer: Transfer["buffer"]): number =>
  transfers.reduce((sum, move) => sum + (move.way === way && move.buffer === buffer ? move.bits * move.jobs : 0), 0);
