/**
 * Neurons of attention units, in whole numbers, and the same by value.
 *
 *   V = beta V + current count;   fire where V >= threshold;   then V = 0, or V - threshold
 *
 * A current is a count times a power of two, or, for attention with a normaliser, a gain over the normaliser. The unit measures
 * membranes in currents of one count, so no current is ever multiplied: the threshold is divided once, when the chip is set up. With
 * beta = 2^-k, k more fraction bits per step keep every bit that a leak shifts out, so whole numbers are exact over the T steps of
 * the network: they fire as `model/neuron/lif.ts` does wherever that arithmetic is exact. The rest of the network may be simulated
 * in floating point (`hardware.arithmetic: null`). Then a leak that is no shift, or a membrane of more than 31 bits, is computed in
 * double precision and priced at the width of other membranes.
 *
 * Currents are never negative, and neither are membranes: registers have no sign.
 */
import { invariant, SpecError } from "../../errors.ts";
import { type ByNeuron, forNeuron, refusalInAttention } from "../../experiment/by-neuron.ts";
import type { LifConstants, NeuronSpec } from "../../experiment/model.ts";
import { leakShiftOf } from "../lif-parameters.ts";

export interface AttentionNeurons {
  /** Whether membranes are whole numbers. */
  readonly whole: boolean;
  readonly reset: "hard" | "soft";
  /** 2^-k, or any leak in floating point. */
  readonly beta: number;
  /** A count's current is numerator count / denominator: 2^fractionBits and 1 in whole numbers. */
  readonly numerator: number;
  readonly denominator: number;
  /** In the same scale as the current. */
  readonly threshold: number;
  /** Current of a count in the network's own scale. */
  readonly unit: number;
  readonly fractionBits: number;
  readonly membraneBits: number;
  /** Time steps after which a whole membrane is reset. */
  readonly steps: number;
}

export interface NeuronRequest {
  readonly neuron: NeuronSpec;
  /** Time steps T. */
  readonly steps: number;
  /** Current of one count: gain / normaliser. */
  readonly gain: number;
  readonly normaliser: number;
  readonly largestCount: number;
  /** Whether whole numbers are required: `hardware.arithmetic` is not null. */
  readonly integers: boolean;
  /** Bits of a membrane in floating point. */
  readonly floatBits: number;
}

/** Leak, threshold and reset, by kind. An experiment with a kind that attention does not compute is refused when it is read. */
const CONSTANTS: ByNeuron<LifConstants> = {
  lif: (neuron) => neuron,
  if: (neuron) => ({ ...neuron, beta: 1 }),
  plif: refuse,
  alif: refuse,
};

const constantsOf = (neuron: NeuronSpec): LifConstants => forNeuron(neuron, CONSTANTS);

function refuse(neuron: NeuronSpec): never {
  throw new SpecError("model.neuron.kind", refusalInAttention(neuron)!);
}

/** Widest membrane in whole numbers. */
const WIDEST = 31;
/** Fraction bits that a threshold may need to be subtracted exactly. */
const THRESHOLD_BITS = 12;
/** Removes rounding errors from a threshold that is a whole number of currents. */
const TIE = 1e-9;

/**
 * Throws  SpecError when integers are required, but the leak is no shift, a threshold to be subtracted is no short binary fraction, or the
 *         membrane is too wide
 */
export function attentionNeurons(request: NeuronRequest): AttentionNeurons {
  const { neuron, steps, gain, normaliser, integers, floatBits } = request;
  const whole = inWholeNumbers(request);
  if (typeof whole !== "string") return whole;
  if (integers) throw new SpecError("model.neuron", whole);
  const { beta, threshold, reset } = constantsOf(neuron);
  const current = { numerator: gain, denominator: normaliser };
  return {
    whole: false,
    reset,
    beta,
    ...current,
    threshold,
    unit: gain / normaliser,
    fractionBits: 0,
    membraneBits: floatBits,
    steps,
  };
}

/** The neurons, or why they do not exist in whole numbers. */
function inWholeNumbers(request: NeuronRequest): AttentionNeurons | string {
  const { neuron, steps, gain, normaliser, largestCount, integers } = request;
  const { threshold: real, reset, beta } = constantsOf(neuron);
  // Throws for a leak that is no shift; a machine in floating point has other means.
  if (!integers && !Number.isInteger(Math.log2(beta))) return "The leak is no shift.";
  const leakShift = leakShiftOf(neuron);
  const inCounts = (real * normaliser) / gain;
  const own = reset === "soft" ? fractionBitsOf(inCounts) : 0;
  if (own > THRESHOLD_BITS) {
    return (
      `A soft reset subtracts the threshold ${real}, which is ${inCounts} counts of attention and no binary fraction of ${THRESHOLD_BITS} bits ` +
      `or fewer. Use a threshold such as ${Math.max(1, Math.round(real * 16)) / 16}, a hard reset, or hardware.arithmetic null.`
    );
  }
  const fractionBits = own + leakShift * (steps - 1);
  let most = 0;
  for (let t = 0; t < steps; t++) most = Math.floor(most * beta) + largestCount * 2 ** fractionBits;
  // One above the largest membrane stands for every threshold that none reaches.
  const membraneBits = Math.max(1, Math.ceil(Math.log2(most + 2)));
  if (membraneBits > WIDEST) {
    return (
      `Counts of attention up to ${largestCount} with ${fractionBits} fraction bits, which a leak of 2^-${leakShift} needs over ${steps} ` +
      `steps, take membranes of ${membraneBits} bits, but units are built up to ${WIDEST}. Use fewer steps, a weaker leak, or hardware.arithmetic null.`
    );
  }
  const scaled = inCounts * 2 ** fractionBits;
  const threshold = Math.min(most + 1, Math.max(1, Math.ceil(scaled - TIE * scaled)));
  const current = { numerator: 2 ** fractionBits, denominator: 1 };
  return {
    whole: true,
    reset,
    beta,
    ...current,
    threshold,
    unit: gain / normaliser,
    fractionBits,
    membraneBits,
    steps,
  };
}

/** Fraction bits of a number; infinite for no binary fraction. */
function fractionBitsOf(value: number): number {
  for (let bits = 0; bits <= THRESHOLD_BITS; bits++) {
    const scaled = value * 2 ** bits;
    if (Math.abs(scaled - Math.round(scaled)) <= TIE * scaled) return bits;
  }
  return Number.POSITIVE_INFINITY;
}

/** Neurons at rest that take one count after another. */
export interface NeuronBank {
  /** One step of neuron `index`; returns whether it fires. */
  update(index: number, count: number): boolean;
}

export function neuronBank(neurons: AttentionNeurons, size: number): NeuronBank {
  const { whole, beta, numerator, denominator, threshold, reset, membraneBits } = neurons;
  const membranes = new Float64Array(size);
  return {
    update: (index, count) => {
      const v = beta * membranes[index] + (numerator * count) / denominator;
      invariant(!whole || (Number.isInteger(v) && v < 2 ** membraneBits), "membranes of attention fit their registers");
      const fires = v >= threshold;
      membranes[index] = !fires ? v : reset === "hard" ? 0 : v - threshold;
      return fires;
    },
  };
}
