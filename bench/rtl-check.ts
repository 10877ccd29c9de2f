/**
 * `npm run rtl-check`: long runs that compare the functional tile, the cycle model and the generated SystemVerilog, bit for bit.
 *
 *   npm run rtl-check -- random --windows 10000              # N x d x mask x draws, random spikes and seeds
 *   npm run rtl-check -- random --windows 300 --tool iverilog
 *   npm run rtl-check -- random --windows 300 --tool gates   # the netlist made by Yosys, simulated here
 *   npm run rtl-check -- random --tokens 197 --tile 64       # a tile of 64 tokens, which the others pass through in turn
 *   npm run rtl-check -- exhaustive                          # every Q, K, V of two tokens and four features
 *   npm run rtl-check -- exhaustive --steps 1 --tool none    # the same in runs of one window, without RTL
 *   npm run rtl-check -- network examples/wireless-2x2.json --pilots 15 --clocks 1000000
 *   npm run rtl-check -- network examples/wireless-2x2.json --split   # its heads one after another on one tile
 *
 * Each setting is compiled once; its runs are generated while the simulator reads them. A line is printed when a setting is done.
 * With `--log FILE` the line is also kept there, and settings in the file are not run again, so an interrupted run can be
 * continued. The exit code is 1 when something differs.
 */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { DrawKind } from "../src/experiment/attention.ts";
import { compileEngine, type StreamCheck } from "../src/node/rtl-stream.ts";
import type { EngineRun } from "../src/rtl/testbench.ts";
import { checkGates } from "./gate-check.ts";
import { describeMachine, printMachine } from "./harness.ts";
import { type CheckCase, exhaustiveCases, networkCase, randomCases } from "./rtl-cases.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tool: { type: "string", default: "verilator" },
    windows: { type: "string", default: "200" },
    tokens: { type: "string", default: "4,8,16" },
    dimensions: { type: "string", default: "16,32,64" },
    tile: { type: "string" },
    masks: { type: "string", default: "none,causal,network" },
    draws: { type: "string", default: "independent,stratified,ordered" },
    gain: { type: "string", default: "2" },
    steps: { type: "string" },
    pilots: { type: "string", default: "15" },
    clocks: { type: "string", default: "1000000" },
    split: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    log: { type: "string" },
  },
});

/** The record of a setting. */
interface Line {
  readonly name: string;
  readonly tool: string;
  readonly result: StreamCheck["result"];
  readonly windows: number;
  readonly runs: number;
  readonly clocks: number;
  readonly seconds: number;
  readonly detail: string;
}

const tool = oneOf("tool", values.tool, ["verilator", "iverilog", "gates", "none"]);
const seed = wholeNumber("seed", values.seed, 0);
const [kind = "random", ...sources] = positionals;
const cases = casesOf(kind);
process.stdout.write(`${printMachine(describeMachine())}\n\n`);
const work = mkdtempSync(join(tmpdir(), "xpike-rtl-"));
process.on("exit", () => rmSync(work, { recursive: true, force: true }));
const done = previous(values.log);
let failures = 0;
let shown = 0;
const sum = { windows: 0, clocks: 0 };
for (const each of cases) {
  const line = done.get(`${each.name}, ${tool}`) ?? (await check(each));
  print(line);
  sum.windows += line.windows;
  sum.clocks += line.clocks;
  if (line.result !== "pass") failures++;
}
process.stdout.write(
  `\n${failures} of ${cases.length} settings differ; ${sum.windows} windows, ${sum.clocks} clocks\n`,
);
if (failures > 0) process.exitCode = 1;

function casesOf(kind: string): CheckCase[] {
  if (kind === "random") {
    return randomCases({
      tokens: list(values.tokens).map((text) => wholeNumber("tokens", text, 2)),
      dimensions: list(values.dimensions).map((text) => wholeNumber("dimensions", text, 2)),
      tileTokens: values.tile === undefined ? null : wholeNumber("tile", values.tile, 1),
      masks: list(values.masks).map((text) => oneOf("masks", text, ["none", "causal", "network"])),
      draws: drawKinds(),
      gain: wholeNumber("gain", values.gain, 1),
      windows: wholeNumber("windows", values.windows, 1),
      longest: wholeNumber("steps", values.steps ?? "8", 1),
      seed,
    });
  }
  if (kind === "exhaustive") {
    return exhaustiveCases({ draws: drawKinds(), steps: wholeNumber("steps", values.steps ?? "64", 1), seed });
  }
  if (kind === "network") {
    const pilots = wholeNumber("pilots", values.pilots, 1);
    const clocks = wholeNumber("clocks", values.clocks, 1);
    return sources.map((source) => networkCase({ source, pilots, clocks, isSplit: values.split, seed }));
  }
  throw new Error(`There is no check "${kind}". There are: random, exhaustive, network FILE.`);
}

/** Runs one setting, and records its line. */
async function check({ name, design, runs }: CheckCase): Promise<Line> {
  const start = performance.now();
  let [windows, count] = [0, 0];
  const counted = function* (): Generator<EngineRun> {
    for (const run of runs()) {
      windows += run.heads.length * run.heads[0].query.steps;
      count++;
      if (performance.now() - shown > 10_000) progress(`${name}: ${windows} windows`);
      yield run;
    }
  };
  const verdict = await simulate(tool, counted);
  progress("");
  const seconds = Math.round((performance.now() - start) / 100) / 10;
  const { result, clocks, detail } = verdict;
  const line = { name, tool, result, windows, runs: count, clocks, seconds, detail };
  if (values.log !== undefined) appendFileSync(values.log, `${JSON.stringify(line)}\n`);
  return line;

  async function simulate(simulator: typeof tool, all: () => Generator<EngineRun>): Promise<StreamCheck> {
    if (simulator === "none") {
      for (const _ of all());
      return { result: "pass", runs: count, clocks: 0, columns: 0, detail: "functional tile and cycle model only" };
    }
    if (simulator === "gates") return checkGates(design, all());
    const engine = await compileEngine(design, simulator, work);
    try {
      return await engine.check(all());
    } finally {
      await engine.close();
    }
  }
}

function print({ name, tool: simulator, result, windows, runs, clocks, seconds, detail }: Line): void {
  const numbers = `${windows} windows in ${runs} runs, ${clocks} clocks, ${seconds} s`;
  process.stdout.write(`${result}  ${simulator}  ${name}: ${numbers}${result === "pass" ? "" : `\n${detail}`}\n`);
}

/** One line of a terminal, overwritten each time. */
function progress(text: string): void {
  shown = performance.now();
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/** Settings that passed before, by name and tool. */
function previous(path: string | undefined): Map<string, Line> {
  if (path === undefined || !existsSync(path)) return new Map();
  const lines = readFileSync(path, "utf8").trim().split("\n").filter(Boolean);
  const passed = lines.map((line) => JSON.parse(line) as Line).filter(({ result }) => result === "pass");
  return new Map(passed.map((line) => [`${line.name}, ${line.tool}`, line]));
}

function drawKinds(): DrawKind[] {
  const kinds: readonly DrawKind[] = ["independent", "stratified", "ordered"];
  return list(values.draws).map((text) => oneOf("draws", text, kinds));
}

function list(text: string): string[] {
  return text.split(",").map((part) => part.trim());
}

function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((value) => value === text);
  if (found === undefined) throw new Error(`--${name} is one of ${allowed.join(", ")}, not "${text}".`);
  return found;
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new Error(`--${name} is a whole number from ${least} on, not "${text}".`);
  }
  return value;
}
