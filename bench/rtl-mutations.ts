/**
 * `npm run rtl-mutations`: plants faults in the modules of a tiny machine, one at a time, and runs its testbench in Icarus
 * Verilog on each; for the AXI interface, the attention engine, and blocks whose corners are played also their own testbenches. The
 * gates of the decision unit are compared with the simulators, too.
 *
 *   npm run rtl-mutations -- --each 2 --seed 1          # two faults in every module
 *   npm run rtl-mutations -- --module neurons,layer     # in modules with names that start like this
 *   npm run rtl-mutations -- --resets                   # every reset of every register, instead of a sample
 *
 * A fault replaces an operator by a similar one, adds one to a number, swaps the two sides of a choice, drops an inversion or an
 * assignment, makes a condition always true, or drops a reset; registers then start with random bits, up to forty times. Each
 * prints a line: `caught`, with the message; `refused`, if Icarus does not compile it; `unfinished`, if Icarus took ten minutes; or
 * `escaped`, with the source before and after, which must then be examined. The exit code is 1 when one escaped or is unfinished.
 *
 * Random   the choice of faults: `stream(seed)`
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
import { FILE_LIST, rtlBundle, TESTBENCH_LIST } from "../src/rtl/bundle.ts";
import { machineBundle } from "../src/rtl/kit/bundle.ts";
import { DECISION_UNIT, decisionSize } from "../src/rtl/machine/decision-unit.ts";
import type { MachineDesign } from "../src/rtl/machine/design.ts";
import { MACHINE_TESTBENCH, STALL } from "../src/rtl/machine/testbench.ts";
import { chipDesign, streamNetworkRuns } from "../src/rtl/network-vectors.ts";
import { BLOCKS_LIST, BLOCKS_TESTBENCH, EDGE_LIST, EDGE_TESTBENCH } from "../src/rtl/played/bench.ts";
import { playName } from "../src/rtl/played/player.ts";
import { printModule } from "../src/rtl/print.ts";
import type { Module } from "../src/rtl/syntax.ts";
import { TESTBENCH } from "../src/rtl/testbench.ts";
import { decisions } from "../test/support/decisions.ts";
import { type MachineSetting, madeInTests, tinyMachine, tinyPrompts } from "../test/support/tiny-machine.ts";

const { values } = parseArgs({
  options: {
    each: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
    module: { type: "string", default: "" },
    resets: { type: "boolean", default: false },
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

interface Fault {
  readonly node: unknown;
  /** A register without its reset holds whatever it held before. */
  readonly isReset: boolean;
}

/** Possible replacements of a node. */
function faultsOf(node: Node): Fault[] {
  if (node.kind === "registers") {
    const resets = node.reset as readonly unknown[];
    return resets.map((_, left) => ({ node: { ...node, reset: resets.toSpliced(left, 1, NOTHING) }, isReset: true }));
  }
  return values.resets ? [] : changesOf(node).map((changed) => ({ node: changed, isReset: false }));
}

const NOTHING = { kind: "comment", text: "Nothing." };

function changesOf(node: Node): unknown[] {
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
  if (kind === "assign") return [NOTHING];
  if (kind === "if") return [{ ...node, condition: { kind: "number", value: 1n, width: 1, hex: false } }];
  return [];
}

interface Mutant {
  readonly module: Module;
  readonly isReset: boolean;
}

/** The module with one numbered fault, counted from 0 in tree order; null past the last. */
function mutant(module: Module, wanted: number): Mutant | null {
  let seen = 0;
  let planted: Fault | null = null;
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== "object" || value === null || planted) return value;
    const node = value as Node;
    // Simulation-only code performs checks and is not itself checked.
    if (node.kind === "simulation") return node;
    for (const fault of faultsOf(node)) {
      if (seen++ !== wanted) continue;
      planted = fault;
      return fault.node;
    }
    const inside = Object.entries(node).filter(([field]) => node.kind !== "registers" || field !== "reset");
    return { ...node, ...Object.fromEntries(inside.map(([field, inner]) => [field, visit(inner)])) };
  };
  const items = visit(module.items) as Module["items"];
  return planted && { module: { ...module, items }, isReset: (planted as Fault).isReset };
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
 * Thresholds and gains with which attention fires in every head, and randomly: a score gain of 16 would make any hit certain.
 * Crossbars of 5 lines cut layers of 8 and 16 into blocks of 5, 3 and 1; a machine this small runs in a second.
 */
const LIVELY: MachineSetting = {
  model: { width: 8, heads: 2, neuron: { threshold: 0.1 }, attention: { scoreGain: 2, valueGain: 4 } },
  hardware: { crossbar: { rows: 5, columns: 10 } },
};
const PROMPTS = 3;
/** Register starts with which a missing reset is searched for, and those with which a fault-free machine must work. */
const STARTS = 40;
const SOUND_STARTS = 2;

type Verdict = keyof typeof totals;

/** A folder with modules, one of its testbenches, and the modules that it tests. */
interface Bench {
  readonly folder: string;
  readonly modules: readonly Module[];
  readonly testbench: string;
  /** Of its sources. */
  readonly lists: readonly string[];
  readonly judges: (module: Module) => boolean;
}

/** The output of a testbench in its folder with arguments, one run after another. */
async function judge(
  { folder, testbench, lists }: Bench,
  ...runs: readonly (readonly string[])[]
): Promise<{ verdict: Verdict; detail: string }> {
  const build = ["-g2012", "-s", testbench, "-o", "tb.vvp", ...lists.flatMap((list) => ["-f", list])];
  const built = await run("iverilog", build, folder);
  if (!built.ok) return { verdict: "refused", detail: built.text.split("\n")[0] };
  for (const arguments_ of runs) {
    const { ok, late, text } = await run("vvp", ["-n", "tb.vvp", ...arguments_], folder);
    const complaint = text.split("\n").find((line) => /: result|expected|FAIL|ERROR|Assertion/.test(line));
    if (!ok || complaint !== undefined || !/^PASS /m.test(text)) {
      const isUnfinished = late && complaint === undefined;
      return { verdict: isUnfinished ? "unfinished" : "caught", detail: complaint ?? "" };
    }
  }
  return { verdict: "escaped", detail: "" };
}

/** The same with random register starts, several times with different bits; a simulator's X would be hidden by a condition. */
async function judgeFromAnything(bench: Bench, modules: readonly Module[], starts: number): ReturnType<typeof judge> {
  for (let draw = 1; draw <= starts; draw++) {
    for (const module of modules) writeModule(bench, module, withStarts(module, draw));
    const judged = await judge(bench, []);
    if (judged.verdict !== "escaped") return judged;
  }
  return { verdict: "escaped", detail: "" };
}

/** The decisions of a decision unit's gates on equal totals, which prompts rarely produce. */
async function judgeDecisions(unit: Module, { plan }: MachineDesign): ReturnType<typeof judge> {
  const { gates, simulators } = await decisions(unit, decisionSize(plan));
  const wrong = gates.findIndex((decision, row) => decision !== simulators[row]);
  if (wrong < 0) return { verdict: "escaped", detail: "" };
  return { verdict: "caught", detail: `its gates decide ${gates[wrong]}, expected ${simulators[wrong]}` };
}

/** A module's text with random bits in its register declarations; memories keep X. */
function withStarts(module: Module, draw: number): string {
  // Icarus draws the same numbers in every run; the added number differs by register and draw.
  const random = stream(draw).fork(module.name);
  const start = (register: string) => `${register} = {64{$urandom ^ 32'd${random.integer(2 ** 31)}}}`;
  const starts = new RegExp(`\\b(${[...registersOf(module.items)].join("|") || "-"})(?=,|;|$)`, "g");
  const isDeclaration = (line: string) => /^ *(output +)?logic\b/.test(line) && !line.includes("[0:");
  return printModule(module)
    .split("\n")
    .map((line) => (isDeclaration(line) ? line.replace(starts, start) : line))
    .join("\n");
}

/** Names that are assigned at a clock edge. A reset among them keeps X: one that starts low never falls, and resets nothing. */
function registersOf(value: unknown, isClocked = false, found = new Set<string>()): Set<string> {
  if (typeof value !== "object" || value === null) return found;
  const node = value as Node;
  if (isClocked && node.kind === "assign" && !isReset(node)) found.add(baseOf(node.target as Node));
  const inside = isClocked || node.kind === "registers" || node.kind === "clocked";
  for (const inner of Object.values(node)) registersOf(inner, inside, found);
  return found;
}
const isReset = ({ target }: Node): boolean => /_rst_/.test(baseOf(target as Node));
const baseOf = (target: Node): string =>
  target.kind === "signal" ? (target.name as string) : baseOf(target.of as Node);

const writeModule = ({ folder }: Bench, { name }: Module, text: string): void =>
  writeFileSync(join(folder, `${name}.sv`), text);

/** Differing lines. */
function difference(before: string, after: string): string {
  const old = new Set(before.split("\n"));
  const now = after.split("\n").filter((line) => !old.has(line));
  const kept = new Set(after.split("\n"));
  const gone = before.split("\n").filter((line) => !kept.has(line));
  return [...gone.map((line) => `    - ${line.trim()}`), ...now.map((line) => `    + ${line.trim()}`)].join("\n");
}

const work = mkdtempSync(join(tmpdir(), "xpikeformer-mutations-"));
try {
  const { chip, design, vectors } = tinyMachine(LIVELY, PROMPTS);
  const engine = chipDesign(chip);
  const runs = [...streamNetworkRuns(chip, [tinyPrompts(PROMPTS)], stream(5))];
  const edge = axiModules(machineFacts(design, madeInTests));
  const modules = [...design.modules, ...edge];
  const isOf = (some: readonly Module[]) => (module: Module) => some.some(({ name }) => name === module.name);
  const bundle = machineBundle(design, vectors, madeInTests);
  const isPlayed = ({ name }: Module) => Object.hasOwn(bundle, `${playName(name)}.sv`);
  const lists = [FILE_LIST, TESTBENCH_LIST];
  const machine = { folder: join(work, "machine"), modules };
  const benches: Bench[] = [
    {
      ...machine,
      testbench: BLOCKS_TESTBENCH,
      lists: [BLOCKS_LIST],
      judges: (module) => isPlayed(module) && !isOf(edge)(module),
    },
    { ...machine, testbench: EDGE_TESTBENCH, lists: [EDGE_LIST], judges: isOf(edge) },
    { ...machine, testbench: MACHINE_TESTBENCH, lists, judges: isOf(design.modules) },
    { ...machine, testbench: AXI_TESTBENCH, lists, judges: isOf(edge) },
    {
      folder: join(work, "engine"),
      modules: engine.modules,
      testbench: TESTBENCH,
      lists,
      judges: isOf(engine.modules),
    },
  ];
  for (const [folder, files] of [
    ["machine", bundle],
    ["engine", rtlBundle(engine, runs, madeInTests.origin)],
  ] as const) {
    mkdirSync(join(work, folder));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(work, folder, name), text);
  }
  /** The message of the first testbench that fails. */
  const judgeAll = async (judged: Module, starts: number): ReturnType<typeof judge> => {
    for (const bench of benches.filter(({ judges }) => judges(judged))) {
      const there = bench.modules.map((module) => (module.name === judged.name ? judged : module));
      for (const module of there) writeModule(bench, module, printModule(module));
      const found = await (starts > 0 ? judgeFromAnything(bench, there, starts) : judge(bench, [], [`+${STALL}=1`]));
      if (found.verdict !== "escaped") return found;
    }
    return judged.name === DECISION_UNIT ? judgeDecisions(judged, design) : { verdict: "escaped", detail: "" };
  };
  for (const sound of [engine.modules[0], edge[0]]) {
    for (const starts of [0, SOUND_STARTS]) {
      const { verdict, detail } = await judgeAll(sound, starts);
      if (verdict !== "escaped") throw new Error(`Without a fault a testbench says: ${detail}`);
    }
  }
  const root = stream(Number(values.seed));
  const prefixes = values.module.split(",");
  const isAsked = ({ name }: Module) => prefixes.some((prefix) => name.startsWith(prefix));
  for (const module of modules.filter(isAsked)) {
    const draws = root.fork(module.name);
    const count = countFaults(module);
    const chosen = new Set<number>(values.resets ? Array(count).keys() : []);
    while (!values.resets && chosen.size < Math.min(Number(values.each), count)) chosen.add(draws.integer(count));
    for (const fault of chosen) {
      const { module: faulty, isReset } = mutant(module, fault)!;
      const { verdict, detail } = await judgeAll(faulty, isReset ? STARTS : 0);
      totals[verdict]++;
      const shown = verdict === "escaped" ? `\n${difference(printModule(module), printModule(faulty))}` : `  ${detail}`;
      process.stdout.write(`${verdict.padEnd(8)} ${module.name} ${fault} of ${count}${shown}\n`);
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.stdout.write(`${JSON.stringify(totals)}\n`);
if (totals.escaped + totals.unfinished > 0) process.exitCode = 1;
