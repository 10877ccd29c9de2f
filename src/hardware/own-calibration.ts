/**
 * Calibration from what a chip can observe: the codes of its own converters, with their errors, instead of exact currents.
 *
 * Range. Sample prompts are converted repeatedly. The first full scale fits all lines at the largest conductance. Each next
 * full scale is the largest current with the code found at the wanted quantile, and the last is the current of that code:
 *
 *   full scale' = step (code at the quantile + 1/2),   in the end   step max(1, code at the quantile)
 *
 * Drift. Known inputs, which drive an eighth of the lines, are converted twice just after programming. The host, which also has
 * the weights, keeps their codes a and b. Later the converters' reference is tuned until the same inputs give codes c that
 * correlate with the first codes as the second did. The ratio by which it was tuned is the compensation factor:
 *
 *   sum a c = sum a b,   over inputs and columns
 *
 * A ratio of codes would be no more accurate than the codes are fine, and weak currents have few code steps. Here all codes
 * have the same magnitude and the same rounding. Pure noise, from converters or from devices that drift individually, is
 * uncorrelated and cancels; a sum of code magnitudes would count it as signal. With a factor per column, the crossbar's factor
 * comes first, and each column's sums are then compared with its own. Converter gains appear on both sides and cancel.
 *
 * Columns without converters have no range. Their known inputs are converted by searching, for every input and column, the
 * threshold at which the comparator changes its mind, in as many bits as the trim has; later the read pulses are lengthened until
 * codes agree, and that is the factor.
 *
 * Both methods are ours. Left out: the steps of a real reference; here it is tuned continuously.
 */
import type { Deciding } from "../experiment/by-read-out.ts";
import type { AdcSpec } from "../experiment/hardware.ts";
import type { ColumnCircuit } from "../experiment/read-out.ts";
import { roundHalfEven } from "../numeric/rounding.ts";
import type { Stream } from "../numeric/stream.ts";
import { type Converter, convertColumns, converter } from "./adc.ts";
import { type ConverterErrors, convertWithErrors, drawConversionNoise } from "./converter-errors.ts";
import type { CrossbarReading } from "./crossbar.ts";
import { type ColumnErrors, settledShare, thermalNoise } from "./read-out.ts";

/** Largest number of input vectors used to measure a crossbar's range. */
export const MEASURED_VECTORS = 1024;
/** How many times the sample prompts are converted to set the ranges. */
export const RANGE_PASSES = 4;
/** Known inputs of a calibration. */
export const KNOWN_INPUTS = 32;
/** A known input drives one line in this many. */
export const LINES_PER_DRIVEN = 8;
/**
 * Number of reference settings tried: each halves, on a logarithmic scale, the remaining range of the factor, initially 1/4 to
 * 16.
 */
export const FACTOR_TRIALS = 10;

/**
 * The full scale of a crossbar's converters, microsiemens; 0 if no pass saw any current.
 *
 * @param widest     the initial full scale
 * @param quantileAt of the output magnitudes of such converters, in code steps, rounded or not
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

/** The response to the known inputs just after programming. */
export interface CodeReference {
  /** `[KNOWN_INPUTS, rows]`, 1 where a line is driven. */
  readonly lines: Uint8Array;
  /** Of the converters, microsiemens, or of the searched thresholds, in units of weights. */
  readonly fullScale: number;
  /** Codes of the first conversion, `[KNOWN_INPUTS, columns]`. */
  readonly codes: Float32Array;
  /** Their correlation with the second conversion: sums of products over the inputs, by column. */
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
 * Random   a stream used for these codes only
 */
export function knownCodes(
  { columns, plus, minus }: KnownCurrents,
  adc: Pick<AdcSpec, "mode" | "bits" | "errors">,
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

/** What a column without converters is searched with. */
export interface SearchedColumns {
  readonly deciding: Deciding;
  readonly errors: ColumnErrors;
  /** Microsiemens per unit of weight, by column. */
  readonly scales: Float64Array;
}

/** Currents in units of weights, as the membranes of such columns see them. */
export function chargesOf(
  { columns, plus, minus }: KnownCurrents,
  { deciding: { circuit }, errors: { gains }, scales }: SearchedColumns,
): KnownCurrents {
  const settled = settledShare(circuit);
  const inWeights = (currents: Float32Array) =>
    currents.map((current, i) => (current * gains[i % columns] * settled) / scales[i % columns]);
  return { columns, plus: inWeights(plus), minus: inWeights(minus) };
}

/** The largest charge of known inputs, which the search covers. */
export const searchedRange = ({ plus, minus }: KnownCurrents): number =>
  plus.reduce((most, current, i) => Math.max(most, Math.abs(current - minus[i])), 1e-6);

/**
 * Codes of thresholds that balance the charges of known inputs, `[KNOWN_INPUTS, columns]`.
 *
 * @param factor by which read pulses are lengthened
 * Random   a stream used for these codes only
 */
export function searchedCodes(
  charges: KnownCurrents,
  factor: number,
  { deciding: { circuit }, errors }: SearchedColumns,
  fullScale: number,
  random: Stream,
): Float32Array {
  const bits = (circuit.trim as NonNullable<ColumnCircuit["trim"]>).bits;
  const { step } = converter("differential", bits, fullScale);
  const steps = (volts: number) => volts / (circuit.swing * step);
  const offsets = Float32Array.from(errors.offsets, steps);
  const line = { gains: new Float32Array(offsets.length).fill(1), offsets };
  const noise = steps(Math.sqrt(thermalNoise(circuit) ** 2 + (circuit.noise * 1e-3) ** 2));
  const search = {
    mode: "differential",
    bits,
    errors: { gainSpread: 0, offsetSpread: 0, outputNoise: noise },
  } as const;
  const [plus, minus] = [charges.plus, charges.minus].map((of) => of.map((charge) => charge * factor));
  return knownCodes({ ...charges, plus, minus }, search, fullScale, { plus: line, minus: line }, random);
}

/** Sums of products of two sets of codes over the inputs, by column. */
export function agreement(first: Float32Array, second: Float32Array, columns: number): Float64Array {
  const sums = new Float64Array(columns);
  for (const [i, code] of first.entries()) sums[i % columns] += code * second[i];
  return sums;
}

/**
 * The factor shared by crossbars: how far their references are tuned until codes agree with those just after programming.
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
