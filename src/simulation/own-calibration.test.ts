// @module-tag slow
/** Chips that calibrate themselves: by codes of their own converters, equally in every simulator. */
import { expect, test } from "vitest";
import { literalMachine } from "../../test/support/literal-machine.ts";
import { tinyBits, tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { hardwareSpec } from "../experiment/hardware.ts";
import { transformerSpec } from "../experiment/model.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { mean } from "../numeric/statistics.ts";
import { stream } from "../numeric/stream.ts";
import { packSpikes } from "../spike/train.ts";
import { type Chip, chipAt, programChip, readChip } from "./chip.ts";
import { compensationCost, fullScales } from "./compensation.ts";
import { calibrateFast, simulateFast } from "./fast/simulate.ts";
import { calibrate, simulate } from "./reference/simulate.ts";

const YEAR = 365 * 86_400;
const model = transformerSpec.parse({
  ...{ kind: "spiking", normalisation: "none", width: 48, heads: 3, depth: 1, expansion: 2, steps: 3 },
  ...{ neuron: { threshold: 0.4 }, attention: { scoreGain: 16 } },
});
const network = tinyNetwork(model, 4);
const input = packSpikes(tinyBits(3, 4, 3), 3, 4 * tinyGeometry.tokens, tinyGeometry.inputs);
const errors = { gainSpread: 0.03, offsetSpread: 0.5, outputNoise: 0.5 };

function chipOf(hardware: object, seed = 1): Chip {
  const spec = literalMachine({ calibration: "codes", ...hardware });
  return programChip(network, mapNetwork(network, spec), spec, stream(seed));
}

test.each([
  { readTime: YEAR },
  { readTime: YEAR, adc: { errors } },
  { readTime: YEAR, adc: { mode: "differential", errors, trim: {} }, crossbar: { rows: 16, columns: 16 } },
  { readTime: 3600, adc: { errors, trim: { reads: 8 } }, crossbar: { rows: 13, columns: 10 }, arithmetic: {} },
  { adc: { mode: "differential", errors }, arithmetic: {}, compensation: { scope: "tile" } },
  { readTime: YEAR, adc: { mode: "differential", errors }, compensation: { scope: "column" }, arithmetic: {} },
  { readTime: YEAR, adc: { errors }, compensation: { scope: "none" }, crossbar: { wires: { lines: 2 } } },
  { readTime: 1e6, adc: { errors }, compensation: { schedule: { kind: "interval" } }, crossbar: { pairs: "aihwkit" } },
])("the fast simulator calibrates and runs as the slow one: %j", (hardware) => {
  const chip = chipOf(hardware);
  const slow = calibrate(chip, input, stream(2));
  const fast = calibrateFast(chip, input, stream(2));
  expect(fast.ranges).toEqual(slow.ranges);
  expect(fast.codeReferences).toEqual(slow.codeReferences);
  const trace = simulate(slow, input, stream(5));
  expect(simulateFast(slow, input, stream(5))).toEqual(trace);
  expect(trace.densities.output).toBeGreaterThan(0);
});

test("a chip's converters are trimmed, each site once", () => {
  const small = { crossbars: 16, crossbar: { rows: 16, columns: 16 } };
  const offsetsOf = (trim: object | null) =>
    chipOf({ ...small, adc: { errors, trim } }).converterErrors!.map(({ plus, minus }) => [
      ...plus.offsets,
      ...minus.offsets,
    ]);
  const squares = (all: number[][]) => mean(all.flat().map((offset) => offset ** 2));
  expect(Math.sqrt(squares(offsetsOf(null)))).toBeGreaterThan(0.4);
  const trimmed = offsetsOf({});
  expect(Math.sqrt(squares(trimmed))).toBeLessThan(0.12);
  // Blocks that take turns on a crossbar have the same converters, and the same trims.
  const blocks = chipOf(small).mapping.layers.flatMap((layer) => layer.blocks);
  const bySite = new Map(blocks.map(({ site, crossbar }) => [site, trimmed[crossbar][0]]));
  expect(bySite.size).toBeLessThan(blocks.length);
  for (const { site, crossbar } of blocks) expect(trimmed[crossbar][0]).toBe(bySite.get(site));
});

test("ranges are those of exact currents to half a code", () => {
  const { layers } = chipOf({}).mapping;
  const own = calibrate(chipOf({ adc: { mode: "differential" } }), input, stream(2)).ranges!;
  const exact = calibrate(chipOf({ adc: { mode: "differential" }, calibration: "currents" }), input, stream(2)).ranges!;
  const crossbarsOf = (layer: string) =>
    layers.find(({ name }) => name === layer)!.blocks.map(({ crossbar }) => crossbar);
  for (const c of crossbarsOf("embed")) expect(Math.abs(own[c] / exact[c] - 1)).toBeLessThan(0.04);
  // Later layers are measured on what earlier ones deliver, which differs by a code here and there.
  for (const [c, range] of own.entries()) expect(Math.abs(range / exact[c] - 1)).toBeLessThan(0.08);
});

test("after a year currents are as large in code steps as on the first day, as with exact currents", () => {
  const settings = { readTime: YEAR, adc: { mode: "differential", errors, trim: {} } };
  const factorsOf = (chip: Chip) => {
    const calibrated = calibrate(chip, input, stream(2));
    const day = fullScales(calibrated, readChip(chipAt(calibrated, 1), stream(3)));
    return fullScales(calibrated, readChip(calibrated, stream(3))).map((scale, c) => day[c] / scale);
  };
  const own = factorsOf(chipOf(settings));
  const exact = factorsOf(chipOf({ ...settings, calibration: "currents" }));
  for (const [c, factor] of own.entries()) {
    expect(factor).toBeGreaterThan(1.5);
    // What currents of all lines together lose, and differences of few lines, is not quite the same.
    expect(Math.abs(factor / exact[c] - 1)).toBeLessThan(0.15);
  }
});

test("its work is counted: passes, references, trials and reads of trims", () => {
  const costOf = (hardware: object) => {
    const spec = hardwareSpec.parse({ calibration: "codes", ...hardware });
    const mapping = mapNetwork(network, spec);
    return { ...compensationCost(mapping, spec), blocks: mapping.totals.blocks, converters: mapping.totals.converters };
  };
  const at = costOf({});
  expect(at.reads).toBe(at.blocks * (4 * 1024 + 2 * 32 + 10 * 32));
  expect(costOf({ compensation: { scope: "column" } }).reads - at.reads).toBe(at.blocks * 32);
  const trimmed = costOf({ adc: { trim: { reads: 16 } } });
  expect(trimmed.actions.conversions - at.actions.conversions).toBe(2 * 16 * at.converters);
  const none = costOf({ compensation: { scope: "none" } });
  expect(none.reads).toBe(none.blocks * 4 * 1024);
});

test("converters without bits, or with a fixed full scale, cannot calibrate themselves", () => {
  for (const adc of [{ bits: null }, { fullScale: 20 }]) {
    expect(() => hardwareSpec.parse({ calibration: "codes", adc })).toThrow("adjusts its converters' full scale");
  }
  expect(() => hardwareSpec.parse({ adc: { bits: null, trim: {} } })).toThrow("have no offset to trim");
});
