/** The machine through its AXI edge: a whole one in Verilator, and one with planted faults in Icarus. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect } from "vitest";
import { testWith } from "../../../test/support/hardware-tools.ts";
import { NIGHTLY } from "../../../test/support/nightly.ts";
import { type MachineSetting, madeInTests, tinyMachine } from "../../../test/support/tiny-machine.ts";
import { verifyRtl } from "../../node/rtl-tools.ts";
import { FILE_LIST, TESTBENCH_LIST } from "../bundle.ts";
import { machineBundle } from "../kit/bundle.ts";
import { AXI_TESTBENCH } from "./testbench.ts";
import { AXI_TOP } from "./top.ts";

const folder = mkdtempSync(join(tmpdir(), "xpikeformer-axi-"));
afterAll(() => rmSync(folder, { recursive: true }));
const [testInVerilator, testInIcarus] = [await testWith("verilator"), await testWith("iverilog")];

/** Three answers to a prompt of ten vectors. */
const SMALL: MachineSetting = { steps: 2, model: { width: 8, heads: 2, depth: 1 } };

let files: Readonly<Record<string, string>>;
beforeAll(() => {
  const { design, vectors } = tinyMachine(SMALL, 2);
  files = machineBundle(design, vectors, madeInTests);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
});

testInVerilator("every answer arrives over AXI, with and without bus stalls, and registers match the map", async () => {
  const checks = await verifyRtl(folder, { tools: ["verilator"], tops: [AXI_TOP] });
  expect(checks.map(({ check, result, detail }) => (result === "pass" ? check : detail))).toEqual([
    "lint, all warnings: xpike_axi",
    "lint, all warnings: xpike_axi_tb",
    "simulation: xpike_axi",
    "simulation: xpike_axi, with waits",
  ]);
  expect(checks[2].detail).toContain("PASS 2 prompts, 2 again through the queue, 12 answers over AXI-Stream");
});

/** Source, original text, replacement. */
const FAULTS: readonly (readonly [string, string, string])[] = [
  ["axi_registers.sv", "seed_write_o = writes_seed & !busy_i", "seed_write_o = writes_seed"],
  ["axi_registers.sv", "error_d = (error_q & ~forgotten) | refused", "error_d = error_q | refused"],
  ["axi_registers.sv", "if (bvalid_q & s_axil_bready) begin", "if (bvalid_q) begin"],
  ["axi_registers.sv", "write = address_held_q & data_held_q & !bvalid_q", "write = address_held_q & !bvalid_q"],
  ["axi_registers.sv", "clocks_q <= count_q + 32'd1", "clocks_q <= count_q"],
  ["axi_registers.sv", "pending_d = (pending_q & ~served) | events", "pending_d = pending_q | events"],
  ["axi_registers.sv", "irq_q <= |(pending_q & enable_q)", "irq_q <= |pending_q"],
  [
    "axi_registers.sv",
    "events = {done_i & !waits_i, |refused, done_i}",
    "events = {done_i & !waits_i, |refused, result_i}",
  ],
  ["axi_registers.sv", "done_q <= number_i", "done_q <= 32'd0"],
  ["xpike_axi.sv", "m_axis_tuser = number_q", "m_axis_tuser = first_number"],
  ["xpike_axi.sv", "machine_rst_nq <= !clear", "machine_rst_nq <= 1'd1"],
  ["xpike_axi.sv", "if (is_last | is_wrong) begin", "if (is_last) begin"],
  ["xpike_axi.sv", "m_axis_tlast = answered_q == 2'd2", "m_axis_tlast = answered_q == 2'd1"],
  ["xpike_axi.sv", "runs = running_q | machine_busy", "runs = machine_busy"],
];

/** Whether the testbench passes, with and without waits, with a text instead of a source. */
async function isSound(source: string, text: string): Promise<boolean> {
  const [program, changed] = ["tb.vvp", "changed.sv"].map((name) => join(folder, name));
  writeFileSync(changed, text);
  const list = (files[FILE_LIST] + files[TESTBENCH_LIST]).trim().split("\n");
  const sources = list.map((name) => (name === source ? changed : name));
  const run = (tool: string, ...args: string[]) => promisify(execFile)(tool, args, { cwd: folder });
  await run("iverilog", "-g2012", "-s", AXI_TESTBENCH, "-o", program, ...sources);
  for (const args of [[], ["+stall=3"]]) {
    const { stdout } = await run("vvp", "-n", program, ...args);
    if (!/^PASS /m.test(stdout) || /ERROR|FAIL/.test(stdout)) return false;
  }
  return true;
}

testInIcarus("each fault in the edge is noticed", NIGHTLY, async () => {
  expect(await isSound(`${AXI_TOP}.sv`, files[`${AXI_TOP}.sv`])).toBe(true);
  for (const [source, before, after] of FAULTS) {
    expect(files[source].split(before), before).toHaveLength(2);
    expect([after, await isSound(source, files[source].replace(before, after))]).toEqual([after, false]);
  }
});
