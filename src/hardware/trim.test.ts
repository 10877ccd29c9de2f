import fc from "fast-check";
import { expect, test } from "vitest";
import { adcSpec } from "../experiment/hardware.ts";
import { mean } from "../numeric/statistics.ts";
import { stream } from "../numeric/stream.ts";
import { drawConverterErrors } from "./converter-errors.ts";
import { trimConverters, trimmedSpread } from "./trim.ts";

const adcOf = (adc: object) => adcSpec.parse({ trim: {}, ...adc });
const errorsOf = (offsets: number[]) => {
  const line = { gains: new Float32Array(offsets.length).fill(1), offsets: Float32Array.from(offsets) };
  return { plus: line, minus: line };
};
const largest = (values: Float32Array) => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

test("without noise at most a sixteenth of a step remains of any offset within reach, in both modes", () => {
  // Eighths round to a sixteenth; the dither tells offsets apart to another sixteenth.
  const bound = 1 / 8 + 1e-6;
  fc.assert(
    fc.property(
      fc.constantFrom("pair", "differential"),
      fc.double({ min: -3.8, max: 3.8, noNaN: true }),
      (mode, offset) => {
        const { plus, minus } = trimConverters(errorsOf([offset, -offset]), 2, adcOf({ mode }), stream(1));
        expect(largest(plus.offsets)).toBeLessThanOrEqual(bound);
        expect(largest(minus.offsets)).toBeLessThanOrEqual(bound);
      },
    ),
  );
});

test("with half a step of noise the mean of 64 reads leaves its standard error, with more reads less", () => {
  const spread = { gainSpread: 0.1, offsetSpread: 0.5, outputNoise: 0.5 };
  const errors = drawConverterErrors(4096, 4096, spread, stream(3));
  const leftOf = (reads: number) => {
    const { plus } = trimConverters(errors, 4096, adcOf({ trim: { reads }, errors: spread }), stream(4));
    expect(plus.gains).toEqual(errors.plus.gains);
    return Math.sqrt(mean([...plus.offsets].map((x) => x * x)));
  };
  // Noise 0.5 and rounding of variance 1 / 12 over 64 reads, and eighths, of variance 1 / 768: 0.081.
  expect(leftOf(64)).toBeCloseTo(0.081, 2);
  for (const reads of [8, 64]) expect(leftOf(reads)).toBeCloseTo(trimmedSpread({ bits: 6, reads }, spread), 2);
  expect(leftOf(8)).toBeGreaterThan(2 * leftOf(64));
});

test("a trim goes as far as its bits, columns of a unit share it, and without one nothing changes", () => {
  const { plus } = trimConverters(errorsOf([9, -9, 9, -9, 9]), 2, adcOf({ trim: { bits: 4 } }), stream(1));
  const left = 9 - 7 / 8;
  expect([...plus.offsets]).toEqual([left, -left, left, -left, left]);
  const errors = errorsOf([1, 2]);
  expect(trimConverters(errors, 2, adcOf({ trim: null }), stream(1))).toBe(errors);
  // A pair's codes are never below 0: what the trim cannot lift above is not seen.
  const pair = trimConverters(errorsOf([-9]), 1, adcOf({ mode: "pair" }), stream(1));
  expect(pair.plus.offsets[0]).toBe(-9 + 31 / 8);
});
