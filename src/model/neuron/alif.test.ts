import { describe, expect, test } from "vitest";
import { expectClose, normals, weighted } from "../../../test/support/gradient.ts";
import type { SurrogateSpec } from "../../experiment/model.ts";
import type { AlifConstants } from "../../experiment/neuron.ts";
import { centralDifferences } from "../finite-difference.ts";
import { alifBackward, alifForward } from "./alif.ts";
import { neuronModel } from "./catalogue.ts";
import { lifForward } from "./lif.ts";

const hard: AlifConstants = { beta: 0.5, threshold: 1, reset: "hard", rise: 0.5, decay: 0.5 };
const soft: AlifConstants = { ...hard, reset: "soft" };

describe("a five-step trace by hand, all numbers exact in binary", () => {
  const current = Float64Array.of(1, 1.25, 1, 1.25, 1);

  test("a spike raises the threshold, the rise decays, and equality fires", () => {
    // V   1 >= 1 fires | 1.25 < 1.5     | 0.625 + 1 >= 1.25 fires | 1.25 < 1.625 | 0.625 + 1 >= 1.3125 fires
    // B   1            | 0.5            | 0.25 + 1                | 0.625        | 0.3125 + 1
    const { membrane, distance, fired, output } = alifForward(current, 5, hard);
    expect([...membrane]).toEqual([1, 1.25, 1.625, 1.25, 1.625]);
    expect([...distance]).toEqual([0, -0.25, 0.375, -0.375, 0.3125]);
    expect([...fired]).toEqual([1, 0, 1, 0, 1]);
    expect([...output]).toEqual([1, 0, 1, 0, 1]);
  });

  test("soft reset subtracts the threshold without its rise", () => {
    // 1 fires, 0 | 1.25 < 1.5 | 1.625 >= 1.25 fires, 0.625 | 0.3125 + 1.25 < 1.625 | 0.78125 + 1 >= 1.3125 fires
    const { membrane, fired } = alifForward(current, 5, soft);
    expect([...membrane]).toEqual([1, 1.25, 1.625, 1.5625, 1.78125]);
    expect([...fired]).toEqual([1, 0, 1, 0, 1]);
  });
});

test.each([hard, soft])("without a rise it is the LIF neuron ($reset reset)", (neuron) => {
  const current = normals(6 * 5, 1);
  expect(alifForward(current, 6, { ...neuron, rise: 0 })).toEqual(lifForward(current, 6, neuron));
});

test("has two words of state and learns nothing", () => {
  const { stateWords, learned } = neuronModel({ kind: "alif", ...hard });
  expect({ stateWords, learned }).toEqual({ stateWords: 2, learned: {} });
});

// The smooth network adapts to its smooth spikes; only resets follow the true bits, which a small step does not flip.
describe.each<SurrogateSpec>([
  { kind: "sigmoid", alpha: 4 },
  { kind: "triangular", width: 1 },
  { kind: "atan", alpha: 2 },
])("with the $kind surrogate", (surrogate) => {
  test.each([hard, soft])("the backward pass is the gradient of the smooth neuron ($reset reset)", (neuron) => {
    const steps = 6;
    const current = normals(steps * 4, 2, 0.8);
    const weight = normals(current.length, 3);
    const forward = alifForward(current, steps, neuron, surrogate);
    const loss = () => {
      const moved = alifForward(current, steps, neuron, surrogate);
      expect(moved.fired).toEqual(forward.fired);
      return weighted(moved.output, weight);
    };
    // h = 1e-6: truncation about h^2 times the third derivative (below 100), rounding about 1e-16 / h.
    const numeric = centralDifferences(loss, current, 1e-6);
    expect(forward.fired.includes(1)).toBe(true);
    expectClose(alifBackward(weight, forward, steps, neuron, surrogate), numeric, { absolute: 1e-8 });
  });
});
