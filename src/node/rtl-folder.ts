/** The sources in a folder written by `xpike rtl`. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { FileError } from "../errors.ts";
import { FILE_LIST, TESTBENCH_LIST } from "../rtl/bundle.ts";
import type { SourceFiles } from "../rtl/design.ts";
import { refuseForeign } from "../rtl/foreign.ts";
import { readFileChecked, requireFolder } from "./files.ts";

const FILE_LIST_BYTES = 2 ** 16;
const SOURCE_BYTES = 2 ** 24;

/**
 * Texts by file name, leaves first.
 * Throws  FileError when the folder has no file list of `xpike rtl`, or a source is missing or contains something that `xpike
 *         rtl` never writes
 */
export const readSources = (folder: string): Promise<SourceFiles> => readListed(folder, FILE_LIST);

/** The same for testbenches, and for the modules that only they use. */
export const readTestbenches = (folder: string): Promise<SourceFiles> => readListed(folder, TESTBENCH_LIST);

/** The sources of another list; null if the folder has none of that name. */
export const readList = async (folder: string, list: string): Promise<SourceFiles | null> =>
  existsSync(join(folder, list)) ? readListed(folder, list) : null;

/**
 * Contents of the memories that synthesis reads, by file name; macros are empty there.
 * Throws  FileError when one is missing
 */
export async function readContents(folder: string, sources: SourceFiles): Promise<SourceFiles> {
  const texts = Object.values(sources);
  if (texts.every((text) => text.includes("(* blackbox *)") || !text.includes("$readmemh"))) return {};
  const names = new Set(texts.flatMap((text) => Array.from(text.matchAll(/"(\w+\.hex)"/g), ([, name]) => name)));
  const contents: Record<string, string> = {};
  for (const name of names)
    contents[name] = new TextDecoder().decode(await readFileChecked(join(folder, name), SOURCE_BYTES));
  return contents;
}

const WAY_OUT = "xpike rtl EXPERIMENT --out FOLDER.";

async function readListed(folder: string, list: string): Promise<SourceFiles> {
  requireFolder(folder, "there is no hardware in it", `Write one: ${WAY_OUT}`);
  if (!existsSync(join(folder, list)))
    throw new FileError(folder, `This folder has no ${list}, so it is none of \`xpike rtl\`. Write one: ${WAY_OUT}`);
  const sources: Record<string, string> = {};
  for (const name of await sourceNames(resolve(folder, list))) sources[name] = await readSource(folder, name);
  return sources;
}

async function readSource(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  const source = new TextDecoder().decode(await readFileChecked(path, SOURCE_BYTES));
  refuseForeign(source, path);
  return source;
}

async function sourceNames(path: string): Promise<string[]> {
  const sources = new TextDecoder()
    .decode(await readFileChecked(path, FILE_LIST_BYTES))
    .trim()
    .split("\n");
  const odd = sources.find((name) => !/^\w+\.sv$/.test(name));
  if (odd === undefined) return sources;
  throw new FileError(path, `"${odd}" is not a source file of this folder. Write the folder again with xpike rtl.`);
}
