// @module-tag slow
import { describe, expect, test } from "vitest";
import { literalMachine } from "../../test/support/literal-machine.ts";
import { tinyBits, tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { transformerSpec } from "../experiment/model.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { stream } from "../numeric/stream.ts";
import { packSpikes } from "../spike/train.ts";
import { type Chip, chipAt, programChip, readChip } from "./chip.ts";
import { CALIBRATION_TIME, compensationCost, fullScales } from "./compensation.ts";
import { calibrateFast, simulateFast } from "./fast/simulate.ts";
import { calibrate, simulate } from "./reference/simulate.ts";

const YEAR = 365 * 86_400;
const model = {
  kind: "spiking",
  normalisation: "none",
  width: 48,
  heads: 3,
  depth: 1,
  expansion: 2,
  steps: 3,
  neuron: { threshold: 0.4 },
  attention: { scoreGain: 16 },
};
const network = tinyNetwork(transformerSpec.parse(model), 4);
const input = packSpikes(tinyBits(3, 4, 3), 3, 4 * tinyGeometry.tokens, tinyGeometry.inputs);

/** Crossbars of 16 x 16, so that tiles hold several; drift is left alone unless a test says otherwise. */
function chipOf({ crossbar = {}, ...hardware }: { crossbar?: object; [field: string]: unknown }, seed = 1): Chip {
  const compensation = { scope: "none" };
  const spec = literalMachine({ compensation, ...hardware, crossbar: { rows: 16, columns: 16, ...crossbar } });
  return programChip(network, mapNetwork(network, spec), spec, stream(seed));
}

test.each([
  { readTime: YEAR },
  { readTime: YEAR, compensation: { scope: "crossbar" } },
  { readTime: YEAR, compensation: { scope: "crossbar" }, adc: { bits: null } },
  { readTime: 3600, compensation: { scope: "tile", readout: "one-hot" }, adc: { mode: "differential" } },
  { readTime: YEAR, compensation: { scope: "column", schedule: { kind: "geometric" } } },
  { readTime: YEAR, compensation: { scope: "column", readout: "one-hot" }, adc: { bits: null } },
  { readTime: 1e6, compensation: { scope: "tile", schedule: { kind: "interval" } }, crossbar: { pairs: "aihwkit" } },
  { readTime: 1e4, compensation: { scope: "crossbar" }, crossbar: { device: { kind: "hermes" }, spread: 0.1 } },
  { readTime: YEAR, compensation: { scope: "column" }, crossbar: { scaling: "column", pairs: "aihwkit" } },
  {
    readTime: YEAR,
    compensation: { scope: "tile", readout: "one-hot" },
    crossbar: { wires: { lines: 2, columns: 5 } },
  },
  { readTime: 1e5, crossbar: { device: { kind: "reram" }, stuck: { atZero: 0.01, atMaximum: 0.01 } } },
])("the fast simulator's trace is that of the slow one at any time, however drift is compensated: %j", (hardware) => {
  const chip = chipOf(hardware);
  const calibrated = calibrate(chip, input, stream(2));
  expect(calibrateFast(chip, input, stream(2)).ranges).toEqual(calibrated.ranges);
  const slow = simulate(calibrated, input, stream(5));
  expect(simulateFast(calibrated, input, stream(5))).toEqual(slow);
  // The comparison is empty if the network is silent.
  expect(slow.densities.output).toBeGreaterThan(0);
});

/** Root mean square error of all weights as read, relative to those on the same chip just after programming. */
function loss(chip: Chip): number {
  let [error, size] = [0, 0];
  const fresh = chip.crossbars.map(({ plus, minus, scales }) =>
    plus.conductances.map((g, i) => (g - minus.conductances[i]) / scales[i % scales.length]),
  );
  readChip(chip, stream(9)).forEach(({ weights }, c) => {
    weights.forEach((weight, i) => {
      error += (weight - fresh[c][i]) ** 2;
      size += fresh[c][i] ** 2;
    });
  });
  return Math.sqrt(error / size);
}

describe("after a year", () => {
  const none = loss(chipOf({ readTime: YEAR }));

  test.each(["crossbar", "tile", "column"])("compensation by %s brings most of the weights back", (scope) => {
    for (const readout of ["lines", "one-hot"]) {
      expect(loss(chipOf({ readTime: YEAR, compensation: { scope, readout } }))).toBeLessThan(0.6 * none);
    }
  });

  test("without compensation half of a weight is lost", () => {
    // ((1 year + 20 s) / 20 s)^-0.049 is 0.497 for large conductances, less for small ones.
    expect(none).toBeGreaterThan(0.45);
    expect(none).toBeLessThan(0.65);
  });

  test("an old calibration is worse than a recent one, and better than none", () => {
    const ageOf = (first: number) =>
      loss(
        chipOf({
          readTime: YEAR,
          compensation: { scope: "crossbar", schedule: { kind: "geometric", first, ratio: 1e6 } },
        }),
      );
    const [second, month] = [ageOf(60), ageOf(30 * 86_400)];
    expect(month).toBeLessThan(second);
    expect(second).toBeLessThan(none);
  });
});

test("a chip is programmed once and read at any age, and the read at an age does not depend on earlier reads", () => {
  const chip = chipOf({ compensation: { scope: "crossbar" } });
  const young = readChip(chip, stream(3));
  const old = readChip(chipAt(chip, YEAR), stream(3));
  expect(old).not.toEqual(young);
  expect(readChip(chip, stream(3))).toEqual(young);
  expect(readChip(chipOf({ readTime: YEAR, compensation: { scope: "crossbar" } }), stream(3))).toEqual(old);
});

test("a compensated read differs from the plain one only by its factors", () => {
  const plain = readChip(chipOf({ readTime: YEAR }), stream(3));
  const tiles = chipOf({ readTime: YEAR, compensation: { scope: "tile" } });
  const factors = readChip(tiles, stream(3)).map((reading, c) => {
    expect(reading.plus).toEqual(plain[c].plus);
    return plain[c].scales[0] / reading.scales[0];
  });
  const blocks = tiles.mapping.layers.flatMap((layer) => layer.blocks);
  for (const { crossbar, tile } of blocks) {
    for (const other of blocks) {
      if (other.tile === tile) expect(factors[other.crossbar]).toBeCloseTo(factors[crossbar], 12);
    }
  }
  expect(new Set(factors.map((factor) => factor.toFixed(9))).size).toBe(new Set(blocks.map(({ tile }) => tile)).size);
  for (const factor of factors) expect(factor).toBeGreaterThan(1.5);
});

test("devices that do not drift need no factor", () => {
  for (const scope of ["crossbar", "tile", "column"]) {
    const crossbar = { device: { kind: "ideal" } };
    const reading = readChip(chipOf({ crossbar, readTime: YEAR, compensation: { scope } }), stream(3));
    expect(reading).toEqual(readChip(chipOf({ crossbar, readTime: YEAR }), stream(3)));
  }
});

test("wires reduce every weight, and the losses are not mistaken for drift", () => {
  const crossbar = { device: { kind: "ideal" }, wires: { lines: 50, columns: 50 } };
  const plain = readChip(chipOf({ crossbar: { device: { kind: "ideal" } } }), stream(3));
  for (const readout of ["lines", "one-hot"]) {
    const compensation = { scope: "crossbar", readout };
    const lossy = readChip(chipOf({ crossbar, compensation }), stream(3));
    lossy.forEach(({ weights, scales }, c) => {
      expect(scales).toEqual(plain[c].scales);
      const size = (values: Float32Array) => values.reduce((sum, value) => sum + Math.abs(value), 0);
      expect(size(weights)).toBeLessThan(0.99 * size(plain[c].weights));
    });
  }
});

describe("converter ranges", () => {
  /** Devices that all drift by the same exponent, and do nothing else. Levels would put currents on the border of codes. */
  const alike = {
    conductanceBits: null,
    device: {
      kind: "custom-drift",
      programmingNoise: 0,
      readNoise: 0,
      table: { conductances: [0, 25], means: [0.05, 0.05], deviations: [0, 0] },
    },
  };
  const shrunk = ((YEAR + 20) / (CALIBRATION_TIME + 20)) ** -0.05;
  const scalesAt = (chip: Chip, age: number) => fullScales(chip, readChip(chipAt(chip, age), stream(3)));

  test("are calibrated once, whatever the age at which the chip is then used", () => {
    for (const compensation of [{ scope: "none" }, { scope: "tile" }]) {
      const chip = chipOf({ compensation });
      const { ranges } = calibrate(chip, input, stream(2));
      expect(calibrate(chipAt(chip, YEAR), input, stream(2)).ranges).toEqual(ranges);
      expect(calibrateFast(chipAt(chip, YEAR), input, stream(2)).ranges).toEqual(ranges);
    }
  });

  test.each(["crossbar", "tile", "column"])("follow the factor of compensation by %s", (scope) => {
    const chip = calibrate(chipOf({ crossbar: alike, compensation: { scope } }), input, stream(2));
    const young = scalesAt(chip, CALIBRATION_TIME);
    // Conductances are rounded to single precision before the factor is measured in them.
    scalesAt(chip, YEAR).forEach((scale, c) => {
      expect(scale / young[c]).toBeCloseTo(shrunk, 6);
    });
  });

  test("are unchanged without compensation", () => {
    const chip = calibrate(chipOf({ crossbar: alike }), input, stream(2));
    expect(scalesAt(chip, YEAR)).toEqual(scalesAt(chip, CALIBRATION_TIME));
    expect(scalesAt(chip, YEAR)).toEqual(chip.ranges);
  });

  test("make a compensated chip answer after a year as on its first day, if all devices drift equally", () => {
    const answers = (compensation: object) => {
      const chip = calibrate(chipOf({ crossbar: alike, compensation }), input, stream(2));
      const [young, old] = [CALIBRATION_TIME, YEAR].map((age) => simulate(chipAt(chip, age), input, stream(5)));
      let [different, size] = [0, 0];
      for (let i = 0; i < young.logits.length; i++) {
        different += Math.abs(old.logits[i] - young.logits[i]);
        size += Math.abs(young.logits[i]);
      }
      return different / size;
    };
    // A current within rounding of the border between two codes may still fall on the other side.
    expect(answers({ scope: "crossbar" })).toBeLessThan(0.01);
    expect(answers({ scope: "none" })).toBeGreaterThan(0.2);
  });
});

test("the first calibration comes when the schedule says, not before", () => {
  const schedule = { kind: "interval", seconds: 3600 };
  const plain = readChip(chipOf({ readTime: 3599 }), stream(3));
  expect(readChip(chipOf({ readTime: 3599, compensation: { scope: "crossbar", schedule } }), stream(3))).toEqual(plain);
  const calibrated = readChip(chipOf({ readTime: 3601, compensation: { scope: "crossbar", schedule } }), stream(3));
  expect(calibrated).not.toEqual(readChip(chipOf({ readTime: 3601 }), stream(3)));
});

test("calibrations are counted in reads: a day of hourly ones, by hand", () => {
  const hourly = { kind: "interval", seconds: 3600 };
  const cost = (readout: string) => {
    const { mapping, hardware } = chipOf({
      readTime: 86_400,
      compensation: { scope: "crossbar", readout, schedule: hourly },
    });
    return compensationCost(mapping, hardware);
  };
  const layers = chipOf({}).mapping.layers;
  const blocks = layers.flatMap((layer) => layer.blocks);
  const sum = (of: (block: (typeof blocks)[0]) => number) => blocks.reduce((total, block) => total + of(block), 0);
  // 24 calibrations and the reference; `pair` converts two lines per column.
  const lines = cost("lines");
  expect(lines).toMatchObject({ calibrations: 24, last: 86_400, reads: 25 * blocks.length });
  expect(lines.actions.conversions).toBe(25 * 2 * sum(({ columns }) => columns));
  expect(lines.actions.lineDrives).toBe(25 * sum(({ rows }) => rows));
  expect(lines.actions.cellReads).toBe(25 * layers.reduce((total, { inputs, outputs }) => total + inputs * outputs, 0));
  const oneHot = cost("one-hot");
  expect(oneHot.reads).toBe(25 * sum(({ rows }) => rows));
  expect(oneHot.actions.conversions).toBe(25 * 2 * sum(({ rows, columns }) => rows * columns));
  const { mapping, hardware } = chipOf({});
  expect(compensationCost(mapping, hardware)).toMatchObject({ calibrations: 0, reads: 0 });
});
