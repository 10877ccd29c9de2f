/**
 * The `xpike` command: its command line and its error messages.
 *
 * Exit codes: 0 for success; 1 for a bug, with its stack; 2 for invalid input or options, with a remedy. Ctrl-C ends the process by SIGINT
 * at once, also within a long computation, and a shell reports 130. `train` finishes its step and saves first; `run` and `eval` save each
 * finished unit of work. Files are written whole or not at all, and `--resume` continues all three.
 */
import { Command, CommanderError } from "commander";
import picocolors from "picocolors";
import { type FileError, isXpikeError, PlatformError } from "../errors.ts";
import { packageVersion } from "../node/version.ts";
import { printable } from "../report/markup.ts";
import {
  type CompareCommandOptions,
  type CostCommandOptions,
  type CostValidateOptions,
  type DataFetchOptions,
  type DataListOptions,
  type DeviceCommandOptions,
  type EvalCommandOptions,
  type ExportCommandOptions,
  type FileOptions,
  type ImportCommandOptions,
  type RunCommandOptions,
  type StudioCommandOptions,
  type SweepCommandOptions,
  type SweepShowOptions,
  type TrainCommandOptions,
  type WorkerCommandOptions,
  withCompareOptions,
  withCostOptions,
  withCostValidateOptions,
  withDataFetchOptions,
  withDataListOptions,
  withEvalOptions,
  withExportOptions,
  withImportOptions,
  withRunOptions,
  withStudioOptions,
  withSweepOptions,
  withSweepShowOptions,
  withTrainOptions,
  withWorkerOptions,
} from "./arguments.ts";
import { asTyped } from "./invocation.ts";
import { openFilesMessage } from "./open-files.ts";
import {
  type RtlCommandOptions,
  type RtlCosimOptions,
  type RtlHostOptions,
  type RtlSynthOptions,
  type RtlVerifyOptions,
  withRtlCosimOptions,
  withRtlHostOptions,
  withRtlOptions,
  withRtlSynthOptions,
  withRtlVerifyOptions,
} from "./rtl-arguments.ts";
import type { Terminal } from "./terminal.ts";

export { processTerminal } from "./terminal.ts";

/** Runs one command line, without the program's name; resolves to the exit code. */
export async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await program(terminal).parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    // Commander has already printed its message; help and version are not errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const shown = asLimit(error) ?? (await asFileError(error)) ?? error;
    terminal.err(asTyped(describeError(shown, terminal.color), terminal.program));
    return isXpikeError(shown) ? 2 : 1;
  }
}

/** A readable error for a limit of the system; null for other errors. */
function asLimit(error: unknown): PlatformError | null {
  const message = openFilesMessage(error);
  return message === null ? null : new PlatformError("files", message, { cause: error });
}

/** Errors of a disk, which need no path to be understood. */
const DISK = ["ENOSPC", "EDQUOT", "EROFS", "EIO"];

/** An error of the system about a file, such as one that another program removed meanwhile, in words; null for other errors. */
async function asFileError(error: unknown): Promise<FileError | null> {
  const { code, syscall, path } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined || syscall.startsWith("spawn")) return null;
  if (path === undefined && !DISK.includes(code)) return null;
  const { fileError } = await import("../node/files.ts");
  const reads = ["open", "read", "stat", "lstat", "scandir", "readlink"].includes(syscall);
  return fileError(path ?? "disk", error, reads ? "read" : "written");
}

/** The full command line; `main` runs it. */
export function program(terminal: Terminal): Command {
  const typed = (text: string) => asTyped(text, terminal.program);
  const xpike = new Command("xpike")
    .description("Train, map, simulate and price spiking transformers on hybrid analog-digital hardware.")
    .version(packageVersion())
    .exitOverride()
    .enablePositionalOptions()
    .showHelpAfterError("Add --help for a list of options.")
    .configureOutput({
      writeOut: (text) => terminal.out(typed(text)),
      writeErr: (text) => terminal.err(typed(text)),
      getOutHasColors: () => terminal.color,
    });

  withRunOptions(xpike.command("run"))
    .description("simulate an experiment on its hardware and write a report; continue a stopped run with --resume")
    .addHelpText("after", examples("run preset:wireless-2x2 --chips 2 --prompts 32 --out results/quick"))
    .action(async (source: string, options: RunCommandOptions) =>
      (await import("./run.ts")).runCommand(source, options, terminal),
    );

  withTrainOptions(xpike.command("train"))
    .description("train the network of an experiment; continue a stopped run with --resume")
    .addHelpText("after", examples("train preset:wireless-2x2 --out results/first"))
    .action(async (source: string, options: TrainCommandOptions) =>
      (await import("./train.ts")).trainCommand(source, options, terminal),
    );

  withEvalOptions(xpike.command("eval"))
    .description(
      "error rate over the age of the chips, or over one field of the experiment; continue with --resume. For several fields, prices and a front: sweep",
    )
    .addHelpText(
      "after",
      examples(
        "eval examples/wireless-2x2.json --drift 1s,1y --chips 2 --prompts 16",
        "eval examples/wireless-2x2.json --sweep adc.bits=4..6 --chips 2 --prompts 16",
        "eval examples/wireless-2x2.json --sweep steps=4..8 --drift 1s,1y --chips 1 --reads 2 --prompts 16",
      ),
    )
    .action(async (source: string, options: EvalCommandOptions) =>
      (await import("./eval.ts")).evalCommand(source, options, terminal),
    );

  const cost = withCostOptions(xpike.command("cost").enablePositionalOptions())
    .description("energy, latency and area of a workload on this machine and on the machines it is compared with")
    .addHelpText(
      "after",
      examples(
        "cost",
        "cost vit-8-768-imagenet --preset paper",
        "cost examples/wireless-2x2.json --what-if conversion5=shafiee-isca-2016.conversion5",
        "cost validate",
      ),
    )
    .action(async (source: string | undefined, options: CostCommandOptions) =>
      (await import("./cost.ts")).costCommand(source, options, terminal),
    );
  withCostValidateOptions(cost.command("validate"))
    .description("price published chips by this cost model, and compare with what was measured on them")
    .action(async (options: CostValidateOptions) =>
      (await import("./cost-validate.ts")).costValidateCommand(options, terminal),
    );

  withCompareOptions(xpike.command("compare"))
    .description("two experiments side by side: the fields that differ, and their effect on error rate and cost")
    .addHelpText(
      "after",
      examples("compare examples/wireless-2x2.json networks/wireless-2x2-faults.json --seed 1 --chips 2 --prompts 32"),
    )
    .action(async (first: string, second: string, options: CompareCommandOptions) =>
      (await import("./compare.ts")).compareCommand(first, second, options, terminal),
    );

  addSweep(xpike.command("sweep"), terminal);
  withWorkerOptions(xpike.command("worker"))
    .description("measure points of other machines' sweeps from a queue, until stopped")
    .addHelpText("after", examples("worker --engine valkey://127.0.0.1:6379"))
    .action(async (options: WorkerCommandOptions) => (await import("./worker.ts")).workerCommand(options, terminal));
  withStudioOptions(xpike.command("studio"))
    .description("watch a chip at work in the browser, or the curve of a run in progress")
    .addHelpText("after", examples("studio", "studio examples/wireless-2x2.json --port 4173", "studio results/first"))
    .action(async (source: string | undefined, options: StudioCommandOptions) =>
      (await import("./studio.ts")).studioCommand(source, options, terminal),
    );

  addRtl(xpike.command("rtl"), terminal);
  addData(xpike.command("data"), terminal);

  withExportOptions(xpike.command("export"))
    .description("write a network as tensors that PyTorch loads, or as a NIR graph")
    .addHelpText(
      "after",
      examples(
        "export bundled:wireless-2x2-xpikeformer --out weights.safetensors",
        "export bundled:wireless-2x2-xpikeformer --out graph.nir",
      ),
    )
    .action(async (source: string, options: ExportCommandOptions) =>
      (await import("./import.ts")).exportCommand(source, options, terminal),
    );

  withImportOptions(xpike.command("import"))
    .description("create a network from a file of PyTorch, NIR or another program")
    .addHelpText(
      "after",
      examples(
        "import weights.safetensors --experiment examples/wireless-2x2.json --out network.safetensors",
        "import graph.nir --out network.safetensors",
      ),
    )
    .action(async (source: string, options: ImportCommandOptions) =>
      (await import("./import.ts")).importCommand(source, options, terminal),
    );

  xpike
    .command("device")
    .description("turn measured curves of a device (CSV) into a part of an experiment")
    .argument("<curves...>", "CSV files: programming, drift and read noise by conductance")
    .option("--preset <name>", "write an experiment: this preset with the device")
    .option("-o, --out <file>", "write it to a file instead")
    .addHelpText("after", examples("device examples/pcm-curves.csv --preset wireless-2x2 --out measured.json"))
    .action(async (curves: string[], options: DeviceCommandOptions) =>
      (await import("./device.ts")).deviceCommand(curves, options, terminal),
    );

  xpike
    .command("presets")
    .description("list the presets, or print one as a document to start from")
    .argument("[name]", "preset to print")
    .option("-o, --out <file>", "write it to a file instead")
    .addHelpText("after", examples("presets", "presets wireless-2x2 --out mine.json"))
    .action(async (name: string | undefined, options: FileOptions) =>
      (await import("./presets.ts")).presetsCommand(name, options, terminal),
    );

  xpike
    .command("schema")
    .description("print the JSON Schema of an experiment, for editors")
    .option("-o, --out <file>", "write it to a file instead")
    .addHelpText("after", examples("schema --out experiment.schema.json"))
    .action(async (options: FileOptions) => (await import("./presets.ts")).schemaCommand(options, terminal));

  return xpike;
}

function addSweep(command: Command, terminal: Terminal): void {
  // Options after `show` belong to `show`.
  withSweepOptions(command.enablePositionalOptions())
    .description(
      "run a design space, and write its table and Pareto front. For one field with ages, reads and both networks on the same chips: eval",
    )
    .addHelpText("after", examples("sweep examples/sweeps/converters.json", "sweep show results/converters"))
    .action(async (source: string, options: SweepCommandOptions) =>
      (await import("./sweep.ts")).sweepCommand(source, options, terminal),
    );
  withSweepShowOptions(command.command("show"))
    .description("show the front of a sweep, and rewrite its table and page")
    .action(async (folder: string, options: SweepShowOptions) =>
      (await import("./sweep.ts")).sweepShowCommand(folder, options, terminal),
    );
}

function addRtl(command: Command, terminal: Terminal): void {
  withRtlOptions(command)
    .description("write SystemVerilog of an experiment's attention engine, with a testbench and vectors")
    .addHelpText("after", examples("rtl preset:wireless-2x2 --prompts 1 --out rtl", "rtl verify rtl", "rtl synth rtl"))
    .action(async (source: string, options: RtlCommandOptions) =>
      (await import("./rtl.ts")).rtlCommand(source, options, terminal),
    );
  withRtlVerifyOptions(command.command("verify"))
    .description("check a written folder with Verilator, Icarus Verilog and Yosys")
    .action(async (folder: string, options: RtlVerifyOptions) =>
      (await import("./rtl.ts")).verifyCommand(folder, options, terminal),
    );
  withRtlSynthOptions(command.command("synth"))
    .description("count gates and registers of every block, and areas and slack with a liberty file")
    .action(async (folder: string, options: RtlSynthOptions) =>
      (await import("./rtl.ts")).synthCommand(folder, options, terminal),
    );
  withRtlCosimOptions(command.command("cosim"))
    .description("simulate a machine behind a socket (Verilator), and drive it as a host does")
    .action(async (folder: string, options: RtlCosimOptions) =>
      (await import("./rtl.ts")).cosimCommand(folder, options, terminal),
    );
  withRtlHostOptions(command.command("host"))
    .description("send the vectors of a folder to an FPGA board, and compare every bit of its answers")
    .action(async (folder: string, options: RtlHostOptions) =>
      (await import("./rtl.ts")).hostCommand(folder, options, terminal),
    );
}

function addData(command: Command, terminal: Terminal): void {
  command
    .description("list image sets, or download one")
    .addHelpText("after", examples("data list", "data fetch fashion-mnist"));
  withDataListOptions(command.command("list"))
    .description("list the image sets, their licences, and where they are")
    .action(async (options: DataListOptions) => (await import("./data.ts")).listCommand(options, terminal));
  withDataFetchOptions(command.command("fetch"))
    .description("download an image set, or continue an interrupted download")
    .action(async (name: string, options: DataFetchOptions) =>
      (await import("./data.ts")).fetchCommand(name, options, terminal),
    );
}

/** Example lines; `test/help-examples.test.ts` runs each of them in a clone. */
function examples(...lines: readonly string[]): string {
  return `\nExample${lines.length === 1 ? "" : "s"}:\n${lines.map((line) => `  xpike ${line}`).join("\n")}`;
}

/** `SpecError at model.heads` with the message below; a bug with its stack. */
export function describeError(error: unknown, color = false): string {
  const { bold, red } = picocolors.createColors(color);
  if (isXpikeError(error)) {
    const lines = printable(error.message).split("\n");
    return `${bold(red(error.name))} at ${printable(error.path)}\n${lines.map((line) => `  ${line}\n`).join("")}`;
  }
  const stack = printable(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return `${bold(red("Unexpected error"))}, a bug in xpikeformer. Please report it with these lines:\n${stack}\n`;
}
