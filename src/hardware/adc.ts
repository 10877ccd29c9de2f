/**
 * Analog-to-digital converters at the foot of a crossbar's columns.
 *
 *   pair          both lines of a differential pair are converted, unsigned, and subtracted digitally:
 *                 code = clamp(round(I+ / step), 0, 2^b - 1) - clamp(round(I- / step), 0, 2^b - 1),
 *                 step = full scale / (2^b - 1)
 *   differential  one signed conversion of the difference, symmetric about zero:
 *                 code = clamp(round((I+ - I-) / step), -(2^(b-1) - 1), 2^(b-1) - 1),
 *                 step = full scale / (2^(b-1) - 1)
 *
 * Rounding is to nearest, ties to even. The paper draws two converters and a digital adder per readout unit (Figs. 2 and 4),
 * which is `pair`; its conclusion names differential converters as future work. In Table II converters have 5 bits and 8
 * columns share one. A crossbar of 128 columns then has 16 units and needs 8 multiplexer steps per input vector; `timing.ts`
 * converts these to clocks.
 *
 * Currents are line conductances in microsiemens (current / read voltage). They, the step and every result are single-precision
 * numbers. Offset, gain spread and noise of converters: `converter-errors.ts`.
 */
import type { AdcSpec } from "../experiment/hardware.ts";
import { roundHalfEven } from "../numeric/rounding.ts";

/** The converters of one crossbar, set to a common range. */
export interface Converter {
  readonly mode: AdcSpec["mode"];
  /** Current of one code step, microsiemens. */
  readonly step: number;
  readonly smallest: number;
  readonly largest: number;
}

/** Converters of `bits` bits with `fullScale` microsiemens at the largest code. */
export function converter(mode: AdcSpec["mode"], bits: number, fullScale: number): Converter {
  const largest = mode === "pair" ? 2 ** bits - 1 : 2 ** (bits - 1) - 1;
  return { mode, step: Math.fround(fullScale / largest), smallest: mode === "pair" ? 0 : -largest, largest };
}

/** The code of a line current. */
export function convert({ step, smallest, largest }: Converter, current: number): number {
  return Math.min(largest, Math.max(smallest, nearestCode(current, step)));
}

const nearestCode = (current: number, step: number): number => roundHalfEven(Math.fround(current / step));

/**
 * Converts the columns of a crossbar for a batch of input vectors: the code of a pair, `codes[i]`, from `plus[i]` and
 * `minus[i]`.
 *
 * Shapes   plus, minus: line currents, microsiemens, any equal length; codes: overwritten
 * Returns  number of conversions, and of those that clipped: their nearest code lies outside the converter's range
 */
export function convertColumns(
  { mode, step, smallest, largest }: Converter,
  plus: Float32Array,
  minus: Float32Array,
  codes: Float32Array,
): { conversions: number; clipped: number } {
  let clipped = 0;
  const pair = mode === "pair";
  for (let i = 0; i < codes.length; i++) {
    let code = nearestCode(pair ? plus[i] : Math.fround(plus[i] - minus[i]), step);
    if (code > largest || code < smallest) {
      clipped++;
      code = code > largest ? largest : smallest;
    }
    if (pair) {
      let other = nearestCode(minus[i], step);
      if (other > largest) {
        clipped++;
        other = largest;
      }
      code -= other;
    }
    codes[i] = code;
  }
  return { conversions: pair ? 2 * codes.length : codes.length, clipped };
}

/** Magnitudes at the converters' inputs, from which a quantile sets the full scale: both lines of a pair, or their difference. */
export function convertedSizes(mode: AdcSpec["mode"], plus: Float32Array, minus: Float32Array): Float32Array {
  if (mode === "differential") return plus.map((current, i) => Math.abs(current - minus[i]));
  const both = new Float32Array(plus.length + minus.length);
  both.set(plus);
  both.set(minus, plus.length);
  return both;
}

/** Readout units of a crossbar: converters (pairs of them in `pair` mode) that work in parallel. */
export const readoutUnits = (columns: number, adc: AdcSpec): number => Math.ceil(columns / adc.sharing);

/** Multiplexer steps that `units` readout units need for `columns` columns. */
export const multiplexerSteps = (columns: number, units: number): number => Math.ceil(columns / units);
