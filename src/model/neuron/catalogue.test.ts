import { describe, expect, test } from "vitest";
import { expectClose, normals, weighted } from "../../../test/support/gradient.ts";
import type { NeuronSpec } from "../../experiment/neuron.ts";
import { centralDifferences } from "../finite-difference.ts";
import { neuronModel } from "./catalogue.ts";

const hard: NeuronSpec = { kind: "if", threshold: 1, reset: "hard" };
const soft: NeuronSpec = { ...hard, reset: "soft" };

describe("integrate-and-fire: a five-step trace by hand, all numbers exact in binary", () => {
  const current = Float64Array.of(0.5, 0.375, 0.25, 0.75, 0.25);

  test("nothing leaks, a hard reset drops the whole membrane, and equality fires", () => {
    // 0.5 | 0.5 + 0.375 | 0.875 + 0.25 = 1.125 fires, 0 | 0.75 | 0.75 + 0.25 = 1 fires
    const { membrane, fired, output } = neuronModel(hard).forward(current, 5);
    expect([...membrane]).toEqual([0.5, 0.875, 1.125, 0.75, 1]);
    expect([...fired]).toEqual([0, 0, 1, 0, 1]);
    expect([...output]).toEqual([0, 0, 1, 0, 1]);
  });

  test("soft reset keeps what exceeds the threshold", () => {
    // 0.5 | 0.875 | 1.125 fires, 0.125 | 0.125 + 0.75 | 0.875 + 0.25 fires
    const { membrane, fired } = neuronModel(soft).forward(current, 5);
    expect([...membrane]).toEqual([0.5, 0.875, 1.125, 0.875, 1.125]);
    expect([...fired]).toEqual([0, 0, 1, 0, 1]);
  });
});

// The reset follows the true spikes, which a small step does not flip; `lif.test.ts` has the other surrogates.
test.each([hard, soft])(
  "integrate-and-fire: backward is the gradient of the smooth neuron ($reset reset)",
  (neuron) => {
    const surrogate = { kind: "sigmoid", alpha: 4 } as const;
    const { forward, backward } = neuronModel(neuron);
    const steps = 6;
    const current = normals(steps * 4, 2, 0.8);
    const weight = normals(current.length, 3);
    const cache = forward(current, steps, surrogate);
    const loss = () => {
      const moved = forward(current, steps, surrogate);
      expect(moved.fired).toEqual(cache.fired);
      return weighted(moved.output, weight);
    };
    // h = 1e-6: truncation about h^2 times the third derivative (below 100), rounding about 1e-16 / h.
    const numeric = centralDifferences(loss, current, 1e-6);
    expect(cache.fired.includes(1)).toBe(true);
    expectClose(backward(weight, cache, steps, surrogate).current, numeric, { absolute: 1e-8 });
  },
);
