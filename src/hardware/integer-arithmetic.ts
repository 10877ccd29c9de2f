/**
 * Whole numbers from crossbar lines to the answer: how floating-point quantities are represented, and bounds on all sums.
 *
 * **Lines.** With s bits per code step, a crossbar's unit of current is u = step / 2^s. A conductance g counts round(g / u)
 * units, and a line carries a whole number of units. The code of a current of x units is floor((x + 2^(s-1)) / 2^s) within the
 * converter's range: a shift, no division. A current on the boundary of two codes gives the upper one, as a comparator does.
 *
 * **Digital.** With F fraction bits, a factor f (the value of one code step of a column) becomes the register round(2^F f),
 * likewise offsets and positions (rounding to nearest, ties to even), and
 *
 *   sum    = offset + sum over row blocks of factor_b code_b
 *   stream = sat(stream + sum)
 *   V = sat(floor(V / 2^k) + current); fire where V >= ceil(2^F threshold); then V = 0, or V - ceil(2^F threshold)   (beta = 2^-k)
 *   logit = sat(sum) / 2^F
 *
 * sat saturates at the limits of a two's complement register; `overflow` sets whether that is allowed. Rounding of the leak
 * changes no spike as long as nothing saturates (`lif-parameters.ts`). Converter offset, gain and noise act on x / 2^s in
 * floating point, before the code, and `converter-errors.ts` rounds. Wires, drift and the measurement of ranges act on currents
 * before they are rounded to units.
 *
 * **Bounds.** Every register has at most 16 bits, and nothing overflows unnoticed:
 *
 *   line         of a pair, saturates at 65535 units. Rows only add to it, so the saturated value does not depend on their order,
 *                and every converter clips it: bits + s <= 15, and with converter errors, offset and noise do not bring it back
 *   difference   cannot overflow, whatever rows are driven
 *
 * For both, s is `stepBits`, or fewer if a crossbar's own lines require it (`misfitOfLines`).
 *
 *   sum          cannot overflow, whatever the codes (`sumRange`, `requireSums`)
 *   stream, membrane, logit   saturate at a `sat`, where saturation is counted
 *
 * Numbers are stored in single-precision floats, which are exact for whole numbers up to 2^24.
 */
import { SpecError, ValueError } from "../errors.ts";
import type { ArithmeticSpec } from "../experiment/arithmetic.ts";
import type { AdcSpec } from "../experiment/hardware.ts";
import type { NeuronSpec } from "../experiment/neuron.ts";
import { roundHalfEven } from "../numeric/rounding.ts";
import { converter } from "./adc.ts";
import { type ConverterErrors, LARGEST_NORMAL, type LineErrors } from "./converter-errors.ts";
import { leakShiftOf, signedBits, signedRange, type WholeRange } from "./lif-parameters.ts";

/** The registers that saturate, by content. */
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
 * The unit for a neuron.
 *
 * Throws  SpecError when its leak is not a shift, or its threshold lies outside its membrane
 */
export function integerLifConstants(neuron: NeuronSpec, arithmetic: ArithmeticSpec): IntegerLifConstants {
  const { fractionBits, membraneBits } = arithmetic;
  const { reset, threshold: real } = neuron;
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
 * Throws  SpecError when this network cannot run in whole numbers on such a machine
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

/** Codes delivered by a converter; for a pair, the difference of two. */
export function codeRange({ mode, bits }: AdcSpec): WholeRange {
  const { largest } = converter(mode, bits as number, 1);
  return { low: -largest, high: largest };
}

/** The unit of current for a given number of bits per code step. */
export const unitOf = (step: number, stepBits: number): number => step / 2 ** stepBits;

/** Conductances of one sign in units of current. State: `out`, which may be `conductances`. */
export function wholeConductances(conductances: Float32Array, unit: number, out: Float32Array): void {
  for (let i = 0; i < conductances.length; i++) out[i] = roundHalfEven(conductances[i] / unit);
}

/**
 * Converts units of current to code steps, rounded to nearest, ties up; converters of step 1 then clip them to codes. In
 * `differential` mode `plus` becomes the difference, and `minus` 0.
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
 * The most bits per code step: together with the bits of a pair's code they take 15 of a 16-bit line, so it saturates only
 * where converters clip.
 */
export const mostStepBits = ({ mode, bits }: AdcSpec, { stepBits }: ArithmeticSpec): number =>
  mode === "pair" ? Math.min(stepBits, 15 - (bits as number)) : stepBits;

/** Line totals with all rows driven, by column, in units: the two of a pair, or for differences the positive and negative parts. */
export interface LineTotals {
  readonly plus: Float64Array;
  readonly minus: Float64Array;
}

/**
 * The line totals of a crossbar.
 *
 * @param plus whole numbers of units, `[rows, columns]`; `minus` likewise
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
 * Why a line could overflow unnoticed with this many bits per code step; null if none can.
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
  // Rounding adds half a step.
  const most = Math.max(...up, ...down) + 2 ** (stepBits - 1);
  if (most < 2 ** 15) return null;
  return `With all rows of one sign driven, a difference reaches ${most} x 2^-${stepBits} code steps, but a line of 16 bits holds -32768 to 32767.`;
}

/** A saturated line must give a clipped code, whatever the errors of its converter. */
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
    // One step more than rounding needs, for the rounding of single precision.
    if (total < 2 ** 16 || code > largest + 2) continue;
    return (
      `With all rows driven, line ${column} carries ${total} x 2^-${stepBits} code steps and saturates at 65535, which its converter (gain ${gains[column]}, offset ` +
      `${offsets[column]}, noise down to ${lowestNoise}) may take for code ${Math.round(code)} instead of clipping it at ${largest}.`
    );
  }
  return null;
}

/**
 * Column factors of a crossbar as registers.
 *
 * Throws  ValueError for a factor that does not fit
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
 * Offsets, or entries of position vectors, as registers.
 *
 * @param name what they are, for the error message
 * Throws  ValueError for a number that does not fit
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

/** Numbers in units of 2^-fractionBits, and the index of the largest one that does not fit a register, or null. */
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

/** How to make a register hold a number: enough bits, or a binary point further right. */
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

/** The smallest interval that holds every sum of a column: any code on each row block, plus the offset. */
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

/** Saturates numbers to the range of a register. State: `values`. Returns how many saturated. */
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

/** Throws ValueError for saturated numbers if the spec forbids them. */
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
