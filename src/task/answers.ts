/** From a network's logits to decisions and their loss. Only IEEE basic operations, so that every platform decides alike. */
import { exponential } from "../numeric/exponential.ts";
import { naturalLog } from "../numeric/stream.ts";

export interface Answers {
  /** `[prompts, queries]` */
  readonly labels: Int32Array;
  readonly decisions: Int32Array;
  /** Cross entropy of the label, nats. */
  readonly losses: Float64Array;
}

/** The most probable class of each row of `[rows, classes]`, the first of equals. */
export function decide(logits: Float32Array, classes: number): Int32Array {
  const decisions = new Int32Array(logits.length / classes);
  for (let row = 0; row < decisions.length; row++) {
    const first = row * classes;
    let best = first;
    for (let i = first + 1; i < first + classes; i++) if (logits[i] > logits[best]) best = i;
    decisions[row] = best - first;
  }
  return decisions;
}

/** Answers from logits `[prompts, queries, classes]`. */
export function answer(logits: Float32Array, labels: Int32Array, classes: number): Answers {
  const decisions = decide(logits, classes);
  const losses = new Float64Array(labels.length);
  for (let row = 0; row < labels.length; row++) {
    const scores = logits.subarray(row * classes, (row + 1) * classes);
    const largest = scores[decisions[row]];
    let sum = 0;
    for (const score of scores) sum += exponential(score - largest);
    losses[row] = naturalLog(sum) - (scores[labels[row]] - largest);
  }
  return { labels, decisions, losses };
}
