import fc from "fast-check";
import { expect, test } from "vitest";
import { signedDigits } from "./encoder.ts";

test("signed digits add up to their number, and no two of them are neighbours", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 20 }), (value) => {
      const digits = signedDigits(value);
      expect(digits.reduce((sum, { sign, shift }) => sum + sign * 2 ** shift, 0)).toBe(value);
      expect(digits.at(-1)!.sign).toBe(1);
      for (let n = 1; n < digits.length; n++) expect(digits[n].shift - digits[n - 1].shift).toBeGreaterThan(1);
    }),
  );
});

test("37 tokens are two additions, 31 one subtraction", () => {
  // 37 = 32 + 4 + 1; 31 = 32 - 1.
  expect(signedDigits(37)).toEqual([0, 2, 5].map((shift) => ({ sign: 1, shift })));
  expect(signedDigits(31)).toEqual([
    { sign: -1, shift: 0 },
    { sign: 1, shift: 5 },
  ]);
});
