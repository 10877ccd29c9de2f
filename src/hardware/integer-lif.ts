/**
 * The LIF unit in whole numbers, by value, written for readability: the reference for the registers of `clocked-lif.ts` and the
 * generated RTL (from codes) and for a simulated machine in whole numbers (from sums). `lif-parameters.ts` has the equations,
 * the rounding and the widths. `lif.ts` is the unit in single precision.
 */
import { invariant, ShapeError } from "../errors.ts";
import { emptySpikeTrain, type SpikeTrain, wordsPerRow } from "../spike/train.ts";
import type { ActionTally } from "./actions.ts";
import type { IntegerLifConstants } from "./integer-arithmetic.ts";
import type { LifParameters, LifSettings } from "./lif-parameters.ts";
import type { NeuronProbe } from "./neuron-probe.ts";

/**
 * One unit over all tokens, each starting from rest.
 *
 * Shapes   settings: [columns]; codes: [tokens][T][columns][rowBlocks]; returns spikes [tokens][T][columns], 0 or 1
 * Throws   ShapeError when the shapes do not match
 */
export function runIntegerLif(
  parameters: LifParameters,
  settings: readonly LifSettings[],
  codes: ArrayLike<number>,
  steps: number,
): Uint8Array {
  const { rowBlocks, columns, fractionBits, leakShift, membraneRange, currentRange } = parameters;
  requireWindow(parameters, settings, codes, steps);
  const spikes = new Uint8Array(codes.length / rowBlocks);
  const membranes = new Float64Array(columns);
  const within = (v: number, { low, high }: { low: number; high: number }) => v >= low && v <= high;
  for (let i = 0; i < spikes.length; i++) {
    const column = i % columns;
    if (i % (steps * columns) === 0) membranes.fill(0);
    const { offset, threshold } = settings[column];
    let current = offset;
    for (let b = 0; b < rowBlocks; b++) current += codes[i * rowBlocks + b] * 2 ** fractionBits;
    const v = Math.floor(membranes[column] / 2 ** leakShift) + current;
    invariant(within(current, currentRange) && within(v, membraneRange), "currents and membranes fit their registers");
    spikes[i] = v >= threshold ? 1 : 0;
    membranes[column] = v >= threshold ? 0 : v;
  }
  return spikes;
}

/**
 * A layer of units from rest over all time steps, with whole-number currents; twin of `runLifUnits` in single precision.
 *
 *   V = sat(floor(V / 2^k) + current);   fire where V >= threshold;   then V = 0, or V - threshold
 *
 * @param thresholds by column, instead of one for all; null for none
 *
 * Shapes   currents: [T][rows][features]; thresholds: [features]; returns a train of the same shape
 * Counts   lifUpdates, bitsWritten
 * Returns  also how many membranes saturated
 */
export function runIntegerLifUnits(
  currents: Float32Array,
  shape: { readonly steps: number; readonly rows: number; readonly features: number },
  { leakShift, threshold: shared, reset, membrane: { low, high } }: IntegerLifConstants,
  tally: ActionTally,
  thresholds: Float32Array | null = null,
  probe?: NeuronProbe,
): { train: SpikeTrain; saturated: number } {
  const { steps, rows, features } = shape;
  const train = emptySpikeTrain(steps, rows, features);
  const stride = wordsPerRow(features);
  const membranes = new Int32Array(rows * features);
  let saturated = 0;
  for (let t = 0, i = 0; t < steps; t++) {
    for (let r = 0, m = 0; r < rows; r++) {
      const base = (t * rows + r) * stride;
      for (let f = 0; f < features; f++, i++, m++) {
        const leaked = membranes[m] >> leakShift;
        const sum = leaked + currents[i];
        const v = Math.max(low, Math.min(high, sum));
        if (v !== sum) saturated++;
        const threshold = thresholds?.[f] ?? shared;
        if (v >= threshold) {
          train.words[base + (f >> 5)] |= 1 << (f & 31);
          membranes[m] = reset === "hard" ? 0 : v - threshold;
        } else membranes[m] = v;
        probe?.(i, { leaked, input: currents[i], membrane: v, threshold, kept: membranes[m] });
      }
    }
  }
  tally.lifUpdates += currents.length;
  tally.bitsWritten += currents.length;
  return { train, saturated };
}

/** Throws ShapeError unless there are settings for every column and codes for whole tokens. */
export function requireWindow(
  { rowBlocks, columns }: LifParameters,
  settings: readonly LifSettings[],
  codes: ArrayLike<number>,
  steps: number,
): void {
  const perToken = steps * columns * rowBlocks;
  if (settings.length === columns && codes.length % perToken === 0) return;
  throw new ShapeError(
    "codes",
    `A unit of ${columns} columns takes ${steps} steps x ${columns} columns x ${rowBlocks} row blocks = ${perToken} codes per token and ${columns} ` +
      `settings, but there are ${codes.length} codes and ${settings.length} settings.`,
  );
}
