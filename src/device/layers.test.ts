// @module-tag slow
import fc from "fast-check";
import { expect, test } from "vitest";
import { deviceSpec } from "../experiment/device.ts";
import { crossbarSpec } from "../experiment/hardware.ts";
import { stream } from "../numeric/stream.ts";
import { deviceOfCrossbar, deviceOfSpec } from "./catalogue.ts";

const kinds = [{ kind: "ideal" }, { kind: "pcm" }, { kind: "hermes" }, { kind: "reram" }] as const;
const targets = (n: number, max: number) => Float64Array.from({ length: n }, (_, i) => (max * (i % 16)) / 15);
const layered = (fields: object) => deviceOfCrossbar(crossbarSpec.parse(fields));

test.each(kinds)("without spread and stuck devices a crossbar's %j is the device as published", (device) => {
  const plain = deviceOfSpec(deviceSpec.parse(device));
  const asked = targets(64, plain.maxConductance);
  const onCrossbar = layered({ device });
  expect(onCrossbar.program(asked, stream(1))).toEqual(plain.program(asked, stream(1)));
});

test.each(kinds)("stuck devices of %j stay where they are at any time, and the others are untouched", (device) => {
  const plain = deviceOfSpec(deviceSpec.parse(device));
  const faulty = layered({ device, stuck: { atZero: 0.2, atMaximum: 0.1 } });
  const asked = targets(400, plain.maxConductance);
  const chip = faulty.program(asked, stream(1));
  const healthy = plain.program(asked, stream(1));
  for (const time of [0, 1, 86_400]) {
    const read = faulty.read(chip, time, stream(2));
    const expected = plain.read(healthy, time, stream(2));
    read.forEach((conductance, i) => {
      const stuck = chip.stuckAt![i];
      expect(conductance).toBe(Number.isNaN(stuck) ? expected[i] : stuck);
    });
  }
  expect([...chip.conductances].filter((g, i) => g !== healthy.conductances[i]).length).toBeGreaterThan(50);
});

test("the fraction of stuck devices is that of the spec, and a larger fraction keeps the faults of a smaller one", () => {
  const n = 100_000;
  const stuckAt = (atZero: number, atMaximum: number) =>
    layered({ stuck: { atZero, atMaximum } }).program(new Float64Array(n), stream(3)).stuckAt!;
  const count = (values: Float64Array, at: number) => values.reduce((sum, value) => sum + (value === at ? 1 : 0), 0);
  const few = stuckAt(0.01, 0.02);
  // Binomial: four standard deviations, 4 sqrt(n p (1 - p)).
  expect(Math.abs(count(few, 0) - 0.01 * n)).toBeLessThan(4 * Math.sqrt(0.01 * n));
  expect(Math.abs(count(few, 25) - 0.02 * n)).toBeLessThan(4 * Math.sqrt(0.02 * n));
  const many = stuckAt(0.03, 0.05);
  few.forEach((value, i) => {
    if (!Number.isNaN(value)) expect(many[i]).toBe(value);
  });
});

test("spread is a gain of each device, drawn once per chip", () => {
  const n = 100_000;
  const device = layered({ device: { kind: "ideal" }, spread: 0.1 });
  const chip = device.program(new Float64Array(n).fill(10), stream(1));
  const mean = chip.conductances.reduce((a, b) => a + b, 0) / n;
  const deviation = Math.sqrt(chip.conductances.reduce((sum, g) => sum + (g - mean) ** 2, 0) / n);
  // A gain of 10 deviations is never clamped; four standard errors of a normal sample of deviation 1 uS.
  expect(Math.abs(mean - 10)).toBeLessThan(4 / Math.sqrt(n));
  expect(Math.abs(deviation - 1)).toBeLessThan(4 / Math.sqrt(2 * n));
  expect(device.read(chip, 1, stream(2))).toEqual(chip.conductances);
});

test.each(kinds)("several %j in parallel each hold a share, with their own errors, faults and noise", (device) => {
  const faults = { spread: 0.05, stuck: { atZero: 0.1, atMaximum: 0.1 } };
  const [one, three] = [1, 3].map((parallelDevices) => layered({ device, ...faults, parallelDevices }));
  expect(three.maxConductance).toBe(3 * one.maxConductance);
  const asked = targets(200, three.maxConductance);
  const shares = () => asked.map((target) => target / 3);
  const chips = [0, 1, 2].map((i) => one.program(shares(), stream(1).fork("parallel", i)));
  const sumOf = (parts: readonly Float64Array[]) => asked.map((_, i) => parts[0][i] + parts[1][i] + parts[2][i]);
  const chip = three.program(asked.slice(), stream(1));
  expect(chip.conductances).toEqual(sumOf(chips.map(({ conductances }) => conductances)));
  for (const time of [0, 3600]) {
    const reads = chips.map((programmed, i) => one.read(programmed, time, stream(2).fork("parallel", i)));
    expect(three.read(chip, time, stream(2))).toEqual(sumOf(reads));
  }
});

test("four devices in parallel have half the error of one", () => {
  const n = 100_000;
  const errorOf = (parallelDevices: number) => {
    const device = layered({ parallelDevices });
    const target = device.maxConductance / 2;
    const read = device.read(device.program(new Float64Array(n).fill(target), stream(1)), 1, stream(2));
    const mean = read.reduce((sum, g) => sum + g, 0) / n;
    return Math.sqrt(read.reduce((sum, g) => sum + (g - mean) ** 2, 0) / n) / device.maxConductance;
  };
  // Four standard errors of the ratio of two deviations of normal samples.
  expect(Math.abs(errorOf(4) / errorOf(1) - 0.5)).toBeLessThan(4 * 0.5 * Math.sqrt(1 / n));
});

test("a layer of any size keeps conductances at zero or above", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 0.5, noNaN: true }),
      fc.nat(1000),
      (device, spread, share, seed) => {
        const made = layered({ device, spread, stuck: { atZero: share, atMaximum: share } });
        const chip = made.program(targets(40, made.maxConductance), stream(seed));
        for (const g of made.read(chip, 3600, stream(seed + 1))) expect(g).toBeGreaterThanOrEqual(0);
      },
    ),
    { seed: 1, numRuns: 100 },
  );
});
