/**
 * What real converters add to `adc.ts`: a gain and an offset of each converter, drawn once per chip, and noise at every
 * conversion.
 *
 *   code = clamp(round(current / step * gain + offset + noise), smallest, largest),
 *   gain = max(0, 1 + gainSpread N),  offset = offsetSpread N,  noise = outputNoise N    (offset and noise in code steps)
 *
 * Every operation is rounded to single precision, in the order written. Readout unit u serves columns u, u + units, u + 2
 * units ..., because a multiplexer step reads consecutive columns (Xpikeformer, arXiv 2408.08794v2, Fig. 4); a unit has two
 * converters in `pair` mode and one in `differential` mode. Without errors the codes are those of `convertColumns`. Sizes are
 * the user's: the paper names none; the first author's aihwkit set-up adds noise of 0.02 in units of weights to each output.
 */

import { roundHalfEven } from "../numeric/rounding.ts";
import type { Stream } from "../numeric/stream.ts";
import type { ConverterErrorSpec } from "../spec/converter-errors.ts";
import type { Converter } from "./adc.ts";

/** Errors of the converters that read one sign of the columns, by column. */
export interface LineErrors {
  readonly gains: Float32Array;
  /** Code steps. */
  readonly offsets: Float32Array;
}

/** In `differential` mode the converters of `plus` read the difference, and `minus` is not used. */
export interface ConverterErrors {
  readonly plus: LineErrors;
  readonly minus: LineErrors;
}

/**
 * The converters of one crossbar.
 *
 * @param units readout units of the crossbar
 * Random   forks "plus" and "minus" of `random`, once per chip
 */
export function drawConverterErrors(
  columns: number,
  units: number,
  spec: ConverterErrorSpec,
  random: Stream,
): ConverterErrors {
  const line = (sign: "plus" | "minus"): LineErrors => {
    const draws = random.fork(sign);
    const gains = Float32Array.from({ length: units }, () => Math.max(0, 1 + spec.gainSpread * draws.normal()));
    const offsets = Float32Array.from({ length: units }, () => spec.offsetSpread * draws.normal());
    const ofUnit = (values: Float32Array) => Float32Array.from({ length: columns }, (_, c) => values[c % units]);
    return { gains: ofUnit(gains), offsets: ofUnit(offsets) };
  };
  return { plus: line("plus"), minus: line("minus") };
}

/** Noise of `count` conversions, in code steps. Random: `random`. */
export function drawConversionNoise(count: number, spec: ConverterErrorSpec, random: Stream): Float32Array {
  return Float32Array.from({ length: count }, () => spec.outputNoise * random.normal());
}

/**
 * As `convertColumns` of `adc.ts`, with errors.
 *
 * @param noise of the conversions of each sign, of the shape of `plus`; null is none. `differential` uses that of `plus`
 * Shapes   plus, minus: [vectors, columns], microsiemens; codes: overwritten
 */
export function convertWithErrors(
  { mode, step, smallest, largest }: Converter,
  errors: ConverterErrors,
  noise: { readonly plus: Float32Array; readonly minus: Float32Array } | null,
  plus: Float32Array,
  minus: Float32Array,
  codes: Float32Array,
): { conversions: number; clipped: number } {
  const columns = errors.plus.gains.length;
  let clipped = 0;
  const convert = (current: number, { gains, offsets }: LineErrors, added: number, c: number): number => {
    const scaled = Math.fround(Math.fround(Math.fround(current / step) * gains[c]) + offsets[c]);
    const code = roundHalfEven(Math.fround(scaled + added));
    if (code >= smallest && code <= largest) return code;
    clipped++;
    return code > largest ? largest : smallest;
  };
  for (let i = 0; i < codes.length; i++) {
    const c = i % columns;
    if (mode === "pair") {
      codes[i] =
        convert(plus[i], errors.plus, noise?.plus[i] ?? 0, c) -
        convert(minus[i], errors.minus, noise?.minus[i] ?? 0, c);
    } else codes[i] = convert(Math.fround(plus[i] - minus[i]), errors.plus, noise?.plus[i] ?? 0, c);
  }
  return { conversions: mode === "pair" ? 2 * codes.length : codes.length, clipped };
}

/** Full scale of a converter that is not calibrated, microsiemens: so many lines at the largest conductance. */
export const fixedFullScale = (lines: number, maxConductance: number): number => lines * maxConductance;
