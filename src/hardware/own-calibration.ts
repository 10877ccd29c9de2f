/**
 * Calibration by what a chip can see: the codes of its own converters, with their errors, in place of exact currents.
 *
 * Range. Sample prompts are converted again and again. The first full scale is that of all lines at the largest conductance; the next
 * is the largest current whose code is the one at the wanted quantile, and the last the current of that code:
 *
 *   full scale' = step (code at the quantile + 1/2),   in the end   step max(1, code at the quantile)
 *
 * Drift. Known inputs, which drive an eighth of the lines, are converted twice just after programming; their codes a and b are kept by the
 * host, which has the weights, too. Later the converters' reference is turned until the same inputs give codes c that go with the first
 * ones as the second did; what it was turned by is the factor of compensation:
 *
 *   sum a c = sum a b,   over inputs and columns
 *
 * A ratio of codes would do no better than they are fine: weak currents have few. Here all codes are of the same size, with the same
 * rounding. What only adds noise, in converters or in devices that drift each on its own, goes with nothing, and cancels; a sum of the
 * sizes of codes would take it for signal. With a factor for each column the crossbar's comes first, and sums of columns are then compared
 * with their own. Gains of converters are on both sides, and cancel.
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
/**
 * Sums at the settings of the reference that are tried: each halves what is left of the factor's range, from 1/4 to 16, in its logarithm.
 */
export const FACTOR_TRIALS = 10;

/**
 * The full scale of a crossbar's converters, microsiemens; 0 where no current was seen in any pass.
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
  let isSilent = true;
  for (let pass = 0; pass < RANGE_PASSES; pass++) {
    const setting = converter(mode, bits, fullScale);
    const code = Math.min(setting.largest, roundHalfEven(quantileAt(setting, pass)));
    if (code > 0) isSilent = false;
    fullScale = setting.step * (pass < RANGE_PASSES - 1 ? code + 0.5 : Math.max(1, code));
  }
  return isSilent ? 0 : fullScale;
}

/** What the known inputs gave just after programming. */
export interface CodeReference {
  /** `[KNOWN_INPUTS, rows]`, 1 where a line is driven. */
  readonly lines: Uint8Array;
  /** Of the converters, microsiemens. */
  readonly fullScale: number;
  /** Codes of the first time, `[KNOWN_INPUTS, columns]`. */
  readonly codes: Float32Array;
  /** How those of the second time go with them: sums of products over the inputs, by column. */
  readonly agreement: Float64Array;
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
 * Codes of the known inputs, `[KNOWN_INPUTS, columns]`.
 *
 * @param errors of the converters; null when they are exact
 * Random   a stream for these codes alone
 */
export function knownCodes(
  { columns, plus, minus }: KnownCurrents,
  adc: AdcSpec,
  fullScale: number,
  errors: ConverterErrors | null,
  random: Stream,
): Float32Array {
  const setting = converter(adc.mode, adc.bits as number, fullScale);
  const codes = new Float32Array(plus.length);
  if (errors === null) convertColumns(setting, plus, minus, codes);
  else {
    const vectors = { steps: 1, firstPrompt: 0, prompts: 1, perPrompt: KNOWN_INPUTS };
    const noise = adc.errors.outputNoise > 0 ? drawConversionNoise(columns, adc.errors, random.key, vectors) : null;
    convertWithErrors(setting, errors, noise, plus, minus, codes);
  }
  return codes;
}

/** Sums of products of two sets of codes over the inputs, by column. */
export function agreement(first: Float32Array, second: Float32Array, columns: number): Float64Array {
  const sums = new Float64Array(columns);
  for (const [i, code] of first.entries()) sums[i % columns] += code * second[i];
  return sums;
}

/**
 * The factor that crossbars share: how far their references are turned until codes agree with those of just after programming.
 *
 * @param agreementsAt of each crossbar, with its full scale divided by `factor`
 */
export function factorByCodes(
  references: readonly Pick<CodeReference, "agreement">[],
  agreementsAt: (factor: number, trial: number) => readonly Float64Array[],
): number {
  const total = (sums: readonly Float64Array[]) =>
    sums.reduce((sum, columns) => sum + columns.reduce((a, b) => a + b, 0), 0);
  const wanted = total(references.map((reference) => reference.agreement));
  let [low, high] = [1 / 4, 16];
  for (let trial = 0; trial < FACTOR_TRIALS; trial++) {
    const middle = Math.sqrt(low * high);
    if (total(agreementsAt(middle, trial)) < wanted) low = middle;
    else high = middle;
  }
  return Math.sqrt(low * high);
}
