/**
 * A device module and all files that it imports, as one address with one hash.
 *
 * Runs resume, and threads start, long after a module was first read. If its files were read again then, a single table could hold
 * two devices. So each file is read once, and the module runs from a `data:` URL that holds the bytes that were hashed.
 *
 * es-module-lexer finds the imports before anything runs. Node 20 has no hook that every import and `require` passes, and a hook
 * would see only imports that have happened. What a lexer cannot follow is refused: import(), import.meta, other packages, and those
 * of Node's modules that read files or run programs. `xpikeformer` is always the running program, which the build id covers, and
 * behind a `data:` URL there is no `require`. A module that hides what it loads, for example in eval, is beyond this.
 */
import { createRequire, isBuiltin } from "node:module";
import { dirname, extname, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { ImportSpecifier } from "es-module-lexer/minimal";
import { FileError } from "../errors.ts";
import { sha256Of } from "./content-hash.ts";
import { readFileChecked } from "./files.ts";

export interface DeviceFiles {
  /** The module with all its imports, for `import()` on any thread. */
  readonly url: string;
  /** Of the module, if it imports no file; otherwise of its own hash and those of its imports, in order. */
  readonly sha256: string;
  /** SHA-256 of each imported file, by its path from the module. */
  readonly imports: Readonly<Record<string, string>>;
}

type Packed = Pick<DeviceFiles, "url" | "sha256">;

/** Ends with an error about the file at hand. */
type Fail = (why: string, cause?: unknown) => never;

/** Largest sum of all files, in bytes. */
const MOST_BYTES = 2 ** 24;
/** Longest content of an address: an imported file is part of each importer's, a third longer. */
const LONGEST_ADDRESS = 2 ** 26;

/** What files are read as, by ending. */
const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
};

/** Node's modules that only compute. */
const PURE = new Set(["assert", "buffer", "crypto", "events", "path", "perf_hooks", "string_decoder", "url", "util"]);

const ONE_FILE =
  "`npx esbuild --bundle --format=esm --external:xpikeformer` makes one file of a module and its imports.";

/** Kinds of imports that the lexer tells apart. */
const STATIC = 1;
const META = 3;

/**
 * Reads a module and everything that it imports.
 *
 * @param root its absolute path
 * Throws  FileError when a file cannot be read or its imports cannot be followed; its path names the file, after its importers
 */
export async function readDeviceFiles(root: string): Promise<DeviceFiles> {
  const { init, parse } = await import("es-module-lexer/minimal");
  await init;
  const imports: Record<string, string> = {};
  const packed = new Map<string, Packed>();
  let left = MOST_BYTES;
  const nameOf = (file: string): string => relative(dirname(root), file).replaceAll("\\", "/");

  async function pack(file: string, importers: readonly string[]): Promise<Packed> {
    const known = packed.get(file);
    if (known) return known;
    const way = [...importers, file];
    const fail: Fail = (why, cause) => {
      throw new FileError([relative("", root), ...way.slice(1).map(nameOf)].join(" imports "), why, { cause });
    };
    if (importers.includes(file)) fail("The imports form a circle. Move what both files need into a third one.");
    const type = TYPES[extname(file)] ?? fail(`A device consists of .js, .mjs and .json files. ${ONE_FILE}`);
    const bytes = await readFileChecked(file, left).catch((error: Error) =>
      fail(`${error.message} Paths are relative to the file that names them.`, error),
    );
    left -= bytes.length;
    const source = new TextDecoder().decode(bytes);
    const hashes = [sha256Of(bytes)];
    if (file !== root) imports[nameOf(file)] = hashes[0];
    let text = "";
    let end = 0;
    for (const found of type === TYPES[".json"] ? [] : importsOf(source, fail)) {
      const target = targetOf(found, file, fail);
      const { url, sha256 }: Partial<Packed> = "file" in target ? await pack(target.file, way) : target;
      if (sha256 !== undefined) hashes.push(sha256);
      // With its quotes, because an address may contain one.
      text += source.slice(end, found.s - 1) + JSON.stringify(url);
      end = found.e + 1;
      if (text.length > LONGEST_ADDRESS) fail(`Its imports take over ${LONGEST_ADDRESS} characters. ${ONE_FILE}`);
    }
    text += source.slice(end);
    const { href, pathname } = pathToFileURL(file);
    // What stack traces call it.
    if (type !== TYPES[".json"]) text += `\n//# sourceURL=${href}`;
    const result = {
      // The path behind the content is for errors (`device/module.ts`).
      url: `data:${type};base64,${Buffer.from(text).toString("base64")}#${pathname}`,
      sha256: hashes.length === 1 ? hashes[0] : sha256Of(hashes.join("\n")),
    };
    packed.set(file, result);
    return result;
  }

  function importsOf(source: string, fail: Fail): readonly ImportSpecifier[] {
    try {
      return parse(source)[0];
    } catch (cause) {
      return fail("It cannot be read as a JavaScript module. A bracket, a quote or a comment may lack its end.", cause);
    }
  }

  return { ...(await pack(root, [])), imports };
}

/** What an import leads to: a file of the device, or the address of a module that needs no hash. */
function targetOf(
  { t, n = "" }: ImportSpecifier,
  file: string,
  fail: Fail,
): { readonly file: string } | { readonly url: string } {
  if (t === META) {
    fail(
      'import.meta leads to files that no hash covers. Import them: tables as .mjs, or .json with { type: "json" }.',
    );
  }
  if (t !== STATIC) fail("Only imports at the top of a file can be followed, not import(). Write import ... from.");
  if (/^(\.{0,2}\/|file:)/.test(n)) return { file: fileURLToPath(new URL(n, pathToFileURL(file))) };
  if (/^xpikeformer(\/|$)/.test(n)) {
    try {
      return { url: pathToFileURL(createRequire(import.meta.url).resolve(n)).href };
    } catch (cause) {
      fail(`This program has no entry ${n}.`, cause);
    }
  }
  if (!isBuiltin(n)) fail(`A device imports its own files and xpikeformer, but ${n} is neither. ${ONE_FILE}`);
  if (!PURE.has(n.replace(/^node:/, "").split("/")[0])) {
    fail(
      `${n} could bring in what no hash covers. Import tables as .mjs or .json files, or write them into the module.`,
    );
  }
  return { url: n };
}
