/**
 * Turns a network's logits into decisions, or numbers, and their loss. Uses only basic IEEE operations, so that every platform decides
 * the same way.
 */
import type { ReadOut } from "../experiment/model.ts";
import type { AnswerKind } from "../model/geometry.ts";
import { exponential } from "../numeric/exponential.ts";
import { naturalLog } from "../numeric/stream.ts";
import { bitOf, bitsOf } from "./bits.ts";
import type { Labels } from "./task.ts";

export interface Answers {
  /** `[prompts, queries]` classes, or `[prompts, queries, outputs]` numbers */
  readonly labels: Labels;
  readonly decisions: Labels;
  /** Of each query: cross-entropy of the label, in nats, or squared error; summed over bits or numbers. */
  readonly losses: Float64Array;
}

/**
 * The most probable class of each row of logits, `[rows, classes]` or `[rows, bits]`; the first if several are equal. Numbers are their own
 * decision.
 */
export function decide(logits: Float32Array, classes: number, kind?: ReadOut): Int32Array;
export function decide(logits: Float32Array, classes: number, kind: AnswerKind): Labels;
export function decide(logits: Float32Array, classes: number, kind: AnswerKind = "joint"): Labels {
  if (kind === "numbers") return logits.slice();
  if (kind === "bits") return decideBits(logits, bitsOf(classes));
  const decisions = new Int32Array(logits.length / classes);
  for (let row = 0; row < decisions.length; row++) {
    const first = row * classes;
    let best = first;
    for (let i = first + 1; i < first + classes; i++) if (logits[i] > logits[best]) best = i;
    decisions[row] = best - first;
  }
  return decisions;
}

/** Answers from logits `[prompts, queries, classes]`, `[prompts, queries, bits]` for a bit read-out, or `[prompts, queries, outputs]`. */
export function answer(logits: Float32Array, labels: Labels, classes: number, kind: AnswerKind = "joint"): Answers {
  const decisions = decide(logits, classes, kind);
  const losses = new Float64Array(kind === "numbers" ? labels.length / classes : labels.length);
  if (kind === "numbers") {
    for (const [i, z] of logits.entries()) losses[Math.floor(i / classes)] += (z - labels[i]) ** 2;
    return { labels, decisions, losses };
  }
  if (kind === "bits") {
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
