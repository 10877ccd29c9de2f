import { describe, expect, test } from "vitest";
import { expectClose, normals, weighted } from "../../test/support/gradient.ts";
import { ACTIVATIONS } from "./activation.ts";
import { centralDifferences } from "./finite-difference.ts";
import { geluForward, tanhGeluForward } from "./gelu.ts";

test("exact GELU is x times the normal distribution function", () => {
  // Phi from tables with 15 digits, near 0, on both sides of the change of method at 4, and in the tail.
  const x = Float64Array.of(1, 2, -0.5, 0, 3.5, 4.5, -3.5, -4.5);
  const phi = [
    0.841344746068543, 0.977249868051821, 0.308537538725987, 0.5, 0.999767370920964, 0.999996602326875,
    2.32629079035525e-4, 3.3976731247300535e-6,
  ];
  expectClose(
    geluForward(x),
    phi.map((share, i) => share * x[i]),
    { absolute: 1e-14 },
  );
  // Deep in the tail the relative accuracy stays: Phi(-10) = 7.61985302416053e-24.
  const [far] = geluForward(Float64Array.of(-10));
  expect(far / (-10 * 7.61985302416053e-24)).toBeCloseTo(1, 12);
});

test("the tanh approximation of GELU is within 4.8e-4 of the exact one", () => {
  const x = Float64Array.from({ length: 2001 }, (_, i) => (i - 1000) / 100);
  const exact = geluForward(x);
  const largest = Math.max(...tanhGeluForward(x).map((y, i) => Math.abs(y - exact[i])));
  expect(largest).toBeLessThan(4.8e-4);
  expect(largest).toBeGreaterThan(4e-4);
});

describe.each(Object.entries(ACTIVATIONS))("%s", (_, { forward, backward }) => {
  test("x = y(x) - y(-x)", () => {
    const x = normals(20, 1, 2);
    const negative = forward(x.map((value) => -value));
    expectClose(
      forward(x).map((y, i) => y - negative[i]),
      x,
      { absolute: 1e-14 },
    );
  });

  test("has a backward pass that is the gradient", () => {
    const input = normals(20, 2, 2);
    const towards = normals(20, 3);
    // h = 1e-5: truncation about h^2, rounding about 1e-15 / h. No input is within h of 0, where ReLU has a corner.
    const numeric = centralDifferences(() => weighted(forward(input), towards), input, 1e-5);
    expectClose(backward(towards, input), numeric, { absolute: 1e-8 });
  });
});
