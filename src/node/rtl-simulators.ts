/** Simulators for a folder of `xpike rtl`: how Verilator compiles it, and how a tool is run. */
import { execFile } from "node:child_process";
import { availableParallelism, tmpdir } from "node:os";
import { FILE_LIST, TESTBENCH_LIST } from "../rtl/bundle.ts";
import { ROLLED_LOOPS } from "../rtl/kit/project-files.ts";

export type RtlTool = "verilator" | "iverilog" | "yosys";

/** Milliseconds for one run of one tool. Icarus needs longer for engines with a few thousand cells. */
export const LONGEST_RUN = 600_000;

/** Inlining a gate's inputs into everything that reads it would make programs many times larger. */
const SMALL = ["-fno-gate", "-MAKEFLAGS", "OPT_GLOBAL=-O0"];
export const COMPILED = ["--binary", "--timing", "--assert", ...SMALL];
export const ALL_SOURCES = ["-f", FILE_LIST, "-f", TESTBENCH_LIST];
/** C++ compilers that run in parallel. */
export const JOBS = ["--build-jobs", String(Math.min(2, availableParallelism()))];
/** A machine in a module of this package, which runs a prompt and writes what happens. */
export const DUMPED = [...COMPILED, ...ROLLED_LOOPS, ...JOBS, "-MAKEFLAGS", "OPT_FAST=-O0", ...ALL_SOURCES];

export interface Outcome {
  readonly found: boolean;
  readonly ok: boolean;
  readonly late: boolean;
  readonly text: string;
}

export function run(tool: string, args: readonly string[], cwd: string): Promise<Outcome> {
  return new Promise((done) => {
    // On SIGTERM, Icarus exits as if all were well.
    const limits = { timeout: LONGEST_RUN, killSignal: "SIGKILL", maxBuffer: 2 ** 26 } as const;
    execFile(tool, [...args], { cwd, ...limits }, (error, stdout, stderr) => {
      const late = error?.killed === true;
      done({ found: error?.code !== "ENOENT", ok: error === null, late, text: `${stdout}${stderr}`.trim() });
    });
  });
}

/** Whether a tool answers, whatever it says. */
export async function hasTool(tool: RtlTool): Promise<boolean> {
  return (await run(tool, [tool === "verilator" ? "--version" : "-V"], tmpdir())).found;
}

/** An assertion of the engine prints an error and, in Icarus, lets the simulation continue. */
export const isRight = ({ ok, text }: Outcome): boolean =>
  ok && /^PASS /m.test(text) && !/^(ERROR|%Error|FAIL)|Assertion failed/m.test(text);
