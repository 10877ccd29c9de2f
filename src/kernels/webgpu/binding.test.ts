import { expect, test } from "vitest";
import { largestMemory, requireMemory, requireScratch } from "./binding.ts";

const gpu = { name: "a small GPU", largestArray: 2 ** 27, mostArrays: 8 };

test("a plan may take all arrays that a GPU binds but one, and not a byte more", () => {
  expect(largestMemory(gpu)).toBe(7 * 2 ** 27);
  requireMemory(gpu, 7 * 2 ** 27);
  expect(() => requireMemory(gpu, 7 * 2 ** 27 + 1)).toThrow("1.0 times");
  expect(() => requireMemory(gpu, 21 * 2 ** 26)).toThrow(
    "The plan needs 1344.0 MiB, 1.5 times the 896.0 MiB that a small GPU binds at a time: 7 arrays of 128.0 MiB, beside one of scratch",
  );
});

test("words of a memory are numbered in 32 bits, and none lies in two arrays", () => {
  expect(largestMemory({ largestArray: 2 ** 32 - 1, mostArrays: 16 })).toBe(2 ** 34);
  expect(largestMemory({ largestArray: 1023, mostArrays: 3 })).toBe(2 * 1020);
});

test("scratch memory is one array", () => {
  requireScratch(gpu, 2 ** 27);
  expect(() => requireScratch(gpu, 3 * 2 ** 26)).toThrow(
    "The scratch memory of an operation needs 192.0 MiB in one array, 1.5 times the 128.0 MiB that a small GPU binds at a time",
  );
});
