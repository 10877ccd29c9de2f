/**
 * The constants of a LIF unit in whole numbers, fixed and checked in one place: model and RTL generator read these and nothing
 * else.
 *
 * A unit counts in 2^-F code steps of the column it serves; F is the number of fraction bits. With R row blocks of equal
 * factor, codes c_b, and offset o and threshold theta in that unit,
 *
 *   I = o + 2^F sum_b c_b;   V = floor(V / 2^k) + I;   fire where V >= theta;   then V = 0          (beta = 2^-k)
 *
 * **Rounding of the leak.** The shift rounds towards minus infinity and changes no spike. Let W be the membrane without
 * rounding. If V = floor(W), then floor(V / 2^k) + I = floor(W / 2^k) + I = floor(W / 2^k + I), because nested floors are one floor
 * and I is whole: V stays floor(W) for ever, and for a whole theta, V >= theta where W >= theta. (A reset sets both to 0.)
 *
 * **Widths.** Current: R codes of n bits and an offset give a sum within `currentRange`, whatever the inputs. The accumulator
 * adds modulo 2^bits, so only the sum has to fit. Membrane: `membraneRange` is the smallest interval around 0 that no current
 * leaves in one step; a hard reset stays within it. With k >= 1 it is finite, |V| <= |I|max / (1 - 2^-k), for any number of
 * steps. With k = 0 it grows by |I|max a step, and T steps bound it. Nothing saturates, because nothing can overflow.
 */
import { SpecError } from "../errors.ts";
import { type ByNeuron, forNeuron } from "../experiment/by-neuron.ts";
import type { NeuronSpec } from "../experiment/neuron.ts";
import { bitsFor } from "./ssa-parameters.ts";

export interface LifRequest {
  /** Bits of a code in two's complement. */
  readonly codeBits: number;
  /** Row blocks R that a column is split into: clocks per column. */
  readonly rowBlocks: number;
  /** Columns that the unit serves in turn, and so the membranes it holds. */
  readonly columns: number;
  /** beta = 2^-leakShift. */
  readonly leakShift: number;
  /** Offset, threshold and membrane count in 2^-fractionBits code steps. */
  readonly fractionBits: number;
  /** Bits of an offset in two's complement. */
  readonly offsetBits: number;
  /** Time steps T between two resets of the membrane. Matters where leakShift is 0. */
  readonly steps: number;
}

/** Both ends included. */
export interface WholeRange {
  readonly low: number;
  readonly high: number;
}

export interface LifParameters extends LifRequest {
  readonly currentRange: WholeRange;
  readonly membraneRange: WholeRange;
  /** Bits of the accumulator's two vectors and of the current they represent. */
  readonly currentBits: number;
  /** Bits of membrane and threshold. */
  readonly membraneBits: number;
}

/** A column's registers, in the unit's own scale. */
export interface LifSettings {
  readonly offset: number;
  /** From 1 to the top of `membraneRange`. */
  readonly threshold: number;
}

const LIMITS: Readonly<Record<keyof LifRequest, readonly [number, number, string]>> = {
  codeBits: [2, 17, "A converter has 1 to 16 bits, and the code of a pair has an additional sign."],
  rowBlocks: [1, 256, "A column needs at least one row block, because its current is a sum of codes."],
  columns: [1, 128, "A unit serves the columns of one readout unit."],
  leakShift: [0, 16, "beta is 2^-leakShift: 1 for beta 0.5, 0 for no leak."],
  fractionBits: [0, 16, "Offset and threshold count in 2^-fractionBits code steps."],
  offsetBits: [2, 24, "An offset is a signed whole number."],
  steps: [1, 4096, "The membrane is reset after this many time steps."],
};

/** The model uses 32-bit numbers and keeps one bit for its own checks. */
const WIDEST = 31;

/**
 * Throws  SpecError for a parameter outside the supported range, or a membrane of more than 31 bits
 */
export function lifParameters(request: LifRequest): LifParameters {
  for (const [key, [least, most, reason]] of Object.entries(LIMITS)) {
    const value = request[key as keyof LifRequest];
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw new SpecError(
      `lif.${key}`,
      `${key} is ${value}, but a LIF unit needs a whole number from ${least} to ${most}. ${reason}`,
    );
  }
  const { codeBits, rowBlocks, fractionBits, offsetBits, leakShift, steps } = request;
  const [code, offset] = [signedRange(codeBits), signedRange(offsetBits)];
  const scale = rowBlocks * 2 ** fractionBits;
  const currentRange = { low: scale * code.low + offset.low, high: scale * code.high + offset.high };
  const membraneRange = boundMembrane(currentRange, leakShift, steps);
  const currentBits = signedBits(currentRange);
  const membraneBits = signedBits(membraneRange);
  if (membraneBits > WIDEST) {
    throw new SpecError(
      "lif.fractionBits",
      `Codes of ${codeBits} bits from ${rowBlocks} row blocks with ${fractionBits} fraction bits, leak 2^-${leakShift}${leakShift === 0 ? ` over ${steps} steps` : ""}: the membrane ` +
        `reaches ${membraneRange.low} and needs ${membraneBits} bits, but units are built up to ${WIDEST}. Use fewer fraction bits.`,
    );
  }
  return { ...request, currentRange, membraneRange, currentBits, membraneBits };
}

/** The values of `bits` bits in two's complement. */
export const signedRange = (bits: number): WholeRange => ({ low: -(2 ** (bits - 1)), high: 2 ** (bits - 1) - 1 });

/** Two's complement bits that hold a range. Exact below 2^53, so that refused sizes are reported correctly. */
export const signedBits = ({ low, high }: WholeRange): number => {
  const largest = Math.max(high, -low - 1);
  return 1 + (largest < 2 ** 31 ? bitsFor(largest) : Math.floor(Math.log2(largest)) + 1);
};

function boundMembrane(current: WholeRange, leakShift: number, steps: number): WholeRange {
  let [low, high] = [0, 0];
  const leak = (v: number) => Math.floor(v / 2 ** leakShift);
  for (let t = 0; leakShift > 0 || t < steps; t++) {
    const [lower, higher] = [leak(low) + current.low, leak(high) + current.high];
    if (lower === low && higher === high) break;
    [low, high] = [lower, higher];
  }
  return { low, high };
}

/** Bits of the code from a converter of `bits` bits: the difference of a pair has one more, its sign. */
export const codeBitsOf = (bits: number, mode: "pair" | "differential"): number => (mode === "pair" ? bits + 1 : bits);

/** The leak of the unit in whole numbers, by the kind of neuron. */
const LEAK_SHIFTS: ByNeuron<number> = {
  lif: ({ beta }) => shiftOf(beta),
  if: () => 0,
  // Training does not know of shifts, so a learned leak becomes the nearest, as weights become levels of devices.
  plif: ({ beta }) => nearestShift(beta),
  alif: () => {
    throw new SpecError(
      "model.neuron.kind",
      "An adaptive neuron keeps a threshold of its own, but the LIF unit in whole numbers has one threshold for all steps. Use " +
        '"lif", "if" or "plif" neurons, or set hardware.arithmetic to null.',
    );
  },
};

/** k of a leak by 2^-k (`neuronOf`). Throws SpecError when the neuron's leak is not of that form, or the unit does not exist. */
export const leakShiftOf = (neuron: NeuronSpec): number => forNeuron(neuron, LEAK_SHIFTS);

/** The shift with the smallest difference |beta - 2^-k|; the larger beta if two are equally near. */
function nearestShift(beta: number): number {
  let shift = 0;
  while (shift < LIMITS.leakShift[1] && 2 ** -shift + 2 ** -(shift + 1) > 2 * beta) shift++;
  return shift;
}

function shiftOf(beta: number): number {
  const shift = Math.log2(1 / beta);
  if (Number.isInteger(shift) && shift >= 0 && shift <= LIMITS.leakShift[1]) return shift;
  throw new SpecError(
    "model.neuron.beta",
    `beta is ${beta}, but the LIF unit leaks by a shift of the membrane, that is, by a factor of 1, 0.5, 0.25, ... Use one of these.`,
  );
}

/**
 * A column's registers from real numbers. `factor` is the value of one code step in the layer's unit (`step / scale`), equal
 * for all row blocks of the column; offset (a folded BatchNorm) and threshold are in the layer's unit.
 *
 *   offset = round(2^F offset / factor), half to +;   threshold = ceil(2^F threshold / factor)
 *
 * The offset is off by at most half of 2^-F code steps, at every time step. Rounding the threshold up is exact for a membrane
 * that is a whole number, as in the first step after every reset.
 *
 * Throws  SpecError when the threshold lies above every membrane, so that the column never fires, or the offset outside its
 * register
 */
export function lifSettings(
  { fractionBits, offsetBits, membraneRange, membraneBits }: LifParameters,
  column: { readonly factor: number; readonly offset: number; readonly threshold: number },
): LifSettings {
  const unit = column.factor / 2 ** fractionBits;
  const threshold = Math.ceil(column.threshold / unit);
  if (!(threshold >= 1 && threshold <= membraneRange.high)) {
    throw new SpecError(
      "model.neuron.threshold",
      `The threshold ${column.threshold} is ${threshold} x 2^-${fractionBits} code steps of ${column.factor}, but it must be from 1 to ${membraneRange.high} x 2^-${fractionBits}, ` +
        `the largest value of the ${membraneBits}-bit membrane. Widen the converter's range, which makes steps larger, or change the threshold.`,
    );
  }
  const offset = wholeOffset(column.offset, unit);
  const { low, high } = signedRange(offsetBits);
  if (!(offset >= low && offset <= high)) {
    throw new SpecError(
      "lif.offsetBits",
      `The offset ${column.offset} is ${offset} x 2^-${fractionBits} code steps of ${column.factor}, but ${offsetBits} bits hold ${low} to ${high}. ` +
        "Use more offset bits, or fewer fraction bits.",
    );
  }
  return { offset, threshold };
}

const wholeOffset = (offset: number, unit: number): number => Math.floor(offset / unit + 0.5);

/** Register bits that hold all of these offsets (in the layer's unit, with their factors). */
export function offsetBitsFor(
  columns: readonly { readonly factor: number; readonly offset: number }[],
  fractionBits: number,
): number {
  const whole = columns.map(({ factor, offset }) => wholeOffset(offset, factor / 2 ** fractionBits));
  return Math.max(LIMITS.offsetBits[0], signedBits({ low: Math.min(0, ...whole), high: Math.max(0, ...whole) }));
}
