/** Shared by commands: the experiment, its data, and the command line that repeats them. */
import { access, readdir } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { FileError, suggest } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { LONGEST_TEXT } from "../experiment/json.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { findPreset, presets } from "../experiment/presets.ts";
import { loadExperimentDevice } from "../node/devices.ts";
import { readFileChecked } from "../node/files.ts";
import type { DataUse } from "../node/packed-images.ts";
import { loadTaskData } from "../node/task-data.ts";
import { type Opened, openExperiment } from "../task/open.ts";
import { type CommandOptions, KNOWN_LAYOUTS } from "./arguments.ts";

export interface LoadedExperiment {
  readonly experiment: Experiment;
  /** Folder that the paths in the experiment are relative to. */
  readonly directory: string;
  /** As typed: a file, or `preset:NAME`. */
  readonly source: string;
}

const PRESET = "preset:";

/**
 * The experiment with the data of its task, and notes on the origin of the data.
 * Throws  SpecError for data that cannot be loaded by name; FileError when it is missing or damaged; as `openExperiment`
 */
export async function openLoaded(
  { experiment, directory }: Pick<LoadedExperiment, "experiment" | "directory">,
  { data: folder }: Pick<CommandOptions, "data">,
  use: DataUse = "evaluation",
): Promise<{ opened: Opened; notes: readonly string[] }> {
  const { data, notes } = await loadTaskData(experiment, { directory, use, ...(folder !== undefined && { folder }) });
  return { opened: openExperiment(experiment, data), notes };
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
    : parseExperiment(await readDocument(source), source);
  return {
    experiment: await loadExperimentDevice(seed === undefined ? experiment : { ...experiment, seed }, directory),
    directory,
    source,
  };
}

/** By its name: files of PyTorch and safetensors. */
export const isTensorFile = (path: string): boolean => /\.(safetensors|pth|pt|ckpt|bin)$/i.test(path);

/** The text of a document. Throws FileError, with a suggestion for a missing file, and what to do with one of tensors. */
export async function readDocument(path: string): Promise<string> {
  try {
    if (isTensorFile(path)) {
      await access(path);
      throw tensorFile(path);
    }
    // A character takes at most four bytes.
    return new TextDecoder().decode(await readFileChecked(path, 4 * LONGEST_TEXT));
  } catch (error) {
    const cause = error instanceof FileError ? error.cause : error;
    const missing = (cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
    if (!missing) throw error;
    throw new FileError(path, `There is no such file.${await nearby(path)}`, { cause: error });
  }
}

const tensorFile = (path: string): FileError =>
  new FileError(
    path,
    "This file holds tensors, but the command reads an experiment, as JSON. To price the network of another program, name its layout: " +
      `\`xpike cost ${quote(path)} --layout auto\`, or one of ${KNOWN_LAYOUTS.join(", ")}. \`xpike import\` with the same option imports it. A network ` +
      "that `xpike train` wrote is named in an experiment, as checkpoints.network.",
  );

/** A suggestion for a missing file: a preset of this name, or a file in the same folder. */
async function nearby(path: string): Promise<string> {
  const name = basename(path);
  const preset = suggest(
    name.replace(/\.jsonc?$/, ""),
    presets().map((preset) => preset.name),
  );
  const files = await readdir(dirname(path)).catch(() => []);
  const file = suggest(name, files);
  if (file) return ` Did you mean ${path.slice(0, path.length - name.length)}${file}?`;
  return preset ? ` Did you mean ${PRESET}${preset}?` : " See `xpike presets` for experiments to start from.";
}

/** The command that reproduces the results, which do not depend on threads and folders. */
export function commandLine(
  command: string,
  source: string,
  { seed }: Pick<CommandOptions, "seed">,
  more: readonly string[] = [],
): string {
  const parts = ["xpike", command, source, ...more, ...(seed === undefined ? [] : ["--seed", String(seed)])];
  return parts.map(quote).join(" ");
}

/** The options of these names that were given, as typed. */
export const repeated = <O extends object>(options: O, names: readonly (keyof O & string)[]): string[] =>
  names.flatMap((name) => (options[name] === undefined ? [] : [`--${name}`, String(options[name])]));

/** The words of a command that `quote` wrote. */
export const wordsOf = (command: string): string[] =>
  [...command.matchAll(/(?:'[^']*'|\\'|[^\s'\\])+/g)].map(([word]) => word.replaceAll(/'([^']*)'|\\(')/g, "$1$2"));

/** Quotes a word for a POSIX shell. */
export const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
