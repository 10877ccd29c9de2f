import fc from "fast-check";
import { expect, test } from "vitest";
import { formatClaim, formatClaimed, formatNumber, formatQuantity, formatRounded, formatText } from "./format.ts";

test("digits end at the second one of the interval's half width", () => {
  const formatted = formatQuantity({ value: 0.067123, unit: "1", interval: { low: 0.06412, high: 0.07031 } });
  expect(formatted).toEqual({ value: "0.0671", interval: "0.0641 to 0.0703", unit: "" });
});

test("an interval whose ends are written alike is left out", () => {
  const loads = { value: 1, unit: "loads", interval: { low: 1, high: 1 } };
  expect(formatQuantity(loads)).toEqual({ value: "1", unit: "loads" });
  const exact = {
    value: 0.4695132402623211,
    unit: "1",
    interval: { low: 0.46951324026232105, high: 0.46951324026232116 },
  };
  expect(formatQuantity(exact)).toEqual({ value: "0.47", unit: "" });
});

test.each([
  [3.17e-7, "J", "317 nJ"],
  [2.2082409e-6, "J", "2.21 µJ"],
  [9.996e-10, "s", "1 ns"],
  [0.9996e-6, "m2", "1 mm²"],
  [2898.2345, "1", "2898"],
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

test.each([
  // Half of the interval is 0.0060: its second digit is the fourth decimal.
  [
    { paper: 0.067, ours: 0.056796875, difference: -0.010203125 },
    { low: 0.0508, high: 0.0628 },
    ["0.067", "0.0568", "−0.0102"],
  ],
  // Without an interval, a digit after the paper's last.
  [{ paper: 0.016, ours: 0.00881, difference: -0.00719 }, undefined, ["0.016", "0.0088", "−0.0072"]],
  // More than three significant digits are not known of a model.
  [{ paper: 13, ours: 12.1138, difference: -0.8862 }, undefined, ["13", "12.1", "−0.9"]],
  [{ paper: -0.0075, ours: -0.01, difference: -0.0025 }, undefined, ["−0.0075", "−0.0100", "−0.0025"]],
  [{ paper: "7 to 14.5", ours: 2.80482, difference: "below" }, undefined, ["7 to 14.5", "2.80", "below"]],
])("both sides of a claim have digits that fit: %j", (claim, interval, [paper, ours, difference]) => {
  expect(formatClaim({ ...claim, unit: "1" }, interval)).toEqual({ paper, ours, difference });
});

test("both sides of a claim are in the same unit", () => {
  const claim = { paper: 0.0003, ours: 0.000346123, difference: 0.000046123, unit: "J" };
  expect(formatClaim(claim)).toEqual({ paper: "300 µJ", ours: "346 µJ", difference: "+46 µJ" });
});

test("tiny numbers have a power of ten", () => {
  expect(formatNumber(1.25e-7)).toBe("1.25 × 10⁻⁷");
});

test("zeros at the end tell that a digit was measured", () => {
  expect(formatRounded(0.8)).toBe("0.800");
  expect(formatNumber(0.8)).toBe("0.8");
  expect(formatRounded(8)).toBe("8");
});

test("what rounds to zero has no sign", () => {
  expect(formatNumber(-0.004, 2)).toBe("0.00");
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
