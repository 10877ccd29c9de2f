import fc from "fast-check";
import { expect, test } from "vitest";
import { besselJ0OfTurns, cosineOfTurns, sineOfTurns } from "./circle.ts";

test("sine and cosine agree with the engine's within rounding of the angle", () => {
  fc.assert(
    fc.property(fc.integer({ min: -50_000_000, max: 50_000_000 }), (millionths) => {
      const turns = millionths / 1e6;
      // The engine rounds 2 pi turns, up to 314, to 53 bits: 6e-14.
      expect(Math.abs(cosineOfTurns(turns) - Math.cos(2 * Math.PI * turns))).toBeLessThan(1e-13);
      expect(Math.abs(sineOfTurns(turns) - Math.sin(2 * Math.PI * turns))).toBeLessThan(1e-13);
    }),
  );
});

test("quarter turns are exact, and the square of the length is 1 to rounding", () => {
  for (let quarter = -8; quarter <= 8; quarter++) {
    const index = ((quarter % 4) + 4) % 4;
    expect(cosineOfTurns(quarter / 4)).toBeCloseTo([1, 0, -1, 0][index], 16);
    expect(sineOfTurns(quarter / 4)).toBeCloseTo([0, 1, 0, -1][index], 16);
  }
  fc.assert(
    fc.property(fc.integer({ min: -1e9, max: 1e9 }), (parts) => {
      const turns = parts / 1024;
      expect(Math.abs(cosineOfTurns(turns) ** 2 + sineOfTurns(turns) ** 2 - 1)).toBeLessThan(1e-15);
    }),
  );
});

test("J0 has the values and zeros of Abramowitz and Stegun, tables 9.1 and 9.5", () => {
  for (const [x, value] of [
    [0, 1],
    [1, 0.765197686557967],
    [2, 0.223890779141236],
    [5, -0.177596771314338],
    [10, -0.245935764451348],
    [2.404825557695773, 0],
    [30.634606468431975, 0],
  ]) {
    expect(Math.abs(besselJ0OfTurns(x / (2 * Math.PI)) - value)).toBeLessThan(1e-14);
  }
});
