// @module-tag program
/** A whole machine on a board through its testbench, which drives the serial line bit by bit: the simulator's answers, every refusal. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { testWith } from "../../../test/support/hardware-tools.ts";
import { NIGHTLY } from "../../../test/support/nightly.ts";
import { madeInTests, tinyMachine } from "../../../test/support/tiny-machine.ts";
import { verifyRtl } from "../../node/rtl-tools.ts";
import type { SourceFiles } from "../design.ts";
import { machineBoardBundle } from "./machine-bundle.ts";
import { MACHINE_BOARD } from "./machine-top.ts";

const root = mkdtempSync(join(tmpdir(), "xpikeformer-machine-board-"));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;

function kit(): SourceFiles {
  const { design, vectors } = tinyMachine(
    {
      steps: 2,
      model: { width: 8, heads: 2, depth: 1 },
      hardware: { timing: { clock: 25e6, settle: 2, conversion: 4 } },
    },
    2,
    { kind: "memories", conductanceBits: null },
  );
  // The fingerprint has both bytes that frames escape.
  const fingerprintOf = () => 0xdbc0_17aa;
  return machineBoardBundle(design, vectors, madeInTests, { board: "ulx3s-85f", baud: 1_000_000, fingerprintOf });
}

async function verified(files: SourceFiles) {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const checks = await verifyRtl(folder, { tools: ["verilator"], tops: [MACHINE_BOARD] });
  return checks.map(({ result, detail }) => [result, detail]);
}

const testInVerilator = await testWith("verilator");
/** Milliseconds for lint, compilation and a run, also on a busy machine. */
const LONG = 400_000;

testInVerilator(
  "the board answers as the simulator, and Verilator has no warning",
  async () => {
    expect(await verified(kit())).toEqual([
      ["pass", "no warning"],
      ["pass", "no warning"],
      ["pass", expect.stringMatching(/^PASS \d+ bytes sent, \d+ bytes back$/)],
    ]);
  },
  LONG,
);

testInVerilator("faults of the link are detected", { ...NIGHTLY, timeout: LONG }, async () => {
  const files = kit();
  const planted: readonly (readonly [string, string])[] = [
    // The second vector is sent twice, or a prompt that no start admits is taken.
    ["vector_q <= vectors_in[in_d]", "vector_q <= vectors_in[in_q]"],
    ["if (vector_ready_i) begin", "if (1'b1) begin"],
    ["if (asks_q) begin", "if (1'b1) begin"],
    ["bresp_i == 2'd0", "bresp_i != 2'd1"],
  ];
  for (const [right, wrong] of planted) {
    const text = files["machine_link.sv"].replace(right, wrong);
    expect(text, right).not.toBe(files["machine_link.sv"]);
    const checks = await verified({ ...files, "machine_link.sv": text });
    expect(checks.at(-1), wrong).toEqual(["fail", expect.stringMatching(/^FAIL|Assertion failed/m)]);
  }
});
