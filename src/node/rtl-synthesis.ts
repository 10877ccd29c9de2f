/**
 * Synthesises the sources with Yosys: gate counts per block, areas with a user-supplied library, and the flat netlist for `rtl/gates`.
 */
import { FileError, PlatformError, SpecError } from "../errors.ts";
import { ATTENTION_ENGINE } from "../rtl/attention/pair-tile.ts";
import { AXI_TOP } from "../rtl/axi/top.ts";
import type { SourceFiles } from "../rtl/design.ts";
import { MACHINE } from "../rtl/machine/top.ts";
import { treeBuffer, withBuffers } from "../rtl/power/buffers.ts";
import { readLibrary } from "../rtl/power/library.ts";
import type { JsonDesign } from "../rtl/power/mapped-netlist.ts";
import { structuralVerilog } from "../rtl/power/structural-verilog.ts";
import { ENGINE } from "../rtl/ssa-engine.ts";
import { readFileChecked } from "./files.ts";
import { findSta } from "./opensta.ts";
import { type CompiledPrompt, compilePrompt } from "./rtl-activity.ts";
import { readContents, readSources } from "./rtl-folder.ts";
import { type PromptPower, promptPower, requireEnergies } from "./rtl-power.ts";
import { type WorstPath, worstPath } from "./rtl-timing.ts";
import { findYosys, requireEnd, type Yosys, type YosysKind, type YosysOutcome } from "./yosys.ts";

/** Cells of one module, without those of the modules that it uses. */
export interface BlockCells {
  readonly module: string;
  /** Everything that is not a flip-flop. */
  readonly gates: number;
  readonly registers: number;
  /** Total number of instances of this module. */
  readonly instances: number;
  /** Area of this module's own cells, in the unit of the liberty file (usually um2); only with such a file. */
  readonly area?: number;
}

export interface Synthesis {
  /** Yosys and its version, on which counts depend. */
  readonly yosys: string;
  /** Leaves first. */
  readonly blocks: readonly BlockCells[];
  /** Only if a clock was given. */
  readonly worstPath?: WorstPath;
  /** Only if named: the path with the least slack of a module alone, with nothing outside it. */
  readonly modulePaths?: Readonly<Record<string, WorstPath>>;
  /** Only if requested: for the machine without its AXI interface. */
  readonly power?: PromptPower;
  /** The same gates with the library's other liberty files. */
  readonly corners?: readonly (Pick<Synthesis, "worstPath" | "modulePaths" | "power"> & { readonly library: string })[];
}

export interface SynthesisOptions {
  /** Which Yosys; by default the system's if there is one. */
  readonly yosys?: YosysKind | undefined;
  /** A liberty file: cells of this library instead of Yosys's generic ones, and their area. */
  readonly liberty?: string | undefined;
  /** Hertz: reports the slack of such a clock on the slowest path, by OpenSTA. Needs `liberty`. */
  readonly clock?: number | undefined;
  /** Liberty files of the same cells in other conditions: slack, and power if requested, of the same gates there. Need `clock`. */
  readonly corners?: readonly string[] | undefined;
  /** Modules whose slack is also reported alone, with inputs at the clock's edge. Need `clock`. */
  readonly timed?: readonly string[] | undefined;
}

export interface FolderSynthesisOptions extends SynthesisOptions {
  /** Power of a machine's first prompt, by Verilator and OpenSTA. Needs `liberty` and `clock`. Default: no. */
  readonly power?: boolean | undefined;
}

const LIBERTY = "cells.lib";
/** What ABC assumes around a module: a buffer before it, and four of its pins behind it. */
const OUTSIDE = "outside.constr";
/** Input of a simulation of the mapped gates; the gates of a large machine would not fit in one file. */
const [REGISTERS, LIBRARY] = ["registers.json", "library.json"];
export const modulesOf = (sources: SourceFiles): string[] =>
  Object.keys(sources).map((name) => name.replace(/\.sv$/, ""));
const gatesOf = (module: string) => `gates_${module}.json`;
const LIBERTY_BYTES = 2 ** 28;

/** The Yosys command that reads all sources. */
export const readVerilog = (sources: SourceFiles): string =>
  `read_verilog -sv -DSYNTHESIS ${Object.keys(sources).join(" ")}`;

/**
 * The same for a single module and those below it: only the syntax of the others is read. They have no parameters.
 */
export const readDeferred = (sources: SourceFiles): string =>
  readVerilog(sources).replace("read_verilog -sv", "read_verilog -sv -defer");

/** Keeps the library's registers with inverters, whose outputs have the sources' names, and gives all cells stable names. */
const KEEP_REGISTERS = [
  "rename -enumerate -pattern _r%_ t:* t:$_* %d",
  "design -push-copy",
  "delete t:$_* t:$_NOT_ %d",
  `json -o ${REGISTERS} w:$* %n`,
  "design -pop",
];
/** For every module, without automatically generated names. */
const writeGates = (sources: SourceFiles): string[] => [
  ...modulesOf(sources).map((module) => `json -o ${gatesOf(module)} ${module} w:$* %d`),
  "design -reset",
  `read_liberty -ignore_miss_func -ignore_miss_dir -ignore_miss_data_latch ${LIBERTY}`,
  `write_json ${LIBRARY}`,
];

/** Commands that read one file, and only the ports of the modules that it uses. */
export const readModule = (file: string, boxes: readonly string[]): string[] => [
  `read_verilog -sv -DSYNTHESIS ${file}`,
  ...(boxes.length === 0 ? [] : [`read_verilog -sv -DSYNTHESIS -lib ${boxes.map((box) => `${box}.sv`).join(" ")}`]),
];

/**
 * Gates and flip-flops per block: Yosys's generic cells (gates with one or two inputs, and multiplexers), or those of a library.
 * Every module is synthesised once and counted as often as it is used.
 * Throws  PlatformError when Yosys, with a clock OpenSTA, or with power Verilator is missing or refuses; FileError as
 *         `readSources`, when the liberty file cannot be used, and for power without a machine; SpecError for a clock without a
 *         liberty file, and power without a clock
 */
export async function synthesiseRtl(
  folder: string,
  { power = false, ...options }: FolderSynthesisOptions = {},
): Promise<Synthesis> {
  const sources = await readSources(folder);
  const contents = await readContents(folder, sources);
  if (!power) return synthesise(sources, options, null, contents);
  if (options.clock === undefined || options.liberty === undefined) {
    throw new SpecError(
      "--power",
      "Power needs gate energies from a liberty file, and a clock. Give both with --liberty and --clock.",
    );
  }
  for (const path of [options.liberty, ...(options.corners ?? [])]) requireEnergies(path, await readLiberty(path));
  await findSta();
  const prompt = await compilePrompt(folder);
  try {
    return await synthesise(sources, options, prompt, contents);
  } finally {
    await prompt.close();
  }
}

/** The same for sources that are not in a folder. */
export async function synthesiseSources(sources: SourceFiles, options: SynthesisOptions = {}): Promise<Synthesis> {
  return synthesise(sources, options, null);
}

async function synthesise(
  sources: SourceFiles,
  options: SynthesisOptions,
  prompt: CompiledPrompt | null,
  contents: SourceFiles = {},
): Promise<Synthesis> {
  const { clock, corners = [], timed = [] } = options;
  requireComplete(options, sources);
  const liberty = options.liberty === undefined ? null : await readLiberty(options.liberty);
  const sta = clock === undefined ? null : await findSta();
  const trees = liberty === null || clock === undefined ? null : treesOf(liberty, options.liberty!);
  const yosys = await findYosys(options.yosys);
  const generic = [
    readVerilog(sources),
    `synth -top ${topOf(sources)}`,
    "check -assert",
    "tee -q -o generic.json stat -json",
    "tee -q -o synthesised.txt stat",
  ];
  const mapped = [
    `dfflibmap -liberty ${LIBERTY}`,
    ...(prompt ? KEEP_REGISTERS : []),
    // Picoseconds. With what is outside, ABC also buffers and sizes.
    `abc -liberty ${LIBERTY}${clock === undefined ? "" : ` -D ${Math.floor(1e12 / clock)} -constr ${OUTSIDE}`}`,
    "select -assert-none t:$_*",
    `tee -q -o mapped.json stat -liberty ${LIBERTY} -json`,
    ...(clock === undefined
      ? []
      : ["setundef -zero", "opt_clean", "rename -enumerate -pattern _%_ t:*", ...writeGates(sources)]),
  ];
  const script = liberty === null ? generic : [...generic, ...mapped];
  const inputs = {
    ...{ ...sources, ...contents, ...(liberty === null ? {} : { [LIBERTY]: liberty }) },
    ...(trees && { [OUTSIDE]: trees.outside }),
  };
  const outcome = await yosys.run(script.join("\n"), inputs, [
    "generic.json",
    "synthesised.txt",
    "mapped.json",
    REGISTERS,
    LIBRARY,
    ...modulesOf(sources).map(gatesOf),
  ]);
  if (!outcome.ok && !outcome.late && liberty !== null && outcome.files.has("synthesised.txt")) {
    throw libertyError(options.liberty!, outcome);
  }
  const counted = countCells(readStatistics(yosys, outcome, "generic.json"), topOf(sources));
  if (liberty === null) return { yosys: yosys.version, blocks: counted };
  const statistics = readStatistics(yosys, outcome, "mapped.json");
  const blocks = counted.map(({ module, registers, instances }) => {
    const { area, num_cells_by_type: cells = {} } = statistics.get(module)!;
    const own = Object.entries(cells).filter(([type]) => !statistics.has(type));
    const all = own.reduce((sum, [, count]) => sum + count, 0);
    // A library may name its flip-flops in any way; mapping keeps their number.
    return { module, gates: all - registers, registers, instances, area: area ?? 0 };
  });
  if (clock === undefined || sta === null || trees === null) return { yosys: yosys.version, blocks };
  const read = (name: string) => readOutput(yosys, outcome, name);
  const design = designOf(modulesOf(sources).map((module) => read(gatesOf(module))));
  const { library, buffer } = trees;
  const buffered = withBuffers(design, library, buffer);
  const added = ({ module, gates, area = 0, ...own }: BlockCells): BlockCells => {
    const [after, before] = [buffered, design].map((of) => Object.keys(of.modules[module]?.cells ?? {}).length);
    return { module, gates: gates + after - before, ...own, area: area + (after - before) * buffer.area };
  };
  const top = topOf(sources);
  const liberties = [liberty];
  for (const path of corners) liberties.push(await readLiberty(path));
  const conditions = [library, ...liberties.slice(1).map((text, n) => readLibrary(text, corners[n]))];
  // The AXI interface only passes words on; the testbench runs the machine itself.
  const files = prompt && {
    ...{ top: MACHINE, mapped: buffered, registers: read(REGISTERS), library: read(LIBRARY), conditions },
  };
  const powers = files && prompt ? await promptPower(clock, files, prompt.count) : null;
  const results: NonNullable<Synthesis["corners"]>[number][] = [];
  for (const [n, text] of liberties.entries()) {
    const modulePaths: Record<string, WorstPath> = {};
    for (const module of timed) {
      modulePaths[module] = await worstPath(sta, structuralVerilog(buffered, module), text, module, clock, "none");
    }
    results.push({
      library: conditions[n].name,
      worstPath: await worstPath(sta, structuralVerilog(buffered, top), text, top, clock),
      ...(timed.length > 0 && { modulePaths }),
      ...(powers && { power: powers[n] }),
    });
  }
  const [{ library: _, ...typical }, ...others] = results;
  return { yosys: yosys.version, blocks: blocks.map(added), ...typical, ...(others.length > 0 && { corners: others }) };
}

/** The library with the buffer of its trees, and ABC's view of what is outside a module. Throws FileError where it has no buffer. */
function treesOf(liberty: string, path: string) {
  const library = readLibrary(liberty, path);
  const buffer = treeBuffer(library);
  if (buffer === undefined) {
    throw new FileError(
      path,
      "This library has no buffer that may drive 32 of its own inputs, so nets with many loads cannot be timed. Choose another liberty file, or leave --clock out.",
    );
  }
  const input = [...buffer.pins.values()].find(({ isOutput }) => !isOutput)!;
  // Femtofarads.
  const outside = `set_driving_cell ${buffer.name}\nset_load ${(4 * input.capacitance * 1e15).toFixed(3)} [all_outputs]\n`;
  return { library, buffer, outside };
}

const designOf = (texts: readonly string[]): JsonDesign => ({
  modules: Object.assign({}, ...texts.map((text) => (JSON.parse(text) as JsonDesign).modules)) as JsonDesign["modules"],
});

/** Throws SpecError for an option without those that it needs. */
function requireComplete({ clock, liberty, corners = [], timed = [] }: SynthesisOptions, sources: SourceFiles): void {
  if (clock !== undefined && liberty === undefined) {
    throw new SpecError("--clock", "Slack needs gate delays from a liberty file. Give one with --liberty.");
  }
  const stray = corners.length > 0 ? "corner" : timed.length > 0 ? "timed" : undefined;
  if (clock === undefined && stray !== undefined) {
    throw new SpecError(`--${stray}`, `--${stray} belongs to slack. Add --liberty and --clock, or leave it out.`);
  }
  const unknown = timed.find((module) => !Object.hasOwn(sources, `${module}.sv`));
  if (unknown !== undefined) {
    throw new SpecError("--timed", `The folder has no module ${unknown}. Its modules are the .sv files in files.f.`);
  }
}

/** Yosys commands that turn a module, with everything that it uses, into one netlist of generic gates. */
export const flattenToGates = (sources: SourceFiles, module: string): string[] => [
  readDeferred(sources),
  `synth -flatten -top ${module}`,
  "check -assert",
  "delete t:$scopeinfo",
  // Names of nets that optimisation removed would have no driver.
  "opt_clean -purge",
];

/**
 * The engine, or another module, as a netlist: the text of `write_json`, for `readNetlist`.
 * Throws  PlatformError when Yosys is missing or refuses
 */
export async function synthesiseNetlist(
  sources: SourceFiles,
  module: string = ENGINE,
  kind?: YosysKind,
): Promise<string> {
  const yosys = await findYosys(kind);
  const script = [...flattenToGates(sources, module), "write_json gates.json"];
  return readOutput(yosys, await yosys.run(script.join("\n"), sources, ["gates.json"]), "gates.json");
}

/** A required output. Throws PlatformError with Yosys's message. */
function readOutput(yosys: Yosys, outcome: YosysOutcome, name: string): string {
  const { ok, text, files } = outcome;
  const content = files.get(name);
  if (ok && content !== undefined) return content;
  requireEnd(yosys, outcome, "the synthesis");
  throw new PlatformError("yosys", `${yosys.version} cannot synthesise the sources:\n${text || "It gave no reason."}`);
}

interface ModuleStatistics {
  readonly area?: number;
  readonly num_cells_by_type?: Readonly<Record<string, number>>;
}

function readStatistics(yosys: Yosys, outcome: YosysOutcome, name: string): Map<string, ModuleStatistics> {
  const { modules } = JSON.parse(readOutput(yosys, outcome, name)) as { modules: Record<string, ModuleStatistics> };
  return new Map(Object.entries(modules).map(([module, statistics]) => [module.replace(/^\\/, ""), statistics]));
}

/** The top: the machine with its AXI interface if there is one, the machine, or else an engine. */
const topOf = (sources: SourceFiles): string =>
  [AXI_TOP, MACHINE, ATTENTION_ENGINE].find((top) => Object.hasOwn(sources, `${top}.sv`)) ?? ENGINE;

function countCells(modules: ReadonlyMap<string, ModuleStatistics>, top: string): BlockCells[] {
  const cellsOf = (module: string) => modules.get(module)?.num_cells_by_type ?? {};
  const instances = (module: string): number =>
    module === top
      ? 1
      : [...modules.keys()].reduce((sum, user) => {
          const uses = cellsOf(user)[module];
          return uses === undefined ? sum : sum + uses * instances(user);
        }, 0);
  return [...modules.keys()].map((module) => {
    const own = Object.entries(cellsOf(module)).filter(([type]) => !modules.has(type));
    const sum = (isRegister: boolean) =>
      own.reduce((total, [type, count]) => total + (/DFF/.test(type) === isRegister ? count : 0), 0);
    return { module, gates: sum(false), registers: sum(true), instances: instances(module) };
  });
}

/** Throws FileError for a file that is certainly not a liberty file. */
async function readLiberty(path: string): Promise<string> {
  const text = new TextDecoder().decode(await readFileChecked(path, LIBERTY_BYTES));
  if (/\blibrary\s*\(/.test(text)) return text;
  throw new FileError(path, "This is not a liberty file: it has no `library (NAME) {`. Name the .lib of your process.");
}

/** The sources were synthesised, and the library then failed. */
function libertyError(path: string, { text }: YosysOutcome): FileError {
  const reasons: readonly (readonly [RegExp, string])[] = [
    [/cannot be legalized/, "It has no flip-flop with an asynchronous reset, which most registers need."],
    [/Syntax error|syntax error/, "It is damaged or cut off."],
    [/ABC/, "It has too few gates (an inverter, a NAND and a NOR at least), or a function that ABC cannot read."],
  ];
  const reason = reasons.find(([pattern]) => pattern.test(text))?.[1] ?? "Its cells are not sufficient.";
  const said = text.split("\n").filter((line) => line.startsWith("ERROR"));
  return new FileError(
    path,
    `The sources cannot be mapped to this library. ${reason} Choose another liberty file, or leave --liberty out.` +
      said.map((line) => `\nYosys: ${line}`).join(""),
  );
}
