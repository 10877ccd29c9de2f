import fc from "fast-check";
import { expect, test } from "vitest";
import { RECOMMENDED_FORMATS } from "../experiment/arithmetic.ts";
import { adcSpec } from "../experiment/hardware.ts";
import { stream } from "../numeric/stream.ts";
import { unpackSpikes } from "../spike/train.ts";
import { emptyTally } from "./actions.ts";
import { codeRange, wholeFactors, wholeOffsets } from "./integer-arithmetic.ts";
import { runIntegerLifUnits } from "./integer-lif.ts";
import { signedRange } from "./lif-parameters.ts";
import { codeFractionBits, thresholdColumns } from "./threshold-scaling.ts";

const adc = adcSpec.parse({});
const WIDTH = 8;
const THRESHOLD = 1;
const wide = { ...RECOMMENDED_FORMATS, factorBits: 16, offsetBits: 16, membraneBits: 16 } as const;

const cases = fc.record({
  seed: fc.nat(10_000),
  steps: fc.integer({ min: 1, max: 6 }),
  leakShift: fc.integer({ min: 0, max: 3 }),
  reset: fc.constantFrom("hard" as const, "soft" as const),
});

/** Codes of WIDTH columns, `[steps][columns]`. */
function codesOf(seed: number, steps: number): Float32Array {
  const random = stream(seed).fork("codes");
  const { low, high } = codeRange(adc);
  return Float32Array.from({ length: steps * WIDTH }, () => low + random.integer(high - low + 1));
}

const numbersOf = (seed: number, name: string, of: (uniform: number) => number): Float32Array => {
  const random = stream(seed).fork(name);
  return Float32Array.from({ length: WIDTH }, () => of(random.uniform()));
};

/** Spikes of neurons that add scaled sums, and of neurons that take codes. */
function bothWays(
  factors: Float32Array,
  offsets: Float32Array,
  { seed, steps, leakShift, reset }: { seed: number; steps: number; leakShift: number; reset: "hard" | "soft" },
) {
  const codes = codesOf(seed, steps);
  const columns = thresholdColumns(factors, offsets, THRESHOLD, adc, wide);
  const [whole, added] = [wholeFactors(factors, 0, wide), wholeOffsets(offsets, "offset", wide)];
  const shape = { steps, rows: 1, features: WIDTH };
  const constants = { leakShift, threshold: THRESHOLD * 2 ** wide.fractionBits, reset, membrane: signedRange(16) };
  const sums = codes.map((code, i) => whole[i % WIDTH] * code + added[i % WIDTH]);
  const taken = codes.map((code, i) => columns.multipliers[i % WIDTH] * code + columns.offsets[i % WIDTH]);
  return {
    codes,
    sums: runIntegerLifUnits(sums, shape, constants, emptyTally()),
    taken: runIntegerLifUnits(taken, shape, constants, emptyTally(), columns.thresholds),
  };
}

test("where factors are powers of two and offsets on the grid of weights, neurons that take codes fire as those with sums", () => {
  let fired = 0;
  fc.assert(
    fc.property(cases, (one) => {
      const grid = 2 ** wide.fractionBits;
      // From a 32nd to half of the threshold: at most 2^7 units of the grid, as many as a code has fractions.
      const factors = numbersOf(one.seed, "factors", (u) => 2 ** -(1 + Math.floor(5 * u)));
      const offsets = numbersOf(one.seed, "offsets", (u) => Math.round((2 * u - 1) * grid) / grid);
      const { sums, taken } = bothWays(factors, offsets, one);
      expect(sums.saturated).toBe(0);
      // A membrane holds 128 codes.
      fc.pre(taken.saturated === 0);
      expect(taken.train).toEqual(sums.train);
      fired += unpackSpikes(taken.train).reduce((sum, bit) => sum + bit, 0);
    }),
    { seed: 1, numRuns: 500 },
  );
  expect(fired).toBeGreaterThan(1000);
});

test("for any factors, spikes differ from those of real numbers only where a membrane is nearer to its threshold than the bound", () => {
  let exact = 0;
  fc.assert(
    fc.property(cases, (one) => {
      const factors = numbersOf(one.seed, "factors", (u) => 0.08 * 12 ** u);
      const offsets = numbersOf(one.seed, "offsets", (u) => 2 * (2 * u - 1));
      const { codes, taken } = bothWays(factors, offsets, one);
      if (taken.saturated > 0) return;
      const spikes = unpackSpikes(taken.train);
      for (let c = 0; c < WIDTH; c++) {
        // An offset is off by half a unit, and rounding threshold and leak by less than one, at each step so far.
        const unit = factors[c] / 2 ** codeFractionBits(adc, wide);
        let v = 0;
        for (let t = 0; t < one.steps; t++) {
          v = v / 2 ** one.leakShift + factors[c] * codes[t * WIDTH + c] + offsets[c];
          const fires = v >= THRESHOLD;
          if (Number(fires) !== spikes[t * WIDTH + c]) {
            expect(Math.abs(v - THRESHOLD)).toBeLessThan((1.5 * (t + 1) + 1) * unit);
            break;
          }
          exact++;
          if (fires) v = one.reset === "hard" ? 0 : v - THRESHOLD;
        }
      }
    }),
    { seed: 2, numRuns: 500 },
  );
  // Of at most 28 x 500 decisions.
  expect(exact).toBeGreaterThan(5000);
});

test("a column whose threshold or offset is many codes has fewer fractions of a code, and a dead one takes none", () => {
  const factors = Float32Array.of(0.25, 1 / 1024, 1e-9);
  const offsets = Float32Array.of(-0.5, -1, -0.75);
  const columns = thresholdColumns(factors, offsets, 1, adc, RECOMMENDED_FORMATS);
  // A quarter of a membrane of 14 bits holds 32 codes with 6 fraction bits, and 1,024 codes do not fit with more than 1.
  expect([...columns.multipliers]).toEqual([64, 2, 0]);
  expect([...columns.thresholds.slice(0, 2)]).toEqual([256, 2048]);
  expect([...columns.offsets.slice(0, 2)]).toEqual([-128, -2048]);
  expect(columns.offsets[2] / columns.thresholds[2]).toBeCloseTo(-0.75, 2);
  expect(columns.thresholds[2]).toBeGreaterThan(1024);
});

test("a column without a factor is refused with the way out", () => {
  expect(() => thresholdColumns(Float32Array.of(0), Float32Array.of(1), 1, adc, RECOMMENDED_FORMATS)).toThrow(
    /column 0 is worth 0.*Set hardware.scaling to "sums"/,
  );
});

test("a membrane too narrow for codes is refused with the bits that it needs", () => {
  const narrow = { ...RECOMMENDED_FORMATS, membraneBits: 7 };
  expect(() => thresholdColumns(Float32Array.of(1), Float32Array.of(1), 1, adc, narrow)).toThrow(
    /Codes reach 15.*with 8 bits or more, but has 7/,
  );
});
