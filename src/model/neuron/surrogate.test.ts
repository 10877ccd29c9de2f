import { describe, expect, test } from "vitest";
import type { SurrogateSpec } from "../../experiment/model.ts";
import { surrogateDerivative, surrogateIntegral } from "./surrogate.ts";

const surrogates: SurrogateSpec[] = [
  { kind: "sigmoid", alpha: 4 },
  { kind: "triangular", width: 0.75 },
  { kind: "rectangular", width: 0.5 },
];

describe.each(surrogates)("the $kind surrogate", (surrogate) => {
  test("is the derivative of its integral", () => {
    // Points avoid the corners at 0 and at the ends of the support. Central differences with h = 1e-5 have an error of h^2 s''' /
    // 6, below 1e-8 for all kinds.
    for (const x of [-2.1, -0.6, -0.3, -0.01, 0.02, 0.3, 0.6, 1.9]) {
      const h = 1e-5;
      const slope = (surrogateIntegral(surrogate, x + h) - surrogateIntegral(surrogate, x - h)) / (2 * h);
      expect(Math.abs(surrogateDerivative(surrogate, x) - slope)).toBeLessThan(1e-8);
    }
  });

  test("is an even bump of unit area", () => {
    // 1 - exp(-40) is 1 in double precision.
    expect(surrogateIntegral(surrogate, 10) - surrogateIntegral(surrogate, -10)).toBeCloseTo(1, 15);
    expect(surrogateIntegral(surrogate, 0)).toBe(0.5);
    for (const x of [0.1, 0.4, 0.7]) {
      expect(surrogateDerivative(surrogate, x)).toBeCloseTo(surrogateDerivative(surrogate, -x), 14);
    }
  });
});
