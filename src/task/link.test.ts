import fc from "fast-check";
import { expect, test } from "vitest";
import { symbolDetectionSpec } from "../experiment/task.ts";
import { popcount32 } from "../spike/train.ts";
import {
  antennaSymbols,
  constellation,
  midRiseQuantiser,
  modulationOf,
  nearestLevel,
  nearestSymbol,
  receivedPoints,
  squaredDistance,
} from "./link.ts";

test("a QPSK class is its bits, antenna 0 first, real before imaginary", () => {
  const points = constellation(symbolDetectionSpec.parse({ transmitAntennas: 2 }));
  const a = Math.SQRT1_2;
  // Class 0b0111: antenna 0 sends bits 0, 1 as (+1 - j)/sqrt 2, antenna 1 sends 1, 1 as (-1 - j)/sqrt 2.
  expect([...points.subarray(7 * 4, 8 * 4)]).toEqual([a, -a, -a, -a]);
});

test("a BPSK class is its bits, one real symbol per antenna", () => {
  const points = constellation(symbolDetectionSpec.parse({ transmitAntennas: 3, modulation: "bpsk" }));
  expect([...points.subarray(5 * 6, 6 * 6)]).toEqual([-1, 0, 1, 0, -1, 0]);
});

test("each antenna has unit power, and distance between classes grows with the bits that differ (Gray)", () => {
  for (const modulation of ["bpsk", "qpsk"] as const) {
    const points = constellation(symbolDetectionSpec.parse({ transmitAntennas: 2, modulation }));
    const classes = points.length / 4;
    const perBit = modulation === "bpsk" ? 4 : 2;
    for (let c = 0; c < classes; c++) {
      expect(squaredDistance(points, 4 * c, new Float64Array(4), 0, 4)).toBeCloseTo(2, 14);
      for (let d = 0; d < classes; d++) {
        expect(squaredDistance(points, 4 * c, points, 4 * d, 4)).toBeCloseTo(perBit * popcount32(c ^ d), 14);
      }
    }
  }
});

test("multi-level symbols match 3GPP TS 38.211, section 5.1", () => {
  // Its formulas as printed, for bits b(0), b(1), ...
  const printed = {
    "16qam": (b: (i: number) => number) =>
      [0, 1].map((i) => ((1 - 2 * b(i)) * (2 - (1 - 2 * b(i + 2)))) / Math.sqrt(10)),
    "64qam": (b: (i: number) => number) =>
      [0, 1].map((i) => ((1 - 2 * b(i)) * (4 - (1 - 2 * b(i + 2)) * (2 - (1 - 2 * b(i + 4))))) / Math.sqrt(42)),
  };
  for (const modulation of ["16qam", "64qam"] as const) {
    const bits = modulation === "16qam" ? 4 : 6;
    const points = constellation(symbolDetectionSpec.parse({ transmitAntennas: 2, modulation }));
    for (let c = 0; c < 4 ** bits; c++) {
      const expected = [0, 1].flatMap((a) => printed[modulation]((i) => (c >>> (2 * bits - 1 - (a * bits + i))) & 1));
      expected.forEach((value, i) => {
        expect(points[4 * c + i]).toBeCloseTo(value, 14);
      });
    }
  }
});

test("symbols have unit mean power, nearest neighbours differ in one bit, and the nearest level is the nearest", () => {
  for (const modulation of ["bpsk", "qpsk", "16qam", "64qam"] as const) {
    const spec = symbolDetectionSpec.parse({ transmitAntennas: 1, modulation });
    const symbols = antennaSymbols(spec);
    const count = symbols.length / 2;
    const { unit } = modulationOf(spec);
    expect(symbols.reduce((sum, x) => sum + x * x, 0) / count).toBeCloseTo(1, 14);
    for (let a = 0; a < count; a++) {
      for (let b = 0; b < count; b++) {
        const distance = Math.sqrt(squaredDistance(symbols, 2 * a, symbols, 2 * b, 2)) / (2 * unit);
        if (a === b) expect(distance).toBe(0);
        else expect(distance).toBeGreaterThan(1 - 1e-12);
        if (a !== b && distance < 1.2) expect(popcount32(a ^ b)).toBe(1);
      }
    }
    // The real parts of words with zero imaginary bits.
    const { parts, bits } = modulationOf(spec);
    const levels = Array.from({ length: 2 ** bits }, (_, word) => {
      const spread = Array.from({ length: bits }, (_, i) => ((word >>> i) & 1) << (parts * i + parts - 1));
      return symbols[2 * spread.reduce((sum, bit) => sum + bit, 0)];
    });
    for (let x = -1.5; x < 1.5; x += 0.0137) {
      const distances = levels.map((level) => Math.abs(x - level));
      expect(nearestLevel(x, modulationOf(spec))).toBe(distances.indexOf(Math.min(...distances)));
    }
  }
});

test("a value halfway between two levels takes the bits of 0", () => {
  const modulation = (name: "bpsk" | "qpsk" | "16qam" | "64qam") =>
    modulationOf(symbolDetectionSpec.parse({ transmitAntennas: 1, modulation: name }));
  for (const name of ["bpsk", "qpsk", "16qam", "64qam"] as const) {
    // At 0 the sign is a tie, and the further bits are those of the levels nearest to 0.
    const { bits } = modulation(name);
    expect(nearestLevel(0, modulation(name))).toBe(bits === 3 ? 0b001 : 0);
    expect(nearestLevel(-0, modulation(name))).toBe(nearestLevel(0, modulation(name)));
  }
  // The levels on both sides of a tie differ in one bit, which becomes 0.
  const own = modulation("64qam");
  for (const halfway of [-6, -4, -2, 0, 2, 4, 6]) {
    const [left, right] = [-1, 1].map((side) => nearestLevel((halfway + side) * own.unit, own));
    expect(nearestLevel(halfway * own.unit, own)).toBe(Math.min(left, right));
    expect(popcount32(left ^ right)).toBe(1);
  }
  expect(nearestSymbol(0, 0, modulation("qpsk"))).toBe(0);
  expect(nearestSymbol(-1e-12, 0, modulation("qpsk"))).toBe(0b10);
  expect(nearestSymbol(0, -1e-12, modulation("qpsk"))).toBe(0b01);
});

test("received points are the channel times the symbols", () => {
  const spec = symbolDetectionSpec.parse({ transmitAntennas: 1, receiveAntennas: 2 });
  const out = new Float64Array(4 * 4);
  // H = (1 + 2j, -j)^T, stored after one unrelated value; x of class 1 is (1 - j)/sqrt 2.
  receivedPoints(Float64Array.of(9, 1, 2, 0, -1), 1, constellation(spec), spec, out);
  // (1 + 2j)(1 - j) = 3 + j and -j (1 - j) = -1 - j, both over sqrt 2.
  const expected = [3, 1, -1, -1].map((x) => x * Math.SQRT1_2);
  for (let i = 0; i < 4; i++) expect(out[4 + i]).toBeCloseTo(expected[i], 15);
});

const quantiserCase = fc.record({
  bits: fc.integer({ min: 1, max: 12 }),
  range: fc.constantFrom(0.5, 1, 4, 10),
  share: fc.double({ min: -1.5, max: 1.5, noNaN: true }),
  other: fc.double({ min: -1.5, max: 1.5, noNaN: true }),
});

test("the quantiser is idempotent, monotonic, odd, and within half a step inside its range", () => {
  fc.assert(
    fc.property(quantiserCase, ({ bits, range, share, other }) => {
      const { code, value } = midRiseQuantiser(bits, range);
      const quantise = (x: number) => value(code(x));
      const [x, step] = [share * range, (2 * range) / 2 ** bits];
      expect(code(value(code(x)))).toBe(code(x));
      expect(code(x)).toBeGreaterThanOrEqual(0);
      expect(code(x)).toBeLessThan(2 ** bits);
      if (share <= other) expect(code(x)).toBeLessThanOrEqual(code(other * range));
      // Inside, the centre of the cell is at most half a step away (plus a rounding of x / step); outside, the last cell is used.
      if (Math.abs(share) <= 1) expect(Math.abs(quantise(x) - x)).toBeLessThanOrEqual((step / 2) * (1 + 1e-12));
      else expect(quantise(x)).toBe(Math.sign(x) * (range - step / 2));
      // Odd symmetry, except on the edges of cells, which belong to the upper cell.
      if (!Number.isInteger(x / step)) expect(quantise(-x)).toBe(-quantise(x));
    }),
    { seed: 1, numRuns: 1000 },
  );
});

test("mid-rise has no zero: 4 bits over [-4, 4] read 0 as a quarter", () => {
  const { code, value } = midRiseQuantiser(4, 4);
  expect([code(-9), code(-4), code(-1e-9), code(0), code(3.6), code(4)]).toEqual([0, 0, 7, 8, 15, 15]);
  expect([value(0), value(7), value(8), value(15)]).toEqual([-3.75, -0.25, 0.25, 3.75]);
});
