import { expect, test } from "vitest";
import { streamOfKey, threefry2x32 } from "../numeric/stream.ts";
import { standaloneKernels } from "./memory.ts";

const { kernels, arena } = standaloneKernels(1 << 16);
const MOST = 160;
const at = arena.words(MOST + 8);
const UNTOUCHED = 0x5eed5eed;

/** `count` words from block `first` of row `high`, drawn at once, with the memory after them. */
function drawn(key: readonly [number, number], first: number, high: number, count: number): Uint32Array {
  const words = kernels.u32.subarray(at / 4, at / 4 + MOST + 8).fill(UNTOUCHED);
  kernels.run.drawWords(key[0], key[1], first, high, count, at);
  return words.slice();
}

/** The reference: block by block. */
function expected(key: readonly [number, number], first: number, high: number, count: number): Uint32Array {
  const words = new Uint32Array(MOST + 8).fill(UNTOUCHED);
  const block = new Int32Array(2);
  for (let i = 0; i < Math.ceil(count / 8) * 4; i++) {
    threefry2x32(key[0], key[1], (first + i) | 0, high, block);
    words.set(block, 2 * i);
  }
  return words;
}

test("any number of words drawn at once equals the stream: multiples of eight, and nothing written after them", () => {
  const key = [0x12345678, -77] as const;
  for (let count = 0; count <= MOST; count++) expect(drawn(key, 5, 9, count)).toEqual(expected(key, 5, 9, count));
});

test.each([
  ["zeros", [0, 0], 0, 0],
  ["ones", [-1, -1], -1, -1],
  ["a lower half that runs over, which the upper half does not notice", [7, -8], -19, 3],
  ["signs", [-2147483648, 2147483647], 2147483640, -2147483648],
] as const)("key and counter may be %s", (_, key, first, high) => {
  expect(drawn(key, first, high, 104)).toEqual(expected(key, first, high, 104));
});

test("drawn at once or one by one, a stream has the same words", () => {
  const random = streamOfKey(3, -4);
  const words = drawn([3, -4], 0, 0, MOST);
  for (let i = 0; i < MOST; i++) expect(words[i], `word ${i}`).toBe(random.word());
});
