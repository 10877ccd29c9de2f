import { expect, test } from "vitest";
import { expectClose, normals } from "../../test/support/gradient.ts";
import { ValueError } from "../errors.ts";
import { crossEntropyBackward, crossEntropyForward, oneHot } from "./cross-entropy.ts";
import { centralDifferences } from "./finite-difference.ts";

test("equal logits cost ln C", () => {
  const logits = new Float64Array(2 * 4).fill(1000);
  // 1000 costs three digits in the logarithm of the sum.
  expect(crossEntropyForward(logits, oneHot([3, 0], 4), 4).loss).toBeCloseTo(Math.log(4), 12);
});

test("adding a constant to all logits, however large, does not change the loss", () => {
  const lossAt = (offset: number) =>
    crossEntropyForward(Float64Array.of(offset, offset + 1, offset + 3), oneHot([1], 3), 3).loss;
  for (const offset of [-1e5, 1e5]) expect(lossAt(offset)).toBeCloseTo(lossAt(0), 10);
});

test("at logits ln p, a target p costs its entropy and has zero gradient", () => {
  const target = Float64Array.of(0.5, 0.25, 0.25);
  const { loss, cache } = crossEntropyForward(target.map(Math.log), target, 3);
  expect(loss).toBeCloseTo(1.5 * Math.LN2, 14);
  expectClose(crossEntropyBackward(cache, 3), [0, 0, 0], { absolute: 1e-15 });
});

test("the backward pass is the gradient, also for targets that do not sum to 1", () => {
  const logits = normals(3 * 4, 1);
  const targets = normals(3 * 4, 2).map(Math.abs);
  const numeric = centralDifferences(() => crossEntropyForward(logits, targets, 4).loss, logits, 1e-5);
  // h = 1e-5: truncation about h^2, rounding about 1e-15 / h.
  expectClose(crossEntropyBackward(crossEntropyForward(logits, targets, 4).cache, 4), numeric, { absolute: 1e-9 });
});

test("a label outside the classes is refused", () => {
  expect(() => oneHot([0, 4], 4)).toThrow(ValueError);
  expect(() => oneHot([-1], 4)).toThrow("Label -1 is not one of the 4 classes 0 .. 3.");
});
