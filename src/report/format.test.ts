import fc from "fast-check";
import { expect, test } from "vitest";
import { formatClaimed, formatNumber, formatQuantity, formatText } from "./format.ts";

test("digits end at the second one of the interval's half width", () => {
  const formatted = formatQuantity({ value: 0.067123, unit: "1", interval: { low: 0.06412, high: 0.07031 } });
  expect(formatted).toEqual({ value: "0.0671", interval: "0.0641 to 0.0703", unit: "" });
});

test.each([
  [3.17e-7, "J", "317 nJ"],
  [1e-12, "J", "1 pJ"],
  [9.99999e-10, "s", "1 ns"],
  [0.00235, "s", "2.35 ms"],
  [4.2e-6, "m2", "4.2 mm²"],
  [3e-12, "m2", "3 µm²"],
  // Four digits round it to 1 m².
  [0.99996, "m2", "1 m²"],
  [2.5e-5, "S", "25 µS"],
  [38, "crossbars", "38 crossbars"],
  [16384, "1", "16,384"],
  [0, "J", "0 J"],
])("%d %s is written %s", (value, unit, text) => {
  expect(formatText({ value, unit })).toBe(text);
});

test("a difference shows its sign, and words stay words", () => {
  expect(formatClaimed(0.002, "1", true)).toBe("+0.002");
  expect(formatClaimed(-0.002, "1", true)).toBe("−0.002");
  expect(formatClaimed("not printed", "J", true)).toBe("not printed");
});

test("tiny numbers have a power of ten", () => {
  expect(formatNumber(1.25e-7)).toBe("1.25 × 10⁻⁷");
});

test("four significant digits are within one in 2000 of the number", () => {
  const read = (text: string) => Number(text.replace("−", "-").replaceAll(",", ""));
  fc.assert(
    fc.property(fc.double({ min: 1e-4, max: 1e12, noNaN: true }), fc.boolean(), (size, negative) => {
      const value = negative ? -size : size;
      // Half a unit in the fourth digit is at most 0.05 % of the number.
      expect(Math.abs(read(formatNumber(value)) - value)).toBeLessThanOrEqual(size / 2000 + Number.EPSILON);
    }),
    { seed: 1 },
  );
});
