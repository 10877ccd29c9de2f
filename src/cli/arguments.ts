/**
 * Arguments and options of each command, and their values.
 *
 * `xpike --help` loads only this file, `rtl-arguments.ts` and `program.ts`. Each command is in a separate file that is loaded when it runs,
 * because the simulator, reports and drawings load slowly.
 */
import { availableParallelism } from "node:os";
import { type Command, InvalidArgumentError, Option } from "commander";
import { didYouMean } from "../errors.ts";
import type { Activation } from "../experiment/model.ts";
import type { Backend } from "../webgpu/gpu.ts";

/** Options of every long command. */
export interface CommandOptions {
  /** Folder for the results. Default: `results/<name of the experiment>`, with the suffix `-eval` for `eval`. */
  readonly out?: string;
  /** Prints results as JSON, without progress. */
  readonly json?: boolean;
  /** Threads to compute on. Results do not depend on it. */
  readonly threads: number;
  /** Replaces the experiment's seed. */
  readonly seed?: number;
  /** Folder of the task's data set, instead of the usual places. */
  readonly data?: string;
}

/** Options of commands with a short and a full report. */
export interface ReportOptions extends CommandOptions {
  /** Every figure instead of the short answer. */
  readonly all?: boolean;
}

/** Options of commands whose report is also a table. */
export interface TableOption {
  /** File for every network under every condition. */
  readonly csv?: string;
}

/** Options of commands that can be resumed. */
export interface ResumableOptions extends ReportOptions {
  readonly resume?: boolean;
  readonly force?: boolean;
  readonly acceptBuild?: readonly string[];
}

/** Where the prompts of chips are answered, or a network trains. */
export interface BackendOption {
  readonly backend: Backend;
}

export interface RunCommandOptions extends ResumableOptions, TableOption, BackendOption {
  readonly chips?: number;
  readonly prompts?: number;
  readonly softBits?: string;
}

export interface TrainCommandOptions extends Omit<ResumableOptions, "all">, BackendOption {
  readonly fastMath?: boolean;
}

export interface EvalCommandOptions extends ResumableOptions, TableOption, BackendOption {
  readonly drift?: string;
  readonly sweep?: string;
  readonly chips?: number;
  readonly reads?: number;
  readonly prompts?: number;
}

export interface CompareCommandOptions {
  readonly threads: number;
  readonly seed?: number;
  readonly data?: string;
  readonly json?: boolean;
  readonly chips?: number;
  readonly prompts?: number;
}

export interface SweepShowOptions {
  readonly json?: boolean;
  readonly all?: boolean;
}

export interface SweepCommandOptions extends SweepShowOptions, BackendOption {
  readonly out?: string;
  readonly threads: number;
  readonly data?: string;
  readonly resume?: boolean;
  readonly acceptBuild?: readonly string[];
  readonly engine: string;
  readonly batch?: number;
  readonly tasks?: number;
  readonly sbatch: readonly string[];
  readonly print?: boolean;
}

export interface WorkerCommandOptions {
  readonly engine: string;
  readonly threads: number;
  readonly data?: string;
  readonly acceptBuild?: string;
}

export interface DeviceCommandOptions {
  /** Preset whose machine gets the device; without it, only the device is written. */
  readonly preset?: string;
  readonly out?: string;
}

export interface StudioCommandOptions {
  readonly port?: number;
}

export interface CostCommandOptions extends Omit<LayoutOptions, "steps"> {
  readonly layout?: string;
  readonly preset: string;
  readonly machine?: string;
  readonly node?: string;
  readonly set: readonly string[];
  readonly whatIf: readonly string[];
  readonly steps?: string;
  readonly density?: string;
  readonly extrapolate?: boolean;
  readonly draws: number;
  readonly prompts: number;
  readonly list?: boolean;
  readonly all?: boolean;
  readonly out?: string;
  readonly json?: boolean;
  readonly seed?: number;
  readonly data?: string;
  readonly threads: number;
}

export interface CostValidateOptions {
  readonly draws: number;
  readonly seed: number;
  readonly all?: boolean;
  readonly json?: boolean;
}

export interface DataListOptions {
  readonly data?: string;
  readonly json?: boolean;
}

export interface DataFetchOptions {
  readonly data?: string;
  readonly from?: string;
}

/** What a checkpoint of a published layout does not tell. */
export interface LayoutOptions {
  /** Location of the tensors in the file. */
  readonly path?: string;
  readonly experiment?: string;
  readonly heads?: number;
  readonly activation?: Activation;
  readonly steps?: number;
  readonly side?: number;
  readonly pools?: string;
}

export interface ImportCommandOptions extends LayoutOptions {
  readonly mapping: string;
  readonly layout?: string;
  readonly out?: string;
  readonly approximate?: boolean;
}

export interface ExportCommandOptions {
  /** Its chip goes into a NIR graph. */
  readonly experiment?: string;
  readonly mapping: string;
  readonly out: string;
}

export interface FileOptions {
  readonly out?: string;
}

/** From a second to a year, as the paper's Table V and its figure of drift. */
export const DEFAULT_AGES = "1s,1m,1h,1d,1mo,1y";
export const DEFAULT_PRICES = "simulated";
export const DEFAULT_DRAWS = 2000;
export const DEFAULT_COST_PROMPTS = 32;

/** The largest seed is exact as a number. */
export const seedNumber = wholeNumber(0, Number.MAX_SAFE_INTEGER);
const threadCount = wholeNumber(1, 1024);

/** Suffix of the folder of `eval`, which `run` suggests next; the report of `run` is in the folder without the suffix. */
export const EVAL_SUFFIX = "-eval";

const CSV = [
  "--csv <file>",
  "also write a table: a row for every network under every condition, with intervals",
] as const;

const withBackend = (
  command: Command,
  what = "what simulates chips: wasm on the CPU, webgpu on a GPU, with the same numbers",
): Command =>
  command.addOption(choice("--backend <name>", what, ["auto", "wasm", "webgpu"] satisfies Backend[]).default("wasm"));

const ACCEPT_BUILD = [
  "--accept-build <id>",
  "continue with values of this other build of the program, and name it in the results; may be repeated",
] as const;

/** Adds the experiment and the common options to a command; `suffix` ends the name of its folder. */
export function withCommonOptions(command: Command, suffix = ""): Command {
  return command
    .argument("<experiment>", "a JSON file, or preset:NAME (see `xpike presets`)")
    .option("-o, --out <folder>", `folder for the results (default: results/<name of the experiment>${suffix})`)
    .option("--json", "print the results as JSON and show no progress")
    .option("--threads <n>", "threads to compute on", threadCount, availableParallelism())
    .option("--seed <n>", "seed of all random numbers, instead of the experiment's", seedNumber)
    .option("--data <folder>", "folder of the task's data set (default: see `xpike data list`)");
}

export function withRunOptions(command: Command): Command {
  return withBackend(withResumeOptions(withCommonOptions(command)))
    .option("--all", "print every figure, claim and note instead of the short answer")
    .option(...CSV)
    .option("--chips <n>", "chips to program, instead of the experiment's", wholeNumber(1, 1000))
    .option(
      "--prompts <n>",
      "prompts (images, recordings) per evaluation, and the most per point of a curve",
      manyPrompts,
    )
    .option("--soft-bits <file>", "also write LLRs, decisions and sent bits of the first chip, as .npz");
}

export function withStudioOptions(command: Command): Command {
  return command
    .argument("[source]", "experiment (.json or preset:NAME), or the folder of a run")
    .option("--port <n>", "port on 127.0.0.1 (default: any free port)", wholeNumber(1, 65_535));
}

export function withTrainOptions(command: Command): Command {
  return withBackend(
    withResumeOptions(withCommonOptions(command)),
    "what trains: wasm on the CPU, webgpu on a GPU, whose rounding differs; auto never takes a driver in software",
  ).option("--fast-math", "multiply with relaxed SIMD: faster on some CPUs, and not the same bits on all of them");
}

function withResumeOptions(command: Command): Command {
  return command
    .option("--resume", "continue the run in the folder")
    .addOption(new Option("--force", "start over, and replace the run in the folder").conflicts("resume"))
    .option(...ACCEPT_BUILD, collectBuilds, []);
}

export function withEvalOptions(command: Command): Command {
  return withBackend(withResumeOptions(withCommonOptions(command, EVAL_SUFFIX)))
    .option("--all", "print every curve instead of only the first")
    .option(...CSV)
    .option(
      "--drift <ages>",
      `ages at which chips are read, such as 90s,12h,1mo (default without --sweep: ${DEFAULT_AGES})`,
    )
    .option(
      "--sweep <field=values>",
      "a field of hardware, or steps, such as adc.bits=4..8 or crossbar.pairs=physical,aihwkit",
    )
    .option("--chips <n>", "chips to program, instead of the experiment's", wholeNumber(1, 1000))
    .option(
      "--reads <n>",
      "reads of each chip, to separate their spread from that of chips (default: 1)",
      wholeNumber(1, 1000),
    )
    .option("--prompts <n>", "prompts of each read, instead of the experiment's", manyPrompts);
}

export function withCompareOptions(command: Command): Command {
  return command
    .argument("<first>", "an experiment: a JSON file, preset:NAME, or the folder of a run")
    .argument("<second>", "another experiment with the same task")
    .option("--json", "print the results as JSON and show no progress")
    .option("--threads <n>", "threads to compute on", threadCount, availableParallelism())
    .option("--seed <n>", "seed of all random numbers, instead of the experiments'", seedNumber)
    .option("--data <folder>", "folder of the task's data set (default: see `xpike data list`)")
    .option("--chips <n>", "chips of each (default: the smaller of their two numbers)", wholeNumber(1, 1000))
    .option("--prompts <n>", "prompts of each chip (default: the smaller of their two numbers)", manyPrompts);
}

export function withSweepOptions(command: Command): Command {
  return withBackend(
    withShowOptions(command.argument("<design>", "a JSON file: an experiment, fields of it that vary, and objectives")),
  )
    .option("-o, --out <folder>", "folder for the rows and the front (default: results/<name of the design>)")
    .option("--threads <n>", "threads to compute on", threadCount, availableParallelism())
    .option("--data <folder>", "folder of the task's data set (default: see `xpike data list`)")
    .option(
      "--engine <engine>",
      "threads of this machine, workers behind a queue (valkey://host:port), or array jobs (slurm)",
      "threads",
    )
    .option(
      "--batch <n>",
      "points per piece of work (default: one, or more where points are only priced)",
      wholeNumber(1, 100_000),
    )
    .option("--tasks <n>", "most tasks in a Slurm array job (default: 100)", wholeNumber(1, 1_000_000))
    .option("--sbatch <options>", "options of the job, such as --partition=short; may be repeated", collect, [])
    .option("--print", "print the script of an array job instead of submitting it")
    .option("--resume", "continue the sweep in the folder")
    .option(...ACCEPT_BUILD, collectBuilds, []);
}

export function withSweepShowOptions(command: Command): Command {
  return withShowOptions(command.argument("<folder>", "folder of a sweep, finished or not"));
}

export function withWorkerOptions(command: Command): Command {
  return command
    .requiredOption(
      "--engine <engine>",
      "the queue: valkey://host:port, or valkeys:// for TLS; the password is read from XPIKE_VALKEY_PASSWORD",
    )
    .option("--threads <n>", "points to measure at once, one per thread", threadCount, availableParallelism())
    .option("--data <folder>", "folder of the tasks' data sets (default: see `xpike data list`)")
    .option(
      "--accept-build <id>",
      "measure points of sweeps of this other build; their tables then name both",
      buildName,
    );
}

const withShowOptions = (command: Command): Command =>
  command
    .option("--all", "print all points on the front instead of only the first")
    .option("--json", "print all rows as JSON and show no progress");

/** Equal to `LAYOUT_NAMES` of `src/import/layouts/catalogue.ts`; a test compares them. */
export const KNOWN_LAYOUTS = [
  "timm-vit",
  "hf-vit",
  "torch-encoder-norm-first",
  "torch-encoder",
  "sdt",
  "spikformer",
  "qkformer",
] as const;
const LAYOUT = `published layout of the file's tensors, which tell the model: ${KNOWN_LAYOUTS.join(", ")}, or auto`;
const HEADS = ["--heads <n>", "attention heads of a layout whose tensors do not tell", wholeNumber(1, 64)] as const;
const STEPS = ["--steps <n>", "time steps of a spiking layout", wholeNumber(1, 64)] as const;
const SIDE = ["--side <pixels>", "side of a spiking layout's images", wholeNumber(1, 1024)] as const;
const POOLS = [
  "--pools <bits>",
  "a 0 or 1 for each convolution of a spiking layout: whether it is max-pooled",
] as const;
const activationOption = () =>
  choice("--activation <name>", "activation of a layout whose tensors do not tell", ["gelu", "gelu-tanh", "relu"]);
const TENSOR_PATH = ["--path <keys>", "table within a .pth file that holds the tensors, such as state_dict"] as const;

export function withCostOptions(command: Command): Command {
  return command
    .argument(
      "[workload]",
      "a workload's name, a JSON file of a workload or experiment, or preset:NAME (default: a table of all workloads)",
    )
    .option("-p, --preset <name>", "prices to use, or `all`", DEFAULT_PRICES)
    .option(
      "--machine <name>",
      "the machine that a workload runs on: recommended (the default), paper, realistic, charge, author-aihwkit",
    )
    .option("--node <nm>", "technology node, nm; single blocks as digital=65,sram=45,aimc=22,area=45")
    .option("--set <key=value>", "change a price or size, such as conversion5=1pJ; may be repeated", collect, [])
    .option("--what-if <key=value>", "the same, shown next to the unchanged estimate; may be repeated", collect, [])
    .option("--steps <t>", "time steps of both spiking machines, or of each: xpikeformer=7,snn=4")
    .option("--density <share>", "mean spike density, or that of single layers: qkv=0.2,down=0.05")
    .option("--extrapolate", "accept nodes that a source does not cover")
    .option(
      "--draws <n>",
      "Monte Carlo draws over the literature's price ranges",
      wholeNumber(0, 1_000_000),
      DEFAULT_DRAWS,
    )
    .option(
      "--prompts <n>",
      "prompts to simulate for an experiment's densities",
      wholeNumber(1, 100_000),
      DEFAULT_COST_PROMPTS,
    )
    .option("--layout <name>", `${LAYOUT}; the workload is that file`)
    .option(...HEADS)
    .option(...SIDE)
    .option(...POOLS)
    .addOption(activationOption())
    .option(...TENSOR_PATH)
    .option(
      "--experiment <experiment>",
      "the task, hardware and name of a file of tensors: a JSON file, or preset:NAME",
    )
    .option("--list", "list workloads, presets, parameters and sources")
    .option("--all", "print every figure, claim and note instead of the short answer")
    .option("-o, --out <folder>", "folder for the report (default: results/<title>; without a workload, none)")
    .option("--json", "print the report as JSON")
    .option("--seed <n>", "seed of the draws and of an experiment's chip", seedNumber)
    .option("--data <folder>", "folder of an experiment's data set (default: see `xpike data list`)")
    .option("--threads <n>", "threads to compute on", threadCount, availableParallelism());
}

export function withCostValidateOptions(command: Command): Command {
  return command
    .option(
      "--draws <n>",
      "draws over the literature's price ranges for each design",
      wholeNumber(0, 1_000_000),
      DEFAULT_DRAWS,
    )
    .option("--seed <n>", "seed of the draws", seedNumber, 1)
    .option("--all", "also print parts, what was printed, and the source of each design")
    .option("--json", "print all of it as JSON");
}

export function withDataListOptions(command: Command): Command {
  return command
    .option("--data <folder>", "folder to look in, instead of the usual places")
    .option("--json", "print the list as JSON");
}

export function withDataFetchOptions(command: Command): Command {
  return command
    .argument("<name>", "name of the set, see `xpike data list`")
    .option("--data <folder>", "folder to put it in, under its name (default: a cache, see `xpike data list`)")
    .option("--from <address>", "folder of a mirror that holds the files");
}

/** Equal to `TENSOR_MAPPING_NAMES` of `src/import/catalogue.ts`, which help texts do not load; a test compares them. */
export const KNOWN_MAPPINGS = ["xpikeformer", "author"] as const;
const MAPPING = `how tensors and parameters correspond: a .json file, ${KNOWN_MAPPINGS.join(" or ")}`;

export function withImportOptions(command: Command): Command {
  return command
    .argument("<file>", "a .pth or .pt file of PyTorch, a .safetensors file, or a NIR graph that `xpike export` wrote")
    .option("--experiment <experiment>", "the network to fill, or the task of a layout: a JSON file, or preset:NAME")
    .addOption(new Option("--mapping <mapping>", MAPPING).default(KNOWN_MAPPINGS[0]).conflicts("layout"))
    .option("--layout <name>", LAYOUT)
    .option(...HEADS)
    .addOption(activationOption())
    .option(...STEPS)
    .option(...SIDE)
    .option(...POOLS)
    .option(...TENSOR_PATH)
    .option("--approximate", "accept what the mapping or layout cannot keep")
    .option(
      "-o, --out <path>",
      "network to write, a .safetensors file; with --layout, a folder (default: results/<file>)",
    );
}

export function withExportOptions(command: Command): Command {
  return command
    .argument("<network>", "a network of this program: a .safetensors file, or bundled:NAME")
    .option("--mapping <mapping>", MAPPING, KNOWN_MAPPINGS[0])
    .option("--experiment <experiment>", "whose chip a .nir file keeps: a JSON file, or preset:NAME")
    .requiredOption("-o, --out <file>", "file to write, .safetensors or .nir");
}

/** An option that is one of these names; a mistyped one gets a suggestion. */
export function choice(flags: string, description: string, names: readonly string[]): Option {
  const read = (text: string): string => {
    if (names.includes(text)) return text;
    throw new InvalidArgumentError(`Allowed choices are ${names.join(", ")}.${didYouMean(text, names)}`);
  };
  return new Option(flags, description).choices(names).argParser(read);
}

/** Reads an option's value. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };
}

function manyPrompts(text: string): number {
  return wholeNumber(1, 10_000_000)(text);
}

/** Reads the id of a build. */
function buildName(text: string): string {
  if (/^([0-9a-f]{12}|unknown)$/.test(text)) return text;
  throw new InvalidArgumentError("Give the id that the message names: 12 hexadecimal digits, or unknown.");
}

function collectBuilds(text: string, all: readonly string[]): readonly string[] {
  return [...all, buildName(text)];
}

function collect(text: string, all: readonly string[]): readonly string[] {
  return [...all, text];
}
