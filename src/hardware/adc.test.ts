import fc from "fast-check";
import { expect, test } from "vitest";
import { adcSpec } from "../experiment/hardware.ts";
import { convert, convertColumns, converter, multiplexerSteps, readoutUnits } from "./adc.ts";

const currents = fc.array(fc.float({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 32 });

test("a conversion within range errs by half a step at most, and its code has the given bits", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 10 }), fc.double({ min: 0, max: 1, noNaN: true }), (bits, share) => {
      const pair = converter("pair", bits, 40);
      // In steps: quotient and step are rounded to single precision, 2^-24 of at most 2^bits steps each.
      const half = 0.5 + 2 ** (bits - 23);
      expect(Math.abs(convert(pair, 40 * share) * pair.step - 40 * share)).toBeLessThanOrEqual(pair.step * half);
      expect(convert(pair, 40 * share)).toBeLessThan(2 ** bits);
      const signed = converter("differential", bits, 40);
      for (const current of [40 * share, -40 * share]) {
        const code = convert(signed, current);
        expect(Math.abs(code * signed.step - current)).toBeLessThanOrEqual(signed.step * half);
        expect(Math.abs(code)).toBeLessThan(2 ** (bits - 1));
      }
    }),
    { seed: 1, numRuns: 200 },
  );
});

test("a pair of five-bit conversions errs by one step at most: half a step each", () => {
  const adc = converter("pair", 5, 100);
  fc.assert(
    fc.property(currents, currents, (a, b) => {
      const n = Math.min(a.length, b.length);
      const plus = Float32Array.from(a.slice(0, n));
      const minus = Float32Array.from(b.slice(0, n));
      const codes = new Float32Array(n);
      expect(convertColumns(adc, plus, minus, codes)).toEqual({ conversions: 2 * n, clipped: 0 });
      codes.forEach((code, i) => {
        // Two quotients of at most 31 steps and the step itself are rounded to single precision.
        expect(Math.abs(code * adc.step - (plus[i] - minus[i]))).toBeLessThanOrEqual(adc.step * (1 + 2 ** -17));
      });
    }),
    { seed: 1, numRuns: 100 },
  );
});

test("ties go to the even code, and currents beyond the range clip and are counted", () => {
  const pair = converter("pair", 2, 3); // step 1, codes 0 .. 3
  expect([0.5, 1.5, 2.5, 3.49, 3.5, 9].map((current) => convert(pair, current))).toEqual([0, 2, 2, 3, 3, 3]);
  const codes = new Float32Array(3);
  const counted = convertColumns(pair, Float32Array.of(3.5, 2.5, 3.4), Float32Array.of(1, 0.5, 7), codes);
  // 3.5 rounds to 4 and clips to 3, and so does 7; 3.4 rounds to 3 and does not.
  expect([[...codes], counted]).toEqual([[2, 2, 0], { conversions: 6, clipped: 2 }]);
  const signed = converter("differential", 3, 3); // step 1, codes -3 .. 3
  expect(convertColumns(signed, Float32Array.of(0, 5, 2), Float32Array.of(4, 0, 4.5), codes)).toEqual({
    conversions: 3,
    clipped: 2,
  });
  expect([...codes]).toEqual([-3, 3, -2]);
});

test("128 columns at 8 to a converter are 16 readout units and 8 multiplexer steps", () => {
  const adc = adcSpec.parse({ sharing: 8 });
  expect(readoutUnits(128, adc)).toBe(16);
  expect(multiplexerSteps(128, 16)).toBe(8);
  expect(multiplexerSteps(16, 16)).toBe(1);
});
