import { expect, test } from "vitest";
import { expectClose, normals } from "../../test/support/gradient.ts";
import { ShapeError } from "../errors.ts";
import { crossEntropyForward, oneHot } from "./cross-entropy.ts";
import { centralDifferences } from "./finite-difference.ts";
import { stepLossBackward, stepLossForward } from "./step-loss.ts";

/** Three steps of two rows of four classes, and their mean. */
function threeSteps(seed: number) {
  const stepLogits = normals(3 * 2 * 4, seed);
  const logits = new Float64Array(8).map((_, i) => (stepLogits[i] + stepLogits[i + 8] + stepLogits[i + 16]) / 3);
  return { stepLogits, logits };
}

test("two contradicting steps cost the mean of their own losses, though their mean is undecided", () => {
  // One row of two classes: logits (2, 0) at one step, (0, 2) at the other. CE is ln(1 + e^-2) and ln(1 + e^2), that of the mean ln 2.
  const outputs = { stepLogits: Float64Array.of(2, 0, 0, 2), logits: Float64Array.of(1, 1) };
  const loss = (share: number) => stepLossForward(outputs, [1, 0], 2, share).loss;
  const each = (Math.log1p(Math.exp(-2)) + Math.log1p(Math.exp(2))) / 2;
  expect(loss(0)).toBeCloseTo(Math.LN2, 14);
  expect(loss(1)).toBeCloseTo(each, 14);
  expect(loss(0.25)).toBeCloseTo(0.75 * Math.LN2 + 0.25 * each, 14);
});

test("the loss of the steps is never below that of their mean, and equals it when all steps agree", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const outputs = threeSteps(seed);
    const targets = oneHot([seed % 4, (seed * 3) % 4], 4);
    const mean = crossEntropyForward(outputs.logits, targets, 4).loss;
    expect(stepLossForward(outputs, targets, 4, 1).loss).toBeGreaterThan(mean);
    const same = { logits: outputs.logits, stepLogits: Float64Array.of(...outputs.logits, ...outputs.logits) };
    expect(stepLossForward(same, targets, 4, 1).loss).toBeCloseTo(mean, 13);
  }
});

test.each([0, 0.3, 1])("the backward pass is the gradient, at a share of %d", (share) => {
  const outputs = threeSteps(30);
  const targets = Float64Array.of(0.7, 0.1, 0.1, 0.1, 0, 0.5, 0.5, 0);
  const loss = () => stepLossForward(outputs, targets, 4, share).loss;
  const gradient = stepLossBackward(stepLossForward(outputs, targets, 4, share).cache, 4);
  // h = 1e-5: truncation about h^2, rounding about 1e-15 / h.
  expectClose(gradient.logits, centralDifferences(loss, outputs.logits, 1e-5), { absolute: 1e-9 }, "logits");
  expectClose(gradient.stepLogits, centralDifferences(loss, outputs.stepLogits, 1e-5), { absolute: 1e-9 }, "steps");
});

test("targets of the wrong shape are refused", () => {
  expect(() => stepLossForward(threeSteps(1), [1, 0, 0, 0], 4, 0.5)).toThrow(ShapeError);
});
