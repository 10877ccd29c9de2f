// @module-tag slow
import { expect, test } from "vitest";
import { drifted } from "../../test/support/drifted.ts";
import { kernelMath } from "../kernels/array-math.ts";
import { stream } from "../numeric/stream.ts";
import { readNoiseIntegral } from "./drifting.ts";
import { nandakumar, phaseChangeMemory } from "./nandakumar-icecs-2019.ts";

const DAY = 86_400;
const SAMPLES = 1_000_000;
const statistics = nandakumar(25);
const spec = { kind: "pcm", maxConductance: 25, programmingNoise: 1, drift: 1, readNoise: 1 } as const;
// Millions of devices, so by kernels; `one-by-one.test.ts` holds them to the bits of the formulas.
const memory = phaseChangeMemory(spec, kernelMath);

/**
 * Expected values computed outside this project from aihwkit's formulas (commit 4545f11) for g_max = 25 uS.
 * Columns: x, sigma_prog, E and SD of g_prog (with the clamp at 0), mu_nu, sd_nu, E and SD of nu (with |.|), Q_s.
 */
const SINGLE_DEVICE = [
  [0, 0.26348, 0.10511, 0.15382, 0.1, 0.045, 0.100413, 0.044071, 0.2],
  [0.01, 0.28301, 0.2793, 0.23835, 0.09578, 0.045, 0.096318, 0.043837, 0.175583],
  [0.05, 0.3588, 1.25002, 0.35871, 0.070834, 0.031547, 0.071105, 0.030932, 0.061681],
  [0.1, 0.44825, 2.5, 0.44825, 0.06009, 0.022882, 0.060152, 0.02272, 0.039308],
  [0.25, 0.68141, 6.25, 0.68141, 0.049, 0.011429, 0.049, 0.011428, 0.021668],
  [0.5, 0.95271, 12.5, 0.95271, 0.049, 0.008, 0.049, 0.008, 0.013809],
  [0.75, 1.07736, 18.75, 1.07736, 0.049, 0.008, 0.049, 0.008, 0.010609],
  [1, 1.05538, 25, 1.05538, 0.049, 0.008, 0.049, 0.008, 0.0088],
] as const;

/** R(t) at 0 s, 1 s, 1 min, 1 h, 1 d, 30 d, 360 d and 365 d, from the same source. */
const TIMES = [0, 1, 60, 3600, DAY, 30 * DAY, 360 * DAY, 365 * DAY] as const;
const READ_INTEGRALS = [4.18382, 4.18965, 4.34634, 4.76475, 5.08681, 5.41079, 5.63573, 5.63696] as const;
const DRIFT_FACTORS = [
  { exponent: 0.049, factors: [1, 0.99761, 0.93433, 0.77513, 0.66352, 0.56167, 0.49728, 0.49695] },
  { exponent: 0.0708339, factors: [1, 0.99655, 0.90647, 0.69196, 0.55268, 0.43436, 0.36426, 0.3639] },
] as const;

test.each(SINGLE_DEVICE)("the deterministic maps at x = %d equal the published polynomials", (...row) => {
  const [x, sigma, , , mean, deviation, , , scale] = row;
  // The table prints five decimals of sigma (half a unit of the last: 5e-6) and six of the others.
  expect(Math.abs(statistics.programmingDeviation(x) - sigma)).toBeLessThan(6e-6);
  expect(Math.abs(statistics.driftExponent(x).mean - mean)).toBeLessThan(6e-7);
  expect(Math.abs(statistics.driftExponent(x).deviation - deviation)).toBeLessThan(6e-7);
  expect(Math.abs(statistics.readNoiseScale(x) - scale)).toBeLessThan(6e-7);
});

test("read noise integrates 1/f from the read duration to the device's age", () => {
  TIMES.forEach((time, i) => {
    expect(Math.abs(readNoiseIntegral(time, 20, 250e-9) - READ_INTEGRALS[i])).toBeLessThan(6e-6);
  });
});

test("conductance drifts by a power of its age", () => {
  for (const { exponent, factors } of DRIFT_FACTORS) {
    TIMES.forEach((time, i) => {
      expect(Math.abs(drifted(statistics, exponent, time) - factors[i])).toBeLessThan(6e-6);
    });
  }
  expect(drifted(statistics, 0, DAY)).toBe(1);
  expect(drifted(statistics, 0.05, 3600)).toBeCloseTo(181 ** -0.05, 12);
});

test.each(SINGLE_DEVICE)("programmed devices at x = %d have the published means and spreads", (...row) => {
  const [x, , meanConductance, spreadConductance, , , meanExponent, spreadExponent] = row;
  const targets = new Float64Array(SAMPLES / 5).fill(25 * x);
  const { conductances, driftExponents } = memory.program(targets, stream(11).fork(row[0] * 100));
  expectMoments(conductances, meanConductance, spreadConductance);
  expectMoments(driftExponents!, meanExponent, spreadExponent);
});

/** Mean and SD in uS of program, drift, read for one device: 4 million samples of an independent program (NumPy). */
const CHAIN_TIMES = [0, 1, 60, 3600, DAY, 30 * DAY, 360 * DAY] as const;
const CHAIN = [
  {
    x: 0,
    values: [
      0.1076, 0.1866, 0.1068, 0.1855, 0.0942, 0.165, 0.0663, 0.1222, 0.0505, 0.0992, 0.0388, 0.0828, 0.0323, 0.0738,
    ],
  },
  {
    x: 0.25,
    values: [
      6.2498, 0.8855, 6.2353, 0.8844, 5.8409, 0.846, 4.854, 0.785, 4.1667, 0.7614, 3.5422, 0.7454, 3.1498, 0.7345,
    ],
  },
  {
    x: 0.5,
    values: [
      12.5004, 1.1952, 12.4697, 1.1926, 11.6796, 1.1401, 9.6981, 1.0565, 8.3129, 1.0281, 7.0525, 1.0074, 6.2568, 0.9918,
    ],
  },
  {
    x: 0.75,
    values: [
      18.7512, 1.3617, 18.7056, 1.359, 17.5185, 1.3055, 14.5465, 1.2681, 12.4685, 1.2919, 10.5776, 1.3196, 9.3851,
      1.3284,
    ],
  },
  {
    x: 1,
    values: [
      24.9997, 1.4004, 24.9411, 1.3978, 23.3595, 1.3559, 19.3962, 1.4091, 16.6261, 1.5141, 14.1058, 1.6079, 12.5126,
      1.6505,
    ],
  },
] as const;

test.each(CHAIN)(
  "a device at x = $x, programmed and read up to a year later, has the published mean and spread",
  ({ x, values }) => {
    const chip = memory.program(new Float64Array(SAMPLES).fill(25 * x), stream(12));
    CHAIN_TIMES.forEach((time, i) => {
      expectMoments(memory.read(chip, time, stream(13).fork(time)), values[2 * i], values[2 * i + 1], 4_000_000);
    });
  },
);

test("reading twice with one stream gives the same values, and leaves the chip as it was", () => {
  const chip = memory.program(Float64Array.of(0, 5, 25), stream(1));
  const before = chip.conductances.slice();
  expect(memory.read(chip, 60, stream(2))).toEqual(memory.read(chip, 60, stream(2)));
  expect(memory.read(chip, 60, stream(2))).not.toEqual(memory.read(chip, 60, stream(3)));
  expect(chip.conductances).toEqual(before);
});

test("with every noise scaled to zero the device is ideal", () => {
  const quiet = phaseChangeMemory({ kind: "pcm", maxConductance: 25, programmingNoise: 0, drift: 0, readNoise: 0 });
  const targets = Float64Array.of(0, 1.25, 25);
  expect(quiet.read(quiet.program(targets, stream(1)), 360 * DAY, stream(2))).toEqual(targets);
});

/**
 * Mean and standard deviation within four standard errors. That of the mean is SD / sqrt(n); that of the SD follows from
 * the sample's fourth moment, because clamped values are far from normal. An expected value that was itself sampled adds its
 * own variance. 6e-5 allows for the printed digits.
 */
function expectMoments(
  values: Float64Array,
  mean: number,
  deviation: number,
  expectedSamples = Number.POSITIVE_INFINITY,
): void {
  const n = values.length;
  const sampleMean = values.reduce((a, b) => a + b, 0) / n;
  let second = 0;
  let fourth = 0;
  for (let i = 0; i < n; i++) {
    const square = (values[i] - sampleMean) ** 2;
    second += square / n;
    fourth += (square * square) / n;
  }
  const sampleDeviation = Math.sqrt(second);
  const perSample = Math.sqrt(1 / n + 1 / expectedSamples);
  const deviationError = (Math.sqrt(fourth - second * second) * perSample) / (2 * sampleDeviation);
  // Printed digits: four decimals of conductances around 0.1 .. 25 uS, six of exponents below 0.11.
  const printed = mean > 0.11 || deviation > 0.05 ? 6e-5 : 6e-7;
  expect(Math.abs(sampleMean - mean)).toBeLessThan(4 * deviation * perSample + printed);
  expect(Math.abs(sampleDeviation - deviation)).toBeLessThan(4 * deviationError + printed);
}
