import { test } from "vitest";
import { expectClose, normals, weighted } from "../../test/support/gradient.ts";
import { centralDifferences } from "./finite-difference.ts";
import { geluBackward, geluForward } from "./gelu.ts";

test("GELU is within 5e-4 of x times the normal distribution function", () => {
  // The known accuracy of the tanh approximation. Phi at these points from tables: 0.8413447461, 0.9772498681, 0.3085375387.
  const x = Float64Array.of(1, 2, -0.5, 0);
  expectClose(geluForward(x), [0.8413447461, 2 * 0.9772498681, -0.5 * 0.3085375387, 0], { absolute: 5e-4 });
});

test("x = GELU(x) - GELU(-x)", () => {
  const x = normals(20, 1, 2);
  const negative = geluForward(x.map((value) => -value));
  expectClose(
    geluForward(x).map((y, i) => y - negative[i]),
    x,
    { absolute: 1e-14 },
  );
});

test("the backward pass is the gradient", () => {
  const input = normals(20, 2, 2);
  const towards = normals(20, 3);
  // h = 1e-5: truncation about h^2, rounding about 1e-15 / h.
  const numeric = centralDifferences(() => weighted(geluForward(input), towards), input, 1e-5);
  expectClose(geluBackward(towards, input), numeric, { absolute: 1e-8 });
});
