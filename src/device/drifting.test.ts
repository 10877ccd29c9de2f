/** The deterministic maps of every model of phase-change memory, against an independent program. */
import { describe, expect, test } from "vitest";
import { drifted } from "../../test/support/drifted.ts";
import { type GoldenMaps, golden } from "../../test/support/golden-devices.ts";
import { deviceSpec } from "../experiment/device.ts";
import { stream } from "../numeric/stream.ts";
import { deviceOfSpec } from "./catalogue.ts";
import { customDriftStatistics } from "./custom-drift.ts";
import { type DriftingStatistics, driftingMemory, readNoiseIntegral } from "./drifting.ts";
import { hermesStatistics } from "./le-gallo-nature-electronics-2023.ts";
import { nandakumar } from "./nandakumar-icecs-2019.ts";
import { stateIndependentStatistics } from "./state-independent.ts";

const models: readonly [string, DriftingStatistics][] = [
  ["pcm 25", nandakumar(25)],
  ["pcm 40", nandakumar(40)],
  ["hermes 2", hermesStatistics({ devices: 2, maxConductance: null })],
  ["hermes 1", hermesStatistics({ devices: 1, maxConductance: null })],
  ["hermes 2 at 15", hermesStatistics({ devices: 2, maxConductance: 15 })],
  ["state-independent", stateIndependentStatistics(25)],
  ["custom-drift", customDriftStatistics({ maxConductance: 25, table: golden.table })],
];

/** Our logarithms and powers differ from the other program's in last bits, and the file keeps ten digits. */
function expectMap(values: readonly number[], expected: readonly number[]): void {
  expect(values.length).toBe(expected.length);
  values.forEach((value, i) => {
    expect(Math.abs(value - expected[i]), `entry ${i}: ${value}, expected ${expected[i]}`).toBeLessThan(1e-8);
  });
}

describe.each(models)("%s", (name, statistics) => {
  const { sigma, mu, sd, q, integrals, drift }: GoldenMaps = golden.maps[name];
  const { referenceTime, readDuration } = statistics;

  test("programming, exponents and read noise follow the conductance as published", () => {
    expectMap(golden.x.map(statistics.programmingDeviation), sigma);
    expectMap(
      golden.x.map((x) => statistics.driftExponent(x).mean),
      mu,
    );
    expectMap(
      golden.x.map((x) => statistics.driftExponent(x).deviation),
      sd,
    );
    expectMap(golden.x.map(statistics.readNoiseScale), q);
  });

  test("read noise and drift follow time as published", () => {
    expectMap(
      golden.times.map((time) => readNoiseIntegral(time, referenceTime, readDuration)),
      integrals,
    );
    [0.049, 0.1].forEach((exponent, i) => {
      expectMap(
        golden.times.map((time) => drifted(statistics, exponent, time)),
        drift[i],
      );
    });
  });
});

test("the fits of the HERMES chip have the values computed from them by hand", () => {
  // x, sigma in uS, mu, spread, Q of two devices.
  const rows = [
    [0, 0.16603, 0.13, 0.04, 0.04],
    [0.25, 0.88876, 0.06772, 0.01052, 0.01593],
    [0.5, 0.99101, 0.0564, 0.009, 0.01671],
    [0.75, 0.91244, 0.03963, 0.00764, 0.01529],
    [1, 1.0927, 0.0174, 0.0048, 0.0123],
  ];
  const statistics = hermesStatistics({ devices: 2, maxConductance: null });
  for (const [x, sigma, mean, deviation, scale] of rows) {
    // Five decimals were printed.
    expect(statistics.programmingDeviation(x)).toBeCloseTo(sigma, 5);
    expect(statistics.driftExponent(x).mean).toBeCloseTo(mean, 5);
    expect(statistics.driftExponent(x).deviation).toBeCloseTo(deviation, 5);
    expect(statistics.readNoiseScale(x)).toBeCloseTo(scale, 5);
  }
});

test.each([
  { kind: "hermes" },
  { kind: "hermes", devices: 1 },
  { kind: "state-independent" },
  { kind: "custom-drift", table: golden.table },
] as const)("sampled devices of %j have the spread of their maps", (written) => {
  const device = deviceOfSpec(deviceSpec.parse(written));
  const statistics = models.find(([name]) => name === goldenName(written))![1];
  const [n, x] = [100_000, 0.5];
  const chip = device.program(new Float64Array(n).fill(x * device.maxConductance), stream(4));
  const { mean, deviation } = statistics.driftExponent(x);
  // x = 0.5 is tens of deviations from zero for every model, so no clamp acts but on exponents of mean 2 deviations.
  expectNormal(chip.conductances, x * device.maxConductance, statistics.programmingDeviation(x));
  if (mean > 6 * deviation) expectNormal(chip.driftExponents!, mean, deviation);
  // At time 0 nothing has drifted: the read noise alone, relative to the programmed conductance.
  const read = device.read(chip, 0, stream(5));
  const noise = read.map((conductance, i) => conductance / chip.conductances[i] - 1);
  const { readNoiseScale, referenceTime, readDuration } = statistics;
  const integral = readNoiseIntegral(0, referenceTime, readDuration);
  const programmed = chip.conductances.map((g) => readNoiseScale(g / device.maxConductance) * integral);
  expectNormal(
    noise.map((value, i) => value / programmed[i]),
    0,
    1,
  );
});

test("factors of zero switch every effect off", () => {
  for (const [, statistics] of models) {
    const quiet = driftingMemory(statistics, { programmingNoise: 0, drift: 0, readNoise: 0 });
    const targets = Float64Array.of(0, 1.25, statistics.maxConductance);
    expect(quiet.read(quiet.program(targets, stream(1)), 1e7, stream(2))).toEqual(targets);
  }
});

function goldenName({ kind, ...rest }: { kind: string; devices?: number }): string {
  return kind === "hermes" ? `hermes ${rest.devices ?? 2}` : kind;
}

/** Mean and standard deviation of a normal sample within four standard errors, SD / sqrt(n) and SD / sqrt(2 n). */
function expectNormal(values: Float64Array, mean: number, deviation: number): void {
  const n = values.length;
  const sampleMean = values.reduce((a, b) => a + b, 0) / n;
  const sampleDeviation = Math.sqrt(values.reduce((sum, value) => sum + (value - sampleMean) ** 2, 0) / n);
  expect(Math.abs(sampleMean - mean)).toBeLessThan((4 * deviation) / Math.sqrt(n));
  expect(Math.abs(sampleDeviation - deviation)).toBeLessThan((4 * deviation) / Math.sqrt(2 * n));
}
