import fc from "fast-check";
import { expect, test } from "vitest";
import { stream } from "../numeric/stream.ts";
import { bernoulliEncode, bernoulliInto, decodeRates, repeatBits } from "./encode.ts";
import { emptySpikeTrain, packSpikes, unpackSpikes } from "./train.ts";

test("a Bernoulli-coded value fires at its probability (equation 1)", () => {
  const steps = 20_000;
  const values = [0.001, 0.1, 0.3, 0.5, 0.9, 0.999];
  const rates = decodeRates(bernoulliEncode({ rows: 2, features: 3, values }, steps, stream(7))).values;
  values.forEach((p, i) => {
    // 4.5 standard errors: one of six fails by chance about once in 24,000 seeds, and this seed is fixed.
    expect(Math.abs(rates[i] - p)).toBeLessThan(4.5 * Math.sqrt((p * (1 - p)) / steps));
  });
});

test("bits at different steps and features are independent", () => {
  const [steps, features, p] = [20_000, 4, 0.4];
  const bits = unpackSpikes(bernoulliEncode({ rows: 1, features, values: Array(features).fill(p) }, steps, stream(11)));
  const correlation = (lag: number) => {
    let sum = 0;
    for (let i = 0; i + lag < bits.length; i++) sum += (bits[i] - p) * (bits[i + lag] - p);
    return sum / (bits.length - lag) / (p * (1 - p));
  };
  // Lags 1 .. 3 pair features (and neighbouring steps), lag 4 the same feature at the next step. The sample correlation
  // of n independent bits has standard deviation 1 / sqrt(n).
  for (const lag of [1, 2, 3, 4, 8]) expect(Math.abs(correlation(lag))).toBeLessThan(4 / Math.sqrt(bits.length));
});

test("the mean of two streams' AND is the product of their values (equation 4)", () => {
  const steps = 20_000;
  const [x, y] = [0.6, 0.35];
  const a = unpackSpikes(bernoulliEncode({ rows: 1, features: 1, values: [x] }, steps, stream(1).fork("a")));
  const b = unpackSpikes(bernoulliEncode({ rows: 1, features: 1, values: [y] }, steps, stream(1).fork("b")));
  const rate = a.reduce((sum, bit, t) => sum + (bit & b[t]), 0) / steps;
  expect(Math.abs(rate - x * y)).toBeLessThan(4 * Math.sqrt((x * y * (1 - x * y)) / steps));
});

test("certain bits survive coding and decoding unchanged, drawn or repeated", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom(1, 31, 32, 33, 70),
      fc.integer({ min: 1, max: 5 }),
      fc.nat(),
      (rows, features, steps, seed) => {
        const random = stream(seed);
        const bits = Float64Array.from({ length: rows * features }, () => random.word() & 1);
        const repeated = repeatBits(packSpikes(bits, 1, rows, features), steps);
        expect(decodeRates(repeated)).toEqual({ rows, features, values: bits });
        expect(bernoulliEncode({ rows, features, values: bits }, steps, random).words).toEqual(repeated.words);
      },
    ),
    { seed: 1, numRuns: 60 },
  );
});

test("a decoded rate is a multiple of 1 / T within [0, 1]", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 70 }), (values) => {
      const steps = 4;
      const { values: rates } = decodeRates(
        bernoulliEncode({ rows: 1, features: values.length, values }, steps, stream(3)),
      );
      for (const rate of rates) expect([0, 0.25, 0.5, 0.75, 1]).toContain(rate);
    }),
    { seed: 1, numRuns: 50 },
  );
});

test("drawing rows into the middle of a train leaves the others empty", () => {
  const rates = { rows: 2, features: 40, values: Array(80).fill(0.5) };
  const train = emptySpikeTrain(3, 5, 40);
  bernoulliInto(train, 2, rates, stream(5));
  const alone = bernoulliEncode(rates, 3, stream(5));
  for (let t = 0; t < 3; t++) {
    const words = train.words.subarray(t * 10, t * 10 + 10);
    expect([...words.subarray(4, 8)]).toEqual([...alone.words.subarray(t * 4, t * 4 + 4)]);
    expect([...words.subarray(0, 4), ...words.subarray(8)]).toEqual(Array(6).fill(0));
  }
});

test("values that are not probabilities and shapes that do not fit are refused", () => {
  const random = stream(1);
  for (const wrong of [-0.1, 1.1, Number.NaN]) {
    expect(() => bernoulliEncode({ rows: 1, features: 2, values: [0.5, wrong] }, 1, random)).toThrow(
      `${wrong} is not a probability`,
    );
  }
  expect(() => bernoulliEncode({ rows: 2, features: 2, values: [0.5] }, 1, random)).toThrow("do not fit");
  expect(() => repeatBits(emptySpikeTrain(2, 1, 1), 4)).toThrow("have one time step, but these have 2");
});
