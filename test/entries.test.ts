// @module-tag slow
/**
 * The entry points of the package: what imports them, what `xpikeformer` holds, and what importing it loads. Reads dist/: run
 * `npm run build` first, as `npm test` does.
 *
 * `bench/` is not asked: it measures and attacks single functions, and compiles them from src/.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import * as api from "../dist/index.js";
import { codeBlocks } from "./support/code-blocks.ts";

const root = join(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const filesIn = (...folders: string[]) =>
  folders
    .flatMap((folder) =>
      (readdirSync(join(root, folder), { recursive: true }) as string[]).map((name) => join(folder, name)),
    )
    .filter((file) => !/(^|\/)(node_modules|dist|cache)\//.test(file));
const programsIn = (...folders: string[]) =>
  filesIn(...folders).filter((file) => [".ts", ".tsx", ".mjs"].includes(extname(file)));

const { exports } = JSON.parse(read("package.json")) as { exports: Record<string, { readonly default: string }> };
const entries = new Map(
  Object.entries(exports)
    .filter(([path]) => path !== "./package.json")
    .map(([path, { default: file }]) => [path.replace(".", "xpikeformer"), file]),
);

describe("the studio, experiments, examples, scripts and the site", () => {
  const programs = programsIn("studio", "experiments", "examples", "scripts", "site");

  test("import entry points, never files of src/ or dist/", () => {
    expect(programs.length).toBeGreaterThan(100);
    expect(programs.flatMap((file) => importsOf(file, read(file)).filter(({ name }) => !isAllowed(name)))).toEqual([]);
  });

  test("would be caught at every kind of import", () => {
    const code = [
      'import { a } from "../src/a.ts";',
      'export { b } from "../../dist/b.js";',
      'const c = await import("../dist/node/c.js");',
      'import type { D } from "xpikeformer/dist/d.js";',
      'import { e } from "xpikeformer/sources";',
      'import { f } from "xpikeformer/cost";',
      'import { g } from "./src.ts";',
    ].join("\n");
    const refused = importsOf("planted.ts", code).filter(({ name }) => !isAllowed(name));
    expect(refused.map(({ name }) => name)).toEqual([
      "../src/a.ts",
      "../../dist/b.js",
      "xpikeformer/dist/d.js",
      "xpikeformer/sources",
      "../dist/node/c.js",
    ]);
  });

  test("take what promises nothing only within the repository: examples and pages do not", () => {
    const examples = programsIn("examples").flatMap((file) => importsOf(file, read(file)));
    expect([...examples, ...shown()].filter(({ name }) => name === "xpikeformer/internal")).toEqual([]);
  });
});

describe("xpikeformer", () => {
  test("has at most 90 values, and each is used by an example, a page or the studio", () => {
    const values = Object.keys(api);
    expect(values.length).toBeLessThanOrEqual(90);
    const used = new Set(
      [...programsIn("examples", "studio").flatMap((file) => importsOf(file, read(file))), ...shown()]
        .filter(({ name }) => name === "xpikeformer")
        .flatMap(({ taken }) => taken),
    );
    const pages = pagesOf()
      .map((page) => read(page))
      .join("\n");
    const isNamed = (value: string) => new RegExp(`\`${value}[\`(]`).test(pages);
    expect(values.filter((value) => !used.has(value) && !isNamed(value))).toEqual([]);
  });

  test("loads few files and no package, as loading takes as long as their number", () => {
    expect(loaded("dist/index.js").files.size).toBeLessThan(40);
  });

  test.each([...entries].filter(([name]) => name !== "xpikeformer/node"))("%s runs in browsers", (_, file) => {
    expect([...loaded(file, true).packages]).toEqual([]);
  });
});

interface Import {
  readonly file: string;
  readonly name: string;
  /** The names taken from it, as it exports them. */
  readonly taken: readonly string[];
}

const isAllowed = (name: string) =>
  name.startsWith("xpikeformer") ? entries.has(name) : !/^\.\.?\/(.*\/)?(src|dist)\//.test(name);

/** The imports of a text, at its top and later. */
function importsOf(file: string, code: string): Import[] {
  const source = ts.createSourceFile(file, code, ts.ScriptTarget.ESNext);
  const found: Import[] = [];
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) continue;
    if (!statement.moduleSpecifier || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const clause = ts.isImportDeclaration(statement) ? statement.importClause?.namedBindings : statement.exportClause;
    const names = clause && "elements" in clause ? [...clause.elements] : [];
    const taken = names.map(({ propertyName, name }) => (propertyName ?? name).text);
    found.push({ file, name: statement.moduleSpecifier.text, taken });
  }
  for (const [, name] of code.matchAll(/\bimport\(\s*"([^"]+)"\s*\)/g)) found.push({ file, name: name!, taken: [] });
  return found;
}

/** Pages for users. */
const pagesOf = (): string[] => ["README.md", ...filesIn("docs").filter((file) => file.endsWith(".md"))];

/** The imports of the programs on pages. */
function shown(): Import[] {
  const blocks = pagesOf().flatMap((page) => codeBlocks(page, read(page)));
  return blocks
    .filter(({ language }) => ["ts", "js"].includes(language))
    .flatMap(({ page, line, text }) => importsOf(`${page}:${line}`, text));
}

/** What importing a file of dist/ loads, at once or also later: files, and packages by name. */
function loaded(entry: string, later = false): { readonly files: Set<string>; readonly packages: Set<string> } {
  const [files, packages] = [new Set<string>(), new Set<string>()];
  const visit = (path: string): void => {
    if (files.has(path)) return;
    files.add(path);
    const text = readFileSync(path, "utf8");
    const found = [...text.matchAll(/^(?:import|export)\b[^"\n]*"([^"]+)";$/gm)];
    if (later) found.push(...text.matchAll(/\bimport\("([^"]+)"\)/g));
    for (const [, name] of found) {
      if (name!.startsWith(".")) visit(join(dirname(path), name!));
      else packages.add(name!);
    }
  };
  visit(join(root, entry));
  return { files, packages };
}
