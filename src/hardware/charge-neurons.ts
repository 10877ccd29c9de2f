/**
 * Neurons of columns without converters, in whole numbers: membranes as charge, and comparators. `read-out.ts` has the physics,
 * `simulation/columns.ts` the grid.
 *
 *   V = sat(floor(V L_c / 4096) + charge + n_T);   fire where V + n_D >= threshold_c;   then V = 0, or V - level
 *
 * by column c. The offset of a comparator is part of its threshold. L_c is 4096 beta for an ideal leak, which is the shift of the LIF
 * unit. Noise is rounded to the grid; a membrane saturates at 16 bits, about 8 weights of 1.
 */
import { roundHalfEven } from "../numeric/rounding.ts";
import { emptySpikeTrain, type SpikeTrain, wordsPerRow } from "../spike/train.ts";
import type { ActionTally } from "./actions.ts";
import { type ConvertedVectors, drawConversionNoise } from "./converter-errors.ts";
import { signedRange } from "./lif-parameters.ts";
import type { NeuronProbe } from "./neuron-probe.ts";

/** A leak of 1. */
export const LEAK_ONE = 4096;
export const CHARGE_RANGE = signedRange(16);

/** By column of a layer, in units of charge. */
export interface ColumnConstants {
  /** In 1 / `LEAK_ONE`. */
  readonly leaks: Int32Array;
  /** Threshold less the comparator's offset, and the threshold that a soft reset subtracts. */
  readonly thresholds: Int32Array;
  readonly levels: Int32Array;
  /** Standard deviations of thermal noise and of the comparator's noise. */
  readonly thermal: Float32Array;
  readonly deciding: Float32Array;
}

export const columnConstants = (columns: number): ColumnConstants => ({
  leaks: new Int32Array(columns),
  thresholds: new Int32Array(columns),
  levels: new Int32Array(columns),
  thermal: new Float32Array(columns),
  deciding: new Float32Array(columns),
});

/** A layer of columns at work. */
export interface ColumnRun {
  readonly features: number;
  readonly vectors: ConvertedVectors;
  readonly reset: "hard" | "soft";
  /** Whether columns keep charge, and whether it leaks. */
  readonly keeps: boolean;
  readonly leaks: boolean;
  /** Key of the noise; null without noise. Every decision has its own position in the stream, as conversions do. */
  readonly key: readonly [number, number] | null;
}

/**
 * A layer of neurons from rest over all time steps.
 *
 * Shapes   charges: [T][rows][features]; returns a train of the same shape
 * Counts   decisions, chargeSharings, membraneResets, bitsWritten
 * Returns  also how many membranes saturated
 */
export function runChargeNeurons(
  charges: Float32Array,
  { leaks, thresholds, levels, thermal, deciding }: ColumnConstants,
  { features, vectors, reset, keeps, leaks: shares, key }: ColumnRun,
  tally: ActionTally,
  probe?: NeuronProbe,
): { train: SpikeTrain; saturated: number } {
  const { low, high } = CHARGE_RANGE;
  const { steps, prompts, perPrompt } = vectors;
  const rows = prompts * perPrompt;
  // Standard normals: bits 4 .. 15 of a word for the capacitor, bits 20 .. 31 for the comparator.
  const normals = key === null ? null : drawConversionNoise(features, UNIT_NOISE, key, vectors);
  const noise = (deviation: number, normal: number) => roundHalfEven(Math.fround(deviation * normal));
  const train = emptySpikeTrain(steps, rows, features);
  const stride = wordsPerRow(features);
  const membranes = new Int32Array(rows * features);
  let [saturated, fired] = [0, 0];
  for (let t = 0, i = 0; t < steps; t++) {
    for (let r = 0, m = 0; r < rows; r++) {
      const base = (t * rows + r) * stride;
      for (let f = 0; f < features; f++, i++, m++) {
        const drawn = normals === null ? 0 : noise(thermal[f], normals.plus[i]);
        const leaked = Math.floor((membranes[m] * leaks[f]) / LEAK_ONE);
        const input = charges[i] + drawn;
        const sum = leaked + input;
        const v = Math.max(low, Math.min(high, sum));
        if (v !== sum) saturated++;
        const threshold = thresholds[f] - (normals === null ? 0 : noise(deciding[f], normals.minus[i]));
        if (v >= threshold) {
          fired++;
          train.words[base + (f >> 5)] |= 1 << (f & 31);
          membranes[m] = reset === "hard" ? 0 : v - levels[f];
        } else membranes[m] = v;
        probe?.(i, { leaked, input, membrane: v, threshold, kept: membranes[m] });
      }
    }
  }
  tally.decisions += charges.length;
  if (keeps) tally.membraneResets += membranes.length + fired;
  if (keeps && shares) tally.chargeSharings += charges.length - membranes.length;
  tally.bitsWritten += charges.length;
  return { train, saturated };
}

const UNIT_NOISE = { gainSpread: 0, offsetSpread: 0, outputNoise: 1 };
