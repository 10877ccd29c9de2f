// @module-tag slow
import { describe, expect, test } from "vitest";
import { exponential } from "../numeric/exponential.ts";
import { naturalLog, stream } from "../numeric/stream.ts";
import { type LdpcCode, type LdpcSizes, ldpcCode } from "./code.ts";
import { ldpcDecoder } from "./decode.ts";
import { encodeBlock } from "./encode.ts";
import { type CheckRule, checksOf, decodeGraph, referenceDecode, type Schedule } from "./reference-decode.ts";

const random = stream(58).fork("decode");
const randomBits = (length: number) => Uint8Array.from({ length }, () => random.word() >>> 31);

const WAYS: readonly [CheckRule, Schedule][] = [
  ["belief-propagation", "layered"],
  ["belief-propagation", "flooding"],
  ["min-sum", "layered"],
  ["min-sum", "flooding"],
];

/** Log-likelihood ratios of BPSK with Gaussian noise. */
function received(code: LdpcCode, bits: Uint8Array, deviation: number): Float32Array {
  return Float32Array.from(
    encodeBlock(code, bits),
    (bit) => (2 * (1 - 2 * bit + deviation * random.normal())) / deviation ** 2,
  );
}

const SIZES: readonly LdpcSizes[] = [
  { informationBits: 12, codedBits: 40 },
  { informationBits: 12, codedBits: 12_000, baseGraph: 2, lifting: 384 },
  { informationBits: 40, codedBits: 600, bitsPerSymbol: 4 },
  { informationBits: 193, codedBits: 204, bitsPerSymbol: 6 },
  { informationBits: 292, codedBits: 308, bitsPerSymbol: 2 },
  { informationBits: 561, codedBits: 1000, bitsPerSymbol: 8 },
  { informationBits: 641, codedBits: 3205, bitsPerSymbol: 1 },
  { informationBits: 1024, codedBits: 2048, bitsPerSymbol: 2 },
  { informationBits: 948, codedBits: 1024, bitsPerSymbol: 2 },
  { informationBits: 3840, codedBits: 7680, bitsPerSymbol: 6 },
  { informationBits: 6000, codedBits: 30_000, bitsPerSymbol: 10, baseGraph: 1 },
  { informationBits: 8448, codedBits: 8900, bitsPerSymbol: 4 },
];

/** Noise in which some blocks are decoded within six iterations, and some are not. */
const NOISY = [
  { informationBits: 40, codedBits: 600, bitsPerSymbol: 4, deviation: 1.5 },
  { informationBits: 100, codedBits: 200, bitsPerSymbol: 2, deviation: 0.95 },
  { informationBits: 292, codedBits: 600, bitsPerSymbol: 6, deviation: 0.6 },
];

describe.each(WAYS)("%s, %s", (rule, schedule) => {
  test.each(SIZES)("decodes a block without noise: %o", (sizes) => {
    const code = ldpcCode(sizes);
    const bits = randomBits(code.informationBits);
    const decoder = ldpcDecoder(code, { rule, schedule, iterations: 50 });
    const { bits: decided, satisfied } = decoder.decode(
      Float32Array.from(encodeBlock(code, bits), (bit) => 6 * (1 - 2 * bit)),
    );
    expect(satisfied).toBe(true);
    expect(decided).toEqual(bits);
  });

  test("decides like the reference in noise, in as many iterations, and counts its updates", () => {
    let [wrong, right, unclear] = [0, 0, 0];
    for (const { deviation, ...sizes } of NOISY) {
      const code = ldpcCode(sizes);
      const checks = checksOf(code);
      const decoder = ldpcDecoder(code, { rule, schedule, iterations: 6, scale: 0.8 });
      for (let block = 0; block < 4; block++) {
        const bits = randomBits(code.informationBits);
        const llrs = received(code, bits, deviation);
        const expected = referenceDecode(code, llrs, { rule, schedule, iterations: 6, scale: 0.8 });
        const { bits: decided, satisfied, work } = decoder.decode(llrs);
        // The table of the fast decoder is within 8e-6, and single precision loses as much again.
        const far = Array.from(decided, (bit, i) => (Math.abs(expected.totals[i]) > 0.01 ? bit : null));
        expect(far).toEqual(far.map((bit, i) => (bit === null ? null : expected.totals[i] < 0 ? 1 : 0)));
        unclear += far.filter((bit) => bit === null).length;
        expect(satisfied).toBe(expected.satisfied);
        const edges = checks.flat().length;
        expect(work).toEqual({
          iterations: expected.iterations,
          checkUpdates: expected.iterations * checks.length,
          bitUpdates: expected.iterations * edges,
          parityBits: (expected.iterations + 1) * edges,
        });
        if (satisfied) right++;
        else wrong++;
      }
    }
    expect(Math.min(wrong, right)).toBeGreaterThan(0);
    expect(unclear).toBeLessThan(20);
  });
});

/** Three checks without a cycle, on which both rules are exact. */
const TREE = [
  [0, 1, 2],
  [2, 3, 4, 5],
  [5, 6, 7],
];
const WORDS = Array.from({ length: 256 }, (_, word) => Array.from({ length: 8 }, (_, i) => (word >> i) & 1)).filter(
  (bits) => TREE.every((check) => check.reduce((sum, bit) => sum ^ bits[bit], 0) === 0),
);

describe("on a code without cycles", () => {
  const llrs = [0.7, -1.2, 0.4, 2.1, -0.3, -0.9, 1.6, 0.2];
  const metricOf = (bits: readonly number[]) => bits.reduce((sum, bit, i) => sum - bit * llrs[i], 0);
  const without = (value: number, at: number) => WORDS.filter((bits) => bits[at] === value).map(metricOf);
  const options = { schedule: "flooding", scale: 1 } as const;
  // The tree has three checks: after three iterations each bit has heard of all others.
  const totalsOf = (rule: CheckRule) => decodeGraph(TREE, llrs, { ...options, rule, iterations: 3 }).totals;

  test("belief propagation gives the exact posterior of every bit, summed over all code words", () => {
    const exact = llrs.map((_, at) => {
      const [zero, one] = [0, 1].map((value) =>
        without(value, at).reduce((sum, metric) => sum + exponential(metric), 0),
      );
      return naturalLog(zero / one);
    });
    totalsOf("belief-propagation").forEach((total, at) => {
      expect(total).toBeCloseTo(exact[at], 10);
    });
  });

  test("min-sum without scale gives the distance to the best code word with the other value", () => {
    totalsOf("min-sum").forEach((total, at) => {
      expect(total).toBeCloseTo(Math.max(...without(0, at)) - Math.max(...without(1, at)), 10);
    });
  });
});

test("a short block is decoded like the most probable of all code words in 95 % of noisy cases, and never beats it", () => {
  const code = ldpcCode({ informationBits: 12, codedBits: 40 });
  const words = Array.from({ length: 2 ** 12 }, (_, word) =>
    encodeBlock(
      code,
      Uint8Array.from({ length: 12 }, (_, i) => (word >> i) & 1),
    ),
  );
  const decoder = ldpcDecoder(code, { rule: "belief-propagation", iterations: 50 });
  let [same, blocks, better] = [0, 0, 0];
  for (; blocks < 200; blocks++) {
    const sent = Math.floor(random.uniform() * words.length);
    const bits = Uint8Array.from({ length: 12 }, (_, i) => (sent >> i) & 1);
    const llrs = received(code, bits, 0.9);
    const metric = (word: Uint8Array) => word.reduce((sum, bit, i) => sum - bit * llrs[i], 0);
    const metrics = words.map(metric);
    const best = Math.max(...metrics);
    const decoded = decoder.decode(llrs);
    const own = metrics[decoded.bits.reduce((sum, bit, i) => sum + (bit << i), 0)];
    if (own === best) same++;
    if (own > best) better++;
  }
  expect(better).toBe(0);
  expect(same / blocks).toBeGreaterThan(0.95);
});

describe("the decoder", () => {
  const code = ldpcCode({ informationBits: 100, codedBits: 200 });
  const decoder = ldpcDecoder(code, { rule: "min-sum" });

  test("does not take a block of which nothing is known for the code word of zeros", () => {
    for (const [rule, schedule] of WAYS) {
      expect(ldpcDecoder(code, { rule, schedule }).decode(new Float32Array(200)).satisfied).toBe(false);
    }
  });

  test("bears infinite and huge ratios, and uses nothing of the block before", () => {
    const bits = randomBits(100);
    const llrs = Float32Array.from(encodeBlock(code, bits), (bit) => (bit ? Number.NEGATIVE_INFINITY : 1e30));
    const first = decoder.decode(llrs);
    expect(first.bits).toEqual(bits);
    const work = first.work;
    decoder.decode(new Float32Array(200).fill(1).fill(-1, 50, 120));
    expect(decoder.decode(llrs)).toEqual({ bits, satisfied: true, work });
  });

  test("refuses other lengths and what is not a number", () => {
    expect(() => decoder.decode(new Float32Array(199))).toThrow(/200 coded bits, but 199/);
    expect(() => decoder.decode(new Float32Array(200).fill(Number.NaN, 3, 4))).toThrow(/coded bit 3 is not a number/);
  });

  test.each([
    [{ rule: "sum" }, "rule", /Rules: belief-propagation, min-sum/],
    [{ rule: "min-sum", schedule: "shuffled" }, "schedule", /Schedules: layered, flooding/],
    [{ rule: "min-sum", iterations: 0 }, "iterations", /1 to 1000, not 0/],
    [{ rule: "min-sum", iterations: 1e9 }, "iterations", /1 to 1000/],
    [{ rule: "min-sum", scale: 1.5 }, "scale", /at most 1, not 1.5/],
    [{ rule: "min-sum", scale: Number.NaN }, "scale", /not NaN/],
  ] as const)("refuses the options %o", (options, path, message) => {
    expect(() => ldpcDecoder(code, options as never)).toThrow(
      expect.objectContaining({ path, message: expect.stringMatching(message) }),
    );
  });
});
