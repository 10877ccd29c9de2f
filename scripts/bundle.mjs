/**
 * Bundles the programs of dist/ from src/, because Node takes about a millisecond to load a module and `xpikeformer` needs 400.
 *
 * The result stays readable, and its layout follows src/: one file per folder, and a file of its own for each entry, each command and
 * each file that only shows values. A folder's `index.js` is what importing `xpikeformer` loads, `more.js` what the other entries for
 * browsers need besides, `node.js` the rest. zod is inside, in `zod.js`: as a package, it alone takes as long to load as Node.
 */
import { readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { rolldown } from "rolldown";
import ts from "typescript";

const root = join(import.meta.dirname, "..");
const src = join(root, "src");

/** What charts are drawn with: a file of its own, because its packages take half of the space. */
export const CHARTS = "report/draw/plot";

/** Files that others name: the entry points for browsers, that of Node, the command, the scripts of threads, and an engine for bench/. */
const BROWSER = ["index", "cost", "rtl", "report", "internal", "browser/worker"];
const ENTRIES = [...BROWSER, "node", "cli/main", "node/worker", "node/sweep/worker", "node/sweep/valkey-engine"];

/** Writes all programs into a folder, and returns their names. */
export async function bundle(folder) {
  const build = await rolldown({
    input: Object.fromEntries(ENTRIES.map((name) => [name, join(src, `${name}.ts`)])),
    platform: "node",
    transform: { target: "es2023" },
    external: (id) => !/^([./]|zod$)/.test(id),
    plugins: [
      {
        name: "charts",
        resolveId: (id, importer) =>
          importer !== undefined && join(dirname(importer), id) === join(src, `${CHARTS}.ts`)
            ? { id: join(folder, `${CHARTS}.js`), external: "relative" }
            : null,
      },
    ],
    preserveEntrySignatures: "allow-extension",
    logLevel: "warn",
    // A folder is one file, so what jobs load later loads with its folder.
    checks: { pluginTimings: false, ineffectiveDynamicImport: false },
  });
  const { output } = await build.write({
    dir: folder,
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: ({ name, isDynamicEntry, moduleIds }) =>
      // Commands are loaded one at a time, and so is drawing.
      isDynamicEntry || moduleIds.some((id) => id.startsWith(join(src, "cli"))) ? `cli/${name}.js` : `${name}.js`,
    minifyInternalExports: false,
    comments: { legal: true, annotation: true, jsdoc: false },
    banner: ({ name }) => (name === "zod" ? licence("zod") : ""),
    codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: grouping(), debugName: "folders" }] },
  });
  await build.close();
  return output.map(({ fileName }) => fileName);
}

/** A function from a module's path to the file of dist/ that holds it, without ending. */
function grouping() {
  const first = reached(["index"]);
  const browser = reached(BROWSER);
  const alone = new Set([...stringsOf("node/showing.ts"), "sweep/page"]);
  return (id) => {
    if (!id.startsWith(join(src, "/"))) return "zod";
    const name = relative(src, id).replaceAll("\\", "/").replace(/\.ts$/, "");
    if (ENTRIES.includes(name) || name.startsWith("cli/")) return null;
    const folder = name.split("/")[0];
    if (!name.includes("/") || alone.has(name) || alone.has(dirname(name))) return name;
    return `${folder}/${first.has(id) || folder === "node" ? "index" : browser.has(id) ? "more" : "node"}`;
  };
}

/** All modules that these load, without what they load later. */
function reached(names) {
  const found = new Set();
  const visit = (path) => {
    if (found.has(path)) return;
    found.add(path);
    const { statements } = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ESNext);
    for (const { moduleSpecifier, importClause, isTypeOnly } of statements) {
      const isType = isTypeOnly || importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
      if (moduleSpecifier?.text.startsWith(".") && !isType) visit(resolve(dirname(path), moduleSpecifier.text));
    }
  };
  for (const name of names) visit(join(src, `${name}.ts`));
  return found;
}

const stringsOf = (file) =>
  Array.from(readFileSync(join(src, file), "utf8").matchAll(/^ {2}"(.+)",$/gm), ([, text]) => text);

const licence = (name) =>
  `/*! ${name}\n${readFileSync(join(root, "node_modules", name, "LICENSE"), "utf8").replaceAll("*/", "* /")}*/`;
