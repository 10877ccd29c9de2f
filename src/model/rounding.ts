/**
 * Rounding of values to codes in an ANN with few bits: the input of a linear layer, or its q, k and v. The equation, forward and
 * backward, is that of activations in `quantization.ts`; the layer holds the steps and shifts, one of each per group of columns.
 */
import type { BitWidth } from "../experiment/model.ts";
import { roundHalfEven } from "../numeric/rounding.ts";
import { type Codes, codesOf } from "./bit-widths.ts";
import { NO_PARAMETERS, type OperationKit, type OperationOf, type Run } from "./operation.ts";

/** Named after the layer and what is rounded, `blocks.0.qkv.input`: its parameters are `nameLogStep` and `nameShift`. */
export interface RoundingOperation extends OperationOf<"rounding"> {
  readonly width: BitWidth;
  /** Columns that the groups divide; 1 where there is one group. */
  readonly columns: number;
  /** Steps and shifts. */
  readonly groups: number;
}

const roundingOf = ({ name, width, columns }: RoundingOperation, run: Run): Rounding => ({
  ...codesOf(width),
  columns,
  steps: run.parameter(`${name}LogStep`),
  shifts: run.parameter(`${name}Shift`),
});

export const rounding: OperationKit<RoundingOperation> = {
  shape: (_, [{ name, ...same }]) => same,
  parameters: NO_PARAMETERS,
  forward(operation, [values], run) {
    const how = roundingOf(operation, run);
    return {
      output: roundingForward(values, how),
      backward(outputGradient, { gradients }) {
        const gradient = roundingBackward(outputGradient, values, how);
        gradients[`${operation.name}LogStep`] = gradient.steps;
        gradients[`${operation.name}Shift`] = gradient.shifts;
        return [gradient.input];
      },
    };
  },
};

/** Values `[rows, columns]`, whose columns are cut into as many equal groups as there are steps and shifts. */
export interface Rounding extends Codes {
  readonly columns: number;
  readonly steps: ArrayLike<number>;
  readonly shifts: ArrayLike<number>;
}

export function roundingForward(x: Float64Array, { low, high, columns, steps, shifts }: Rounding): Float64Array {
  return x.map((value, i) => {
    const group = groupOf(i, columns, steps);
    const code = Math.max(low, Math.min(high, roundHalfEven((value - shifts[group]) / steps[group])));
    return steps[group] * code + shifts[group];
  });
}

/** Gradients of the values, and of steps and shifts summed over rows. */
export function roundingBackward(
  outputGradient: Float64Array,
  x: Float64Array,
  { low, high, columns, steps, shifts }: Rounding,
): { input: Float64Array; steps: Float64Array; shifts: Float64Array } {
  const gradient = {
    input: new Float64Array(x.length),
    steps: new Float64Array(steps.length),
    shifts: new Float64Array(steps.length),
  };
  for (let i = 0; i < x.length; i++) {
    const group = groupOf(i, columns, steps);
    const [v, d] = [(x[i] - shifts[group]) / steps[group], outputGradient[i]];
    if (v >= low && v <= high) {
      gradient.input[i] = d;
      gradient.steps[group] += d * (roundHalfEven(v) - v);
    } else {
      gradient.steps[group] += d * (v < low ? low : high);
      gradient.shifts[group] += d;
    }
  }
  return gradient;
}

const groupOf = (i: number, columns: number, { length }: ArrayLike<number>): number =>
  Math.floor(((i % columns) * length) / columns);
