import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { converterErrorSpec } from "../experiment/converter-errors.ts";
import { stream } from "../numeric/stream.ts";
import { convertColumns, converter } from "./adc.ts";
import {
  convertWithErrors,
  drawConversionNoise,
  drawConverterErrors,
  fixedFullScale,
  normalTable,
} from "./converter-errors.ts";

const none = converterErrorSpec.parse({});
const currents = (n: number, seed: number) => {
  const random = stream(seed);
  return Float32Array.from({ length: n }, () => 120 * random.uniform());
};

test.each(["pair", "differential"] as const)("without errors the codes are those of exact %s converters", (mode) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 8 }),
      fc.integer({ min: 1, max: 12 }),
      fc.nat(1000),
      (bits, columns, seed) => {
        const adc = converter(mode, bits, 100);
        const [plus, minus] = [currents(5 * columns, seed), currents(5 * columns, seed + 1)];
        const errors = drawConverterErrors(columns, 4, none, stream(seed));
        const [codes, expected] = [new Float32Array(5 * columns), new Float32Array(5 * columns)];
        const counted = convertWithErrors(adc, errors, null, plus, minus, codes);
        expect(counted).toEqual(convertColumns(adc, plus, minus, expected));
        expect(codes).toEqual(expected);
      },
    ),
    { seed: 1, numRuns: 100 },
  );
});

test("columns of one readout unit share its converters: every units-th column", () => {
  const spec = converterErrorSpec.parse({ gainSpread: 0.1, offsetSpread: 1 });
  const { plus, minus } = drawConverterErrors(128, 16, spec, stream(1));
  for (const { gains, offsets } of [plus, minus]) {
    for (let c = 16; c < 128; c++) expect([gains[c], offsets[c]]).toEqual([gains[c - 16], offsets[c - 16]]);
    expect(new Set(gains).size).toBe(16);
  }
  expect(plus.gains).not.toEqual(minus.gains);
});

test("gains, offsets and noise have the spreads of the spec", () => {
  const spec = converterErrorSpec.parse({ gainSpread: 0.05, offsetSpread: 0.4, outputNoise: 0.3 });
  const n = 100_000;
  const { plus } = drawConverterErrors(n, n, spec, stream(2));
  const shape = { steps: 2, firstPrompt: 7, prompts: 50, perPrompt: 10 };
  const noise = drawConversionNoise(100, spec, stream(3).key, shape);
  for (const [values, mean, spread] of [
    [plus.gains, 1, 0.05],
    [plus.offsets, 0, 0.4],
    [noise.plus, 0, 0.3],
    [noise.minus, 0, 0.3],
  ] as const) {
    const sampleMean = values.reduce((a, b) => a + b, 0) / n;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - sampleMean) ** 2, 0) / n);
    // Four standard errors of a normal sample.
    expect(Math.abs(sampleMean - mean)).toBeLessThan((4 * spread) / Math.sqrt(n));
    expect(Math.abs(deviation - spread)).toBeLessThan((4 * spread) / Math.sqrt(2 * n));
  }
});

test("noise of a conversion depends only on its position, not on how prompts are divided, and differs between positions", () => {
  const spec = converterErrorSpec.parse({ outputNoise: 0.3 });
  const { key } = stream(3);
  const shape = { steps: 2, firstPrompt: 0, prompts: 4, perPrompt: 3 };
  const whole = drawConversionNoise(5, spec, key, shape);
  const part = drawConversionNoise(5, spec, key, { ...shape, firstPrompt: 1, prompts: 2 });
  for (const sign of ["plus", "minus"] as const) {
    const of = (step: number, prompts: number, first: number, count: number) =>
      [first, first + count].map((prompt) => (step * prompts + prompt) * 15) as [number, number];
    for (const step of [0, 1]) {
      expect(part[sign].subarray(...of(step, 2, 0, 2))).toEqual(whole[sign].subarray(...of(step, 4, 1, 2)));
    }
  }
  // 240 draws of 2^12 values: 7 repeat an earlier one on average, with a spread of 2.6.
  expect(new Set([...whole.plus, ...whole.minus]).size).toBeGreaterThan(240 - 20);
});

test("the table of normals is symmetric, rises, and has a standard deviation of 1 - 1.6e-4", () => {
  const table = normalTable();
  // Quantiles of p and 1 - p differ by the rounding of p - 0.5 and of the result to single precision, 2^-24 of at most 3.67.
  expect(table.every((z, i) => Math.abs(z + table[4095 - i]) < 1e-6)).toBe(true);
  expect(table.slice(1).every((z, i) => z > table[i])).toBe(true);
  const deviation = Math.sqrt(table.reduce((sum, z) => sum + z * z, 0) / 4096);
  expect(deviation).toBeCloseTo(1 - 1.6e-4, 5);
});

describe("by hand, step 1", () => {
  const flat = (gain: number, offset: number) => ({ gains: Float32Array.of(gain), offsets: Float32Array.of(offset) });

  test("a pair converts each line with its own gain, offset and noise, and clips before it subtracts", () => {
    const adc = converter("pair", 3, 7); // codes 0 .. 7
    const errors = { plus: flat(1.5, 0.25), minus: flat(1, -1) };
    const codes = new Float32Array(3);
    const noise = { plus: Float32Array.of(0, 0, -0.5), minus: Float32Array.of(0, 2, 0) };
    const counted = convertWithErrors(adc, errors, noise, Float32Array.of(2, 6, 2), Float32Array.of(0.2, 3, 2), codes);
    // 3.25 and -0.8 -> 3 and 0 (clipped); 9.25 and 4 -> 7 (clipped) and 4; 2.75 and 1 -> 3 and 1.
    expect([[...codes], counted]).toEqual([[3, 3, 2], { conversions: 6, clipped: 2 }]);
  });

  test("a differential converter has one gain, one offset, one noise", () => {
    const adc = converter("differential", 3, 3); // codes -3 .. 3
    const errors = { plus: flat(0.5, 1), minus: flat(9, 9) };
    const codes = new Float32Array(2);
    const noise = { plus: Float32Array.of(0.2, 0), minus: Float32Array.of(9, 9) };
    const counted = convertWithErrors(adc, errors, noise, Float32Array.of(4, 0), Float32Array.of(1, 9), codes);
    // 1.5 + 1 + 0.2 = 2.7 -> 3; -4.5 + 1 = -3.5 -> -4, clipped.
    expect([[...codes], counted]).toEqual([[3, -3], { conversions: 2, clipped: 1 }]);
  });
});

test("a fixed full scale is a number of lines at the largest conductance", () => {
  expect(converter("pair", 5, fixedFullScale(12, 25)).step).toBe(Math.fround(300 / 31));
});
