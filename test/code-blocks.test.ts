// @module-tag program
/**
 * Checks every code block of the documentation. TypeScript is compiled as a strict project that has installed the built package
 * (run `npm run build` first, as `npm test` does) and then run by Node; JSON must be an experiment, a design, a tensor mapping or
 * a figure of a report; commands are parsed by the program that they start, and the files and scripts that they name must exist.
 *
 * A comment above a block adds to this: `<!-- prints -->` means that a text block is the output of the previous program, `<!--
 * continues -->` that a program continues the previous one on the page, `<!-- not run: REASON -->` that it is only compiled.
 * `errors-page.test.ts` covers the faulty experiments of docs/errors.md, and Python is not checked.
 */
import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import type { Command } from "commander";
import { parse as parseJsonc } from "jsonc-parser";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { program } from "../src/cli/program.ts";
import { parseDesign } from "../src/experiment/design.ts";
import { parseExperiment } from "../src/experiment/parse.ts";
import { findPreset } from "../src/experiment/presets.ts";
import { parseTensorMapping } from "../src/experiment/tensor-mapping.ts";
import { parseWorkload } from "../src/experiment/workload.ts";
import { buildReport } from "../src/report/build-report.ts";
import { parseReport, reportJson } from "../src/report/json.ts";
import { type CodeBlock, codeBlocks, shellCommands } from "./support/code-blocks.ts";
import { seconds } from "./support/speed.ts";

const root = join(import.meta.dirname, "..");
const SKIPPED = new Set(["node_modules", "dist", "out", "results", "runs", "api", ".git"]);
const LANGUAGES = new Set(["", "text", "ts", "js", "json", "jsonc", "sh", "python", "systemverilog", "bibtex"]);

const pages = pagesUnder(root);
const blocks = pages.flatMap((page) => codeBlocks(page, readFileSync(join(root, page), "utf8")));
const inLanguage = (...languages: string[]) =>
  blocks
    .filter(({ language }) => languages.includes(language))
    .map((block) => ({ ...block, place: `${block.page}:${block.line}` }));

/** A block that continues another is both, in sequence. */
const programs: (ReturnType<typeof inLanguage>[number] & { readonly source: string })[] = [];
for (const block of inLanguage("ts", "js")) {
  const before = block.mark.startsWith("continues") ? programs.at(-1)!.source : "";
  programs.push({ ...block, source: `${before}${block.text}\n` });
}
const documents = inLanguage("json", "jsonc").filter(({ page }) => page !== "docs/errors.md");
const commands = inLanguage("sh").flatMap(({ text, place }) =>
  shellCommands(text).map((words) => ({ words, place, line: words.join(" ") })),
);

/** A project that has installed the package, as a link to this clone. */
let project: string;
let problems: ReadonlyMap<string, string[]>;
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "xpikeformer-blocks-"));
  mkdirSync(join(project, "node_modules"));
  symlinkSync(root, join(project, "node_modules/xpikeformer"));
  for (const name of ["@types", "h5wasm"])
    symlinkSync(join(root, "node_modules", name), join(project, "node_modules", name));
  for (const folder of ["examples", "networks"]) symlinkSync(join(root, folder), join(project, folder));
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
  problems = compile(programs.map((block) => ({ name: fileOf(block), text: block.source })));
});
afterAll(() => rmSync(project, { recursive: true }));

test("every block is in a known language", () => {
  const others = blocks.filter(({ language }) => !LANGUAGES.has(language));
  expect(others.map(({ page, line, language }) => `${page}:${line}: ${language}`)).toEqual([]);
  expect([programs.length, documents.length, commands.length].every((count) => count > 3)).toBe(true);
});

test.each(programs)("$place compiles, strictly", (block) => {
  expect(problems.get(fileOf(block))).toEqual([]);
});

const run = programs.filter(({ mark }) => !/\bnot run: ./.test(mark));
test.each(run)("$place runs, and prints what the page shows", async (block) => {
  const file = join(project, `${fileOf(block)}.mjs`);
  writeFileSync(file, transpile(block.source));
  const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: project, timeout: seconds(60) });
  const next = blocks[blocks.findIndex(({ page, line }) => page === block.page && line === block.line) + 1];
  if (next?.mark === "prints" && next.isNext) expect(stdout.trimEnd()).toBe(next.text);
});

test.each(documents)("$place is read without an error", ({ text, place }) => {
  const value = parseJsonc(text);
  const keys = Object.keys(value);
  if (keys.includes("parameters")) parseTensorMapping(value);
  else if (value.kind === "workload") parseWorkload(value, place);
  else if (keys.includes("axes")) parseDesign(text, place);
  else if (keys.includes("id") && keys.includes("value")) parseReport(reportWith(value));
  else parseExperiment(text, place);
});

test.each(commands)("$place: $line", async ({ words }) => {
  await checkCommand(words);
});

describe("the checks themselves", () => {
  test("detect a type that does not fit, and an import that does not exist", () => {
    const text = 'import { parseExperiments } from "xpikeformer";\nconst width: string = 8;\n';
    expect(compile([{ name: "faulty", text }]).get("faulty")).toEqual([
      expect.stringContaining("no exported member"),
      expect.stringContaining("not assignable to type 'string'"),
    ]);
  });

  test.each([
    ["npm run xpike -- run examples/wireless-2x2.json --chip 3", "unknown option"],
    ["npm run xpike -- run examples/wireless.json", "examples/wireless.json"],
    ["npm run xpike -- run preset:wireless", "no preset with this name"],
    ["npm run benchmark", "no script"],
    ["node examples/08-more.mjs", "examples/08-more.mjs"],
    ["xpike cost", "nothing is called xpike"],
  ])("see what cannot be typed: %s", async (line, reason) => {
    await expect(checkCommand(shellCommands(line)[0])).rejects.toThrow(reason);
  });

  test("split a shell block into commands", () => {
    const text = "# all\nnpm ci && npm run xpike -- schema > a.json  # two\nA=1 node \\\n  -e 'x; y'\n";
    expect(shellCommands(text)).toEqual([
      ["npm", "ci"],
      ["npm", "run", "xpike", "--", "schema"],
      ["node", "-e", "x; y"],
    ]);
  });
});

function pagesUnder(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (SKIPPED.has(name)) return [];
    if (statSync(path).isDirectory()) return pagesUnder(path);
    return name.endsWith(".md") ? [relative(root, path)] : [];
  });
}

function fileOf({ page, line }: CodeBlock): string {
  return `${page.replace(/\W/g, "-")}-${line}`;
}

/** The compiler's messages for each program. All are compiled as one program, because their libraries are then read once. */
function compile(files: readonly { name: string; text: string }[]): Map<string, string[]> {
  const paths = files.map(({ name, text }) => {
    const path = join(project, `${name}.ts`);
    writeFileSync(path, `${text}\nexport {};\n`);
    return path;
  });
  const compiled = ts.createProgram(paths, {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2023,
    lib: ["lib.es2023.d.ts", "lib.es2024.sharedmemory.d.ts", "lib.dom.d.ts"],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ["node"],
    typeRoots: [join(root, "node_modules/@types")],
  });
  return new Map(
    files.map(({ name }, i) => {
      const source = compiled.getSourceFile(paths[i])!;
      const found = [...compiled.getSyntacticDiagnostics(source), ...compiled.getSemanticDiagnostics(source)];
      const describeProblem = ({ messageText, start }: ts.Diagnostic): string =>
        `line ${source.getLineAndCharacterOfPosition(start ?? 0).line + 1}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
      return [name, found.map(describeProblem)];
    }),
  );
}

function transpile(text: string): string {
  const compilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
  return ts.transpileModule(text, { compilerOptions }).outputText;
}

/** A report with `figure` as its only figure. */
function reportWith(figure: object): string {
  const draft = { title: "t", summary: "s", description: "d", command: "c", seed: 1, versions: {}, figures: [] };
  return JSON.stringify({ ...JSON.parse(reportJson(buildReport(draft))), figures: [figure] });
}

/** Throws unless a reader in a fresh clone can type this. */
async function checkCommand([name, ...words]: readonly string[]): Promise<void> {
  if (name === "xpike") throw new Error("In a clone nothing is called xpike. Write `npm run xpike -- ...`.");
  if (name === "node") return filesExist(words.slice(0, 1).filter((word) => !word.startsWith("-")));
  if (name === "npx" && words[0] === "vitest") return filesExist(words.filter((word) => word.includes("/")));
  if (name !== "npm") return;
  if (words[0] !== "run") return;
  const [script = "", ...rest] = words.slice(1).filter((word) => word !== "--silent");
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
  if (!Object.hasOwn(scripts, script)) throw new Error(`package.json has no script "${script}".`);
  if (script === "xpike") await parseOnly(rest.slice(rest.indexOf("--") + 1));
}

/** Parses an `xpike` command line without running it. Files of the clone and presets that it names must exist. */
async function parseOnly(argv: readonly string[]): Promise<void> {
  filesExist(argv.filter((word) => /^(examples|networks)\//.test(word)));
  for (const word of argv) if (word.startsWith("preset:")) findPreset(word.slice("preset:".length));
  const ignore = () => {};
  const xpike = program({
    out: ignore,
    err: ignore,
    interactive: false,
    color: false,
    columns: 80,
    width: 80,
    program: "xpike",
    now: () => 0,
  });
  const disarm = (command: Command): void => {
    command.action(ignore);
    command.commands.forEach(disarm);
  };
  xpike.commands.forEach(disarm);
  await xpike.parseAsync(argv, { from: "user" });
}

function filesExist(paths: readonly string[]): void {
  for (const path of paths) if (!existsSync(join(root, path))) throw new Error(`There is no ${path}.`);
}
