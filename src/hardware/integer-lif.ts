/**
 * The LIF unit in whole numbers, by value: what the registers of `clocked-lif.ts` and the generated RTL compute, written to be read.
 * `lif-parameters.ts` has the equations, the rounding and the widths. `lif.ts` is the unit in single precision, as the simulators use it.
 */
import { invariant, ShapeError } from "../errors.ts";
import type { LifParameters, LifSettings } from "./lif-parameters.ts";

/**
 * One unit over all tokens, each from rest.
 *
 * Shapes   settings: [columns]; codes: [tokens][T][columns][rowBlocks]; returns spikes [tokens][T][columns], 0 or 1
 * Throws   ShapeError when they do not fit together
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
