// @module-tag slow
import { describe, expect, test } from "vitest";
import { type MachineSetting, tinyChip, tinyMachine } from "../../../test/support/tiny-machine.ts";
import { isXpikeError } from "../../errors.ts";
import { stream } from "../../numeric/stream.ts";
import { machineDesign } from "./design.ts";
import type { Fabric } from "./fabric.ts";
import { type Fit, fitOf, fitText } from "./fit.ts";

const memories = (conductanceBits: number | null = null): Fabric => ({ kind: "memories", conductanceBits });
const timing = (conversion: number, settle = 2) => ({ timing: { clock: 2e8, settle, conversion } });

const [neurons, head] = [
  { kind: "neurons", name: "end" },
  { kind: "read-out", name: "head" },
];
const onMap = [{ kind: "convolution", name: "map", channels: 8 }, neurons, head];
const withStream = [
  ...[
    { kind: "linear", name: "a", features: 8 },
    { kind: "neurons", name: "b" },
    { kind: "linear", name: "c", features: 8 },
  ],
  ...[{ kind: "add", name: "sum", reads: ["a", "c"] }, neurons, head],
];

function errorOf(make: () => unknown): unknown {
  try {
    make();
  } catch (error) {
    return isXpikeError(error) ? error : null;
  }
  return null;
}

describe("machines that cannot be built of memories are refused, with the field to change", () => {
  test.each<[string, MachineSetting]>([
    ["hardware.order", { hardware: { ...timing(4), order: "step-major" } }],
    ["model.stem", { model: { stem: { layers: [{ channels: 8, pool: 2 }] } }, hardware: timing(4) }],
    ["model.operations.map.windows", { readOut: "mean", operations: onMap, hardware: timing(4) }],
    ["model.operations.sum", { operations: withStream, hardware: timing(4) }],
    ["hardware.adc.errors", { hardware: { ...timing(4), adc: { errors: { outputNoise: 0.5 } } } }],
    ["hardware.readOut", { hardware: { ...timing(4), readOut: { attentionInput: "charge" } } }],
    ["hardware.timing", { hardware: timing(1) }],
    ["hardware.timing", { hardware: timing(4, 3) }],
    // A vector every 2 + 1 x 2 clocks, for heads of 8 features.
    ["hardware.timing.conversion", { hardware: { ...timing(2), adc: { sharing: 1 } } }],
  ])("%s: %j", (path, setting) => {
    expect(errorOf(() => machineDesign(tinyChip(setting), stream(5), memories()))).toMatchObject({ path });
  });
});

test("the timing that is needed is given with its sum", () => {
  const crossbar = { rows: 20, columns: 10 };
  const error = errorOf(() => machineDesign(tinyChip({ hardware: { ...timing(2), crossbar } }), stream(5), memories()));
  expect((error as Error).message).toContain("take 20 / 8 = 3 clocks or more");
  expect((error as Error).message).toContain("vectors of 2 + 4 x 3 = 14 clocks");
});

test("fewer bits than a conductance needs are refused; fewer step bits, which the simulators round with, make them suffice", () => {
  const chip = (stepBits: number) => tinyChip({ hardware: { ...timing(4), arithmetic: { stepBits } } });
  const make = (stepBits: number, bits: number) => () => machineDesign(chip(stepBits), stream(5), memories(bits));
  const error = errorOf(make(7, 8));
  expect(error).toMatchObject({ path: "--conductance-bits" });
  const fewer = /stepBits to (\d+)/.exec((error as Error).message)![1];
  expect(errorOf(make(Number(fewer), 8))).toBeNull();
});

test("large memories have the blocks of their shape, and every readout unit of a row block has a multiplier", () => {
  const { design } = tinyMachine(
    { hardware: { ...timing(24), crossbar: { rows: 128, columns: 128 }, adc: { sharing: 8 } } },
    1,
    memories(),
  );
  const fit = fitOf(design);
  // 24 rows, one at a time, at 5 steps of the multiplexers, of 16 columns; a block is 36 bits wide and 512 words deep.
  const qkv = fit.memories.find(({ name }) => name === "aimc_macro_24x72_m5.words")!;
  expect(qkv).toMatchObject({ entries: 24 * 5, count: 2, blocks: Math.ceil(qkv.width / 36) });
  expect(qkv.width % 16).toBe(0);
  // A bank of a token: q, k and v of 3 heads, by feature and step.
  expect(fit.memories.find(({ name }) => name === "bank_9x24.words")).toMatchObject({ count: 5, blocks: 0 });
  expect(fit.multipliers).toBe(design.plan.layers.reduce((sum, { lanes, rowBlocks }) => sum + lanes * rowBlocks, 0));
});

test("a machine that takes more than a device has is refused, with the sum", () => {
  const memory = { width: 36, entries: 512, count: 30, blocks: 1 };
  const fit: Fit = {
    memories: [
      { ...memory, name: "a.words" },
      { ...memory, name: "b.words" },
    ],
    multipliers: 1,
    registers: 10,
  };
  expect(errorOf(() => fitText(fit, "ecp5-25"))).toMatchObject({
    path: "--device",
    message: expect.stringContaining(
      "a.words 30 x 1 + b.words 30 x 1 = 60 block memories of 18 kbit, but Lattice LFE5U-25F has 56",
    ),
  });
  expect(fitText(fit, "ecp5-45")).toContain("60 of 108 block memories of 18 kbit");
});
