import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectClose, normals, weighted } from "../../../test/support/gradient.ts";
import { ShapeError } from "../../errors.ts";
import type { SurrogateSpec } from "../../experiment/model.ts";
import type { LifConstants } from "../../experiment/neuron.ts";
import { centralDifferences } from "../finite-difference.ts";
import { lifBackward, lifForward, lifStep } from "./lif.ts";

const hard: LifConstants = { beta: 0.5, threshold: 1, reset: "hard" };
const soft: LifConstants = { ...hard, reset: "soft" };

describe("a five-step trace by hand, all numbers exact in binary", () => {
  const current = Float64Array.of(0.5, 0.875, 0.25, 0.5, 0.6875);

  test("hard reset drops the whole membrane, and equality fires", () => {
    // 0.5 | 0.25 + 0.875 = 1.125 fires, 0 | 0 + 0.25 | 0.125 + 0.5 = 0.625 | 0.3125 + 0.6875 = 1 fires
    const { membrane, fired, output } = lifForward(current, 5, hard);
    expect([...membrane]).toEqual([0.5, 1.125, 0.25, 0.625, 1]);
    expect([...fired]).toEqual([0, 1, 0, 0, 1]);
    expect([...output]).toEqual([0, 1, 0, 0, 1]);
  });

  test("soft reset keeps what exceeds the threshold", () => {
    // 0.5 | 1.125 fires, 0.125 | 0.0625 + 0.25 = 0.3125 | 0.15625 + 0.5 | 0.328125 + 0.6875 fires
    const { membrane, fired } = lifForward(current, 5, soft);
    expect([...membrane]).toEqual([0.5, 1.125, 0.3125, 0.65625, 1.015625]);
    expect([...fired]).toEqual([0, 1, 0, 0, 1]);
  });
});

test("running T steps equals stepping T times", () => {
  const current = normals(4 * 3, 1);
  const state = new Float64Array(3);
  const { membrane, fired } = lifForward(current, 4, soft);
  for (let t = 0; t < 4; t++) {
    const step = lifStep(state, current.subarray(3 * t, 3 * t + 3), soft);
    expect(step.membrane).toEqual(membrane.slice(3 * t, 3 * t + 3));
    expect(step.fired).toEqual(fired.slice(3 * t, 3 * t + 3));
  }
});

test("with beta 1 and soft reset, spikes and the remaining membrane account for all the charge", () => {
  // Quarters are exact in binary, so the balance is exact. Currents are at most the threshold: one spike suffices per step.
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 1, maxLength: 12 }), (quarters) => {
      const current = Float64Array.from(quarters, (q) => q / 4);
      const { fired, membrane } = lifForward(current, current.length, { beta: 1, threshold: 1, reset: "soft" });
      const spikes = fired.reduce((a, b) => a + b, 0);
      const left = membrane[membrane.length - 1] - fired[fired.length - 1];
      expect(spikes + left).toBe(current.reduce((a, b) => a + b, 0));
    }),
    { seed: 1, numRuns: 100 },
  );
});

// The smooth network emits the surrogate's integral; its resets follow the true spikes, which a small step does not flip.
describe.each<SurrogateSpec>([
  { kind: "sigmoid", alpha: 4 },
  { kind: "triangular", width: 1 },
  { kind: "rectangular", width: 0.5 },
  { kind: "atan", alpha: 2 },
])("with the $kind surrogate", (surrogate) => {
  test.each([hard, soft])("the backward pass is the gradient of the smooth neuron ($reset reset)", (neuron) => {
    const steps = 6;
    const current = normals(steps * 4, 2, 0.8);
    const weight = normals(current.length, 3);
    const forward = lifForward(current, steps, neuron, surrogate);
    const loss = () => {
      const moved = lifForward(current, steps, neuron, surrogate);
      expect(moved.fired).toEqual(forward.fired);
      return weighted(moved.output, weight);
    };
    // h = 1e-6: truncation about h^2 times the third derivative (below 100), rounding about 1e-16 / h.
    const numeric = centralDifferences(loss, current, 1e-6);
    expect(forward.fired.includes(1)).toBe(true);
    expectClose(lifBackward(weight, forward, steps, neuron, surrogate), numeric, { absolute: 1e-8 });
  });
});

test("a current whose length is not a whole number of steps is refused", () => {
  expect(() => lifForward(new Float64Array(7), 3, hard)).toThrow(ShapeError);
});
