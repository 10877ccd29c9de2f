/**
 * Neurons of attention units, in whole numbers, and the same by value.
 *
 *   V = floor(V / 2^k) + current count;   fire where V >= threshold;   then V = 0, or V - threshold   (beta = 2^-k)
 *
 * A current is a count times a power of two, or, for attention with a normaliser, a gain over the normaliser. The unit measures
 * membranes in currents of one count, so no current is ever multiplied: the threshold is divided once, when the chip is set up. It counts
 * in 2^-F, with as many fraction bits F as the threshold needs, 12 at most; a longer one is rounded up. Currents and threshold are then
 * whole, and rounding the leak down changes no spike: V is the whole part of the exact membrane (`lif-parameters.ts`). So the unit fires as
 * `model/neuron/lif.ts` does wherever that arithmetic is exact and the threshold was not rounded. One that was makes no difference with a
 * hard reset either, as long as k (T - 1) is at most 12.
 *
 * The rest of the network may be simulated in floating point (`hardware.arithmetic: null`). Then a leak that is no shift, a long threshold
 * with a soft reset, or a membrane of more than 31 bits is computed in double precision and priced at the width of other membranes.
 *
 * Currents are never negative, and neither are membranes: registers have no sign.
 */
import { invariant, SpecError } from "../../errors.ts";
import { neuronInAttention } from "../../experiment/by-neuron.ts";
import type { NeuronSpec } from "../../experiment/neuron.ts";
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
  /** k of a leak by 2^-k; 0 in floating point. */
  readonly leakShift: number;
  /** Time steps after which a whole membrane must be reset: where nothing leaks. Null for no limit. */
  readonly steps: number | null;
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

/** Widest membrane in whole numbers. */
const WIDEST = 31;
/** Most fraction bits of a threshold. */
const THRESHOLD_BITS = 12;
/** Removes rounding errors from a threshold that is a whole number of currents. */
const TIE = 1e-9;

/**
 * Throws  SpecError when integers are required, but the leak is no shift, or the membrane is too wide
 */
export function attentionNeurons(request: NeuronRequest): AttentionNeurons {
  const { neuron, gain, normaliser, integers, floatBits } = request;
  const whole = inWholeNumbers(request);
  if (typeof whole !== "string") return whole;
  if (integers) throw new SpecError("model.neuron", whole);
  const { beta, threshold, reset } = neuronInAttention(neuron);
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
    leakShift: 0,
    steps: null,
  };
}

/** The neurons, or why they do not exist in whole numbers. */
function inWholeNumbers(request: NeuronRequest): AttentionNeurons | string {
  const { neuron, steps, gain, normaliser, largestCount, integers } = request;
  const { threshold: real, reset, beta } = neuronInAttention(neuron);
  // Throws for a leak that is no shift; a machine in floating point has other means.
  if (!integers && !Number.isInteger(Math.log2(beta))) return "The leak is no shift.";
  const leakShift = leakShiftOf(neuron);
  const inCounts = (real * normaliser) / gain;
  const own = fractionBitsOf(inCounts);
  if (!integers && reset === "soft" && own > THRESHOLD_BITS)
    return "The threshold has more fraction bits than a unit subtracts.";
  const fractionBits = Math.min(own, THRESHOLD_BITS);
  const most = largestMembrane(largestCount * 2 ** fractionBits, leakShift, steps);
  // One above the largest membrane stands for every threshold that none reaches.
  const membraneBits = Math.max(1, Math.ceil(Math.log2(most + 2)));
  if (membraneBits > WIDEST) {
    return (
      `Counts of attention up to ${largestCount} with ${fractionBits} fraction bits and a leak of 2^-${leakShift}, over ${steps} steps, take membranes ` +
      `of ${membraneBits} bits, but units are built up to ${WIDEST}. Use fewer steps, a stronger leak, or hardware.arithmetic null.`
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
    leakShift,
    steps: leakShift > 0 ? null : steps,
  };
}

/** The largest membrane, if no neuron fires. */
function largestMembrane(current: number, leakShift: number, steps: number): number {
  let most = 0;
  for (let t = 0; leakShift > 0 || t < steps; t++) {
    const next = Math.floor(most / 2 ** leakShift) + current;
    if (next === most) break;
    most = next;
  }
  return most;
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
      const kept = beta * membranes[index];
      const v = (whole ? Math.floor(kept) : kept) + (numerator * count) / denominator;
      invariant(!whole || v < 2 ** membraneBits, "membranes of attention fit their registers");
      const fires = v >= threshold;
      membranes[index] = !fires ? v : reset === "hard" ? 0 : v - threshold;
      return fires;
    },
  };
}
