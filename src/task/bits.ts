/**
 * The bits that a class represents: its binary digits, where bit 0 is the most significant (`link.ts`).
 *
 * A bit read-out treats the bits of an answer as independent, given the prompt; a joint read-out does not. Bits follow from classes,
 *
 *   p(bit b = 1) = sum of p(c) over the classes c whose bit b is 1,
 *
 * while classes follow from bits as a product, which is exact only if the bits are independent.
 */
import type { ReadOut } from "../experiment/model.ts";
import { exponential } from "../numeric/exponential.ts";
import { naturalLog } from "../numeric/stream.ts";

/** Number of bits of `classes` classes, a power of two. */
export const bitsOf = (classes: number): number => 31 - Math.clz32(classes);

/** Bit `index` of a class of `bits` bits. */
export const bitOf = (label: number, index: number, bits: number): number => (label >>> (bits - 1 - index)) & 1;

/** Probability of a 1 at every bit, `[rows, bits]`, from distributions of the class, `[rows, classes]`. */
export function bitProbabilities(distributions: Float32Array, classes: number): Float32Array {
  const bits = bitsOf(classes);
  return Float32Array.from({ length: (distributions.length / classes) * bits }, (_, i) => {
    const first = Math.floor(i / bits) * classes;
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += bitOf(c, i % bits, bits) * distributions[first + c];
    return Math.min(1, sum);
  });
}

/**
 * Distributions of the class, `[rows, classes]`, from the probability of a 1 at every bit, `[rows, bits]`, assuming independent bits.
 */
export function classProbabilities(ones: Float32Array, classes: number): Float32Array {
  const bits = bitsOf(classes);
  return Float32Array.from({ length: (ones.length / bits) * classes }, (_, i) => {
    const first = Math.floor(i / classes) * bits;
    let product = 1;
    for (let b = 0; b < bits; b++) {
      product *= bitOf(i % classes, b, bits) === 1 ? ones[first + b] : 1 - ones[first + b];
    }
    return product;
  });
}

/**
 * Soft bits for a decoder, from the logits of an answer: ln p(bit = 0) - ln p(bit = 1). This is the log-likelihood ratio if 0 and
 * 1 are equally likely. The sign is the decision, the magnitude its confidence. The numbers are the same on every platform.
 *
 * Shapes   logits: [rows, classes], or [rows, bits] for a bit read-out
 * Returns  [rows, bits]
 *
 * @example
 * const { classes } = network.geometry;
 * const ratios = softBits(trace.logits, classes, network.model.readOut);
 */
export function softBits(logits: Float32Array, classes: number, readOut: ReadOut = "joint"): Float64Array {
  if (readOut === "bits") return Float64Array.from(logits, (z) => 0 - z);
  const bits = bitsOf(classes);
  return Float64Array.from({ length: (logits.length / classes) * bits }, (_, i) => {
    const row = logits.subarray(Math.floor(i / bits) * classes, (Math.floor(i / bits) + 1) * classes);
    const [zero, one] = [0, 1].map((value) => logSum(row.filter((_, c) => bitOf(c, i % bits, bits) === value)));
    return zero - one;
  });
}

/** ln sum e^x, without an overflow. */
function logSum(values: Float32Array): number {
  const largest = values.reduce((a, b) => Math.max(a, b));
  return largest + naturalLog(values.reduce((sum, x) => sum + exponential(x - largest), 0));
}
