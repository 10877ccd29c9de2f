/** Simulators for a folder of `xpike rtl`: how Verilator compiles it, and what its outcome means. */
import { availableParallelism, tmpdir } from "node:os";
import { FILE_LIST, TESTBENCH_LIST } from "../rtl/bundle.ts";
import { ROLLED_LOOPS } from "../rtl/kit/project-files.ts";
import { type Outcome, runTool } from "./tool.ts";

export type RtlTool = "verilator" | "iverilog" | "yosys";

/** Inlining a gate's inputs into everything that reads it would make programs many times larger. */
export const SMALL = ["-fno-gate", "-MAKEFLAGS", "OPT_GLOBAL=-O0"];
export const COMPILED = ["--binary", "--timing", "--assert", ...SMALL];
export const ALL_SOURCES = ["-f", FILE_LIST, "-f", TESTBENCH_LIST];
/** C++ compilers that run in parallel. */
export const JOBS = ["--build-jobs", String(Math.min(2, availableParallelism()))];
/** A machine in a module of this package, which runs a prompt and writes what happens. */
export const DUMPED = [...COMPILED, ...ROLLED_LOOPS, ...JOBS, "-MAKEFLAGS", "OPT_FAST=-O0", ...ALL_SOURCES];

/** Whether a tool answers, whatever it says. */
export async function hasTool(tool: RtlTool): Promise<boolean> {
  return (await runTool(tool, [tool === "verilator" ? "--version" : "-V"], tmpdir())).found;
}

/** An assertion of the engine prints an error and, in Icarus, lets the simulation continue. */
export const isRight = ({ ok, text }: Outcome): boolean =>
  ok && /^PASS /m.test(text) && !/^(ERROR|%Error|FAIL)|Assertion failed/m.test(text);
