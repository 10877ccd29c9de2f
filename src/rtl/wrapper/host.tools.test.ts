// @module-tag program
/** A machine behind `xpike_host` in Verilator: no warning, and every byte of every answer, at several widths of the bus, after a clear. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "vitest";
import { testWith } from "../../../test/support/hardware-tools.ts";
import { hostBench, wrappedMachine } from "../../../test/support/host-bench.ts";
import { NIGHTLY } from "../../../test/support/nightly.ts";
import { FILE_LIST } from "../bundle.ts";
import { ROLLED_LOOPS } from "../kit/project-files.ts";
import { HOST_TOP } from "./host-top.ts";

const testInVerilator = await testWith("verilator");
const run = promisify(execFile);
const timeout = 400_000;

testInVerilator("prompts over a bus of 32 bits have the simulator's answers", { timeout }, () => expectAnswers(32));
testInVerilator("prompts over a bus of 1024 bits have the simulator's answers", { ...NIGHTLY, timeout }, () =>
  expectAnswers(1024),
);

async function expectAnswers(bits: number) {
  const machine = wrappedMachine({ name: "zynq", bits }, 3);
  try {
    const { folder: cwd } = machine;
    for (const [name, text] of Object.entries(hostBench(machine, bits))) writeFileSync(join(cwd, name), text);
    const lint = ["--lint-only", "-Wall", "-Wpedantic", ...ROLLED_LOOPS, "-f", FILE_LIST];
    expect((await run("verilator", [...lint, "--top-module", HOST_TOP], { cwd })).stderr).toBe("");
    expect((await run("verilator", [...lint, "xpike_zynq.v", "--top-module", "xpike_zynq"], { cwd })).stderr).toBe("");
    const build = [
      "--binary",
      "--timing",
      "--assert",
      "-Wno-fatal",
      "-fno-gate",
      ...ROLLED_LOOPS,
      "-MAKEFLAGS",
      "OPT_FAST=-O1",
    ];
    await run("verilator", [...build, "-f", FILE_LIST, "host_bench.sv", "--top-module", "host_bench"], { cwd });
    const { stdout } = await run("obj_dir/Vhost_bench", [], { cwd });
    const lines = stdout.trim().split("\n").slice(0, machine.prompts);
    expect(lines.map((line) => line.trim().split(" "))).toEqual(machine.answers);
  } finally {
    machine.remove();
  }
}
