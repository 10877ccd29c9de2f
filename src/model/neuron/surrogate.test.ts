import { describe, expect, test } from "vitest";
import type { SurrogateSpec } from "../../experiment/model.ts";
import { surrogateDerivative, surrogateIntegral, surrogateReach } from "./surrogate.ts";

const surrogates: SurrogateSpec[] = [
  { kind: "sigmoid", alpha: 4 },
  { kind: "triangular", width: 0.75 },
  { kind: "rectangular", width: 0.5 },
  { kind: "atan", alpha: 2 },
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
    // The tails of the arctangent fall like 1 / x: beyond 1e16 they hold less than the last bit of 1.
    expect(surrogateIntegral(surrogate, 1e16) - surrogateIntegral(surrogate, -1e16)).toBeCloseTo(1, 15);
    expect(surrogateIntegral(surrogate, 0)).toBe(0.5);
    for (const x of [0.1, 0.4, 0.7]) {
      expect(surrogateDerivative(surrogate, x)).toBeCloseTo(surrogateDerivative(surrogate, -x), 14);
    }
  });

  test("is 0 beyond its reach, and only there", () => {
    const reach = surrogateReach(surrogate);
    expect(surrogateDerivative(surrogate, 0.999 * (reach ?? 5))).toBeGreaterThan(0);
    if (reach !== null) expect(surrogateDerivative(surrogate, reach)).toBe(0);
  });
});

test("the arctangent has the slope alpha / 2 at the threshold, and alpha / 4 where pi/2 alpha x is 1", () => {
  const surrogate: SurrogateSpec = { kind: "atan", alpha: 2 };
  expect(surrogateDerivative(surrogate, 0)).toBe(1);
  expect(surrogateDerivative(surrogate, 1 / Math.PI)).toBeCloseTo(0.5, 15);
});
