// @module-tag program
/**
 * How the command starts: what it loads before it works, and on which versions of Node. Runs the built command: `npm run build` first, as
 * `npm test` does.
 */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "rolldown/experimental";
import { afterAll, describe, expect, test, vi } from "vitest";
import { refuseOldNode } from "../scripts/node-version.mjs";

const root = join(import.meta.dirname, "..");
const main = join(root, "dist/cli/main.js");
const folder = mkdtempSync(join(tmpdir(), "xpikeformer-start-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("before it works, the command loads little", () => {
  test.each([
    { argv: ["--help"], files: 14, kilobytes: 50 },
    { argv: ["--version"], files: 14, kilobytes: 50 },
    { argv: ["cost", "--help"], files: 14, kilobytes: 50 },
    { argv: ["presets"], files: 22, kilobytes: 130 },
    { argv: ["data", "list"], files: 24, kilobytes: 130 },
    { argv: ["schema"], files: 25, kilobytes: 330 },
  ])("xpike $argv: at most $files files and $kilobytes kB", ({ argv, files, kilobytes }) => {
    const { own, packages } = loadedBy(argv);
    expect(own.length).toBeGreaterThan(5);
    expect(own.length).toBeLessThanOrEqual(files);
    expect(own.reduce((sum, file) => sum + statSync(file).size, 0)).toBeLessThanOrEqual(1000 * kilobytes);
    expect(packages).toEqual(["commander", "picocolors"]);
  });
});

test("the report page of the first example is smaller than a megabyte", () => {
  const out = join(folder, "first");
  const argv = ["run", "examples/wireless-2x2-deep.json", "--chips", "2", "--prompts", "8", "--out", out];
  expect(spawnSync(process.execPath, [main, ...argv], { cwd: root, encoding: "utf8" })).toMatchObject({ status: 0 });
  const page = readFileSync(join(out, "report.html"));
  expect(page.toString()).toContain('id="chart-rasters"');
  expect(page.length).toBeLessThan(1e6);
});

describe("an old version of Node", () => {
  test("can read the file that starts the command", async () => {
    const code = readFileSync(main, "utf8").replace(/^#!.*\n/, "");
    const asIn = async (target: string) => (await transform("main.js", code, { target })).code;
    expect(await asIn("es2019")).toBe(await asIn("es2023"));
    // What the transformation leaves alone: a wait at the top.
    expect(code).not.toMatch(/\bawait\b/);
    expect([...code.matchAll(/^import\b.*?"([^"]+)";$/gm)].map(([, name]) => name)).toEqual(["node:fs"]);
  });

  test("is refused with its number, the number needed and a way out, before anything else is loaded", () => {
    // A copy of the file alone: with a version that it accepts, it would fail to find the rest.
    mkdirSync(join(folder, "dist/cli"), { recursive: true });
    copyFileSync(main, join(folder, "dist/cli/main.js"));
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", engines: { node: ">=999.5" } }));
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "dist/cli/main.js")], {
      encoding: "utf8",
    });
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toBe(
      `PlatformError at node\n  This is Node ${process.versions.node}, and xpikeformer needs Node 999.5 or later. ` +
        "Install that from https://nodejs.org\n  or with a version manager (nvm install 999), and run the command again.\n",
    );
  });

  test("is refused by the build too, also when npm ci or npm start runs it", () => {
    mkdirSync(join(folder, "scripts"));
    for (const name of ["build.mjs", "node-version.mjs"])
      copyFileSync(join(root, "scripts", name), join(folder, "scripts", name));
    const { status, stderr } = spawnSync(process.execPath, [join(folder, "scripts/build.mjs")], { encoding: "utf8" });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^PlatformError at node\n {2}This is Node .* needs Node 999\.5 or later\. /);
  });

  test.each([
    ["20.19.0", false],
    ["20.18.3", true],
    ["18.20.8", true],
    ["21.0.0", false],
    ["100.0.0", false],
    ["9.11.2", true],
  ])("%s is too old for >=20.19: %s", (version, old) => {
    const code = process.exitCode;
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    expect(refuseOldNode(version, ">=20.19")).toBe(old);
    expect([write.mock.calls.length, process.exitCode]).toEqual(old ? [1, 2] : [0, code]);
    write.mockRestore();
    process.exitCode = code;
  });
});

/** The files of dist/ that a command line loads, and the packages: Node's coverage lists every module, however it was imported. */
function loadedBy(argv: readonly string[]): { readonly own: string[]; readonly packages: string[] } {
  const coverage = mkdtempSync(join(folder, "coverage-"));
  const env = { ...process.env, NODE_V8_COVERAGE: coverage };
  expect(spawnSync(process.execPath, [main, ...argv], { env, cwd: root }).status).toBe(0);
  const files = readdirSync(coverage)
    .flatMap((name) => (JSON.parse(readFileSync(join(coverage, name), "utf8")) as { result: { url: string }[] }).result)
    .flatMap(({ url }) => (url.startsWith("file:") ? [fileURLToPath(url)] : []));
  const parts = (file: string) => relative(root, file).split(sep);
  const packages = files.map(parts).flatMap(([first, name]) => (first === "node_modules" ? [name!] : []));
  return { own: files.filter((file) => parts(file)[0] === "dist"), packages: [...new Set(packages)].sort() };
}
