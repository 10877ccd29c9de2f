/** Spikes of a GPU against those in WebAssembly: which neurons decide differently, and how near their thresholds they were. */
import { expect } from "vitest";

/** Distance from a threshold within which rounding may decide. */
export const NEAR_THRESHOLD = 1e-5;

/**
 * The neurons whose spikes differ, of packed spikes [steps][words]. The first difference of each must be where `near` is set; what
 * follows is another history.
 */
export function neuronsThatDiffer(
  steps: number,
  actual: Uint32Array,
  expected: Uint32Array,
  near: Uint32Array,
): number {
  const words = expected.length / steps;
  let [neurons, far] = [0, 0];
  for (let w = 0; w < words; w++) {
    let open = 0xffffffff;
    for (let t = 0; t < steps; t++) {
      const at = t * words + w;
      const first = (actual[at] ^ expected[at]) & open;
      neurons += onesOf(first);
      far += onesOf(first & ~near[at]);
      open &= ~first;
    }
  }
  expect(far, `neurons that differ farther than ${NEAR_THRESHOLD} from their threshold`).toBe(0);
  return neurons;
}

function onesOf(word: number): number {
  let [rest, count] = [word >>> 0, 0];
  while (rest !== 0) {
    count += rest & 1;
    rest >>>= 1;
  }
  return count;
}
