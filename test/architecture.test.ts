// @module-tag slow
/**
 * Checks the code against the table of ARCHITECTURE.md: every import under src/ is an edge that the table allows.
 */
import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join, posix } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

interface Row {
  /** `numeric`, `errors`, `node.ts`: the folder, or the file without `.ts` unless a folder has that name. */
  readonly name: string;
  /** `src/numeric/` or `src/errors.ts`. */
  readonly path: string;
  readonly allowed: ReadonlySet<string>;
}

const rows = readTable(readFileSync(join(root, "ARCHITECTURE.md"), "utf8"));
const files = (readdirSync(join(root, "src"), { recursive: true }) as string[])
  .map((file) => `src/${file.replaceAll("\\", "/")}`)
  .filter((file) => /\.tsx?$/.test(file) && !file.startsWith("src/kernels/assembly/"));
const sources = files.filter((file) => !file.endsWith(".test.ts"));

describe("the table in ARCHITECTURE.md", () => {
  test("has a row for every file under src", () => {
    expect(files.filter((file) => !rowOf(file))).toEqual([]);
  });

  test("allows imports only upwards", () => {
    rows.forEach((row, i) => {
      const below = rows.slice(i).map(({ name }) => name);
      expect(below.filter((name) => row.allowed.has(name))).toEqual([]);
    });
  });

  test("is parsed correctly: a list, everything, everything except a few, and packages", () => {
    const table = [
      "| `src/errors.ts` | errors | |",
      "| `src/experiment/` | experiments | `errors`, `zod` |",
      "| `src/node/` | files | every row above except `experiment` |",
      "| `src/cli/` | command | every row above; `commander` |",
    ].join("\n");
    expect(readTable(table).map(({ name, allowed }) => [name, ...allowed].join())).toEqual([
      "errors",
      "experiment,errors,zod",
      "node,errors",
      "cli,errors,experiment,node,commander",
    ]);
  });
});

describe("the code", () => {
  test("has only the edges that the table allows", () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.flatMap(forbiddenEdges)).toEqual([]);
  });

  test("has no import cycles, not even of types", () => {
    expect(circles(new Map(sources.map((file) => [file, filesImportedBy(file)])))).toEqual([]);
    const graph = { a: ["b", "c"], b: ["c"], c: ["d"], d: ["b"], e: ["e"], f: ["a"] };
    expect(circles(new Map(Object.entries(graph)))).toEqual([
      ["b", "c", "d", "b"],
      ["e", "e"],
    ]);
  });

  test("has no cycles between the folders inside a folder", () => {
    const subfolderOf = (file: string) => /^src\/[^/]+\/[^/]+(?=\/)/.exec(file)?.[0];
    const edges = new Map<string, Set<string>>();
    for (const file of sources) {
      const from = subfolderOf(file);
      if (from === undefined) continue;
      const reached = filesImportedBy(file).map(subfolderOf);
      const others = reached.filter(
        (to) => to !== undefined && to !== from && posix.dirname(to) === posix.dirname(from),
      );
      edges.set(from, new Set([...(edges.get(from) ?? []), ...others.map(String)]));
    }
    expect(circles(new Map([...edges].map(([from, to]) => [from, [...to]])))).toEqual([]);
  });

  test("has comments of at most 140 columns, which fit next to another file in an editor", () => {
    const long = files.flatMap((file) =>
      readFileSync(join(root, file), "utf8")
        .split("\n")
        .flatMap((line, i) => (line.length > 140 && /^ *(\/\/|\/?\*)/.test(line) ? [`${file}:${i + 1}`] : [])),
    );
    expect(long).toEqual([]);
  });

  test("reaches Node's modules only from the last three rows", () => {
    const native = new Set(builtinModules);
    const inBrowser = sources.filter((file) => !/^src\/(node|cli)[./]/.test(file));
    const reaches = inBrowser.flatMap((file) =>
      importsOf(file)
        .filter((name) => name.startsWith("node:") || native.has(name))
        .map((name) => `${file} imports ${name}`),
    );
    expect(reaches).toEqual([]);
  });

  test("would be caught at every kind of import", () => {
    const code = [
      'import { a } from "./a.ts";',
      'import type { B } from "./b.ts";',
      'export { c } from "./c.ts";',
      'export type * from "./d.ts";',
      'const e = await import("./e.ts");',
      'type F = import("./f.ts").F;',
      'import "./g.ts";',
      '// import "./not.ts";',
    ].join("\n");
    expect(specifiers(code).sort()).toEqual("abcdefg".split("").map((name) => `./${name}.ts`));
  });
});

function forbiddenEdges(file: string): string[] {
  const from = rowOf(file);
  if (!from) return [];
  return importsOf(file).flatMap((name) => {
    if (name.startsWith("node:")) return [];
    if (!name.startsWith(".")) return from.allowed.has(name) ? [] : [`${file} imports the package ${name}`];
    const target = posix.join(posix.dirname(file), name);
    const to = rowOf(target);
    if (!to) return [`${file} imports ${target}, which has no row`];
    return to === from || from.allowed.has(to.name)
      ? []
      : [`${file} imports ${target}: ${from.name} may not use ${to.name}`];
  });
}

const filesImportedBy = (file: string): string[] =>
  importsOf(file)
    .filter((name) => name.startsWith("."))
    .map((name) => posix.join(posix.dirname(file), name));

/** Import cycles, one for each import that closes a cycle on a walk through all files. */
function circles(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]) => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file]);
    if (start >= 0 || done.has(file)) return;
    for (const next of imports.get(file) ?? []) walk(next, [...path, file]);
    done.add(file);
  };
  for (const file of imports.keys()) walk(file, []);
  return found;
}

function importsOf(file: string): string[] {
  return specifiers(readFileSync(join(root, file), "utf8"));
}

/** Everything that a source text imports or re-exports, including types. */
function specifiers(code: string): string[] {
  return ts.preProcessFile(code, true, true).importedFiles.map(({ fileName }) => fileName);
}

function rowOf(file: string): Row | undefined {
  return rows.find(({ path }) => (path.endsWith("/") ? file.startsWith(path) : file === path));
}

function readTable(text: string): Row[] {
  const table: Row[] = [];
  for (const [, path, imports] of text.matchAll(/^\| `((?:src|scripts)\/[^`]+)` \|[^|]*\|([^|]*)\|$/gm)) {
    const [everything, exceptions] = imports!.split(";")[0].split("except");
    const isEverything = everything!.includes("every row above");
    const named = (part: string | undefined): string[] =>
      Array.from((part ?? "").matchAll(/`([^`]+)`/g), ([, name]) => name!);
    const excluded = isEverything ? named(exceptions) : [];
    const above = isEverything ? table.map(({ name }) => name).filter((name) => !excluded.includes(name)) : [];
    const listed = named(imports).filter((name) => !excluded.includes(name));
    // The folder node/ and the file node.ts are two rows.
    const inside = path!.replace(/^(src|scripts)\//, "");
    const bare = inside.replace(/\/$|\.ts$/, "");
    const name = table.some((row) => row.name === bare) ? inside : bare;
    table.push({ name, path: path!, allowed: new Set([...above, ...listed]) });
  }
  return table;
}
