import { expect, test } from "vitest";
import { expectClose, normals } from "../../test/support/gradient.ts";
import { centralDifferences } from "./finite-difference.ts";
import { squaredErrorBackward, squaredErrorForward } from "./squared-error.ts";

test("the squared error sums over the numbers of an answer and averages over answers", () => {
  // Two answers of two numbers: (1 + 4) and (0 + 9).
  expect(squaredErrorForward(Float64Array.of(1, 0, 5, -1), [0, 2, 5, 2], 2).loss).toBe(7);
});

test("its backward pass is the gradient", () => {
  const logits = normals(6, 1);
  const targets = normals(6, 2);
  const { cache } = squaredErrorForward(logits, targets, 2);
  const numeric = centralDifferences(() => squaredErrorForward(logits, targets, 2).loss, logits, 1e-4);
  expectClose(squaredErrorBackward(cache, 2), numeric, { absolute: 1e-9 });
});

test("targets of another number are refused", () => {
  expect(() => squaredErrorForward(new Float64Array(4), [1, 2], 2)).toThrow(
    expect.objectContaining({ path: "targets" }),
  );
});
