import { describe, expect, test } from "vitest";
import { expectClose, normals, weighted } from "../../../test/support/gradient.ts";
import type { NeuronSpec } from "../../experiment/neuron.ts";
import { centralDifferences } from "../finite-difference.ts";
import { type LifAttention, lifAttentionBackward, lifAttentionForward } from "./lif.ts";

const shape = { steps: 4, tokens: 3, dimension: 2 };
const causal = Uint8Array.of(1, 0, 0, 1, 1, 0, 1, 1, 1);
const neuron: NeuronSpec = { kind: "lif", beta: 0.5, threshold: 1, reset: "hard" };
const attention: LifAttention = {
  mask: causal,
  scoreGain: 2,
  valueGain: 4,
  neuron,
  surrogate: { kind: "sigmoid", alpha: 4 },
  smooth: false,
};

test("a trace by hand: one token, one feature", () => {
  // Score currents 2 count / 1 with counts 1 0 1 1 at threshold 2: fires at steps 1, 3, 4. Output currents S V with
  // V = 1 1 1 0 are 1 0 1 0 at threshold 2 and beta 1: the membrane is 1 1 2, firing at step 3.
  const { output, cache } = lifAttentionForward(
    { query: Float64Array.of(1, 0, 1, 1), key: Float64Array.of(1, 1, 1, 1), value: Float64Array.of(1, 1, 1, 0) },
    { steps: 4, tokens: 1, dimension: 1 },
    {
      ...attention,
      mask: Uint8Array.of(1),
      valueGain: 1,
      neuron: { kind: "lif", beta: 1, threshold: 2, reset: "hard" },
    },
  );
  expect([...cache.scores]).toEqual([1, 0, 1, 1]);
  expect([...output]).toEqual([0, 0, 1, 0]);
});

test("no bit comes from a masked token", () => {
  const ones = () => new Float64Array(24).fill(1);
  const { cache } = lifAttentionForward({ query: ones(), key: ones(), value: ones() }, shape, attention);
  expect([...cache.scores.slice(0, 9)]).toEqual([...causal]);
});

// In the smooth network, LIF neurons emit the surrogate's integral and the resets follow the true bits.
describe.each(["hard", "soft"] as const)("with %s reset", (reset) => {
  test("the backward pass is the gradient of the smooth attention", () => {
    const inputs = {
      query: normals(24, 1).map(Math.abs),
      key: normals(24, 2).map(Math.abs),
      value: normals(24, 3).map(Math.abs),
    };
    const smooth = { ...attention, neuron: { ...neuron, reset }, smooth: true };
    const towards = normals(24, 4);
    const { cache } = lifAttentionForward(inputs, shape, smooth);
    const loss = () => {
      const moved = lifAttentionForward(inputs, shape, smooth);
      expect(moved.cache.scoreNeurons.fired).toEqual(cache.scoreNeurons.fired);
      expect(moved.cache.outputNeurons.fired).toEqual(cache.outputNeurons.fired);
      return weighted(moved.output, towards);
    };
    const gradient = lifAttentionBackward(towards, cache);
    for (const part of ["query", "key", "value"] as const) {
      // h = 1e-6: truncation about h^2 times third derivatives of a few hundred, rounding about 1e-15 / h.
      const numeric = centralDifferences(loss, inputs[part], 1e-6);
      expectClose(gradient[part], numeric, { absolute: 2e-8 }, part);
      expect(numeric.some((g) => Math.abs(g) > 0.01)).toBe(true);
    }
  });
});
