/**
 * The Bernoulli neuron of the attention. It is stateless and fires with probability min(1, numerator / denominator).
 *
 * The hardware compares an unnormalised count with a random word, so there is no division. With a 32-bit word u,
 *
 *   bit = 1 where u * denominator < numerator * 2^32,
 *
 * which fires for ceil(P 2^32) of the 2^32 words (for all of them once P reaches 1), so the probability is P to within 2^-32.
 * Integer products below 2^53 are exact in a double; with normalisers up to 4096 and gains up to 256 they stay below 2^52.
 *
 * Source: Xpikeformer, section IV-B. The gain inside the numerator and the stratified words are ours (`docs/model.md`).
 *
 * Backward is straight-through: the gradient of the bit goes to P unchanged, and through min(1, .) where P <= 1 before the cut.
 */
import { radicalInverse } from "../../numeric/radical-inverse.ts";

const WORDS = 2 ** 32;

/** P = min(1, numerator / denominator). */
export const bernoulliProbability = (numerator: number, denominator: number): number =>
  Math.min(1, numerator / denominator);

/** The bit that a 32-bit word gives. */
export const bernoulliBit = (word: number, numerator: number, denominator: number): 0 | 1 =>
  word * denominator < numerator * WORDS ? 1 : 0;

/** dP / d(numerator / denominator): 1 up to and including saturation, 0 beyond. */
export const bernoulliSlope = (numerator: number, denominator: number): 0 | 1 => (numerator <= denominator ? 1 : 0);

/** Threshold for score counts when draws are ordered, before the step's offset: one eighth of the range, as a byte. */
export const ORDERED_SCORE = 0x20;

/**
 * The same threshold for output `feature` of `dimension`, as a byte: the bit-reversed feature index plus half a level. The bytes
 * of 2^k features are equally spaced, at (n + 1/2) / 2^k of the range, and neighbouring features are far apart.
 */
export function orderedOutput(feature: number, dimension: number): number {
  return ((radicalInverse(feature & 0xff) >>> 24) + (0x80 >> bitsOf(dimension - 1))) & 0xff;
}

/** Number of bits that hold 0 .. `largest`. */
const bitsOf = (largest: number): number => 32 - Math.clz32(largest);

/**
 * Words for T steps from one shared word per neuron: word_t = (word + offset_t) mod 2^32, where offset_t is the radical
 * inverse of t in base 2 times 2^32.
 *
 * Each word_t is uniform when the shared word is, so every step is exactly Bernoulli. The offsets of T = 2^k steps are equally
 * spaced, so at constant P the T bits contain T P ones, rounded up or down.
 *
 * Shapes   words: [n]; returns [T][n]
 */
export function stratify(words: Uint32Array, steps: number): Uint32Array {
  const result = new Uint32Array(steps * words.length);
  for (let t = 0; t < steps; t++) {
    const offset = radicalInverse(t);
    for (let i = 0; i < words.length; i++) result[t * words.length + i] = words[i] + offset; // wraps modulo 2^32
  }
  return result;
}
