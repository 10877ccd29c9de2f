/** What `run` and `train` have in common: their options, the experiment they read, and the command that repeats them. */
import { readdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, dirname } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { IMAGE_DATA } from "../data/catalogue.ts";
import type { ImageData } from "../data/images.ts";
import { FileError, SpecError } from "../errors.ts";
import { decodeCheckpoint } from "../model/checkpoint.ts";
import type { Network } from "../model/network.ts";
import { loadImageData } from "../node/data.ts";
import { loadExperimentDevice } from "../node/devices.ts";
import { readFileChecked } from "../node/files.ts";
import { networkFile } from "../node/networks.ts";
import type { Experiment } from "../spec/experiment.ts";
import { LONGEST_TEXT } from "../spec/json.ts";
import { parseExperiment } from "../spec/parse.ts";
import { presets } from "../spec/presets.ts";
import { suggest } from "../spec/suggest.ts";

export interface CommandOptions {
  /** Folder for the results; `results/<name of the experiment>` when left out. */
  readonly out?: string;
  /** Results as JSON on standard output, and no progress. */
  readonly json?: boolean;
  /** Threads to compute on. Results do not depend on it. */
  readonly threads: number;
  /** Takes the place of the experiment's seed. */
  readonly seed?: number;
  /** Folder of the images that a task classifies, instead of the usual places. */
  readonly data?: string;
}

export interface LoadedExperiment {
  readonly experiment: Experiment;
  /** Folder that the experiment's checkpoints are relative to. */
  readonly directory: string;
}

const PRESET = "preset:";

/** Adds the experiment and the common options to a command. */
export function withCommonOptions(command: Command): Command {
  return command
    .argument("<experiment>", "a JSON file, or preset:NAME (see `xpike presets`)")
    .option("-o, --out <folder>", "folder for the results (default: results/<name of the experiment>)")
    .option("--json", "print the results as JSON and show no progress")
    .option("--threads <n>", "threads to compute on", wholeNumber(1, 1024), availableParallelism())
    .option(
      "--seed <n>",
      "seed of all random numbers, instead of the experiment's",
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
    )
    .option("--data <folder>", "folder of the images that the task classifies (default: as `xpike data` says)");
}

/**
 * The images of the experiment's task, and notes on where they came from; null for a task without images.
 * Throws  SpecError for images that cannot be loaded by name; FileError when they are missing or damaged
 */
export async function loadImages(
  { task }: Experiment,
  { data: folder }: Pick<CommandOptions, "data">,
): Promise<{ images: ImageData | null; notes: readonly string[] }> {
  if (task.kind !== "image-classification") return { images: null, notes: [] };
  if (typeof task.data === "string") {
    const { data, notes } = await loadImageData(task.data, folder);
    return { images: data, notes };
  }
  if (folder === undefined) {
    throw new SpecError(
      "task.data",
      `The images "${task.data.name}" are in no data set that is known by name (${IMAGE_DATA.map(({ name }) => name).join(", ")}). ` +
        "Name their folder with --data.",
    );
  }
  const { data, notes } = await loadImageData("custom", folder);
  return { images: { ...data, name: task.data.name }, notes };
}

/** Reads an option's value. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };
}

/**
 * The experiment in a file or preset, with `--seed` applied.
 * Throws  FileError when the file cannot be read; SpecError when it is no experiment, or no preset has the name
 */
export async function loadExperiment(
  source: string,
  { seed }: Pick<CommandOptions, "seed">,
): Promise<LoadedExperiment> {
  const isPreset = source.startsWith(PRESET);
  const directory = isPreset ? "." : dirname(source);
  const experiment = isPreset
    ? parseExperiment(findPreset(source.slice(PRESET.length)).document)
    : parseExperiment(await readExperimentFile(source), source);
  return {
    experiment: await loadExperimentDevice(seed === undefined ? experiment : { ...experiment, seed }, directory),
    directory,
  };
}

/** Throws SpecError, with the likely meaning, for an unknown name. */
export function findPreset(name: string): ReturnType<typeof presets>[number] {
  const all = presets();
  const found = all.find((preset) => preset.name === name);
  if (found) return found;
  const names = all.map((preset) => preset.name);
  const nearest = suggest(name, names);
  const help = nearest ? ` Did you mean ${nearest}?` : "";
  throw new SpecError(
    `${PRESET}${name}`,
    `There is no preset of this name. Known presets: ${names.join(", ")}.${help}`,
  );
}

async function readExperimentFile(path: string): Promise<string> {
  try {
    // A character takes at most four bytes.
    return new TextDecoder().decode(await readFileChecked(path, 4 * LONGEST_TEXT));
  } catch (error) {
    const missing = error instanceof FileError && (error.cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
    if (!missing) throw error;
    throw new FileError(path, `There is no such file.${await nearby(path)}`, { cause: error });
  }
}

/** What may have been meant by a missing file: a preset of this name, or a file beside it. */
async function nearby(path: string): Promise<string> {
  const name = basename(path);
  const preset = suggest(
    name.replace(/\.json$/, ""),
    presets().map((preset) => preset.name),
  );
  const files = await readdir(dirname(path)).catch(() => []);
  const file = suggest(name, files);
  if (file) return ` Did you mean ${path.slice(0, path.length - name.length)}${file}?`;
  return preset ? ` Did you mean ${PRESET}${preset}?` : " See `xpike presets` for experiments to start from.";
}

/** Largest checkpoint that is read. */
export const CHECKPOINT_BYTES = 2 ** 31;

/** A network that an experiment in `directory` names. Throws FileError. */
export async function readNetwork(directory: string, path: string): Promise<Network> {
  const file = networkFile(path, directory);
  return decodeCheckpoint(await readFileChecked(file, CHECKPOINT_BYTES), file).network;
}

/** What to type to get the same results again; threads and folders do not change them. */
export function commandLine(
  command: string,
  source: string,
  { seed }: Pick<CommandOptions, "seed">,
  more: readonly string[] = [],
): string {
  const parts = ["xpike", command, source, ...more, ...(seed === undefined ? [] : ["--seed", String(seed)])];
  return parts.map(quote).join(" ");
}

/** For a POSIX shell. */
export const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
