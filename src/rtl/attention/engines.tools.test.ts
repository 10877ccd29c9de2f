// @module-tag program
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { type AttentionSetting, attentionFiles } from "../../../test/support/attention-engines.ts";
import { testWith } from "../../../test/support/hardware-tools.ts";
import { synthesiseRtl } from "../../node/rtl-synthesis.ts";
import { verifyRtl } from "../../node/rtl-tools.ts";

const root = mkdtempSync(join(tmpdir(), "xpikeformer-attention-"));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;

function write(files: Readonly<Record<string, string>>): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const soft = { reset: "soft" };
const columns: AttentionSetting[] = [
  { attention: { kind: "sdsa-1", scale: 0.25 }, tokens: 5, dimension: 16, mask: "full" },
  { attention: { kind: "sdsa-1", scale: 0.25 }, tokens: 8, dimension: 6, mask: "causal", neuron: soft },
  { attention: { kind: "sdsa-1", scale: 0.5 }, tokens: 7, dimension: 5, mask: "queries", heads: 1 },
  { attention: { kind: "qk-channel", scale: 0.25 }, tokens: 6, dimension: 8, mask: "queries", neuron: soft },
  {
    attention: { kind: "qk-channel", scale: 0.25 },
    tokens: 5,
    dimension: 4,
    mask: "scattered",
    neuron: { ...soft, threshold: 0.25 },
  },
  { attention: { kind: "qk-channel" }, tokens: 4, dimension: 3, mask: "full", neuron: { kind: "if", reset: "soft" } },
];
const binary = { kind: "binary-map", cut: 3, scale: 0.25 } as const;
const lif = { kind: "lif", scoreGain: 1, valueGain: 2 } as const;
const tiles: AttentionSetting[] = [
  { attention: binary, tokens: 4, dimension: 12, mask: "causal", neuron: soft, ssa: { fifo: "cell" } },
  { attention: binary, tokens: 5, dimension: 8, mask: "full", heads: 1, ssa: { tileTokens: 2 } },
  { attention: { ...binary, cut: 9 }, tokens: 4, dimension: 8, mask: "queries", heads: 1, ssa: { counterBits: 6 } },
  { attention: lif, tokens: 5, dimension: 8, mask: "queries", ssa: { fifo: "row", normaliser: "exact" } },
  { attention: lif, tokens: 4, dimension: 8, mask: "causal", neuron: soft, ssa: { normaliser: "power-of-two" } },
  { attention: lif, tokens: 5, dimension: 6, mask: "causal", heads: 1, ssa: { tileTokens: 3 } },
];

const testInVerilator = await testWith("verilator");
const testInIcarus = await testWith("iverilog");
const testInYosys = await testWith("yosys");

testInIcarus.each([...columns, ...tiles])(
  "Icarus shows the model's bits on every pin in every clock: %j",
  async (setting) => {
    const [check] = await verifyRtl(write(attentionFiles(setting)), { tools: ["iverilog"], icarusRuns: 4 });
    expect(check.detail).toMatch(/^PASS 4 runs/);
  },
);

testInVerilator.each([columns[3], tiles[5]])(
  "Verilator has no warning and shows the model's bits on every pin in every clock: %j",
  async (setting) => {
    const checks = await verifyRtl(write(attentionFiles(setting)), { tools: ["verilator"] });
    expect(checks.map(({ result, detail }) => (result === "pass" ? result : detail))).toEqual(Array(3).fill("pass"));
  },
);

testInYosys("Yosys finds neither latch nor loop, and counts the registers there must be", async () => {
  const folder = write(attentionFiles(columns[2]));
  const [structure] = await verifyRtl(folder, { tools: ["yosys"] });
  expect(structure).toMatchObject({ result: "pass" });
  const blocks = Object.fromEntries((await synthesiseRtl(folder)).blocks.map((block) => [block.module, block]));
  // Five channels: counts to 6 of three bits, a gate and a bit of A; membranes of three rows hold less than twice 6 counts: four bits.
  expect(blocks.column_unit).toMatchObject({ instances: 1, registers: 5 * (3 + 1 + 1) + 3 * 5 * 4 });
  expect(blocks.output_neuron).toMatchObject({ instances: 5, registers: 0 });
});

testInIcarus.each([
  [columns[1], "column_unit.sv", "key_i & value_i", "key_i | value_i"],
  [columns[1], "column_unit.sv", "query_i & gate_q", "query_i"],
  [columns[1], "output_neuron.sv", "potential >= ", "potential > "],
  [columns[2], "attention_engine.sv", "step_q != steps_q", "step_q == steps_q"],
  [columns[4], "column_unit.sv", "{4{kept_i}} & fires", "fires"],
  [tiles[0], "pair_cell.sv", "count_d >= 4'd3", "count_d > 4'd3"],
  [tiles[0], "pair_foot.sv", "{membranes_q[", "{~membranes_q["],
  [tiles[4], "pair_cell.sv", "membranes_q <= membrane_d", "membranes_q <= '0"],
] as const)("a fault in an engine is caught: %#, %s", async (setting, file, right, wrong) => {
  const files = attentionFiles(setting);
  expect(files[file]).toContain(right);
  const folder = write({ ...files, [file]: files[file].replace(right, wrong) });
  expect(await verifyRtl(folder, { tools: ["iverilog"], icarusRuns: 4 })).toMatchObject([{ result: "fail" }]);
});
