import { describe, expect, test } from "vitest";
import { expectClose, normals, weighted } from "../../../test/support/gradient.ts";
import { ShapeError } from "../../errors.ts";
import { stream } from "../../numeric/stream.ts";
import { centralDifferences } from "../finite-difference.ts";
import type { HeadVectors } from "../heads.ts";
import { drawAttention, headDraws } from "./draws.ts";
import { type StochasticAttention, stochasticAttentionBackward, stochasticAttentionForward } from "./stochastic.ts";

const [tokens, dimension] = [3, 5];
const causal = Uint8Array.of(1, 0, 0, 1, 1, 0, 1, 1, 1);
/** Algorithm 1, literally. */
const literal: StochasticAttention = { mask: causal, scoreGain: 1, valueGain: 1 };

/** The same bits at every step, about half of them 1. */
function constantBits(steps: number, seed: number): HeadVectors {
  const repeat = (name: string) => {
    const draws = stream(seed).fork(name);
    const once = Float64Array.from({ length: tokens * dimension }, () => draws.integer(2));
    return Float64Array.from({ length: steps * once.length }, (_, i) => once[i % once.length]);
  };
  return { query: repeat("query"), key: repeat("key"), value: repeat("value") };
}

const uniforms = (seed: number) => {
  const draws = stream(seed);
  return new Float64Array(tokens * dimension).map(() => draws.uniform());
};

test("E[S] = count / d where the mask is open, and E[A] = sum of P V / N", () => {
  const steps = 20_000;
  const shape = { steps, tokens, dimension };
  const head = constantBits(steps, 1);
  const layout = { ...shape, prompts: 1, heads: 1 };
  const draws = drawAttention(stream(2), layout, "independent");
  const { output, cache } = stochasticAttentionForward(head, shape, literal, draws);
  const rate = (bits: Float64Array, size: number, at: number) => {
    let ones = 0;
    for (let t = 0; t < steps; t++) ones += bits[t * size + at];
    return ones / steps;
  };
  // Bits of different steps are independent. Four standard errors; exact where p is 0 or 1.
  const expectRate = (observed: number, p: number) =>
    expect(Math.abs(observed - p)).toBeLessThanOrEqual(4 * Math.sqrt((p * (1 - p)) / steps) + 1e-12);
  for (let i = 0; i < tokens; i++) {
    const p = Array.from({ length: tokens }, (_, j) => {
      let count = 0;
      for (let d = 0; d < dimension; d++) count += head.query[i * dimension + d] * head.key[j * dimension + d];
      return causal[i * tokens + j] * (count / dimension);
    });
    p.forEach((probability, j) => {
      expectRate(rate(cache.scores, tokens * tokens, i * tokens + j), probability);
    });
    for (let d = 0; d < dimension; d++) {
      // With gain 1, c / N never exceeds 1, so E[A] = E[c] / N holds exactly.
      const mean = p.reduce((sum, probability, j) => sum + probability * head.value[j * dimension + d], 0) / tokens;
      expectRate(rate(output, tokens * dimension, i * dimension + d), mean);
    }
  }
});

test("probabilities of 0 and 1 are certain, so sampled and expected attention agree there", () => {
  const head = {
    query: new Float64Array(15).fill(1),
    key: new Float64Array(15).fill(1),
    value: constantBits(1, 3).value,
  };
  const shape = { steps: 1, tokens, dimension };
  // count = d saturates every open score; a value gain of N saturates every output with a single vote.
  const attention = { mask: causal, scoreGain: 1, valueGain: tokens };
  const draws = drawAttention(stream(4), { ...shape, prompts: 1, heads: 1 }, "independent");
  const sampled = stochasticAttentionForward(head, shape, attention, draws);
  const expected = stochasticAttentionForward(head, shape, attention, null);
  expect([...sampled.cache.scores]).toEqual([...causal]);
  expect(sampled.output).toEqual(expected.output);
});

test("stratified draws keep every step's probability and shrink the variance of the mean over steps", () => {
  const [steps, prompts] = [8, 3000];
  const shape = { steps, tokens, dimension };
  const layout = { ...shape, prompts, heads: 1 };
  const head = constantBits(steps, 5);
  const attention = { mask: new Uint8Array(9).fill(1), scoreGain: 1, valueGain: 1 };
  const expected = stochasticAttentionForward(head, shape, attention, null).cache.scores;
  const at = expected.findIndex((p) => p > 0 && p < 1);
  const p = expected[at];
  const variance = (kind: "independent" | "stratified") => {
    const draws = drawAttention(stream(6), layout, kind);
    const ones = new Float64Array(steps);
    let squares = 0;
    for (let b = 0; b < prompts; b++) {
      const { scores } = stochasticAttentionForward(head, shape, attention, headDraws(draws, layout, b, 0)).cache;
      let sum = 0;
      for (let t = 0; t < steps; t++) {
        const bit = scores[t * tokens * tokens + at];
        ones[t] += bit;
        sum += bit;
      }
      squares += (sum / steps - p) ** 2 / prompts;
    }
    for (const count of ones) {
      expect(Math.abs(count / prompts - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / prompts));
    }
    return squares;
  };
  const independent = variance("independent");
  // p (1 - p) / T, within four standard errors of a variance estimate (relative error about sqrt(2 / prompts)).
  expect(Math.abs(independent / ((p * (1 - p)) / steps) - 1)).toBeLessThan(4 * Math.sqrt(2 / prompts));
  // With T a power of two, the count is T p rounded up or down: a variance of at most 1 / 4 of a count, over T^2.
  expect(variance("stratified")).toBeLessThan(0.25 / steps ** 2 + 1e-12);
});

describe("gradients", () => {
  const shape = { steps: 1, tokens, dimension };
  const towards = normals(tokens * dimension, 9);

  test("expected attention: the backward pass is the gradient away from the corners of min(1, .)", () => {
    const head = { query: uniforms(10), key: uniforms(11), value: uniforms(12) };
    const attention = { mask: causal, scoreGain: 4, valueGain: 2 };
    const { cache, output } = stochasticAttentionForward(head, shape, attention, null);
    // Some entries saturate at these gains, some do not.
    expect(cache.scores.includes(1)).toBe(true);
    expect(cache.scores.some((p) => p > 0 && p < 1)).toBe(true);
    expect(output.some((a) => a > 0 && a < 1)).toBe(true);
    const gradient = stochasticAttentionBackward(towards, cache);
    const loss = () => weighted(stochasticAttentionForward(head, shape, attention, null).output, towards);
    for (const part of ["query", "key", "value"] as const) {
      // Piecewise cubic in the entries: h = 1e-5 leaves rounding, about 1e-15 / h.
      expectClose(gradient[part], centralDifferences(loss, head[part], 1e-5), { absolute: 1e-9 }, part);
    }
  });

  // Straight-through: a bit X ~ Bern(P) counts as X + P - stop(P), the sampled value with the gradient of its probability.
  // Here that network is spelled out, with the sampled S held fixed, and differentiated numerically.
  test("sampled attention: the backward pass is the expected rule at the sampled bits", () => {
    const attention = { mask: causal, scoreGain: 2, valueGain: 2 };
    const head = constantBits(1, 13);
    const draws = drawAttention(stream(14), { ...shape, prompts: 1, heads: 1 }, "independent");
    const { cache } = stochasticAttentionForward(head, shape, attention, draws);
    const sampled = cache.scores;
    const expected = stochasticAttentionForward(head, shape, attention, null).cache.scores;
    expect(sampled).not.toEqual(expected);
    const moved: HeadVectors = { query: head.query.slice(), key: head.key.slice(), value: head.value.slice() };
    const loss = () => {
      const p = stochasticAttentionForward(moved, shape, attention, null).cache.scores;
      let sum = 0;
      for (let i = 0; i < tokens; i++) {
        for (let d = 0; d < dimension; d++) {
          let c = 0;
          for (let j = 0; j < tokens; j++) {
            const ij = i * tokens + j;
            c += (sampled[ij] + p[ij] - expected[ij]) * moved.value[j * dimension + d];
          }
          sum += towards[i * dimension + d] * Math.min(1, (attention.valueGain * c) / tokens);
        }
      }
      return sum;
    };
    // Counts and sums of bits never hit a corner here: 2 count = 5 and 2 c = 3 have no integer solution.
    const gradient = stochasticAttentionBackward(towards, cache);
    for (const part of ["query", "key", "value"] as const) {
      const numeric = centralDifferences(loss, moved[part], 1e-5);
      expectClose(gradient[part], numeric, { absolute: 1e-9 }, part);
      expect(numeric.some((g) => g !== 0)).toBe(true);
    }
  });
});

test("draws of the wrong shape are refused", () => {
  const shape = { steps: 2, tokens, dimension };
  const draws = drawAttention(stream(1), { ...shape, steps: 1, prompts: 1, heads: 1 }, "stratified");
  expect(() => stochasticAttentionForward(constantBits(2, 1), shape, literal, draws)).toThrow(ShapeError);
});
