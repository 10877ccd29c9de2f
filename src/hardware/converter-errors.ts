/**
 * Errors of real converters on top of `adc.ts`: a gain and an offset per converter, drawn once per chip, and noise at every
 * conversion.
 *
 *   code = clamp(round(current / step * gain + offset + noise), smallest, largest),
 *   gain = max(0, 1 + gainSpread N),  offset = offsetSpread N,  noise = outputNoise N    (offset and noise in code steps)
 *
 * Every operation is rounded to single precision, in the order written. Readout unit u serves columns u, u + units, u + 2 units
 * ..., because a multiplexer step reads consecutive columns (Xpikeformer, arXiv 2408.08794v2, Fig. 4). A unit has two
 * converters in `pair` mode and one in `differential` mode. Without errors the codes equal those of `convertColumns`.
 * Magnitudes are the user's: the paper gives none; the first author's aihwkit set-up adds noise of 0.02, in units of weights,
 * to each output.
 */

import type { ConverterErrorSpec } from "../experiment/converter-errors.ts";
import { roundHalfEven } from "../numeric/rounding.ts";
import { normalQuantile, type Stream, threefry2x32 } from "../numeric/stream.ts";
import type { Converter } from "./adc.ts";

/** Errors of the converters that read one sign of the columns, by column. */
export interface LineErrors {
  readonly gains: Float32Array;
  /** In code steps. */
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

/** Noise of the conversions of each sign, in code steps, of the shape of the line currents. */
export interface ConversionNoise {
  readonly plus: Float32Array;
  readonly minus: Float32Array;
}

/** The input vectors converted by a crossbar: `perPrompt` of them in each step of each prompt. */
export interface ConvertedVectors {
  readonly steps: number;
  readonly firstPrompt: number;
  readonly prompts: number;
  readonly perPrompt: number;
}

/**
 * Noise of the conversions of one crossbar, `[steps][prompts][perPrompt][columns]`.
 *
 * Every conversion has its own position in the stream of `key`, so results do not depend on how prompts are divided among
 * calls. The high half of the counter holds prompt (bits 7 .. 31) and step; the low half holds the word (strip perPrompt + v) 8
 * + c for the prompt's vector v and column c of a strip of 8 columns. One word serves a pair: bits 4 .. 15 the plus line, bits
 * 20 .. 31 the minus line.
 */
export function drawConversionNoise(
  columns: number,
  { outputNoise }: ConverterErrorSpec,
  key: readonly [number, number],
  { steps, firstPrompt, prompts, perPrompt }: ConvertedVectors,
): ConversionNoise {
  const size = steps * prompts * perPrompt * columns;
  const noise = { plus: new Float32Array(size), minus: new Float32Array(size) };
  const deviation = Math.fround(outputNoise);
  const words = new Int32Array(2);
  for (let step = 0, i = 0; step < steps; step++) {
    for (let prompt = firstPrompt; prompt < firstPrompt + prompts; prompt++) {
      for (let v = 0; v < perPrompt; v++) {
        for (let c = 0; c < columns; c++, i++) {
          const place = ((c >> 3) * perPrompt + v) * 8 + (c & 7);
          threefry2x32(key[0], key[1], place >>> 1, (prompt << 7) | step, words);
          const word = words[place & 1];
          noise.plus[i] = deviation * quantileOf((word >>> 4) & 0xfff);
          noise.minus[i] = deviation * quantileOf(word >>> 20);
        }
      }
    }
  }
  return noise;
}

/**
 * Standard normal by inversion of a 12-bit uniform: |z| < 3.67, standard deviation 1 - 1.6e-4, kurtosis 2.99. The table of all
 * values takes 16 KiB, half of a first-level cache.
 */
const quantileOf = (twelveBits: number): number => Math.fround(normalQuantile((twelveBits + 0.5) / NORMALS));

export const NORMALS = 4096;

/** Largest magnitude of the noise, in standard deviations. */
export const LARGEST_NORMAL = -quantileOf(0);

/** All values of `quantileOf`, for the kernels. */
export const normalTable = (): Float32Array => Float32Array.from({ length: NORMALS }, (_, bits) => quantileOf(bits));

/** A current in code steps of a converter with errors, before rounding to a code. */
export const erringSteps = (current: number, step: number, gain: number, offset: number, noise: number): number =>
  Math.fround(Math.fround(Math.fround(Math.fround(current / step) * gain) + offset) + noise);

/**
 * As `convertColumns` of `adc.ts`, with errors.
 *
 * @param noise of the conversions of each sign, with the shape of `plus`; null for none. `differential` uses the noise of
 * `plus`
 * Shapes   plus, minus: [vectors, columns], microsiemens; codes: overwritten
 */
export function convertWithErrors(
  { mode, step, smallest, largest }: Converter,
  errors: ConverterErrors,
  noise: ConversionNoise | null,
  plus: Float32Array,
  minus: Float32Array,
  codes: Float32Array,
): { conversions: number; clipped: number } {
  const columns = errors.plus.gains.length;
  let clipped = 0;
  const convert = (current: number, { gains, offsets }: LineErrors, added: number, c: number): number => {
    const code = roundHalfEven(erringSteps(current, step, gains[c], offsets[c], added));
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

/** Full scale of an uncalibrated converter, microsiemens: the given number of lines at the largest conductance. */
export const fixedFullScale = (lines: number, maxConductance: number): number => lines * maxConductance;
