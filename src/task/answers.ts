/**
 * Turns a network's logits into decisions and their loss. Uses only basic IEEE operations, so that every platform decides the same way.
 */
import type { ReadOut } from "../experiment/model.ts";
import { exponential } from "../numeric/exponential.ts";
import { naturalLog } from "../numeric/stream.ts";
import { bitOf, bitsOf } from "./bits.ts";

export interface Answers {
  /** `[prompts, queries]` */
  readonly labels: Int32Array;
  readonly decisions: Int32Array;
  /** Cross-entropy of the label, in nats; for a bit read-out, summed over its bits. */
  readonly losses: Float64Array;
}

/** The most probable class of each row of logits, `[rows, classes]` or `[rows, bits]`; the first if several are equal. */
export function decide(logits: Float32Array, classes: number, readOut: ReadOut = "joint"): Int32Array {
  if (readOut === "bits") return decideBits(logits, bitsOf(classes));
  const decisions = new Int32Array(logits.length / classes);
  for (let row = 0; row < decisions.length; row++) {
    const first = row * classes;
    let best = first;
    for (let i = first + 1; i < first + classes; i++) if (logits[i] > logits[best]) best = i;
    decisions[row] = best - first;
  }
  return decisions;
}

/** Answers from logits `[prompts, queries, classes]`, or `[prompts, queries, bits]` for a bit read-out. */
export function answer(logits: Float32Array, labels: Int32Array, classes: number, readOut: ReadOut = "joint"): Answers {
  const decisions = decide(logits, classes, readOut);
  const losses = new Float64Array(labels.length);
  if (readOut === "bits") {
    const bits = bitsOf(classes);
    for (const [i, z] of logits.entries()) {
      const sign = bitOf(labels[Math.floor(i / bits)], i % bits, bits) === 1 ? -1 : 1;
      losses[Math.floor(i / bits)] += softplus(sign * z);
    }
    return { labels, decisions, losses };
  }
  for (let row = 0; row < labels.length; row++) {
    const scores = logits.subarray(row * classes, (row + 1) * classes);
    const largest = scores[decisions[row]];
    let sum = 0;
    for (const score of scores) sum += exponential(score - largest);
    losses[row] = naturalLog(sum) - (scores[labels[row]] - largest);
  }
  return { labels, decisions, losses };
}

/** A bit is 1 if its logit is above 0. */
function decideBits(logits: Float32Array, bits: number): Int32Array {
  const decisions = new Int32Array(logits.length / bits);
  for (const [i, z] of logits.entries()) if (z > 0) decisions[Math.floor(i / bits)] |= 1 << (bits - 1 - (i % bits));
  return decisions;
}

/** ln(1 + e^x), without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + naturalLog(1 + exponential(-Math.abs(x)));
