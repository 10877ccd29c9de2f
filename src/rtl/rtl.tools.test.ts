import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { type EngineSetting, randomRun, smallDesign } from "../../test/support/engine-runs.ts";
import { testWith } from "../../test/support/hardware-tools.ts";
import { synthesiseRtl } from "../node/rtl-synthesis.ts";
import { verifyRtl } from "../node/rtl-tools.ts";
import { stream } from "../numeric/stream.ts";
import { rtlBundle } from "./bundle.ts";

const root = mkdtempSync(join(tmpdir(), "xpikeformer-rtl-"));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;

type Case = Required<EngineSetting>;

function bundleOf(setting: Case) {
  const design = smallDesign(setting);
  const runs = [1, 2, 3, 4, 1].map((steps, r) => randomRun(design, steps, stream(r)));
  return rtlBundle(design, runs, "Random spikes.");
}

function write(files: Readonly<Record<string, string>>): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const base: Case = {
  tokens: 4,
  dimension: 16,
  isCausal: true,
  draws: "stratified",
  heads: 2,
  gain: 1,
  ssa: { fifo: "cell" },
};
const cases: Case[] = [
  base,
  { ...base, tokens: 5, dimension: 12, isCausal: false, draws: "independent", ssa: { lfsr: { scope: "engine" } } },
  { ...base, tokens: 5, dimension: 10, heads: 1, gain: 4, ssa: { lfsr: { sharing: "cell", shiftsPerClock: 8 } } },
  { ...base, tokens: 7, heads: 1, isCausal: false, ssa: { fifo: "row", lfsr: { sharing: "single" } } },
  {
    ...base,
    tokens: 6,
    dimension: 20,
    heads: 1,
    ssa: { fifo: "row", counterBits: 3, counterOverflow: "saturate", lfsr: { sharing: "row" } },
  },
  {
    ...base,
    tokens: 6,
    heads: 1,
    draws: "independent",
    ssa: { normaliser: "power-of-two", lfsr: { sharing: "column" } },
  },
  { ...base, tokens: 5, dimension: 11, draws: "ordered" },
];

const testInVerilator = await testWith("verilator");
const testInIcarus = await testWith("iverilog");
const testInYosys = await testWith("yosys");

testInIcarus("Icarus gives the cycle model's bits and clocks in every setting", async () => {
  for (const setting of cases) {
    const [check] = await verifyRtl(write(bundleOf(setting)), { tools: ["iverilog"], icarusRuns: 5 });
    expect(check, JSON.stringify(setting)).toMatchObject({ result: "pass" });
    expect(check.detail).toBe(`PASS 5 runs, ${16 * setting.dimension} clocks, ${11 * setting.dimension} columns`);
  }
});

testInVerilator("Verilator has no warning and gives the cycle model's bits and clocks", async () => {
  const checks = await verifyRtl(write(bundleOf(base)), { tools: ["verilator"] });
  expect(checks.map(({ result, detail }) => (result === "pass" ? result : detail))).toEqual(Array(3).fill("pass"));
});

testInVerilator("cell counters without a reset are noticed: in Verilator they start with random bits", async () => {
  const files = bundleOf(base);
  const cleared = "if (!rst_ni) begin\n      count_q <= '0;";
  expect(files["ssa_cell.sv"]).toContain(cleared);
  const cell = files["ssa_cell.sv"].replace(cleared, "if (!rst_ni) begin");
  const checks = await verifyRtl(write({ ...files, "ssa_cell.sv": cell }), { tools: ["verilator"] });
  expect(checks.find(({ check }) => check === "simulation")).toMatchObject({ result: "fail" });
});

testInYosys("Yosys finds neither latch nor loop, and counts the registers there must be", async () => {
  const folder = write(bundleOf(base));
  expect(await verifyRtl(folder, { tools: ["yosys"] })).toMatchObject([{ result: "pass" }, { result: "pass" }]);
  const blocks = Object.fromEntries((await synthesiseRtl(folder)).blocks.map((block) => [block.module, block]));
  // Two heads of ten causal cells: a counter of five bits and the held score; a FIFO of 16; two LFSRs of 32 bits.
  expect(blocks.ssa_cell).toMatchObject({ instances: 20, registers: 5 + 1 });
  expect(blocks.ssa_value_fifo).toMatchObject({ instances: 20, registers: 16 });
  expect(blocks.ssa_lfsr_array).toMatchObject({ instances: 2, registers: 2 * 32 });
});

testInIcarus.each([
  ["ssa_cell.sv", "hit = query_i & key_i", "hit = ~query_i & key_i"],
  ["ssa_value_fifo.sv", "value_o = fifo_q[15]", "value_o = fifo_q[14]"],
  ["ssa_engine.sv", "feature_q == 4'd15", "feature_q == 4'd14"],
])("a fault in %s is caught: %s becomes %s", async (file, right, wrong) => {
  const files = bundleOf(base);
  expect(files[file]).toContain(right);
  const folder = write({ ...files, [file]: files[file].replace(right, wrong) });
  expect(await verifyRtl(folder, { tools: ["iverilog"], icarusRuns: 5 })).toMatchObject([{ result: "fail" }]);
});
