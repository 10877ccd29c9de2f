/**
 * `npm run rtl-mutations`: plants faults in the modules of a tiny machine, one at a time, and runs its testbench in Icarus Verilog on each,
 * or the AXI edge's in modules of the edge.
 *
 *   npm run rtl-mutations -- --each 2 --seed 1          # two faults in every module
 *   npm run rtl-mutations -- --module neurons,layer     # in modules whose name begins so
 *
 * A fault is an operator that becomes its neighbour, a number one too large, two sides of a choice swapped, an inversion or an assignment
 * left out, or a condition that is always true. Each prints a line: `caught`, with what said so; `refused`, where Icarus does not compile
 * it; `unfinished`, where Icarus took ten minutes; or `escaped`, with the source before and after, which then has to be looked at. The exit
 * code is 1 when one escaped or is unfinished.
 *
 * Random   which faults: `stream(seed)`
 */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { stream } from "../src/numeric/stream.ts";
import { machineFacts } from "../src/rtl/axi/register-map.ts";
import { AXI_TESTBENCH } from "../src/rtl/axi/testbench.ts";
import { axiModules } from "../src/rtl/axi/top.ts";
import { FILE_LIST, TESTBENCH_LIST } from "../src/rtl/bundle.ts";
import { machineBundle } from "../src/rtl/machine/bundle.ts";
import { MACHINE_TESTBENCH, STALL } from "../src/rtl/machine/testbench.ts";
import { printModule } from "../src/rtl/print.ts";
import type { Module } from "../src/rtl/syntax.ts";
import { type MachineSetting, madeInTests, tinyMachine } from "../test/support/tiny-machine.ts";

const { values } = parseArgs({
  options: {
    each: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
    module: { type: "string", default: "" },
  },
});

const totals = { caught: 0, refused: 0, unfinished: 0, escaped: 0 };

type Node = Readonly<Record<string, unknown>>;

const NEIGHBOURS: Readonly<Record<string, string>> = {
  "+": "-",
  "-": "+",
  "*": "+",
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "==": "!=",
  "!=": "==",
  "&": "|",
  "|": "&",
  "^": "|",
  "&&": "||",
  "||": "&&",
  "<<": ">>>",
  ">>>": "<<",
};

/** What may stand in the place of a node. */
function faultsOf(node: Node): unknown[] {
  const { kind } = node;
  if (kind === "binary") {
    const operator = NEIGHBOURS[node.operator as string];
    return operator === undefined ? [] : [{ ...node, operator }];
  }
  if (kind === "number" && typeof node.width === "number") {
    return [{ ...node, value: ((node.value as bigint) + 1n) % (1n << BigInt(node.width)) }];
  }
  if (kind === "choice") return [{ ...node, yes: node.no, no: node.yes }];
  if (kind === "unary" && (node.operator === "!" || node.operator === "~")) return [node.operand];
  if (kind === "assign") return [{ kind: "comment", text: "Nothing." }];
  if (kind === "if") return [{ ...node, condition: { kind: "number", value: 1n, width: 1, hex: false } }];
  return [];
}

/** The module with the fault of a number, counted from 0 in the order of the tree; null past the last. */
function mutant(module: Module, wanted: number): Module | null {
  let seen = 0;
  let isPlanted = false;
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== "object" || value === null || isPlanted) return value;
    const node = value as Node;
    // What is for simulation alone checks, and is not checked.
    if (node.kind === "simulation") return node;
    for (const fault of faultsOf(node)) {
      if (seen++ !== wanted) continue;
      isPlanted = true;
      return fault;
    }
    return Object.fromEntries(Object.entries(node).map(([field, inner]) => [field, visit(inner)]));
  };
  const items = visit(module.items) as Module["items"];
  return isPlanted ? { ...module, items } : null;
}

function countFaults(module: Module): number {
  let count = 0;
  while (mutant(module, count) !== null) count++;
  return count;
}

const run = (
  tool: string,
  args: readonly string[],
  cwd: string,
): Promise<{ ok: boolean; late: boolean; text: string }> =>
  new Promise((done) => {
    execFile(tool, [...args], { cwd, timeout: 600_000, killSignal: "SIGKILL", maxBuffer: 2 ** 26 }, (error, out, err) =>
      done({ ok: error === null, late: error?.killed === true, text: `${out}${err}` }),
    );
  });

/**
 * Thresholds and gain with which attention fires in every head. Crossbars of 5 lines cut layers of 8 and 16 into blocks of 5, 3 and 1; a machine so
 * small runs in a second.
 */
const LIVELY: MachineSetting = {
  model: { width: 8, heads: 2, neuron: { threshold: 0.1 }, attention: { valueGain: 4 } },
  hardware: { crossbar: { rows: 5, columns: 10 } },
};
const PROMPTS = 3;

type Verdict = keyof typeof totals;

/** What the testbench says of the folder, once as it is and once with waits. */
async function judge(folder: string, testbench: string): Promise<{ verdict: Verdict; detail: string }> {
  const build = ["-g2012", "-s", testbench, "-o", "tb.vvp", "-f", FILE_LIST, "-f", TESTBENCH_LIST];
  const built = await run("iverilog", build, folder);
  if (!built.ok) return { verdict: "refused", detail: built.text.split("\n")[0] };
  for (const arguments_ of [[], [`+${STALL}=1`]]) {
    const { ok, late, text } = await run("vvp", ["-n", "tb.vvp", ...arguments_], folder);
    const complaint = text.split("\n").find((line) => /: result|expected|FAIL|ERROR|Assertion/.test(line));
    if (!ok || complaint !== undefined || !/^PASS /m.test(text)) {
      const isUnfinished = late && complaint === undefined;
      return { verdict: isUnfinished ? "unfinished" : "caught", detail: complaint ?? "" };
    }
  }
  return { verdict: "escaped", detail: "" };
}

/** Lines that differ. */
function difference(before: string, after: string): string {
  const old = new Set(before.split("\n"));
  const now = after.split("\n").filter((line) => !old.has(line));
  const kept = new Set(after.split("\n"));
  const gone = before.split("\n").filter((line) => !kept.has(line));
  return [...gone.map((line) => `    - ${line.trim()}`), ...now.map((line) => `    + ${line.trim()}`)].join("\n");
}

const folder = mkdtempSync(join(tmpdir(), "xpikeformer-mutations-"));
try {
  const { design, vectors } = tinyMachine(LIVELY, PROMPTS);
  const files = machineBundle(design, vectors, madeInTests);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  for (const testbench of [MACHINE_TESTBENCH, AXI_TESTBENCH]) {
    const sound = await judge(folder, testbench);
    if (sound.verdict !== "escaped") throw new Error(`Without a fault ${testbench} says: ${sound.detail}`);
  }
  const root = stream(Number(values.seed));
  const edge = axiModules(machineFacts(design, madeInTests));
  const prefixes = values.module.split(",");
  const isAsked = ({ name }: Module) => prefixes.some((prefix) => name.startsWith(prefix));
  for (const module of [...design.modules, ...edge].filter(isAsked)) {
    const path = join(folder, `${module.name}.sv`);
    const draws = root.fork(module.name);
    const count = countFaults(module);
    const chosen = new Set<number>();
    while (chosen.size < Math.min(Number(values.each), count)) chosen.add(draws.integer(count));
    for (const fault of chosen) {
      const text = printModule(mutant(module, fault)!);
      const before = printModule(module);
      writeFileSync(path, text);
      const { verdict, detail } = await judge(folder, edge.includes(module) ? AXI_TESTBENCH : MACHINE_TESTBENCH);
      totals[verdict]++;
      const shown = verdict === "escaped" ? `\n${difference(before, text)}` : `  ${detail}`;
      process.stdout.write(`${verdict.padEnd(8)} ${module.name} ${fault} of ${count}${shown}\n`);
      writeFileSync(path, before);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`${JSON.stringify(totals)}\n`);
if (totals.escaped + totals.unfinished > 0) process.exitCode = 1;
