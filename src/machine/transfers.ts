/**
 * Bits that a job reads from buffers and writes to them, and the number of a unit's jobs that do so.
 *
 *   linear      lines of a vector; after the converters the stream's words, membranes kept in SRAM, and spikes
 *   attention   q, k and v of a run, once for every pass that needs them, and the bits of its output
 *
 * Membranes are written at every step but the last and read at every step but the first.
 *
 * These are the accesses that simulators count and the cost model prices. Left out, as there: sums of an embedding of values,
 * which come from outside the chip, and logits. Without an output projection, neurons sit between attention and the next layer:
 * its spikes are written, and the output of attention is read once. For a layer on several loads of the chip, the last load has
 * all accesses.
 */
import type { BufferUse } from "./buffers.ts";
import type { LayerUnit, Machine } from "./machine.ts";

export interface Transfer {
  readonly way: "read" | "write";
  /** A buffer, or the outside. */
  readonly buffer: Exclude<BufferUse["name"], "embedding" | "logits"> | "input";
  /** Per job that transfers any. */
  readonly bits: number;
  /** Number of the unit's jobs that do. */
  readonly jobs: number;
}

/** Transfers of a layer's jobs. */
export function layerTransfers(
  machine: Machine,
  { name, inputs, outputs, reads, tokens, everyStep }: LayerUnit,
): Transfer[] {
  const { shape, words, units } = machine;
  const { width, depth, steps, residuals, outputProjection } = shape;
  // Values enter once; the results enter stream and neurons with the first layer, step by step.
  if (!everyStep) return [];
  const jobs = tokens.length * steps;
  const part = name.replace(/^blocks\.\d+\./, "");
  const isFirst = name === "blocks.0.qkv" && shape.embedding === "values";
  const isLast = name === `blocks.${depth - 1}.down`;
  const behindAttention = part === (outputProjection ? "projection" : "up");
  const moves: Transfer[] = [];
  const move = (way: Transfer["way"], buffer: Transfer["buffer"], bits: number, of = jobs) => {
    if (bits > 0 && of > 0) moves.push({ way, buffer, bits, jobs: of });
  };
  const isOutermost = name === machine.layers[0].name;
  move("read", isOutermost ? "input" : behindAttention ? "attention" : "spikes", inputs * reads);

  const word = width * words.stream;
  const joins = residuals > 0 && (part === "down" || behindAttention);
  if (joins) move("read", "stream", word);
  if (residuals > 0 && (part === "embed" || isFirst || (joins && !isLast))) move("write", "stream", word);

  const fire = (neurons: number, into: "spikes" | "qkv") => {
    if (units.lif.place === "sram") {
      const between = tokens.length * (steps - 1);
      move("read", "membranes", neurons * words.membrane, between);
      move("write", "membranes", neurons * words.membrane, between);
    }
    move("write", into, neurons);
  };
  if (isFirst || (part === "up" && !outputProjection)) fire(width, "spikes");
  if (part !== "head") fire(outputs, part === "qkv" ? "qkv" : "spikes");
  return moves;
}

/**
 * Transfers of the SSA engine's runs for one block.
 *
 * @param runs number of runs per prompt
 */
export function engineTransfers({ shape, plan }: Machine, runs: number): Transfer[] {
  const { tokens, steps, width } = shape;
  /** Tokens per block of a tile. */
  const inBlock = (block: number) => Math.min(plan.tileTokens, tokens - block * plan.tileTokens);
  let vectors = 0;
  for (const { queryBlock, keyBlock } of plan.passes) vectors += inBlock(queryBlock) + 2 * inBlock(keyBlock);
  const perRun = (steps / runs) * width;
  return [
    { way: "read", buffer: "qkv", bits: perRun * vectors, jobs: runs },
    { way: "write", buffer: "attention", bits: perRun * tokens, jobs: runs },
  ];
}

/** Total bits transferred by jobs. */
export const bitsOf = (transfers: readonly Transfer[], way: Transfer["way"], buffer: Transfer["buffer"]): number =>
  transfers.reduce((sum, move) => sum + (move.way === way && move.buffer === buffer ? move.bits * move.jobs : 0), 0);
