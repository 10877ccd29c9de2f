/** Arguments and options of `xpike rtl` and its commands, as in `arguments.ts`. */
import type { Command } from "commander";
import { BOARD_NAMES, type BoardName } from "../rtl/board/boards.ts";
import { DEVICE_NAMES, type DeviceName } from "../rtl/machine/devices.ts";
import { WRAPPER_NAMES, type WrapperName } from "../rtl/wrapper/kit.ts";
import { choice, seedNumber, wholeNumber } from "./arguments.ts";

/** Default of the board's serial line; not the option's default, so that `--baud` without a board can be detected. */
export const DEFAULT_BAUD = 1_000_000;
/** Bits of a wrapper's streams, likewise. */
export const DEFAULT_STREAM_BITS = 32;

/** Folder of another chip of the same machine. */
const LOADED = "--constants <folder>";

export interface RtlCommandOptions {
  readonly machine?: boolean;
  readonly inFlight?: boolean;
  readonly fpga?: boolean;
  readonly conductanceBits?: number;
  readonly loadable?: boolean;
  readonly device?: DeviceName;
  readonly board?: BoardName;
  readonly baud?: number;
  readonly boardHeads?: number;
  readonly wrapper?: WrapperName;
  readonly streamBits?: number;
  readonly out?: string;
  readonly prompts: number;
  readonly seed?: number;
  readonly data?: string;
}

export interface RtlVerifyOptions {
  readonly waves?: boolean;
  /** Seconds. */
  readonly limit?: number;
}

export interface RtlSynthOptions {
  readonly liberty?: string;
  /** Megahertz. */
  readonly clock?: number;
  readonly corner?: string[];
  readonly timed?: string[];
  readonly power?: boolean;
  readonly yosys?: "system" | "bundled";
  readonly json?: boolean;
}

export interface RtlCosimOptions {
  readonly serve?: boolean;
  readonly port: number;
  readonly prompts?: number;
  readonly queue?: boolean;
  readonly constants?: string;
}

export interface RtlHostOptions {
  readonly port: string;
  readonly patience: number;
  readonly runs?: number;
  readonly constants?: string;
}

export function withRtlOptions(command: Command): Command {
  return command
    .argument("<experiment>", "a JSON file, or preset:NAME (see `xpike presets`)")
    .option("-o, --out <folder>", "folder for the sources (default: results/<name of the experiment>-rtl)")
    .option("--machine", "the whole machine, from input to answers, instead of only the attention engine")
    .option("--in-flight", "with --machine: prompts enter in the schedule's interval, before the last one is answered")
    .option("--fpga", "with --machine: crossbars and memories that FPGA tools put into block memory, not macros")
    .option(
      "--conductance-bits <n>",
      "with --fpga: the most bits of a conductance (default: as many as the chip's need)",
      wholeNumber(1, 17),
    )
    .option(
      "--loadable",
      "with --machine: a host can load the constants of another chip, or of this one at another age",
    )
    .addOption(
      choice("--device <name>", "with --fpga: what the machine takes of it, or why it does not fit", DEVICE_NAMES),
    )
    .addOption(
      choice(
        "--board <name>",
        "also a kit for this FPGA board: top level, constraints, script to a bitstream",
        BOARD_NAMES,
      ),
    )
    .option(
      "--baud <n>",
      `bits per second of the board's serial line (default: ${DEFAULT_BAUD})`,
      wholeNumber(1, 12_000_000),
    )
    .option(
      "--board-heads <n>",
      "heads on the board; the network's heads run one after another (default: 1)",
      wholeNumber(1, 1024),
    )
    .addOption(
      choice(
        "--wrapper <name>",
        "with --fpga: also what puts the machine into a system of LiteX, or on a Zynq",
        WRAPPER_NAMES,
      ),
    )
    .option(
      "--stream-bits <n>",
      `bits of a wrapper's streams: 32, 64, 128, 256, 512 or 1024 (default: ${DEFAULT_STREAM_BITS})`,
      wholeNumber(32, 1024),
    )
    .option("--prompts <n>", "prompts whose spikes become vectors", wholeNumber(1, 100_000), 4)
    .option("--seed <n>", "seed instead of the experiment's", seedNumber)
    .option("--data <folder>", "folder of the task's data set (default: see `xpike data list`)");
}

export function withRtlVerifyOptions(command: Command): Command {
  return command
    .argument("<folder>", "folder that `xpike rtl` wrote")
    .option("--waves", "also write the waves of a machine's first prompt, for GTKWave (Verilator)")
    .option("--limit <seconds>", "processor time for each run of a tool (default: 600)", wholeNumber(1, 1_000_000));
}

export function withRtlSynthOptions(command: Command): Command {
  return command
    .argument("<folder>", "folder that `xpike rtl` wrote")
    .option("--liberty <file>", "map to the cells of this liberty file, and give areas")
    .option("--clock <MHz>", "with --liberty: the least slack at this clock, by OpenSTA", wholeNumber(1, 100_000))
    .option("--corner <files...>", "with --clock: the same gates with liberty files of other conditions")
    .option("--timed <modules...>", "with --clock: also the least slack of these modules alone")
    .option("--power", "with --clock: power and energy of a machine's first prompt (Verilator, OpenSTA)")
    .addOption(
      choice("--yosys <which>", "the installed Yosys, or the one of @yowasp/yosys (default: installed, if any)", [
        "system",
        "bundled",
      ]),
    )
    .option("--json", "print the counts as JSON");
}

export function withRtlHostOptions(command: Command): Command {
  return command
    .argument("<folder>", "folder that `xpike rtl --board` wrote")
    .requiredOption("--port <device>", "serial port of the board, such as /dev/ttyUSB0 (Linux)")
    .option("--patience <seconds>", "seconds to wait for an answer", wholeNumber(1, 3600), 2)
    .option(LOADED, "of a machine: load this folder's constants, and send its prompts")
    .option("--runs <n>", "send the first n runs, of a machine prompts (default: all)", wholeNumber(1, 1_000_000_000));
}

export function withRtlCosimOptions(command: Command): Command {
  return command
    .argument("<folder>", "folder that `xpike rtl --machine` wrote")
    .option("--serve", "wait for a driver instead, such as xpike_run of the folder, until one says quit")
    .option("--port <n>", "port at 127.0.0.1; 0: a free one", wholeNumber(0, 65_535), 0)
    .option(LOADED, "load this folder's constants, and send its prompts")
    .option("--queue", "through the machine's queue of prompts, instead of seeds and a start for each")
    .option("--prompts <n>", "send the first n prompts of the folder (default: all)", wholeNumber(1, 100_000));
}
