import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { testWith } from "../../test/support/hardware-tools.ts";
import { lifPins, signed } from "../hardware/clocked-lif.ts";
import { type LifRequest, lifParameters } from "../hardware/lif-parameters.ts";
import { verifyRtl } from "../node/rtl-tools.ts";
import { stream } from "../numeric/stream.ts";
import { FILE_LIST, fileList, TESTBENCH_LIST } from "./bundle.ts";
import type { SourceFiles } from "./design.ts";
import { type LifRuns, lifBundle } from "./lif-bundle.ts";
import { lifTestPins } from "./lif-windows.ts";

const root = mkdtempSync(join(tmpdir(), "xpikeformer-lif-rtl-"));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;

const base: LifRequest = {
  codeBits: 6,
  rowBlocks: 4,
  columns: 8,
  leakShift: 1,
  fractionBits: 2,
  offsetBits: 6,
  steps: 10,
};
const requests: LifRequest[] = [
  base,
  { ...base, rowBlocks: 1, fractionBits: 0 },
  { ...base, rowBlocks: 1, columns: 1, leakShift: 3 },
  { ...base, rowBlocks: 3, columns: 2, leakShift: 0, steps: 7 },
  { ...base, codeBits: 2, rowBlocks: 2, columns: 3, leakShift: 2, fractionBits: 0, offsetBits: 2 },
  { ...base, codeBits: 17, rowBlocks: 7, columns: 5, leakShift: 16, fractionBits: 4, offsetBits: 20 },
];

function filesOf(runs: LifRuns): SourceFiles {
  const { sources, testbenches, files } = lifBundle(runs);
  const lists = { [FILE_LIST]: fileList(sources), [TESTBENCH_LIST]: fileList(testbenches) };
  return { ...sources, ...testbenches, ...lists, ...files };
}

function bundleOf(request: LifRequest): SourceFiles {
  const parameters = lifParameters(request);
  return filesOf({ parameters, pins: lifTestPins(parameters, 6, stream(7)), origin: "Random codes." });
}

function write(files: SourceFiles): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const testInVerilator = await testWith("verilator");
const testInIcarus = await testWith("iverilog");
const testInYosys = await testWith("yosys");

testInIcarus("Icarus gives the model's bits at the model's clocks in every setting", async () => {
  for (const request of requests) {
    const [check] = await verifyRtl(write(bundleOf(request)), { tools: ["iverilog"] });
    expect(check, JSON.stringify(request)).toMatchObject({ check: "simulation: lif_unit", result: "pass" });
    expect(check.detail).toMatch(/^PASS \d+ clocks, \d+ column updates$/);
  }
});

testInVerilator("Verilator has no warning and gives the model's bits and clocks", async () => {
  const checks = await verifyRtl(write(bundleOf(base)), { tools: ["verilator"] });
  expect(checks.map(({ result, detail }) => (result === "pass" ? result : detail))).toEqual(Array(3).fill("pass"));
});

testInYosys("Yosys finds neither latch nor loop, and proves the gates", async () => {
  for (const request of requests) {
    const checks = await verifyRtl(write(bundleOf(request)), { tools: ["yosys"] });
    expect(checks).toMatchObject([{ result: "pass" }, { result: "pass", detail: expect.stringContaining("lif_unit") }]);
  }
});

testInIcarus("a unit of two-bit codes is right for every offset, threshold and sequence of four steps", async () => {
  const parameters = lifParameters({
    ...base,
    codeBits: 2,
    rowBlocks: 1,
    columns: 1,
    fractionBits: 0,
    offsetBits: 2,
    steps: 4,
  });
  const sequences = Int32Array.from({ length: 4 ** 5 }, (_, i) => signed((i >> 2) >> (2 * (i & 3)), 2));
  const settings = [-2, -1, 0, 1].flatMap((offset) =>
    Array.from({ length: parameters.membraneRange.high }, (_, n) => ({ offset, threshold: n + 1 })),
  );
  const pins = settings.flatMap((column) => lifPins(parameters, [column], sequences, 4));
  const [check] = await verifyRtl(write(filesOf({ parameters, pins, origin: "All codes." })), { tools: ["iverilog"] });
  const updates = settings.length * sequences.length;
  expect(check.detail).toBe(`PASS ${updates + settings.length * 4} clocks, ${updates} column updates`);
  expect(check.result).toBe("pass");
});

const faults = [
  ["lif_unit.sv", "potential >= threshold", "potential < threshold"],
  ["lif_unit.sv", "potential >= threshold", "potential > threshold"],
  ["lif_unit.sv", "membrane >>> 1'd1", "membrane >>> 2'd2"],
  ["lif_unit.sv", "membrane >>> 1'd1", "membrane"],
  ["lif_unit.sv", "block_q == 2'd3", "block_q == 2'd2"],
  ["lif_unit.sv", "fires ? '0 : potential", "potential"],
  ["lif_unit.sv", "resolved_rest_q ? '0 : membranes_q[11:0]", "membranes_q[11:0]"],
  ["lif_unit.sv", "{{3{code_i[5]}}, code_i}", "{3'd0, code_i}"],
  ["carry_save_adder.sv", " | (a_i[9:0] & c_i[9:0])", ""],
  ["carry_save_adder.sv", "(b_i[9:0] & c_i[9:0]), 1'd0}", "(b_i[9:0] & c_i[9:0]) & 10'h1ff, 1'd0}"],
] as const;

/** The testbench alone has to see it, so the assertions of the unit are taken out. */
testInIcarus.each(faults)("a fault in %s is caught: %s becomes %s", async (file, right, wrong) => {
  const files = bundleOf(base);
  expect(files[file]).toContain(right);
  const faulty = { ...files, [file]: files[file].replace(right, wrong) };
  const bare = { ...faulty, "lif_unit.sv": faulty["lif_unit.sv"].replace(/`ifndef SYNTHESIS[\s\S]*?`endif\n/, "") };
  const [check] = await verifyRtl(write(bare), { tools: ["iverilog"] });
  expect(check).toMatchObject({ result: "fail" });
  expect(check.detail).toMatch(/^FAIL \d+ of \d+ clocks$/m);
});

testInIcarus.each([
  ["carry_save_adder.sv", " | (a_i[9:0] & c_i[9:0])", "", "current is"],
  ["lif_unit.sv", "full_q <= take_last", "full_q <= valid_i", "valid_o is"],
] as const)("the unit's own assertions see a fault in %s, too", async (file, right, wrong, complaint) => {
  const files = bundleOf(base);
  expect(files[file]).toContain(right);
  const [check] = await verifyRtl(write({ ...files, [file]: files[file].replace(right, wrong) }), {
    tools: ["iverilog"],
  });
  expect(check.result).toBe("fail");
  expect(check.detail).toContain(complaint);
});
