import { expect, test } from "vitest";
import { fromHalf, LARGEST_HALF, toHalf } from "./half.ts";

test("every half-precision number survives a round trip through a double", () => {
  for (let bits = 0; bits < 65536; bits++) {
    const value = fromHalf(bits);
    if (Number.isNaN(value)) expect(Number.isNaN(fromHalf(toHalf(value)))).toBe(true);
    else if (toHalf(value) !== bits) throw new Error(`${bits} came back as ${toHalf(value)}`);
  }
});

test("a value between two neighbours rounds to the nearer one, and a tie to the even one", () => {
  // All positive finite neighbours; the midpoint and values a quarter of the gap away are exact in float32.
  for (let bits = 0; bits < 0x7bff; bits++) {
    const [low, high] = [fromHalf(bits), fromHalf(bits + 1)];
    const gap = high - low;
    const even = bits & 1 ? bits + 1 : bits;
    const rounded = [toHalf(low + gap / 4), toHalf(low + gap / 2), toHalf(low + (3 * gap) / 4), toHalf(-low - gap / 4)];
    const expected = [bits, even, bits + 1, bits | 0x8000];
    if (rounded.join() !== expected.join()) throw new Error(`after ${low}: ${rounded} instead of ${expected}`);
  }
});

test("the largest half is 65504, and 65520 is the first number that rounds to infinity", () => {
  expect(fromHalf(0x7bff)).toBe(LARGEST_HALF);
  expect(toHalf(65519)).toBe(0x7bff);
  expect(toHalf(65520)).toBe(0x7c00);
  expect(toHalf(-1e30)).toBe(0xfc00);
});

test("published bit patterns of IEEE 754 binary16", () => {
  expect([1, -2, 1 / 3, 2 ** -14, 2 ** -24, 0, -0].map(toHalf)).toEqual([
    0x3c00, 0xc000, 0x3555, 0x0400, 0x0001, 0x0000, 0x8000,
  ]);
});
