/** Energies of the parts of a slot's receivers: counted operations, which other tests hold, times prices. */
import { expect, test } from "vitest";
import { gridOf } from "../../channel/grid.ts";
import { decoderOperations } from "../../coding/operations.ts";
import { transportBlock } from "../../coding/transport.ts";
import { slotDetectionSpec } from "../../experiment/slot-detection.ts";
import { sumOperations, timesOperations } from "../../numeric/operations.ts";
import { mmseOperations } from "../../receiver/operations.ts";
import { findCostPreset } from "../presets.ts";
import { resolveTechnology } from "../resolve.ts";
import { totalOf } from "../unit-energies.ts";
import { type SlotReceiverId, slotReceiverCosts } from "./slot-receiver.ts";

const { technology } = resolveTechnology(findCostPreset("simulated"));
const specOf = (fields: object) => slotDetectionSpec.parse({ kind: "slot-detection", ...fields });
const costsOf = (fields: object, options = {}) => {
  const rows = slotReceiverCosts(specOf(fields), technology, options);
  return { rows, of: (id: SlotReceiverId) => rows.find((row) => row.id === id)! };
};

test("1 x 1 QPSK: MMSE detection by hand, 45 nm", () => {
  const { of } = costsOf({ receiveAntennas: 1 });
  const { operations, parts, joules, joulesPerBit } = of("mmse");
  // 14 symbols of 12 subcarriers, a pilot on every second one of two symbols: 156 data elements.
  expect(operations.multiplications).toBe(156 * 11);
  // pJ: a product of 16 bits is four of 8 bits, 0.2 each; an addition is 0.05, a division 16 of them.
  expect(1e12 * parts.multiplications).toBeCloseTo(156 * 11 * 0.8, 6);
  expect(1e12 * (parts.additions + parts.divisions)).toBeCloseTo(156 * (4 + 2 * 16) * 0.05, 6);
  expect(1e12 * parts.registers).toBeCloseTo(156 * (11 + 4 + 32) * 16 * 0.0114, 6);
  expect(parts.memory).toBeGreaterThan(0);
  expect(joules).toBe(totalOf(parts));
  expect(joulesPerBit).toBe(joules / 312);
});

test("a slot pays for its estimate once, for its detector at every data element", () => {
  const spec = specOf({ transmitAntennas: 2, modulation: "16qam" });
  const grid = gridOf(spec.channel, 2, 2);
  const rows = slotReceiverCosts(spec, technology);
  expect(rows.map(({ id }) => id)).toEqual(["least-squares", "lmmse", "joint", "mmse", "k-best"]);
  const sizes = { transmitAntennas: 2, receiveAntennas: 2, parts: 2, bits: 2 } as const;
  expect(rows[3].operations).toEqual(timesOperations(grid.data.length, mmseOperations(sizes, "max-log")));
  expect(rows[0].joules).toBeLessThan(rows[1].joules);
  expect(rows[3].joules).toBeLessThan(rows[2].joules);
});

test("the decoder is paid per block, by its iterations; bits are those of the information", () => {
  const block = transportBlock({ payloadBits: 144, codedBits: 312, bitsPerSymbol: 2 });
  const at = (iterations: number, fields: object = {}) =>
    costsOf({}, { decoder: { block, iterations, ...fields } }).of("decoder");
  expect(at(3).operations).toEqual(decoderOperations(block.codes[0], "min-sum", 3));
  expect(at(3).joulesPerBit).toBeCloseTo(at(3).joules / 144, 20);
  expect(at(4).joules - at(3).joules).toBeCloseTo(at(3).joules - at(2).joules, 15);
  expect(at(3, { rule: "belief-propagation" }).joules).toBeGreaterThan(at(3).joules);
  // An eightieth of a block to a slot; several code blocks add up.
  const longer = transportBlock({ payloadBits: 4008, codedBits: 80 * 312, bitsPerSymbol: 2 });
  const { operations } = costsOf({}, { decoder: { block: longer, iterations: 2 } }).of("decoder");
  expect(longer.codes.length).toBe(2);
  const both = sumOperations(...longer.codes.map((code) => decoderOperations(code, "min-sum", 2)));
  expect(operations.additions).toBeCloseTo(both.additions / 80, 6);
});

test("what no receiver here computes has no row, and bad options are refused", () => {
  const large = costsOf({ transmitAntennas: 4, modulation: "16qam", channel: { kind: "tdl", pilots: { comb: 4 } } });
  expect(large.of("joint")).toBeUndefined();
  const wide = costsOf({ channel: { kind: "tdl", subcarriers: 600 } });
  expect(wide.of("lmmse")).toBeUndefined();
  expect(wide.of("least-squares").joules).toBeGreaterThan(0);
  expect(() => costsOf({}, { survivors: 0 })).toThrow("1 or more, not 0");
  const block = transportBlock({ payloadBits: 144, codedBits: 312 });
  expect(() => costsOf({}, { decoder: { block, iterations: Number.NaN } })).toThrow("iterations, not NaN");
});
