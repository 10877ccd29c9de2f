/**
 * The `xpike` command: what can be typed, and what an error looks like.
 *
 * Exit codes: 0 done; 1 a defect of ours, with its stack; 2 input or options that cannot be used, with the way out. Ctrl-C
 * ends the process by SIGINT, and a shell reports 130: at once, also within a long computation, because a handler of our own
 * could only run between computations; only `train` finishes its step and saves first. Files are written whole or not at
 * all, so nothing is left half done.
 */
import { availableParallelism } from "node:os";
import { Command, CommanderError, Option } from "commander";
import picocolors from "picocolors";
import { isXpikeError } from "../errors.ts";
import { printable } from "../report/markup.ts";
import { presets } from "../spec/presets.ts";
import { experimentJsonSchema } from "../spec/schema.ts";
import { type CostCommandOptions, costCommand, withCostOptions } from "./cost.ts";
import { withDataCommands } from "./data.ts";
import { type EvalCommandOptions, evalCommand, withEvalOptions } from "./eval.ts";
import {
  type ExportCommandOptions,
  exportCommand,
  type ImportCommandOptions,
  importCommand,
  withExportOptions,
  withImportOptions,
} from "./import.ts";
import { type CommandOptions, findPreset, withCommonOptions } from "./options.ts";
import { withRtlCommands } from "./rtl.ts";
import { runCommand } from "./run.ts";
import type { Terminal } from "./terminal.ts";
import { type TrainCommandOptions, trainCommand } from "./train.ts";
import { packageVersion } from "./version.ts";

/** Runs one command line, without the program's name; resolves to the exit code. */
export async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await program(terminal).parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    // Commander has printed its message already; asking for help or the version is no mistake.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    terminal.err(describeError(error, terminal.color));
    return isXpikeError(error) ? 2 : 1;
  }
}

/** All that can be typed; `main` runs it. */
export function program(terminal: Terminal): Command {
  const xpike = new Command("xpike")
    .description("Train, map, simulate and price spiking transformers on hybrid analog-digital hardware.")
    .version(packageVersion())
    .exitOverride()
    .showHelpAfterError("Add --help for what can be typed.")
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err, getOutHasColors: () => terminal.color });

  withCommonOptions(xpike.command("run"))
    .description("simulate an experiment on its hardware and report")
    .addHelpText("after", "\nExample:\n  xpike run preset:wireless-2x2 --seed 7 --out results/seven")
    .action((source: string, options: CommandOptions) => runCommand(source, options, terminal));

  withCommonOptions(xpike.command("train"))
    .description("train the network of an experiment; a run that was stopped goes on with --resume")
    .option("--resume", "go on with the run that the folder holds")
    .addOption(new Option("--force", "delete the run that the folder holds, and start over").conflicts("resume"))
    .addHelpText("after", "\nExample:\n  xpike train preset:wireless-2x2 --out results/first --resume")
    .action((source: string, options: TrainCommandOptions) => trainCommand(source, options, terminal));

  withEvalOptions(withCommonOptions(xpike.command("eval")))
    .description("bit error rate over the age of the chips, or over one field of the experiment")
    .addHelpText(
      "after",
      "\nExamples:\n  xpike eval examples/wireless-2x2.json --drift 1s,1m,1h,1d,1mo,1y --chips 20\n" +
        "  xpike eval examples/wireless-2x2.json --sweep adc.bits=4..8\n" +
        "  xpike eval examples/wireless-2x2.json --sweep steps=1..8 --drift 1s,1y --reads 3",
    )
    .action((source: string, options: EvalCommandOptions) => evalCommand(source, options, terminal));

  withCostOptions(xpike.command("cost"), availableParallelism())
    .description("energy, latency and area of a workload on this machine and on those it is compared with")
    .addHelpText(
      "after",
      "\nExamples:\n  xpike cost\n  xpike cost vit-8-768-imagenet --preset paper\n" +
        "  xpike cost examples/wireless-2x2.json --what-if conversion5=shafiee-isca-2016.conversion5",
    )
    .action((source: string | undefined, options: CostCommandOptions) => costCommand(source, options, terminal));

  withRtlCommands(xpike.command("rtl"), terminal)
    .description("write SystemVerilog of an experiment's attention engine, with a testbench and vectors")
    .addHelpText(
      "after",
      "\nExample:\n  xpike rtl preset:wireless-2x2 --out rtl && xpike rtl verify rtl && xpike rtl synth rtl",
    );

  withDataCommands(xpike.command("data"), terminal)
    .description("list image sets, or download one")
    .addHelpText("after", "\nExamples:\n  xpike data list\n  xpike data fetch fashion-mnist");

  withImportOptions(xpike.command("import"))
    .description("make a network from a file of PyTorch or another program")
    .addHelpText(
      "after",
      "\nExample:\n  xpike import weights.pth --experiment experiment.json --path state_dict --out network.safetensors",
    )
    .action((source: string, options: ImportCommandOptions) => importCommand(source, options, terminal));

  withExportOptions(xpike.command("export"))
    .description("write a network as tensors that PyTorch loads")
    .addHelpText("after", "\nExample:\n  xpike export network.safetensors --out weights.safetensors")
    .action((source: string, options: ExportCommandOptions) => exportCommand(source, options, terminal));

  xpike
    .command("presets")
    .description("list the presets, or print one as a document to start from")
    .argument("[name]", "preset to print")
    .action((name: string | undefined) =>
      terminal.out(name === undefined ? listPresets() : asJson(findPreset(name).document)),
    );

  xpike
    .command("schema")
    .description("print the JSON Schema of an experiment, for editors")
    .action(() => terminal.out(asJson(experimentJsonSchema())));

  return xpike;
}

function listPresets(): string {
  const all = presets();
  const width = Math.max(...all.map(({ name }) => name.length));
  return all.map(({ name, description }) => `${name.padEnd(width)}  ${description}\n`).join("");
}

const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** `SpecError at model.heads` and the message below; a defect of ours with its stack. */
export function describeError(error: unknown, color = false): string {
  const { bold, red } = picocolors.createColors(color);
  if (isXpikeError(error)) {
    const lines = printable(error.message).split("\n");
    return `${bold(red(error.name))} at ${printable(error.path)}\n${lines.map((line) => `  ${line}\n`).join("")}`;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `${bold(red("Unexpected error"))}, a defect of xpikeformer. Please report it with these lines:\n${stack}\n`;
}
