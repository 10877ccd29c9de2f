/** A machine in step-major order in Icarus: every spike train, output of the head, answer and clock, and faults of what only this order has. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect } from "vitest";
import { COMPILATION, testWith } from "../../../test/support/hardware-tools.ts";
import { madeInTests, tinyMachine } from "../../../test/support/tiny-machine.ts";
import { FILE_LIST, TESTBENCH_LIST } from "../bundle.ts";
import { machineBundle } from "./bundle.ts";
import { MACHINE_TESTBENCH, STALL } from "./testbench.ts";

const folder = mkdtempSync(join(tmpdir(), "xpikeformer-step-major-"));
afterAll(() => rmSync(folder, { recursive: true }));
const testInIcarus = await testWith("iverilog");
const run = promisify(execFile);

let files: Readonly<Record<string, string>>;
let clocks: number;
beforeAll(() => {
  // Three blocks, of whose runs one begins as another ends; several prompts, each with seeds of its own.
  const { design, vectors } = tinyMachine(
    {
      steps: 5,
      model: { width: 8, heads: 2, depth: 3, position: "learned" },
      hardware: { order: "step-major", ssa: { tileTokens: 3 } },
    },
    3,
  );
  clocks = design.plan.schedule.alone.clocks;
  files = machineBundle(design, vectors, madeInTests);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
});

/** What the testbench prints, where a text stands in the place of a source. */
async function printed(source: string, text: string, ...plusargs: string[]): Promise<string> {
  const [program, changed] = ["tb.vvp", "changed.sv"].map((name) => join(folder, name));
  writeFileSync(changed, text);
  const list = (files[FILE_LIST] + files[TESTBENCH_LIST]).trim().split("\n");
  const sources = list.map((name) => (name === source ? changed : join(folder, name)));
  await run("iverilog", ["-g2012", "-s", MACHINE_TESTBENCH, "-o", program, ...sources]);
  const { stdout } = await run("vvp", ["-n", program, ...plusargs], { cwd: folder });
  return stdout;
}

testInIcarus(
  "the RTL gives the simulator's spikes, outputs and answers at the clocks of the schedule, and without clocks where both ends wait",
  async () => {
    const source = "attention_unit.sv";
    for (const plusargs of [[], [`+${STALL}=3`]]) {
      const text = await printed(source, files[source], ...plusargs);
      expect(text).toMatch(/^PASS 3 prompts/m);
      expect(text).toContain(`${clocks} clocks each`);
      expect(text).not.toMatch(/ERROR|expected/);
    }
  },
  COMPILATION,
);

/** Source, what is replaced, what stands there then. */
const FAULTS: readonly (readonly [string, RegExp, string])[] = [
  ["ssa_engine.sv", /ready_o = !busy_o \| [^;]*/, "ready_o = !busy_o"],
  ["ssa_engine.sv", /step_q <= step_i;/, "step_q <= step_i + 7'd1;"],
  ["attention_unit.sv", /start \? next_block : block_q/, "block_q"],
  ["attention_unit.sv", /start \? next_block : block_q/, "next_block"],
  ["attention_unit.sv", /read_q <= \(read_q[^;]*/, "read_q <= read_q"],
  ["accumulators.sv", /\.address_i \(address_i\)/, ".address_i ('0)"],
];

testInIcarus.each(FAULTS)(
  "a fault in %s is noticed: %s becomes %s",
  async (source, from, to) => {
    expect(files[source]).toMatch(from);
    expect(await printed(source, files[source].replace(from, to))).not.toMatch(/^PASS/m);
  },
  COMPILATION,
);
