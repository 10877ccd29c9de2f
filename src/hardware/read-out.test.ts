import { expect, test } from "vitest";
import { tinyLayer } from "../../test/support/tiny-layer.ts";
import { type HardwareSpec, hardwareSpec } from "../experiment/hardware.ts";
import { stream } from "../numeric/stream.ts";
import { emptyTally } from "./actions.ts";
import { columnConstants, LEAK_ONE, runChargeNeurons } from "./charge-neurons.ts";
import {
  type ColumnErrors,
  drawColumnErrors,
  heldShare,
  offsetSpread,
  readOutFor,
  settledShare,
  sharedCharge,
  thermalNoise,
  trimStep,
} from "./read-out.ts";
import { columnSettling, timingOf } from "./timing.ts";

const circuitOf = (circuit: object) => hardwareSpec.parse({ readOut: { circuit } }).readOut.circuit;
const drawn = (circuit: object, keeps = true): ColumnErrors =>
  drawColumnErrors(4000, { circuit: circuitOf(circuit), keeps }, stream(1));
const spread = (values: Float64Array, mean = 0): number =>
  Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);

test("layers that feed only neurons in a block have a choice, and the others converters", () => {
  const hardware = hardwareSpec.parse({ readOut: { attentionInput: "charge", feedForwardUp: "comparator" } });
  expect(readOutFor(tinyLayer("blocks.0.qkv"), hardware).kind).toBe("charge");
  expect(readOutFor(tinyLayer("blocks.0.up"), hardware).kind).toBe("comparator");
  for (const name of ["stem.0", "embed", "blocks.0.projection", "blocks.0.down", "head"]) {
    expect(readOutFor(tinyLayer(name), hardware).kind).toBe("converter");
  }
});

test("by hand: 10 fF at 300 K have 0.643 mV of noise; 4 time constants lose 1.8 %, and one of leakage 63 %", () => {
  expect(1e3 * thermalNoise({ capacitor: 10 })).toBeCloseTo(0.6436, 4);
  expect(thermalNoise({ capacitor: null })).toBe(0);
  expect(1 - settledShare({ settling: 4 })).toBeCloseTo(0.0183, 4);
  expect(settledShare({ settling: null })).toBe(1);
  expect(1 - heldShare({ leakage: 1e-6 }, 1e-6)).toBeCloseTo(0.632, 3);
  expect(heldShare({ leakage: null }, 1)).toBe(1);
  // Half of a charge stays with equal capacitors; a leak's capacitor 10 % too large leaves 1 / 2.1.
  expect(sharedCharge(0.5, 0)).toBe(0.5);
  expect(sharedCharge(0.5, 0.1)).toBeCloseTo(1 / 2.1, 12);
  expect(sharedCharge(1, 0.1)).toBe(1);
});

test("ideal circuits have no errors, and a comparator alone no mismatch", () => {
  const { gains, offsets, leaks } = drawn({});
  for (const values of [gains.map((gain) => gain - 1), offsets, leaks]) expect(values.some((x) => x !== 0)).toBe(false);
  expect(drawn({ mismatch: 0.1 }, false).gains).toEqual(gains);
});

// The standard error of a spread of 4,000 is 1.1 %.
test("offsets and mismatch are spread as stated", () => {
  const { gains, offsets, leaks } = drawn({ offset: 5, mismatch: 0.01 });
  expect(spread(offsets) / 5e-3).toBeCloseTo(1, 1);
  expect(offsetSpread(circuitOf({ offset: 5 }))).toBe(5e-3);
  expect(spread(gains, 1) / 0.01).toBeCloseTo(1, 1);
  expect(spread(leaks) / 0.01).toBeCloseTo(1, 1);
});

test.each([
  { offset: 5, trim: { bits: 6 } },
  { offset: 5, noise: 0.5, trim: { bits: 6 } },
  { offset: 5, noise: 2, trim: { bits: 8, reads: 64 } },
  { offset: 20, noise: 0.5, trim: { bits: 4, reads: 1024 } },
])("offsets after trim are spread as its steps and decisions give: %j", (circuit) => {
  const spec = circuitOf(circuit);
  const within = drawn(circuit).offsets.filter(
    (offset) => Math.abs(offset) < 3 * offsetSpread(spec) + trimStep(spec, spec.trim!),
  );
  expect(within.length).toBeGreaterThan(3980);
  expect(spread(within) / offsetSpread(spec)).toBeGreaterThan(0.93);
  expect(spread(within) / offsetSpread(spec)).toBeLessThan(1.07);
});

/** One column that receives `charge` at every step, for many vectors. */
function fire(
  charge: number,
  steps: number,
  change: Partial<Record<"leaks" | "thresholds" | "thermal" | "deciding", number>>,
) {
  const constants = columnConstants(8);
  constants.leaks.fill(change.leaks ?? LEAK_ONE);
  constants.thresholds.fill(change.thresholds ?? 4096);
  constants.levels.fill(4096);
  constants.thermal.fill(change.thermal ?? 0);
  constants.deciding.fill(change.deciding ?? 0);
  const vectors = { steps, firstPrompt: 0, prompts: 500, perPrompt: 4 };
  const run = { features: 8, vectors, reset: "hard", keeps: true, leaks: true, key: stream(3).key } as const;
  const { train } = runChargeNeurons(new Float32Array(steps * 2000 * 8).fill(charge), constants, run, emptyTally());
  const ones = (t: number) =>
    train.words
      .slice(t * 2000, (t + 1) * 2000)
      .reduce((sum, word) => sum + word.toString(2).replaceAll("0", "").length, 0);
  return Array.from({ length: steps }, (_, t) => ones(t) / 16_000);
}

// Of 16,000 decisions, the standard error of a share of 0.16 is 0.003; rounding of noise to units adds 0.0006.
test("noise of capacitor and comparator decides as a normal distribution says, and adds up in squares", () => {
  expect(fire(4096 - 200, 1, { thermal: 200 })[0]).toBeCloseTo(0.1587, 2);
  expect(fire(4096 - 200, 1, { deciding: 200 })[0]).toBeCloseTo(0.1587, 2);
  expect(fire(4096 - 200, 1, { thermal: 120, deciding: 160 })[0]).toBeCloseTo(0.1587, 2);
});

test("noise of the capacitor stays on the membrane, and that of the comparator does not", () => {
  // After two steps without leak the membrane is one deviation short: sqrt(2) n of thermal noise, but n of the comparator's.
  expect(fire(2048 - 100, 2, { thermal: 200 / Math.SQRT2 })[1]).toBeCloseTo(0.1587, 2);
  expect(fire(2048 - 100, 2, { deciding: 200 })[1]).toBeCloseTo(0.1587, 2);
});

test("a leak keeps its share of a membrane, and an offset moves the threshold", () => {
  expect(fire(3000, 2, { leaks: LEAK_ONE / 4 })).toEqual([0, 0]);
  expect(fire(3000, 2, { leaks: LEAK_ONE / 2 })).toEqual([0, 1]);
  expect(fire(3000, 1, { thresholds: 3000 })).toEqual([1]);
  expect(fire(3000, 1, { thresholds: 3001 })).toEqual([0]);
});

test("settling takes its time constants in clocks, and none more than a converter if it is not stated", () => {
  const slow = { crossbar: { rows: 512, columns: 512 } };
  const clocks = (readOut: object, more: object = slow): [number, HardwareSpec] => {
    const hardware = hardwareSpec.parse({ ...more, readOut: { circuit: readOut } });
    return [columnSettling(hardware), hardware];
  };
  const [fully, hardware] = clocks({});
  expect(fully).toBe(timingOf(hardware).settle);
  // A code of 5 bits waits for 6 ln 2 = 4.16 time constants.
  expect(clocks({ settling: 4.16 })[0]).toBe(fully);
  expect(clocks({ settling: 20 })[0]).toBeGreaterThan(fully);
  const stated = { timing: { settle: 7, conversion: 3 } };
  expect(clocks({ settling: 20 }, stated)[0]).toBe(7);
});
