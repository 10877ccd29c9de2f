/**
 * Whole numbers from the lines of a crossbar to the answer: what floating-point quantities become, and bounds of all sums.
 *
 * **Lines.** With s bits of a code step, the unit of current of a crossbar is u = step / 2^s, a conductance g counts round(g / u) units,
 * and a line carries a whole number of units. The code of a current of x units is floor((x + 2^(s-1)) / 2^s) within the converter's range:
 * a shift, no division. A current on the edge of two codes gives the upper one, as a comparator there does.
 *
 * **Digital.** With F fraction bits, a factor f (what a code step of a column is worth) is the register round(2^F f), offsets and positions
 * likewise (round is to nearest, ties to even), and
 *
 *   sum    = offset + sum over row blocks of factor_b code_b
 *   stream = sat(stream + sum)
 *   V = sat(floor(V / 2^k) + current); fire where V >= ceil(2^F threshold); then V = 0, or V - ceil(2^F threshold) (beta = 2^-k) logit =
 *   sat(sum) / 2^F
 *
 * sat stops at the ends of a register in two's complement, and `overflow` says whether that is allowed. The rounding of
 * the leak changes no spike as long as nothing stops (`lif-parameters.ts`). Offset and gain of a converter and the noise of a conversion
 * act on x / 2^s in floating point, before the code, and `converter-errors.ts` rounds; wires, drift and the measurement of ranges act on
 * currents before they are rounded to units.
 *
 * **Bounds.** Every register has 16 bits at most, so that nothing overflows unseen:
 *
 *   line         of a pair, stops at 65535 units. Rows only add to it, so what it then says does not depend on their order, and every
 *                converter clips it: bits + s <= 15, and where converters err their offset and noise do not bring it back
 *   difference   cannot overflow, whatever rows are driven
 *
 * For both, s is `stepBits`, or as many fewer as a crossbar's own lines ask for (`misfitOfLines`).
 *
 *   sum          cannot overflow, whatever the codes (`sumRange`, `requireSums`)
 *   stream, membrane, logit   stop at a `sat`, where it is seen
 *
 * Numbers are held in single-precision floats, whose whole numbers are exact up to 2^24.
 */
import { SpecError, ValueError } from "../errors.ts";
import { roundHalfEven } from "../numeric/rounding.ts";
import type { ArithmeticSpec } from "../spec/arithmetic.ts";
import type { AdcSpec } from "../spec/hardware.ts";
import type { NeuronSpec } from "../spec/model.ts";
import { converter } from "./adc.ts";
import { type ConverterErrors, LARGEST_NORMAL, type LineErrors } from "./converter-errors.ts";
import { lifConstants } from "./lif.ts";
import { leakShiftOf, signedBits, signedRange, type WholeRange } from "./lif-parameters.ts";

/** The registers that stop at their ends, by what they hold. */
export type FittedRegister = "stream" | "membrane" | "logit";

/** A LIF unit in whole numbers. */
export interface IntegerLifConstants {
  readonly leakShift: number;
  /** ceil(2^F threshold), at least 1. */
  readonly threshold: number;
  readonly reset: "hard" | "soft";
  readonly membrane: WholeRange;
}

/**
 * The unit of a neuron.
 *
 * Throws  SpecError where its leak is no shift, or its threshold lies outside of its membrane
 */
export function integerLifConstants(neuron: NeuronSpec, arithmetic: ArithmeticSpec): IntegerLifConstants {
  const { fractionBits, membraneBits } = arithmetic;
  const { reset, threshold: real } = lifConstants(neuron);
  const membrane = signedRange(membraneBits);
  const threshold = Math.ceil(real * 2 ** fractionBits);
  if (threshold > membrane.high) {
    throw new SpecError(
      "hardware.arithmetic.membraneBits",
      `The threshold ${real} is ${threshold} x 2^-${fractionBits}, but a membrane of ${membraneBits} bits only reaches ${membrane.high}, ` +
        `so no neuron would ever fire. Use ${signedBits({ low: 0, high: threshold })} bits or more, or fewer fraction bits.`,
    );
  }
  return { leakShift: leakShiftOf(neuron), threshold, reset, membrane };
}

/**
 * Throws  SpecError where this network cannot run in whole numbers on such a machine
 */
export function requireIntegers(neuron: NeuronSpec, arithmetic: ArithmeticSpec, adc: AdcSpec): void {
  if (adc.bits === null) {
    throw new SpecError(
      "hardware.arithmetic",
      "Integer arithmetic needs converter codes, but adc.bits is null, which passes the exact current. Set adc.bits, for " +
        "example to 5, or hardware.arithmetic to null.",
    );
  }
  if (adc.mode === "pair" && adc.bits === 16) {
    throw new SpecError(
      "hardware.adc.bits",
      "Codes of 16 bits leave no headroom in a 16-bit line, which must not saturate before its converter clips. Use 15 bits or fewer, or set " +
        "hardware.arithmetic to null.",
    );
  }
  integerLifConstants(neuron, arithmetic);
}

/** Codes that a converter delivers: of a pair, the difference of two. */
export function codeRange({ mode, bits }: AdcSpec): WholeRange {
  const { largest } = converter(mode, bits as number, 1);
  return { low: -largest, high: largest };
}

/** The unit of current where a code step has so many bits. */
export const unitOf = (step: number, stepBits: number): number => step / 2 ** stepBits;

/** Conductances of one sign in units of current. State: `out`, which may be `conductances`. */
export function wholeConductances(conductances: Float32Array, unit: number, out: Float32Array): void {
  for (let i = 0; i < conductances.length; i++) out[i] = roundHalfEven(conductances[i] / unit);
}

/**
 * Units of current to code steps, rounded to nearest, ties up: what converters of step 1 then clip to codes. In `differential` mode `plus`
 * becomes the difference, and `minus` 0.
 *
 * State    plus, minus: whole numbers of units, of any equal length
 */
export function roundToSteps(mode: AdcSpec["mode"], stepBits: number, plus: Float32Array, minus: Float32Array): void {
  const steps = (units: number) => Math.floor(units / 2 ** stepBits + 0.5);
  for (let i = 0; i < plus.length; i++) {
    const both = mode === "pair";
    plus[i] = steps(both ? plus[i] : plus[i] - minus[i]);
    minus[i] = both ? steps(minus[i]) : 0;
  }
}

/**
 * The most bits of a code step: with those of a code of a pair, a line of 16 bits takes 15, so that it only stops where converters clip.
 */
export const mostStepBits = ({ mode, bits }: AdcSpec, { stepBits }: ArithmeticSpec): number =>
  mode === "pair" ? Math.min(stepBits, 15 - (bits as number)) : stepBits;

/** What lines carry with all rows driven, by column, in units: the two of a pair; or of differences, those above zero and those below. */
export interface LineTotals {
  readonly plus: Float64Array;
  readonly minus: Float64Array;
}

/**
 * The totals of a crossbar.
 *
 * @param plus whole numbers of units, `[rows, columns]`, and so `minus`
 */
export function lineTotals(
  mode: AdcSpec["mode"],
  plus: Float32Array,
  minus: Float32Array,
  columns: number,
): LineTotals {
  const totals = { plus: new Float64Array(columns), minus: new Float64Array(columns) };
  for (let i = 0; i < plus.length; i++) {
    const difference = plus[i] - minus[i];
    totals.plus[i % columns] += mode === "pair" ? plus[i] : Math.max(difference, 0);
    totals.minus[i % columns] += mode === "pair" ? minus[i] : Math.max(-difference, 0);
  }
  return totals;
}

/**
 * Why a line could overflow unseen with so many bits of a code step; null where none can.
 *
 * @param errors of the crossbar's converters; null when they are exact
 */
export function misfitOfLines(
  { plus, minus }: LineTotals,
  adc: AdcSpec,
  errors: ConverterErrors | null,
  stepBits: number,
): string | null {
  if (adc.mode === "differential") return misfitOfDifferences(plus, minus, stepBits);
  if (errors === null) return null;
  return misfitOfLine(plus, adc, errors.plus, stepBits) ?? misfitOfLine(minus, adc, errors.minus, stepBits);
}

function misfitOfDifferences(up: Float64Array, down: Float64Array, stepBits: number): string | null {
  // Half a step is on top when it is rounded.
  const most = Math.max(...up, ...down) + 2 ** (stepBits - 1);
  if (most < 2 ** 15) return null;
  return `With all rows of one sign driven, a difference reaches ${most} x 2^-${stepBits} code steps, but a line of 16 bits holds -32768 to 32767.`;
}

/** A line that stops at its end must give a code that is clipped, whatever its converter errs by. */
function misfitOfLine(
  totals: Float64Array,
  adc: AdcSpec,
  { gains, offsets }: LineErrors,
  stepBits: number,
): string | null {
  const lowestNoise = -adc.errors.outputNoise * LARGEST_NORMAL;
  const { largest } = converter(adc.mode, adc.bits as number, 1);
  const stopped = (2 ** 16 - 1) / 2 ** stepBits;
  for (const [column, total] of totals.entries()) {
    const code = stopped * gains[column] + offsets[column] + lowestNoise;
    // One step more than rounding takes, for what single precision rounds.
    if (total < 2 ** 16 || code > largest + 2) continue;
    return (
      `With all rows driven, line ${column} carries ${total} x 2^-${stepBits} code steps and saturates at 65535, which its converter (gain ${gains[column]}, offset ` +
      `${offsets[column]}, noise down to ${lowestNoise}) may take for code ${Math.round(code)} instead of clipping it at ${largest}.`
    );
  }
  return null;
}

/**
 * Factors of a crossbar's columns as registers.
 *
 * Throws  ValueError for one that does not fit
 */
export function wholeFactors(factors: Float32Array, crossbar: number, arithmetic: ArithmeticSpec): Float32Array {
  const { fractionBits, factorBits } = arithmetic;
  const range = { low: 0, high: 2 ** factorBits - 1 };
  const { whole, worst } = wholeNumbers(factors, range, fractionBits);
  if (worst === null) return whole;
  const { high } = range;
  throw new ValueError(
    "hardware.arithmetic.factorBits",
    `A code step of column ${worst} of crossbar ${crossbar} is worth ${factors[worst]}, which is ${whole[worst]} x 2^-${fractionBits}, but ${factorBits} bits hold ` +
      `0 to ${high}. ${waysOut(factors[worst], Math.floor(Math.log2(whole[worst])) + 1, range, fractionBits)}`,
  );
}

/**
 * Offsets, or numbers of position vectors, as registers.
 *
 * @param name what they are, for the error
 * Throws  ValueError for one that does not fit
 */
export function wholeOffsets(offsets: Float32Array, name: string, arithmetic: ArithmeticSpec): Float32Array {
  const { fractionBits, offsetBits } = arithmetic;
  const range = signedRange(offsetBits);
  const { whole, worst } = wholeNumbers(offsets, range, fractionBits);
  if (worst === null) return whole;
  const bits = signedBits({ low: Math.min(0, whole[worst]), high: Math.max(0, whole[worst]) });
  throw new ValueError(
    "hardware.arithmetic.offsetBits",
    `Number ${worst} of ${name} is ${offsets[worst]}, which is ${whole[worst]} x 2^-${fractionBits}, but ${offsetBits} bits hold ${range.low} to ${range.high}. ` +
      waysOut(offsets[worst], bits, range, fractionBits),
  );
}

/** Numbers in units of 2^-fractionBits, and the place of the largest of those outside of a register, null where there are none. */
function wholeNumbers(
  values: Float32Array,
  range: WholeRange,
  fractionBits: number,
): { whole: Float32Array; worst: number | null } {
  const whole = values.map((value) => roundHalfEven(value * 2 ** fractionBits));
  let worst: number | null = null;
  whole.forEach((value, i) => {
    if (isWithin(value, range)) return;
    if (worst === null || Math.abs(value) > Math.abs(whole[worst])) worst = i;
  });
  return { whole, worst };
}

const isWithin = (value: number, { low, high }: WholeRange): boolean => value >= low && value <= high;

/** What lets a register hold a number: as many bits as it needs, or a binary point further right. */
function waysOut(value: number, bits: number, range: WholeRange, fractionBits: number): string {
  let fewer = fractionBits - 1;
  while (fewer >= 0 && !isWithin(roundHalfEven(value * 2 ** fewer), range)) fewer--;
  const ways = [
    ...(bits <= 16 ? [`${bits} bits or more`] : []),
    ...(fewer >= 0 ? [`${fewer} fraction bits or fewer`] : []),
  ];
  if (ways.length > 0) return `Use ${ways.join(", or ")}.`;
  return "It does not fit 16 bits with any binary point. Train smaller weights, or set hardware.arithmetic to null.";
}

/** The least interval that holds every sum of a column: any code on each row block, and the offset. */
export function sumRange(codes: WholeRange, factors: readonly number[], offset: number): WholeRange {
  const scale = factors.reduce((sum, factor) => sum + factor, 0);
  return { low: offset + scale * codes.low, high: offset + scale * codes.high };
}

/** Throws ValueError where an accumulator would need more than 16 bits. */
export function requireSums(layer: string, { low, high }: WholeRange, { fractionBits }: ArithmeticSpec): void {
  const bits = signedBits({ low, high });
  if (bits <= 16) return;
  const fewer = fractionBits - (bits - 16);
  const wayOut =
    fewer >= 0
      ? `Use ${fewer} fraction bits or fewer.`
      : "No number of fraction bits is small enough. Give converters fewer bits, or set hardware.arithmetic to null.";
  throw new ValueError(
    "hardware.arithmetic.fractionBits",
    `Sums of ${layer} reach from ${low} to ${high} x 2^-${fractionBits}, with the largest codes on all row blocks, and need ${bits} bits, but accumulators ` +
      `have 16. ${wayOut}`,
  );
}

/** Stops numbers at the ends of a register. State: `values`. Returns how many stopped. */
export function saturate(values: Float32Array, { low, high }: WholeRange): number {
  let stopped = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value >= low && value <= high) continue;
    values[i] = value < low ? low : high;
    stopped++;
  }
  return stopped;
}

/** Throws ValueError for numbers that stopped where the spec refuses it. */
export function requireFit(
  register: FittedRegister,
  operation: string,
  stopped: number,
  count: number,
  arithmetic: ArithmeticSpec,
): void {
  if (stopped === 0 || arithmetic.overflow === "saturate") return;
  const { fractionBits } = arithmetic;
  const bits = arithmetic[`${register}Bits`];
  const { low, high } = signedRange(bits);
  const ways = [...(bits < 16 ? ["up to 16 bits"] : []), ...(fractionBits > 0 ? ["fewer fraction bits"] : [])];
  throw new ValueError(
    `hardware.arithmetic.${register}Bits`,
    `${stopped} of ${count} numbers of ${operation} do not fit a ${register} of ${bits} bits, which holds ${low} to ${high} x 2^-${fractionBits}, that is ` +
      `${low / 2 ** fractionBits} to ${high / 2 ** fractionBits}. ${ways.length > 0 ? `Use ${ways.join(", or ")}, or let` : "Let"} it saturate with overflow "saturate".`,
  );
}
