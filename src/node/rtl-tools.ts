/**
 * Runs the installed hardware tools on a folder of `xpike rtl`, and reports which are missing. Yosys comes with the package, as
 * an optional dependency (`yosys.ts`).
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileError, PlatformError } from "../errors.ts";
import { ATTENTION_ENGINE } from "../rtl/attention/pair-tile.ts";
import { ATTENTION_TESTBENCH } from "../rtl/attention/testbench.ts";
import { AXI_TESTBENCH } from "../rtl/axi/testbench.ts";
import { AXI_TOP } from "../rtl/axi/top.ts";
import { MACHINE_BOARD_TESTBENCH } from "../rtl/board/machine-bundle.ts";
import { MACHINE_BOARD } from "../rtl/board/machine-top.ts";
import { BOARD_TESTBENCH } from "../rtl/board/testbench.ts";
import { BOARD_TOP } from "../rtl/board/top.ts";
import { FILE_LIST, fileList, TESTBENCH_LIST } from "../rtl/bundle.ts";
import type { SourceFiles } from "../rtl/design.ts";
import { ROLLED_LOOPS } from "../rtl/kit/project-files.ts";
import { LIF_TESTBENCH } from "../rtl/lif-testbench.ts";
import { LIF_UNIT } from "../rtl/lif-unit.ts";
import { MACHINE_TESTBENCH, PROMPTS, STALL } from "../rtl/machine/testbench.ts";
import { MACHINE } from "../rtl/machine/top.ts";
import { WAVES_TOP, wavesModule } from "../rtl/machine/waves.ts";
import { ENGINE } from "../rtl/ssa-engine.ts";
import { RUNS, TESTBENCH } from "../rtl/testbench.ts";
import { type BlockEquivalence, machineBlocks, proveBlocks } from "./rtl-block-proofs.ts";
import { type Equivalence, PROVEN_BLOCKS, proveGates } from "./rtl-equivalence.ts";
import { readContents, readSources, readTestbenches } from "./rtl-folder.ts";
import { type CoveragePoint, coverageOf, readPlays, runPlay } from "./rtl-plays.ts";
import { promisingBlocks, proveProperties } from "./rtl-properties.ts";
import { ALL_SOURCES, COMPILED, DUMPED, isRight, JOBS, type RtlTool } from "./rtl-simulators.ts";
import { readVerilog } from "./rtl-synthesis.ts";
import { LONGEST_RUN, type Outcome, runTool, type ToolLimit } from "./tool.ts";
import { findYosys, YosysCrash, type YosysKind, YosysTimeout } from "./yosys.ts";

/** A check before it has a result. */
export type RtlQuestion = Pick<RtlCheck, "tool" | "check">;

export interface VerifyOptions {
  /** Default: all. */
  readonly tools?: readonly RtlTool[];
  /** Names of modules with a testbench. Default: all in the folder, except in Icarus those that would take long. */
  readonly tops?: readonly string[] | undefined;
  /** Default: the system's if there is one. */
  readonly yosys?: YosysKind | undefined;
  /** Runs of the engine in Icarus, which takes hundreds of times as long as Verilator. Default: the first. */
  readonly icarusRuns?: number;
  /** Writes the waveforms of a machine's first prompt into the folder, with Verilator. Default: no. */
  readonly waves?: boolean | undefined;
  /** For each run of a tool. Default: 600 s. */
  readonly limit?: ToolLimit | undefined;
  /** Called when a check begins, which may take minutes, and when it is done. */
  readonly onStart?: (question: RtlQuestion) => void;
  readonly onCheck?: (check: RtlCheck) => void;
  /** Called with the corners that testbenches of blocks reach or miss. */
  readonly onCoverage?: (points: readonly CoveragePoint[]) => void;
}

export interface RtlCheck {
  readonly tool: RtlTool;
  /** The name of the check. */
  readonly check: string;
  /** `missing` if the tool is not installed, `timeout` if it did not finish, `crash` if it broke: none says anything about the RTL. */
  readonly result: "pass" | "fail" | "missing" | "timeout" | "crash";
  /** The testbench's line, the tool's complaint, or the way to install it. */
  readonly detail: string;
}

/**
 * Registers and memories start with random bits, so that a missing reset shows: twice, because one start may be right by chance.
 * This excludes the AXI interface: the machine's reset is a register there, and one that starts low never falls.
 */
const ANY_BITS = [1, 2].map((seed) => ["+verilator+rand+reset+2", `+verilator+seed+${seed}`]);

/** Modules that are checked separately, with their testbenches, if a folder has them. */
const TOPS: readonly Top[] = [
  { top: ENGINE, testbench: TESTBENCH, optimisation: "-O0", inIcarus: true, starts: ANY_BITS },
  { top: ATTENTION_ENGINE, testbench: ATTENTION_TESTBENCH, optimisation: "-O0", inIcarus: true, starts: ANY_BITS },
  { top: LIF_UNIT, testbench: LIF_TESTBENCH, optimisation: "-O0", inIcarus: true, starts: ANY_BITS },
  { top: BOARD_TOP, testbench: BOARD_TESTBENCH, optimisation: "-O0", inIcarus: false },
  {
    top: MACHINE,
    testbench: MACHINE_TESTBENCH,
    optimisation: "-O1",
    inIcarus: false,
    loops: ROLLED_LOOPS,
    starts: ANY_BITS,
    stalled: [`+${STALL}=1`],
  },
  {
    top: AXI_TOP,
    testbench: AXI_TESTBENCH,
    optimisation: "-O1",
    inIcarus: false,
    loops: ROLLED_LOOPS,
    stalled: [`+${STALL}=1`],
  },
  {
    top: MACHINE_BOARD,
    testbench: MACHINE_BOARD_TESTBENCH,
    optimisation: "-O1",
    inIcarus: false,
    loops: ROLLED_LOOPS,
  },
];

interface Top {
  readonly top: string;
  readonly testbench: string;
  /** Optimisation of frequently run C++: a short run is not worth the compile time. */
  readonly optimisation: string;
  /** Flags for loops. */
  readonly loops?: readonly string[];
  /** Icarus would take an hour for a prompt of a whole machine, and minutes for a run over a board's serial line. */
  readonly inIcarus: boolean;
  /** Arguments that set the register contents before the reset, for successive simulation runs. */
  readonly starts?: readonly (readonly string[])[];
  /** Arguments of a second simulation, with waits at both interfaces. */
  readonly stalled?: readonly string[];
}

const LINT = "lint, all warnings";
const WARNINGS = ["-Wall", "-Wpedantic"];
/**
 * Runs, one after another: lint of sources and testbenches (Verilator), both simulations of the testbench (Verilator, Icarus),
 * corners of blocks (Icarus, else Verilator), checks for latches and loops, and gates against RTL (Yosys). Compilers read copies of the
 * checked sources, in a folder with nothing else, because they search nearby files for modules.
 * Throws  FileError when the folder has no file lists of `xpike rtl`, a source contains something that `xpike rtl` never writes,
 *         or waveforms are requested without a machine
 */
export async function verifyRtl(
  folder: string,
  {
    tools = ["verilator", "iverilog", "yosys"],
    tops: asked,
    yosys,
    icarusRuns = 1,
    waves = false,
    limit = LONGEST_RUN,
    onStart = () => {},
    onCheck = () => {},
    onCoverage = () => {},
  }: VerifyOptions = {},
): Promise<RtlCheck[]> {
  const [sources, testbenches] = [await readSources(folder), await readTestbenches(folder)];
  const isThere = (testbench: string) => Object.hasOwn(testbenches, `${testbench}.sv`);
  if (waves && !isThere(MACHINE_TESTBENCH)) {
    throw new FileError(
      folder,
      `Waves are written for the first prompt of a whole machine, but this folder has no ${MACHINE_TESTBENCH}.sv. Write a machine with ` +
        "xpike rtl EXPERIMENT --machine, or leave --waves out.",
    );
  }
  const tops = TOPS.filter(({ top, testbench }) => isThere(testbench) && (asked?.includes(top) ?? true));
  const lists = { [FILE_LIST]: fileList(sources), [TESTBENCH_LIST]: fileList(testbenches) };
  const work = await mkdtemp(join(tmpdir(), "xpike-rtl-"));
  const checkedFolder = join(work, "sources");
  const checks: RtlCheck[] = [];
  const add = (tool: RtlTool, check: string, outcome: Outcome, passed = outcome.ok, detail = outcome.text) => {
    const { found, late, crash } = outcome;
    const result = !found ? "missing" : late ? "timeout" : crash !== null ? "crash" : passed ? "pass" : "fail";
    const reason = {
      missing: `${tool} is not installed`,
      timeout: `not done in ${limit} s of processor time`,
      crash: `${tool} crashed (${crash})`,
    };
    const done: RtlCheck = {
      tool,
      check,
      result,
      detail: result === "pass" || result === "fail" ? detail : `${reason[result]}, so this was not checked.`,
    };
    checks.push(done);
    onCheck(done);
  };
  const addSimulation = (tool: "verilator" | "iverilog", ran: Outcome, check: string) => {
    const passed = isRight(ran);
    const line = /^(PASS|FAIL) .*$/m.exec(ran.text)?.[0];
    add(tool, check, ran, passed, passed && line ? line : ran.text);
  };
  try {
    await mkdir(checkedFolder);
    for (const [name, text] of Object.entries({ ...sources, ...testbenches, ...lists }))
      await writeFile(join(checkedFolder, name), text);
    for (const { top, testbench, optimisation, loops = [], starts = [[]], stalled } of tools.includes("verilator")
      ? tops
      : []) {
      onStart({ tool: "verilator", check: named(LINT, top) });
      const lint = await runTool(
        "verilator",
        ["--lint-only", ...WARNINGS, "-f", FILE_LIST, "--top-module", top],
        checkedFolder,
        limit,
      );
      add("verilator", named(LINT, top), lint, lint.ok, lint.ok ? "no warning" : lint.text);
      const check = named("simulation", top);
      onStart({ tool: "verilator", check });
      const folderOf = join(work, testbench);
      const flags = [...COMPILED, ...loops, ...JOBS, "-MAKEFLAGS", `OPT_FAST=${optimisation}`];
      const build = [
        ...flags,
        ...WARNINGS,
        "-Wno-fatal",
        "--Mdir",
        folderOf,
        ...ALL_SOURCES,
        "--top-module",
        testbench,
      ];
      const built = await runTool("verilator", build, checkedFolder, limit);
      const warnings = built.text.match(/^%Warning[\s\S]*/m)?.[0];
      const isClean = built.ok && warnings === undefined;
      add("verilator", named(LINT, testbench), built, isClean, isClean ? "no warning" : (warnings ?? built.text));
      const simulate = async (args: readonly string[]) => {
        let ran = built;
        for (const start of starts) {
          ran = await runTool(join(folderOf, `V${testbench}`), [...start, ...args], folder, limit);
          if (!isRight(ran)) break;
        }
        return ran;
      };
      addSimulation("verilator", built.ok ? await simulate([]) : built, check);
      if (!stalled || !built.ok) continue;
      onStart({ tool: "verilator", check: `${check}, with waits` });
      addSimulation("verilator", await simulate(stalled), `${check}, with waits`);
    }
    if (waves && tools.includes("verilator")) {
      const check = named("waves of a prompt", MACHINE);
      onStart({ tool: "verilator", check });
      const [source, folderOf] = [`${WAVES_TOP}.sv`, join(work, WAVES_TOP)];
      await writeFile(join(checkedFolder, source), wavesModule);
      const build = [...DUMPED, "--trace-fst", "--Mdir", folderOf, source, "--top-module", WAVES_TOP];
      const built = await runTool("verilator", build, checkedFolder, limit);
      const program = join(folderOf, `V${WAVES_TOP}`);
      addSimulation("verilator", built.ok ? await runTool(program, [`+${PROMPTS}=1`], folder, limit) : built, check);
    }
    const small = tops.filter(({ top, inIcarus }) => inIcarus || asked?.includes(top));
    for (const { top, testbench } of tools.includes("iverilog") ? small : []) {
      onStart({ tool: "iverilog", check: named("simulation", top) });
      const program = join(work, `${testbench}.vvp`);
      const build = ["-g2012", "-s", testbench, "-o", program, ...ALL_SOURCES];
      const built = await runTool("iverilog", build, checkedFolder, limit);
      const arguments_ = ["-n", program, `+${RUNS}=${icarusRuns}`];
      addSimulation(
        "iverilog",
        built.ok ? await runTool("vvp", arguments_, folder, limit) : built,
        named("simulation", top),
      );
    }
    const points: CoveragePoint[] = [];
    for (const play of await readPlays(folder)) {
      const simulators = tools.filter((tool) => tool !== "yosys");
      if (simulators.length === 0 || !(asked?.includes(play.testbench) ?? true)) continue;
      const check = named("corners", play.testbench);
      onStart({ tool: simulators.includes("iverilog") ? "iverilog" : "verilator", check });
      const { tool, ran } = await runPlay(play, simulators, folder, work, limit);
      const reached = coverageOf(ran.text);
      const missed = reached.filter(({ count, reason }) => count === 0 && reason === null);
      const misses = missed.map(({ block, point }) => `FAIL ${block} does not reach ${point}`);
      addSimulation(tool, { ...ran, text: [...misses, ran.text.replaceAll(/^COVER .*\n?/gm, "")].join("\n") }, check);
      points.push(...reached);
    }
    if (points.length > 0) onCoverage(points);
    if (tools.includes("yosys")) {
      const contents = await readContents(folder, sources);
      await checkWithYosys(sources, contents, tops, { yosys, limit }, add, onStart);
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return checks;
}

const named = (check: string, top: string) => (top === ENGINE ? check : `${check}: ${top}`);

type AddCheck = (tool: "yosys", check: string, outcome: Outcome, passed: boolean, detail: string) => void;

/** Latches and loops in each top, gates against sources for the blocks that hold the logic, and the guarantees of blocks. */
async function checkWithYosys(
  sources: SourceFiles,
  contents: SourceFiles,
  tops: readonly Top[],
  options: Required<Pick<VerifyOptions, "yosys" | "limit">>,
  add: AddCheck,
  onStart: (question: RtlQuestion) => void,
): Promise<void> {
  const [structure, equality] = ["no latch, no loop", "gates equal RTL"];
  const yosys = await findYosys(options.yosys, options.limit).catch((error: unknown) => {
    if (error instanceof PlatformError) return null;
    throw error;
  });
  if (!yosys) {
    const checks = [...tops.map(({ top }) => named(structure, top)), equality];
    for (const check of checks) add("yosys", check, MISSING, false, "");
    return;
  }
  const latches = "select -assert-none t:$dlatch t:$dlatchsr t:$adlatch t:$sr";
  for (const { top } of tops) {
    onStart({ tool: "yosys", check: named(structure, top) });
    const elaborated = [readVerilog(sources), `hierarchy -check -top ${top}`, "proc", "flatten -noscopeinfo"];
    const outcome = await yosys.run([...elaborated, "check -assert", latches].join("\n"), {
      ...sources,
      ...contents,
    });
    const detail = outcome.ok ? "none found" : outcome.text;
    add("yosys", named(structure, top), { ...outcome, found: true }, outcome.ok, detail);
  }

  const ask = async <Proof>(
    check: string,
    prove: () => Promise<readonly Proof[]>,
    said: (proof: Proof) => string,
    missed: (proof: Proof) => readonly string[],
  ): Promise<void> => {
    onStart({ tool: "yosys", check });
    const tried = { ...MISSING, found: true };
    const proofs = await prove().catch((error: unknown) => {
      if (!(error instanceof PlatformError)) throw error;
      const crash = error instanceof YosysCrash ? error.crash : null;
      add("yosys", check, { ...tried, late: error instanceof YosysTimeout, crash }, false, error.message);
    });
    if (!proofs) return;
    const open = proofs.flatMap(missed);
    add("yosys", check, tried, open.length === 0, [proofs.map(said).join(", "), ...open].join("\n"));
  };
  const pairsOf = ({ module, proven, pairs }: Equivalence) => `${module} ${proven} of ${pairs} pairs`;
  const unprovenOf = ({ module, unproven }: Equivalence) => unproven.map((pair) => `${module}: ${pair}`);
  const blocks = PROVEN_BLOCKS.filter((block) => Object.hasOwn(sources, `${block}.sv`));
  await ask(equality, () => proveGates(sources, blocks, options), pairsOf, unprovenOf);
  // Multipliers, a network's seeds and neurons with membranes in a memory take a SAT solver minutes, and position addresses of
  // layers are not paired. Tests prove those of a small machine in token-major order.
  const ofMachine = machineBlocks(sources).filter(
    (module) => !/^(scaled_sums_|neurons_\w+_n\d|layer_|attention_unit$)/.test(module),
  );
  if (ofMachine.length > 0) {
    const prove = () => proveBlocks(sources, ofMachine, { ...options, units: UNITS });
    const said = (block: BlockEquivalence) => `${pairsOf(block)}${partOf(block.units, "units or bits")}`;
    await ask("gates equal RTL: machine", prove, said, unprovenOf);
  }
  const promising = promisingBlocks(sources);
  if (promising.length > 0) {
    await ask(
      "promises of queues and registers",
      () => proveProperties(sources, promising, options),
      ({ module, proven, bits }) => `${module} ${proven ? "holds" : "not proved"}${partOf(bits, "bits")}`,
      ({ module, proven }) => (proven ? [] : [`${module}: not proved to hold`]),
    );
  }
}

/** Identical units that `verify` compares: all of a wide layer would take minutes. */
const UNITS = 2;

const partOf = (part: BlockEquivalence["units"], what: string): string =>
  part ? ` (${part.compared} of ${part.all} ${what})` : "";

const MISSING: Outcome = { found: false, ok: false, late: false, crash: null, text: "" };
