/** The sources in a folder that `xpike rtl` wrote. */
import { join, resolve } from "node:path";
import { FileError } from "../errors.ts";
import { FILE_LIST } from "../rtl/bundle.ts";
import type { SourceFiles } from "../rtl/design.ts";
import { refuseForeign } from "../rtl/foreign.ts";
import { readFileChecked } from "./files.ts";

const FILE_LIST_BYTES = 2 ** 16;
const SOURCE_BYTES = 2 ** 24;

/**
 * Texts by file name, leaves first.
 * Throws  FileError when the folder holds no file list of `xpike rtl`, or a source is missing or says what `xpike rtl` never writes
 */
export async function readSources(folder: string): Promise<SourceFiles> {
  const sources: Record<string, string> = {};
  for (const name of await sourceNames(folder)) sources[name] = await readSource(folder, name);
  return sources;
}

/** The text of one source. Throws FileError as `readSources`. */
export async function readSource(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  const source = new TextDecoder().decode(await readFileChecked(path, SOURCE_BYTES));
  refuseForeign(source, path);
  return source;
}

async function sourceNames(folder: string): Promise<string[]> {
  const path = resolve(folder, FILE_LIST);
  const sources = new TextDecoder()
    .decode(await readFileChecked(path, FILE_LIST_BYTES))
    .trim()
    .split("\n");
  const odd = sources.find((name) => !/^\w+\.sv$/.test(name));
  if (odd === undefined) return sources;
  throw new FileError(path, `"${odd}" is no source file of this folder. Write the folder anew with xpike rtl.`);
}
