/** Runs the hardware tools that are installed on a folder of `xpike rtl`, and says which are not. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { FileError, PlatformError } from "../errors.ts";
import { FILE_LIST } from "../rtl/bundle.ts";
import { LIF_TESTBENCH } from "../rtl/lif-testbench.ts";
import { LIF_UNIT } from "../rtl/lif-unit.ts";
import { ENGINE } from "../rtl/ssa-engine.ts";
import { TESTBENCH } from "../rtl/testbench.ts";
import { readFileChecked } from "./files.ts";

export interface RtlCheck {
  readonly tool: "verilator" | "iverilog" | "yosys";
  /** What was asked. */
  readonly check: string;
  /** `missing` when the tool is not installed, `timeout` when it did not finish: neither says anything about the RTL. */
  readonly result: "pass" | "fail" | "missing" | "timeout";
  /** The testbench's line, the tool's complaint, or the way to install it. */
  readonly detail: string;
}

/** Milliseconds for one run of one tool. Icarus needs longer than this for engines of some thousand cells. */
const LONGEST_RUN = 600_000;
const FILE_LIST_BYTES = 2 ** 16;

/** Modules that are checked by themselves, with their testbenches, where a folder has them. */
const TOPS: readonly { readonly top: string; readonly testbench: string }[] = [
  { top: ENGINE, testbench: TESTBENCH },
  { top: LIF_UNIT, testbench: LIF_TESTBENCH },
];

interface Outcome {
  readonly found: boolean;
  readonly ok: boolean;
  readonly late: boolean;
  readonly text: string;
}

function run(tool: string, args: readonly string[], cwd: string): Promise<Outcome> {
  return new Promise((done) => {
    execFile(tool, [...args], { cwd, timeout: LONGEST_RUN, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      const late = error?.killed === true;
      done({ found: error?.code !== "ENOENT", ok: error === null, late, text: `${stdout}${stderr}`.trim() });
    });
  });
}

/** Whether a tool answers, without judging it. */
export async function hasTool(tool: RtlCheck["tool"]): Promise<boolean> {
  return (await run(tool, [tool === "verilator" ? "--version" : "-V"], tmpdir())).found;
}

/**
 * Lint (Verilator), both simulations of the testbench (Verilator, Icarus), and latches and loops (Yosys), one after another.
 * Throws  FileError when the folder holds no file list of `xpike rtl`
 */
export async function verifyRtl(
  folder: string,
  tools: readonly RtlCheck["tool"][] = ["verilator", "iverilog", "yosys"],
): Promise<RtlCheck[]> {
  const sources = await sourcesOf(folder);
  const tops = TOPS.filter(({ top }) => sources.includes(`${top}.sv`));
  const work = await mkdtemp(join(tmpdir(), "xpike-rtl-"));
  const checks: RtlCheck[] = [];
  const named = (check: string, top: string) => (top === ENGINE ? check : `${check}: ${top}`);
  const add = (tool: RtlCheck["tool"], check: string, outcome: Outcome, passed = outcome.ok, detail = outcome.text) => {
    const result = !outcome.found ? "missing" : outcome.late ? "timeout" : passed ? "pass" : "fail";
    const reason = { missing: `${tool} is not installed`, timeout: `not done in ${LONGEST_RUN / 60_000} minutes` };
    const unsaid = result === "missing" || result === "timeout";
    checks.push({ tool, check, result, detail: unsaid ? `${reason[result]}, so this was not checked.` : detail });
  };
  const addSimulation = (tool: "verilator" | "iverilog", ran: Outcome, top: string) => {
    // An assertion of the engine prints an error and, in Icarus, lets the simulation go on.
    const passed = ran.ok && /^PASS /m.test(ran.text) && !/^(ERROR|%Error|FAIL)|Assertion failed/m.test(ran.text);
    const line = /^(PASS|FAIL) .*$/m.exec(ran.text)?.[0];
    add(tool, named("simulation", top), ran, passed, passed && line ? line : ran.text);
  };
  try {
    for (const { top, testbench } of tools.includes("verilator") ? tops : []) {
      const list = ["-f", FILE_LIST, "--top-module"];
      const lint = await run("verilator", ["--lint-only", "-Wall", ...list, top], folder);
      add("verilator", named("lint, all warnings", top), lint, lint.ok, lint.ok ? "no warning" : lint.text);
      const folderOf = join(work, testbench);
      const build = ["--binary", "--timing", "--assert", "--Mdir", folderOf, `${testbench}.sv`, ...list, testbench];
      const built = await run("verilator", build, folder);
      addSimulation("verilator", built.ok ? await run(join(folderOf, `V${testbench}`), [], folder) : built, top);
    }
    for (const { top, testbench } of tools.includes("iverilog") ? tops : []) {
      const program = join(work, `${testbench}.vvp`);
      const build = ["-g2012", "-s", testbench, "-o", program, "-f", FILE_LIST, `${testbench}.sv`];
      const built = await run("iverilog", build, folder);
      addSimulation("iverilog", built.ok ? await run("vvp", ["-n", program], folder) : built, top);
    }
    for (const { top } of tools.includes("yosys") ? tops : []) {
      const latches = "select -assert-none t:$dlatch t:$dlatchsr t:$adlatch t:$sr";
      const outcome = await run("yosys", ["-q", "-p", `${elaborate(sources, top)}; check -assert; ${latches}`], folder);
      add("yosys", named("no latch, no loop", top), outcome, outcome.ok, outcome.ok ? "none found" : outcome.text);
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return checks;
}

const elaborate = (sources: readonly string[], top: string): string =>
  `read_verilog -sv -DSYNTHESIS ${sources.join(" ")}; hierarchy -check -top ${top}; proc; flatten -noscopeinfo`;

/** Cells of one module, without those of the modules that it uses. */
export interface BlockCells {
  readonly module: string;
  readonly gates: number;
  readonly registers: number;
  /** Instances of this module in the engine. */
  readonly instances: number;
}

/**
 * Gates and flip-flops per block, in Yosys's own generic cells of one or two inputs.
 * Throws  PlatformError when Yosys is missing or refuses; FileError as `verifyRtl`
 */
export async function synthesiseRtl(folder: string): Promise<BlockCells[]> {
  const sources = await sourcesOf(folder);
  const work = await mkdtemp(join(tmpdir(), "xpike-rtl-"));
  try {
    const file = join(work, "cells.json");
    const script = `read_verilog -sv -DSYNTHESIS ${sources.join(" ")}; synth -top ${ENGINE}; check -assert; tee -q -o ${file} stat -json`;
    const { found, ok, text } = await run("yosys", ["-q", "-p", script], folder);
    if (!found) throw new PlatformError("yosys", "Yosys is not installed, and cells are counted by it. Install yosys.");
    if (!ok) throw new PlatformError("yosys", `Yosys refuses the sources:\n${text}`);
    const { modules } = JSON.parse(new TextDecoder().decode(await readFileChecked(file, 2 ** 26))) as {
      modules: Record<string, { num_cells_by_type?: Record<string, number> }>;
    };
    return countCells(modules);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function countCells(modules: Record<string, { num_cells_by_type?: Record<string, number> }>): BlockCells[] {
  const types = new Map(
    Object.entries(modules).map(([name, { num_cells_by_type: cells }]) => [name.replace(/^\\/, ""), cells ?? {}]),
  );
  const instances = (module: string): number =>
    module === ENGINE
      ? 1
      : [...types].reduce((sum, [user, cells]) => (cells[module] ? sum + cells[module] * instances(user) : sum), 0);
  return [...types].map(([module, cells]) => {
    const own = Object.entries(cells).filter(([type]) => !types.has(type));
    const sum = (isRegister: boolean) =>
      own.reduce((total, [type, count]) => total + (/DFF/.test(type) === isRegister ? count : 0), 0);
    return { module, gates: sum(false), registers: sum(true), instances: instances(module) };
  });
}

async function sourcesOf(folder: string): Promise<string[]> {
  const path = resolve(folder, FILE_LIST);
  const sources = new TextDecoder()
    .decode(await readFileChecked(path, FILE_LIST_BYTES))
    .trim()
    .split("\n");
  const odd = sources.find((name) => !/^\w+\.sv$/.test(name));
  if (odd === undefined) return sources;
  throw new FileError(path, `"${odd}" is no source file of this folder. Write the folder anew with xpike rtl.`);
}
