import fc from "fast-check";
import { expect, test } from "vitest";
import { isXpikeError } from "../errors.ts";
import { arithmeticSpec } from "../experiment/arithmetic.ts";
import { adcSpec } from "../experiment/hardware.ts";
import { transformerSpec } from "../experiment/model.ts";
import { unpackSpikes } from "../spike/train.ts";
import { emptyTally } from "./actions.ts";
import { convertColumns, converter } from "./adc.ts";
import { convertWithErrors, LARGEST_NORMAL } from "./converter-errors.ts";
import {
  codeRange,
  integerLifConstants,
  lineTotals,
  misfitOfLines,
  mostStepBits,
  requireIntegers,
  requireSums,
  roundToSteps,
  saturate,
  sumRange,
  unitOf,
  wholeConductances,
  wholeFactors,
  wholeOffsets,
} from "./integer-arithmetic.ts";
import { runIntegerLif, runIntegerLifUnits } from "./integer-lif.ts";
import { lifParameters, signedRange } from "./lif-parameters.ts";

const formats = arithmeticSpec.parse({});
const neuronOf = (neuron: object) => transformerSpec.parse({ kind: "spiking", neuron }).neuron;

test("a sum stays within its bounds for any codes, and reaches both ends", () => {
  const factors = fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(
      factors,
      fc.integer({ min: -40, max: 40 }),
      fc.integer({ min: 2, max: 3 }),
      (ofBlocks, offset, bits) => {
        const codes = codeRange(adcSpec.parse({ bits, mode: "pair" }));
        const { low, high } = sumRange(codes, ofBlocks, offset);
        const sums = ofBlocks.reduce(
          (some, factor) =>
            some.flatMap((sum) =>
              Array.from({ length: codes.high - codes.low + 1 }, (_, i) => sum + factor * (codes.low + i)),
            ),
          [offset],
        );
        expect([Math.min(...sums), Math.max(...sums)]).toEqual([low, high]);
      },
    ),
    { seed: 1, numRuns: 100 },
  );
});

test("a shift gives the code that a division gives, ties up, for every current in range", () => {
  for (const [bits, stepBits] of [
    [2, 12],
    [5, 8],
    [5, 0],
    [8, 6],
  ]) {
    const converters = converter("pair", bits, 2 ** bits - 1);
    expect(converters.step).toBe(1);
    const currents = Float32Array.from({ length: 2 ** 15 }, (_, current) => current);
    const [lines, none, codes] = [
      currents.slice(),
      new Float32Array(currents.length),
      new Float32Array(currents.length),
    ];
    roundToSteps("pair", stepBits, lines, none);
    convertColumns(converters, lines, none, codes);
    codes.forEach((code, current) => {
      const nearest = Math.round(current / 2 ** stepBits);
      const shifted = (current + ((1 << stepBits) >> 1)) >> stepBits;
      const expected = Math.min(converters.largest, nearest);
      if (code !== expected || Math.min(converters.largest, shifted) !== expected) {
        throw new Error(`${bits} bits: ${current} gave ${code}`);
      }
    });
  }
});

test("differences are rounded as one number, ties up on both sides of 0", () => {
  const [plus, minus] = [Float32Array.of(6, 2, 0, 0, 9), Float32Array.of(0, 0, 2, 3, 20)];
  roundToSteps("differential", 2, plus, minus);
  // 6 / 4 = 1.5, 0.5, -0.5, -0.75, -2.75
  expect([...plus]).toEqual([2, 1, 0, -1, -3]);
  expect([...minus]).toEqual([0, 0, 0, 0, 0]);
});

test("units of current are those of a code step", () => {
  const conductances = Float32Array.of(0, 1, 2.5, 24.9, 0.01, 3);
  const whole = new Float32Array(6);
  wholeConductances(conductances, unitOf(4, 3), whole);
  // A unit is 4 / 8 uS. 24.9 / 0.5 = 49.8; 0.02 rounds to 0.
  expect([...whole]).toEqual([0, 2, 5, 50, 0, 6]);
});

test("a layer of units fires as one unit in whole numbers does, and a register that is wide enough never saturates", () => {
  const steps = 6;
  const codes = fc.array(fc.integer({ min: -32, max: 31 }), { minLength: steps * 4, maxLength: steps * 4 });
  fc.assert(
    fc.property(codes, fc.constantFrom(1, 0.5, 0.25), fc.integer({ min: 1, max: 60 }), (all, beta, threshold) => {
      const leakShift = Math.log2(1 / beta);
      const parameters = lifParameters({
        codeBits: 6,
        rowBlocks: 1,
        columns: 4,
        leakShift,
        fractionBits: 2,
        offsetBits: 2,
        steps,
      });
      const settings = Array.from({ length: 4 }, (_, c) => ({ offset: c - 2, threshold }));
      const expected = runIntegerLif(parameters, settings, all, steps);
      const unit = integerLifConstants(neuronOf({ kind: "lif", beta: Math.min(beta, 0.5), threshold }), {
        ...formats,
        fractionBits: 0,
        membraneBits: parameters.membraneBits,
      });
      const currents = Float32Array.from(all, (code, i) => 4 * code + (i % 4) - 2);
      const shape = { steps, rows: 1, features: 4 };
      const run = runIntegerLifUnits(currents, shape, { ...unit, leakShift }, emptyTally());
      expect([...unpackSpikes(run.train)]).toEqual([...expected]);
      expect(run.saturated).toBe(0);
    }),
    { seed: 1, numRuns: 200 },
  );
});

test("saturation limits numbers to their register and counts them", () => {
  const values = Float32Array.of(-9, -8, 0, 7, 8, 100);
  expect(saturate(values, signedRange(4))).toBe(3);
  expect([...values]).toEqual([-8, -8, 0, 7, 7, 7]);
});

test("thresholds are whole numbers, rounded up", () => {
  const unit = integerLifConstants(neuronOf({ threshold: 0.4, beta: 0.25, reset: "soft" }), formats);
  expect(unit).toEqual({ leakShift: 2, threshold: 103, reset: "soft", membrane: signedRange(formats.membraneBits) });
});

function messageOf(run: () => unknown): { path: string; message: string } {
  try {
    run();
  } catch (error) {
    if (isXpikeError(error)) return { path: error.path, message: error.message };
    throw error;
  }
  throw new Error("nothing was refused");
}

test("sums that could take more than 16 bits are refused, with the fraction bits that would fit", () => {
  expect(() => requireSums("head", { low: -(2 ** 15), high: 2 ** 15 - 1 }, formats)).not.toThrow();
  const { path, message } = messageOf(() =>
    requireSums("head", { low: -5, high: 2 ** 17 }, { ...formats, fractionBits: 8 }),
  );
  expect(path).toBe("hardware.arithmetic.fractionBits");
  expect(message).toContain("Sums of head reach from -5 to 131072 x 2^-8");
  expect(message).toContain("need 19 bits, but accumulators have 16. Use 5 fraction bits or fewer.");
});

test("a factor or an offset that does not fit does with each way out that is named, and with no less", () => {
  const values = fc.array(fc.integer({ min: 1, max: 1e6 }), { minLength: 1, maxLength: 4 });
  const seen = { bits: 0, fraction: 0, neither: 0 };
  const kinds = fc.constantFrom(
    { field: "factorBits" as const, whole: (of: Float32Array, format: typeof formats) => wholeFactors(of, 0, format) },
    {
      field: "offsetBits" as const,
      whole: (of: Float32Array, format: typeof formats) => wholeOffsets(of, "x", format),
    },
  );
  const scale = fc.constantFrom(1, 1e-2, 1e-4, 1e-5);
  fc.assert(
    fc.property(values, scale, kinds, fc.nat(14), fc.integer({ min: 2, max: 16 }), (some, by, kind, fraction, bits) => {
      const signed = Float32Array.from(some, (x, i) => (kind.field === "offsetBits" && i % 2 === 0 ? -x : x) * by);
      const fits = (change: object) => {
        try {
          kind.whole(signed, { ...formats, fractionBits: fraction, [kind.field]: bits, ...change });
          return null;
        } catch (error) {
          if (isXpikeError(error)) return error.message;
          throw error;
        }
      };
      const message = fits({});
      if (message === null) return;
      const wider = Number(message.match(/Use (\d+) bits or more/)?.[1]);
      const fewer = Number(message.match(/(\d+) fraction bits or fewer/)?.[1]);
      if (wider > 0) {
        expect([fits({ [kind.field]: wider }), wider <= 16]).toEqual([null, true]);
        expect(fits({ [kind.field]: wider - 1 })).not.toBe(null);
        seen.bits++;
      }
      if (fewer >= 0) {
        expect(fits({ fractionBits: fewer })).toBe(null);
        if (fewer + 1 < fraction) expect(fits({ fractionBits: fewer + 1 })).not.toBe(null);
        seen.fraction++;
      }
      if (!(wider > 0) && !(fewer >= 0)) {
        expect(message).toContain("It does not fit 16 bits with any binary point");
        expect(fits({ fractionBits: 0 })).not.toBe(null);
        seen.neither++;
      }
    }),
    { seed: 1, numRuns: 500 },
  );
  expect(Math.min(seen.bits, seen.fraction, seen.neither)).toBeGreaterThan(30);
});

test("differences that could overflow do not fit, and with a bit less they do", () => {
  const differential = adcSpec.parse({ mode: "differential" });
  const lines = (units: number) => Float32Array.of(units, 0, 0, 5, units, 7);
  const none = new Float32Array(6);
  const misfit = (plus: Float32Array, minus: Float32Array, stepBits: number) =>
    misfitOfLines(lineTotals("differential", plus, minus, 2), differential, null, stepBits);
  // 2 x 16352 and half a step of 64 are 32768.
  expect(misfit(lines(16_351), none, 7)).toBeNull();
  expect(misfit(none, lines(16_352), 7)).toContain(
    "a difference reaches 32768 x 2^-7 code steps, but a line of 16 bits holds -32768 to 32767.",
  );
  expect(misfit(none, lines(16_352 / 2), 6)).toBeNull();
});

test("no rows that are driven together take an accepted difference out of 16 bits, and the worst ones take a refused one there", () => {
  const differential = adcSpec.parse({ mode: "differential" });
  const cases = fc.record({
    plus: fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 6, maxLength: 6 }),
    minus: fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 6, maxLength: 6 }),
    stepBits: fc.integer({ min: 1, max: 13 }),
  });
  const seen = { refused: 0, accepted: 0 };
  fc.assert(
    fc.property(cases, ({ plus, minus, stepBits }) => {
      // Every set of rows of a column: what it carries, with half a step on top.
      const sums = Array.from({ length: 2 ** plus.length }, (_, set) =>
        plus.reduce((sum, units, r) => sum + ((set >> r) & 1) * (units - minus[r]), 2 ** (stepBits - 1)),
      );
      const fits = Math.max(...sums) < 2 ** 15 && Math.min(...sums) >= -(2 ** 15);
      const totals = lineTotals("differential", Float32Array.from(plus), Float32Array.from(minus), 1);
      const accepted = misfitOfLines(totals, differential, null, stepBits) === null;
      if (accepted) expect(fits).toBe(true);
      // The bound counts half a step on either side, which is at most one step too careful for negative sums.
      else expect(Math.max(...sums) >= 2 ** 15 || Math.min(...sums) - 2 ** stepBits <= -(2 ** 15)).toBe(true);
      seen[accepted ? "accepted" : "refused"]++;
    }),
    { seed: 1, numRuns: 500 },
  );
  expect(Math.min(seen.refused, seen.accepted)).toBeGreaterThan(50);
});

test("with converter errors, a saturated line gives the code of any larger line, or does not fit", () => {
  const pair = adcSpec.parse({ mode: "pair", errors: { gainSpread: 0.3, offsetSpread: 3, outputNoise: 2 } });
  const cases = fc.record({
    gain: fc.integer({ min: 0, max: 1000 }).map((x) => x / 1000),
    offset: fc.integer({ min: -200, max: 200 }).map((x) => x / 10),
    noise: fc.constantFrom(-2 * LARGEST_NORMAL, 2 * LARGEST_NORMAL),
    beyond: fc.integer({ min: 2 ** 16, max: 2 ** 18 }),
    stepBits: fc.integer({ min: 6, max: 10 }),
  });
  const seen = { refused: 0, allowed: 0 };
  fc.assert(
    fc.property(cases, ({ gain, offset, noise, beyond, stepBits }) => {
      const line = { gains: Float32Array.of(gain), offsets: Float32Array.of(offset) };
      const errors = { plus: line, minus: line };
      const total = Float32Array.of(beyond);
      if (misfitOfLines(lineTotals("pair", total, total, 1), pair, errors, stepBits) !== null) {
        seen.refused++;
        return;
      }
      seen.allowed++;
      const converters = converter("pair", 5, 31 * 2 ** stepBits);
      const noises = { plus: Float32Array.of(noise), minus: Float32Array.of(noise) };
      const codeOf = (current: number) => {
        const code = new Float32Array(1);
        const { clipped } = convertWithErrors(
          converters,
          errors,
          noises,
          Float32Array.of(current),
          Float32Array.of(0),
          code,
        );
        return { code: code[0], clipped };
      };
      expect(codeOf(65_535)).toEqual(codeOf(beyond));
    }),
    { seed: 1, numRuns: 500 },
  );
  expect(Math.min(seen.refused, seen.allowed)).toBeGreaterThan(30);
});

test("a code step of a pair has as many bits as its line allows", () => {
  const of = (bits: number, mode: string) => mostStepBits(adcSpec.parse({ bits, mode }), { ...formats, stepBits: 11 });
  expect([of(3, "pair"), of(5, "pair"), of(12, "pair"), of(12, "differential")]).toEqual([11, 10, 3, 11]);
  const { message } = messageOf(() =>
    requireIntegers(neuronOf({}), formats, adcSpec.parse({ mode: "pair", bits: 16 })),
  );
  expect(message).toContain("Codes of 16 bits leave no headroom in a 16-bit line");
});
