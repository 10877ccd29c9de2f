/**
 * Calibration by what a chip can see: the codes of its own converters, with their errors, in place of exact currents.
 *
 * Range. Sample prompts are converted again and again. The first full scale is that of all lines at the largest conductance; the next
 * is the largest current whose code is the one at the wanted quantile, and the last the current of that code:
 *
 *   full scale' = step (code at the quantile + 1/2),   in the end   step max(1, code at the quantile)
 *
 * Drift. Known inputs, which drive an eighth of the lines, are converted just after programming, and the sizes of the codes summed. Later
 * the converters' reference is turned until the same inputs give the same sum; what it was turned by is the factor of compensation. A
 * ratio of two sums would do no better than the codes are fine: weak currents have few. Here both sums are made of codes of the same size,
 * with the same rounding and the same noise. With a factor for each column the crossbar's comes first, and sums of columns are then compared
 * with their own. Gains of converters are in both sums, and cancel.
 *
 * Both are ours. What is left out: the reference is turned without steps.
 */
import { roundHalfEven } from "../numeric/rounding.ts";
import type { Stream } from "../numeric/stream.ts";
import type { AdcSpec } from "../spec/hardware.ts";
import { type Converter, convertColumns, converter } from "./adc.ts";
import { type ConverterErrors, convertWithErrors, drawConversionNoise } from "./converter-errors.ts";
import type { CrossbarReading } from "./crossbar.ts";

/** Input vectors from which a crossbar's range is measured at most. */
export const MEASURED_VECTORS = 1024;
/** Times that the sample prompts are converted for the ranges. */
export const RANGE_PASSES = 4;
/** Known inputs of a calibration. */
export const KNOWN_INPUTS = 32;
/** One line in so many is driven in a known input. */
export const LINES_PER_DRIVEN = 8;
/** Sums at the settings of the reference that are tried: each halves what is left of the factor's range, from 1/4 to 16, in its logarithm. */
export const FACTOR_TRIALS = 10;

/**
 * The full scale of a crossbar's converters, microsiemens.
 *
 * @param widest     where to begin
 * @param quantileAt of the sizes of what such converters put out, in code steps, rounded or not
 */
export function rangeByCodes(
  { mode, bits }: { readonly mode: AdcSpec["mode"]; readonly bits: number },
  widest: number,
  quantileAt: (converter: Converter, pass: number) => number,
): number {
  let fullScale = widest;
  for (let pass = 0; pass < RANGE_PASSES; pass++) {
    const setting = converter(mode, bits, fullScale);
    const code = Math.min(setting.largest, roundHalfEven(quantileAt(setting, pass)));
    fullScale = setting.step * (pass < RANGE_PASSES - 1 ? code + 0.5 : Math.max(1, code));
  }
  return fullScale;
}

/** What the known inputs give just after programming. */
export interface CodeReference {
  /** `[KNOWN_INPUTS, rows]`, 1 where a line is driven. */
  readonly lines: Uint8Array;
  /** Of the converters, microsiemens. */
  readonly fullScale: number;
  /** Sizes of the codes, summed over the inputs, by column. */
  readonly sums: Float64Array;
}

/** Currents of the known inputs, `[KNOWN_INPUTS, columns]`, microsiemens. */
export interface KnownCurrents {
  readonly columns: number;
  readonly plus: Float32Array;
  readonly minus: Float32Array;
}

/** Random: `random` is advanced. */
export const drawKnownLines = (rows: number, random: Stream): Uint8Array =>
  Uint8Array.from({ length: KNOWN_INPUTS * rows }, () => (random.integer(LINES_PER_DRIVEN) === 0 ? 1 : 0));

export function knownCurrents({ rows, columns, plus, minus }: CrossbarReading, lines: Uint8Array): KnownCurrents {
  const sum = (conductances: Float32Array) => {
    const currents = new Float32Array(KNOWN_INPUTS * columns);
    for (let v = 0; v < KNOWN_INPUTS; v++) {
      for (let r = 0; r < rows; r++) {
        if (lines[v * rows + r] === 0) continue;
        for (let c = 0; c < columns; c++) currents[v * columns + c] += conductances[r * columns + c];
      }
    }
    return currents;
  };
  return { columns, plus: sum(plus), minus: sum(minus) };
}

/**
 * Sizes of the codes, summed over the known inputs, by column.
 *
 * @param errors of the converters; null when they are exact
 * Random   a stream for this sum alone
 */
export function sumCodes(
  { columns, plus, minus }: KnownCurrents,
  adc: AdcSpec,
  fullScale: number,
  errors: ConverterErrors | null,
  random: Stream,
): Float64Array {
  const setting = converter(adc.mode, adc.bits as number, fullScale);
  const codes = new Float32Array(plus.length);
  if (errors === null) convertColumns(setting, plus, minus, codes);
  else {
    const vectors = { steps: 1, firstPrompt: 0, prompts: 1, perPrompt: KNOWN_INPUTS };
    const noise = adc.errors.outputNoise > 0 ? drawConversionNoise(columns, adc.errors, random.key, vectors) : null;
    convertWithErrors(setting, errors, noise, plus, minus, codes);
  }
  const sums = new Float64Array(columns);
  for (const [i, code] of codes.entries()) sums[i % columns] += Math.abs(code);
  return sums;
}

/**
 * The factor that crossbars share: how far their references are turned to give the sums of just after programming.
 *
 * @param sumsAt of each crossbar, with its full scale divided by `factor`
 */
export function factorByCodes(
  references: readonly CodeReference[],
  sumsAt: (factor: number, trial: number) => readonly Float64Array[],
): number {
  const total = (sums: readonly Float64Array[]) =>
    sums.reduce((sum, columns) => sum + columns.reduce((a, b) => a + b, 0), 0);
  const wanted = total(references.map(({ sums }) => sums));
  let [low, high] = [1 / 4, 16];
  for (let trial = 0; trial < FACTOR_TRIALS; trial++) {
    const middle = Math.sqrt(low * high);
    if (total(sumsAt(middle, trial)) < wanted) low = middle;
    else high = middle;
  }
  return Math.sqrt(low * high);
}
