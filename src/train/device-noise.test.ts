import { expect, test } from "vitest";
import { deviceOfCrossbar } from "../device/catalogue.ts";
import { largestWeights } from "../device/conversion.ts";
import { hardwareSpec } from "../experiment/hardware.ts";
import { compensateReading, readOut, sharedFactor } from "../hardware/compensation.ts";
import { programCrossbar, readCrossbar } from "../hardware/crossbar.ts";
import { standaloneKernels } from "../kernels/memory.ts";
import { stream, threefry2x32 } from "../numeric/stream.ts";
import { faultsOf, levelStatistics, levelsOf } from "./device-noise.ts";

const KEY = [0x12345678, -77] as const;
const ROWS = 64;
const COLUMNS = 24;
const random = stream(3);
/** Columns of very different scale, as folded BatchNorm produces. */
const weights = Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => random.normal() * (1 + (i % COLUMNS)));

interface Table {
  readonly means: Float32Array;
  readonly deviations: Float32Array;
}

/** The kernel on a block inside a wider matrix. */
function runKernel(
  largest: Float32Array,
  { means, deviations }: Table,
  exact: boolean,
  ld = COLUMNS + 3,
): Float32Array {
  const { kernels, arena } = standaloneKernels(1 << 20);
  const [source, target] = [arena.words(ROWS * ld), arena.words(ROWS * ld)];
  const [columns, table, scratch] = [arena.words(COLUMNS), arena.words(2 * means.length), arena.words(32)];
  for (let r = 0; r < ROWS; r++) {
    kernels.f32.set(weights.subarray(r * COLUMNS, (r + 1) * COLUMNS), source / 4 + r * ld);
  }
  kernels.f32.set(largest, columns / 4);
  kernels.f32.set(means, table / 4);
  kernels.f32.set(deviations, table / 4 + means.length);
  const [key0, key1] = KEY;
  const top = means.length - 1;
  const { addDeviceNoise } = kernels.run;
  addDeviceNoise(source, ROWS, COLUMNS, ld, columns, table, top, exact ? 1 : 0, key0, key1, 5, target, scratch);
  return Float32Array.from(weights, (_, i) => kernels.f32[target / 4 + Math.floor(i / COLUMNS) * ld + (i % COLUMNS)]);
}

/** The kernel's slow reference. */
function deviceNoise(largest: Float32Array, { means, deviations }: Table, exact: boolean): Float32Array {
  const pair = new Int32Array(2);
  const top = means.length - 1;
  return weights.map((weight, i) => {
    threefry2x32(KEY[0], KEY[1], i, 5, pair);
    const halves = [pair[0] & 0xffff, pair[0] >>> 16, pair[1] & 0xffff, pair[1] >>> 16];
    const z = Math.fround(Math.fround(2.6428149e-5) * (halves.reduce((sum, half) => sum + half, 0) - 131070));
    const full = largest[i % COLUMNS];
    const share = full > 0 ? Math.min(Math.fround(Math.abs(weight) / full), 1) : 0;
    const place = Math.fround(share * top);
    const level = Math.abs(place % 1) === 0.5 ? 2 * Math.round(place / 2) : Math.round(place);
    const below = Math.min(Math.trunc(place), top - 1);
    const slope = Math.fround(means[below + 1] - means[below]);
    const between = Math.fround(means[below] + Math.fround(Math.fround(place - below) * slope));
    const size = exact ? between : means[level];
    return Math.fround(full * Math.fround((weight < 0 ? -size : size) + Math.fround(deviations[level] * z)));
  });
}

test.each([false, true])("device noise equals its reference bit for bit, between levels: %s", (exact) => {
  const table = {
    means: Float32Array.from({ length: 16 }, (_, level) => level / 15 + Math.sin(level) / 100),
    deviations: Float32Array.from({ length: 16 }, (_, level) => 0.01 + level / 500),
  };
  const largest = Float32Array.from({ length: COLUMNS }, (_, c) => (c === 3 ? 0 : 2 * (1 + c)));
  expect(runKernel(largest, table, exact)).toEqual(deviceNoise(largest, table, exact));
});

test.each([
  { hardware: { crossbar: { scaling: "column" } }, age: 1 },
  { hardware: { crossbar: { scaling: "column" }, compensation: { scope: "crossbar" } }, age: 1e6 },
  { hardware: { crossbar: { scaling: "crossbar", clippingQuantile: 0.99 } }, age: 3600 },
  { hardware: { crossbar: { scaling: "column", parallelDevices: 3 } }, age: 1 },
  { hardware: { crossbar: { scaling: "column", conductanceBits: null, device: { kind: "hermes" } } }, age: 60 },
])("weights in training are like those on chips, level by level: %j", ({ hardware: spec, age }) => {
  const hardware = hardwareSpec.parse(spec);
  const { crossbar, compensation } = hardware;
  const device = deviceOfCrossbar(crossbar);
  const [table] = levelStatistics(hardware, { youngest: age, oldest: age }, stream(1));
  const largest = largestWeights(weights, COLUMNS, crossbar);
  const top = levelsOf(hardware);
  // Errors of real chips, in units of the largest weight, by level.
  const errors: number[][] = Array.from({ length: top + 1 }, () => []);
  for (let chip = 0; chip < 30; chip++) {
    const root = stream(2).fork(chip);
    const programmed = programCrossbar(weights, ROWS, COLUMNS, crossbar, device, root.fork("program"));
    const read = readCrossbar(programmed, device, age, root.fork("read"));
    const { readout } = compensation;
    const at = (time: number) => [readOut(readCrossbar(programmed, device, time, root.fork("reference")), readout)];
    const factor =
      compensation.scope === "none" ? 1 : sharedFactor(at(0), [readOut(read, readout)], device.maxConductance);
    const seen = compensateReading(read, new Float64Array(COLUMNS).fill(factor)).weights;
    weights.forEach((weight, i) => {
      const full = largest[i % COLUMNS];
      const share = Math.min(Math.abs(weight) / full, 1);
      const level = Math.round(share * top);
      const below = Math.min(Math.floor(share * top), top - 1);
      const between = (share * top - below) * (table.means[below + 1] - table.means[below]) + table.means[below];
      const mean = crossbar.conductanceBits === null ? between : table.means[level];
      errors[level].push((seen[i] / full) * Math.sign(weight) - mean);
    });
  }
  for (const [level, values] of errors.entries()) {
    if (values.length < 200) continue;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    const spread = table.deviations[level];
    // Four standard errors of both samples. A chip's own compensation factor moves all of its weights by up to 1 %. Pairs of small
    // conductances have heavier tails than the normal distribution (kurtosis up to 6), which widens the error of a deviation.
    const error = Math.sqrt(1 / values.length + 1 / 2048);
    const factors = compensation.scope === "none" ? 0 : (0.01 * level) / top;
    expect(Math.abs(mean), `mean of level ${level}`).toBeLessThan(4 * error * spread + factors);
    expect(Math.abs(deviation - spread), `spread of level ${level}`).toBeLessThan(
      4 * error * Math.sqrt(1.25) * spread + factors,
    );
  }
});

test.each([1, 3])(
  "stuck devices, %i side by side, come in the shares asked for, and of both signs",
  (parallelDevices) => {
    const count = 200_000;
    const stuck = { atZero: 0.01, atMaximum: 0.005 };
    const faults = [...faultsOf(count, { parallelDevices, stuck }, stream(4))];
    const devices = 2 * count * parallelDevices;
    const near = (number: number, share: number) =>
      expect(Math.abs(number - devices * share)).toBeLessThan(4 * Math.sqrt(devices * share));
    near(faults.filter(({ at }) => at === "zero").length, 0.01);
    near(faults.filter(({ at }) => at === "maximum").length, 0.005);
    near(faults.filter(({ sign }) => sign === 1).length, 0.0075);
    const places = new Map<number, number>();
    for (const { weight, sign } of faults) places.set(weight * sign, (places.get(weight * sign) ?? 0) + 1);
    expect(Math.max(...places.values())).toBeLessThanOrEqual(parallelDevices);
    expect(faults.every(({ weight }) => weight >= 0 && weight < count)).toBe(true);
    expect([...faultsOf(count, { parallelDevices, stuck: { atZero: 0, atMaximum: 0 } }, stream(4))]).toEqual([]);
  },
);
