/**
 * Bundles the programs of dist/ from src/, because Node takes about a millisecond to load a module and `xpikeformer` needs 400.
 *
 * The layout of the result follows src/: one file per folder, and a file of its own for each entry, each command and
 * each file that only shows values. A folder's `index.js` is what importing `xpikeformer` loads, `more.js` what the other entries for
 * browsers need besides, `node.js` the rest. Of folders that the command would load for a single source, `start.js` holds what
 * `xpike --help` loads, and `short.js` what short commands add. zod is inside, in `zod.js`: as a package, it alone takes as long to load as
 * Node. So is what finds the imports of a device module, which few people need.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { rolldown } from "rolldown";
import { minify } from "rolldown/experimental";
import ts from "typescript";
import { build as viteBuild } from "vite";

const root = join(import.meta.dirname, "..");
const src = join(root, "src");

/** What charts are drawn with: a file of its own, because its packages take half of the space. */
const CHARTS = "report/draw/plot";

/** Packages inside the program, each in a file of its own. */
const INSIDE = ["zod", "es-module-lexer"];

/** What `xpike --help` loads, in two steps. */
const LAUNCH = ["cli/main", "cli/launch"];
const PROGRAM = "cli/program";

/** Commands that look up something, and end before a folder of the simulator would be loaded. */
const SHORT = ["cli/presets", "cli/data"];

/**
 * Files that others name: the entry points for browsers, that of Node, the command, the scripts of threads, and an
 * engine that bench/ measures.
 */
const BROWSER = ["index", "cost", "rtl", "report", "internal", "browser/worker"];
const ENTRIES = [...BROWSER, "node", "cli/main", "node/worker", "node/sweep/worker", "node/sweep/valkey-engine"];

/**
 * Files and folders whose files stay files of their own: what only shows values, a page that draws, and what joins networks with the
 * generator of RTL, which pages without RTL would load otherwise.
 */
const ALONE = new Set([...stringsOf("node/showing.ts"), "sweep/page", "runs/rtl"]);

/** Writes all programs into a folder, and returns their names. */
export async function bundle(folder) {
  const build = await rolldown({
    input: Object.fromEntries(ENTRIES.map((name) => [name, join(src, `${name}.ts`)])),
    platform: "neutral",
    transform: { target: "es2023" },
    external: (id) => !id.startsWith(".") && !isAbsolute(id) && !INSIDE.includes(id.split("/")[0]),
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
    // A job in a folder that is loaded anyway costs nothing.
    checks: { pluginTimings: false, ineffectiveDynamicImport: false },
  });
  const { output } = await build.write({
    dir: folder,
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: ({ name, isDynamicEntry, facadeModuleId, moduleIds }) => {
      // Commands, jobs and drawing are loaded when needed, each by its own name; a file of this name may exist for drawing.
      const inside = packageOf(moduleIds[0]);
      if (inside) return `${inside}.js`;
      if (isDynamicEntry) return ALONE.has(nameIn(facadeModuleId)) ? `cli/${name}.js` : `${nameIn(facadeModuleId)}.js`;
      const isCommand = moduleIds.some((id) => id.startsWith(join(src, "cli"))) && !name.startsWith("cli/");
      return isCommand ? `cli/${name}.js` : `${name}.js`;
    },
    minifyInternalExports: false,
    comments: { legal: true, annotation: true, jsdoc: false },
    banner: ({ moduleIds }) => licence(packageOf(moduleIds[0])),
    codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: grouping(), debugName: "folders" }] },
  });
  await build.close();
  await bundleCharts(folder);
  return [...output.map(({ fileName }) => fileName), `${CHARTS}.js`];
}

/**
 * Shortens the programs, because the package is limited in size. Licences stay, and so do the names of functions, which a stack trace
 * shows.
 */
export async function compact(folder, programs) {
  const { default: ts } = await import("typescript");
  for (const name of programs.filter((one) => one !== `${CHARTS}.js`)) {
    const path = join(folder, name);
    const options = {
      module: true,
      compress: { target: "es2023", keepNames: { function: true, class: true } },
      mangle: { toplevel: true, keepNames: { function: true, class: true } },
      codegen: { removeWhitespace: true, legalComments: "inline" },
    };
    const { code, errors } = await minify(path, readFileSync(path, "utf8"), options);
    if (errors.length > 0) throw new Error(`${name}: ${errors[0].message}`);
    writeFileSync(path, onLines(ts, code));
  }
}

/** A line per declaration: Node prints the line in which an error arises. */
function onLines(ts, code) {
  const { statements } = ts.createSourceFile("program.js", code, ts.ScriptTarget.Latest, false, ts.ScriptKind.JS);
  return `${statements.map(({ pos, end }) => code.slice(pos, end)).join("\n")}\n`;
}

/** Puts what charts are drawn with, and the packages that it is from, into one file, with their licences next to it. */
async function bundleCharts(folder) {
  await viteBuild({
    configFile: false,
    root,
    logLevel: "warn",
    publicDir: false,
    build: {
      outDir: join(folder, dirname(CHARTS)),
      emptyOutDir: false,
      target: "es2023",
      license: { fileName: "plot.licenses.md" },
      lib: { entry: join(root, "src", `${CHARTS}.ts`), formats: ["es"], fileName: () => "plot.js" },
      rolldownOptions: { output: { minify: true, comments: false } },
    },
  });
}

/** A function from a module's path to the file of dist/ that holds it, without ending. */
function grouping() {
  const first = reached(["index"], false);
  const browser = reached(BROWSER, true);
  const launch = reached(LAUNCH, false);
  const start = reached([PROGRAM], false);
  const short = reached(SHORT, false);
  return (id) => {
    // What only a device module needs is loaded then, in a file of its own already.
    if (!id.startsWith(join(src, "/")) && !launch.has(id)) return packageOf(id) === "es-module-lexer" ? null : "zod";
    const name = nameIn(id);
    if (ENTRIES.includes(name) || launch.has(id) || name === PROGRAM) return null;
    const folder = name.split("/")[0];
    if (!name.includes("/") || ALONE.has(name) || (ALONE.has(dirname(name)) && folder !== "cli")) return name;
    if (start.has(id)) return `${folder}/start`;
    if (folder === "cli") return null;
    if (short.has(id) && /^(node|experiment)\//.test(name)) return `${folder}/short`;
    // Kernels of a GPU, which only work there loads.
    if (/^(kernels|simulation)\/webgpu\//.test(name) && !first.has(id)) return `${folder}/webgpu`;
    return `${folder}/${first.has(id) || folder === "node" ? "index" : browser.has(id) ? "more" : "node"}`;
  };
}

const packageOf = (id = "") => INSIDE.find((name) => id.includes(join("node_modules", name, "/")));

const nameIn = (id) => relative(src, id).replaceAll("\\", "/").replace(/\.ts$/, "");

/** All modules that these load, at once or also later. */
function reached(names, later) {
  const found = new Set();
  const visit = (path) => {
    if (found.has(path)) return;
    found.add(path);
    const text = readFileSync(path, "utf8");
    const { statements } = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext);
    for (const { moduleSpecifier, importClause, isTypeOnly } of statements) {
      const isType = isTypeOnly || importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
      if (moduleSpecifier?.text.startsWith(".") && !isType) visit(resolve(dirname(path), moduleSpecifier.text));
    }
    for (const [, name] of later ? text.matchAll(/\bimport\("(\.[^"]+)"\)/g) : []) visit(resolve(dirname(path), name));
  };
  for (const name of names) visit(join(src, `${name}.ts`));
  return found;
}

function stringsOf(file) {
  return Array.from(readFileSync(join(src, file), "utf8").matchAll(/^ {2}"(.+)",$/gm), ([, text]) => text);
}

const licence = (name) =>
  name && `/*! ${name}\n${readFileSync(join(root, "node_modules", name, "LICENSE"), "utf8").replaceAll("*/", "* /")}*/`;
