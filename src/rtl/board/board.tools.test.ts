/**
 * The whole board through its testbench, which drives the serial line bit by bit: the cycle model's bits, and faults that must be
 * detected.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { type EngineSetting, randomRun, smallDesign } from "../../../test/support/engine-runs.ts";
import { testWith } from "../../../test/support/hardware-tools.ts";
import { verifyRtl } from "../../node/rtl-tools.ts";
import { stream } from "../../numeric/stream.ts";
import type { SourceFiles } from "../design.ts";
import { boardBundle } from "./bundle.ts";
import { BOARD_TOP } from "./top.ts";

const root = mkdtempSync(join(tmpdir(), "xpikeformer-board-"));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;

const FROM = { version: "0.0.0", experiment: "random spikes", origin: "Random spikes." };

function kit(setting: EngineSetting, steps: readonly number[]): SourceFiles {
  const design = smallDesign(setting);
  const runs = steps.map((count, n) => randomRun(design, count, stream(n)));
  // The fingerprint has both bytes that frames escape.
  return boardBundle(design, runs, FROM, { board: "ulx3s-85f", baud: 1_000_000, fingerprintOf: () => 0xdbc0_17aa });
}

async function verified(files: SourceFiles, tool: "verilator" | "iverilog") {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const checks = await verifyRtl(folder, { tools: [tool], tops: [BOARD_TOP] });
  return checks.map(({ result, detail }) => [result, detail]);
}

/** Columns of 9 bits in 2 bytes, of 12 features; then two heads, whose columns of 18 bits take 3 bytes and whose spikes take 1. */
const small: EngineSetting = { tokens: 3, dimension: 12, isCausal: true, draws: "stratified" };
const twoHeads: EngineSetting = { ...small, dimension: 5, draws: "independent", heads: 2 };

const passes = ["pass", expect.stringMatching(/^PASS \d+ bytes sent, \d+ bytes back$/)];
const testInVerilator = await testWith("verilator");
const testInIcarus = await testWith("iverilog");

testInVerilator("the board answers as the cycle model, and Verilator has no warning", async () => {
  expect(await verified(kit(small, [3, 2]), "verilator")).toEqual([
    ["pass", "no warning"],
    ["pass", "no warning"],
    passes,
  ]);
});

testInIcarus("two heads with columns of three bytes, and of one byte for A", async () => {
  expect(await verified(kit(twoHeads, [1, 4]), "iverilog")).toEqual([passes]);
});

testInIcarus(
  "a column that reaches the engine a clock late is detected, and so is a checksum that accepts everything",
  async () => {
    const files = kit(twoHeads, [2]);
    const late = files["board_link.sv"].replace("column_q <= columns_in[in_d", "column_q <= columns_in[in_q");
    const open = files["frame_receiver.sv"].replace("crc_q == 16'h1d0f", "1'b1");
    for (const [name, text] of Object.entries({ "board_link.sv": late, "frame_receiver.sv": open })) {
      expect(text, name).not.toBe(files[name]);
      const [simulation] = await verified({ ...files, [name]: text }, "iverilog");
      expect(simulation, name).toEqual(["fail", expect.stringMatching(/^FAIL \d+ errors/m)]);
    }
  },
);
