import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BUILT, changedProgram } from "../../test/support/program-copy.ts";
import { buildFiles, buildId, buildOf } from "./build.ts";
import { SHOWING } from "./showing.ts";

const SOURCES = join(import.meta.dirname, "..");

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "xpikeformer-build-"));
});
afterAll(() => rmSync(root, { recursive: true }));

/** Every folder of the program. A new one belongs in one of the lists: does a value that is stored anywhere depend on it? */
const COMPUTING = [
  ...[
    "browser",
    "channel",
    "coding",
    "cost",
    "data",
    "device",
    "evaluation",
    "experiment",
    "hardware",
    "import",
    "kernels",
    "machine",
    "mapping",
    "model",
    "node",
  ],
  ...[
    "numeric",
    "receiver",
    "report",
    "rtl",
    "runs",
    "simulation",
    "spike",
    "sweep",
    "task",
    "threads",
    "train",
    "webgpu",
  ],
  ...["errors.ts", "units.ts"],
  ...["index.ts", "cost.ts", "rtl.ts", "report.ts", "internal.ts", "node.ts"],
];
const COMMANDS = ["cli"];

describe("the build id", () => {
  test("covers every row of the table in ARCHITECTURE.md that computes", () => {
    const table = readFileSync(join(SOURCES, "../ARCHITECTURE.md"), "utf8");
    const rows = [...table.matchAll(/^\| `src\/([\w.]+)\/?` \|/gm)].map(([, name]) => name);
    expect(rows.sort()).toEqual([...COMPUTING, ...COMMANDS].sort());
    const covered = new Set(buildFiles(SOURCES).map((name) => name.split("/")[0]));
    expect([...covered].sort()).toEqual(COMPUTING.sort());
  });

  test("covers all that a stored value passes through: what computes imports nothing that it leaves out", () => {
    const covered = new Set(buildFiles(SOURCES));
    // They draw pages and print screens.
    const shows = /^(sweep\/(page|screen|brush|labels)|node\/learning-curves|index|report|node)\.ts$/;
    const imports = (name: string) =>
      [
        ...readFileSync(join(SOURCES, name), "utf8").matchAll(
          /(?:^(?:import|export)(?! type)[^;"]*\bfrom |import\()"(\.[^"]+)"/gm,
        ),
      ].map(([, path]) => posix.join(dirname(name), path!));
    const computing = [...covered].filter((name) => !shows.test(name));
    expect(computing.length).toBeGreaterThan(400);
    const left = computing.flatMap((name) =>
      imports(name).flatMap((path) => (covered.has(path) ? [] : [`${name}: ${path}`])),
    );
    expect(left).toEqual([]);
    expect(covered.has("report/study.ts") && covered.has("kernels/binary.generated.ts")).toBe(true);
  });

  test("covers the same in the built program, the packages inside, and what its files have in common", () => {
    const built = buildFiles(BUILT);
    const folderOf = (name: string) => name.replace(/\.[jt]s$/, "").split("/")[0];
    const names = (files: readonly string[]) => [...new Set(files.map(folderOf))].sort();
    expect(names(built)).toEqual([...names(buildFiles(SOURCES)), "es-module-lexer", "rolldown-runtime", "zod"].sort());
    const left = (readdirSync(BUILT, { recursive: true }) as string[])
      .map((name) => name.replaceAll("\\", "/"))
      .filter((name) => name.endsWith(".js") && !built.includes(name) && !name.startsWith("studio/"));
    const shown = left.filter((name) => !name.startsWith("cli/")).map((name) => name.replace(/\.js$/, ""));
    expect(shown.filter((name) => !SHOWING.has(name) && !SHOWING.has(dirname(name)))).toEqual([]);
    expect(shown).toEqual(expect.arrayContaining([...SHOWING].filter((name) => /^report\/(?!draw)/.test(name))));
  });

  test("is the same for the same files, whatever their folder and line ends", () => {
    const dist = changedProgram(join(root, "same"));
    const id = buildOf(dist);
    expect(id).toMatch(/^[0-9a-f]{12}$/);
    expect(id).not.toBe(buildOf(BUILT));
    const path = join(dist, "numeric/index.js");
    writeFileSync(path, readFileSync(path, "utf8").replaceAll("\n", "\r\n"));
    expect(buildOf(dist)).toBe(id);
    writeFileSync(path, readFileSync(path, "utf8").replace("466688987", "466688986"));
    expect(buildOf(dist)).toBe(buildOf(BUILT));
  });

  test("differs for a changed, a new, a moved and a removed file, except one that only shows", () => {
    const dist = changedProgram(join(root, "changed"));
    const ids = new Set([buildOf(dist)]);
    for (const name of ["cli/program.js", "report/draw/axis.js", "report/html.js"])
      appendFileSync(join(dist, name), "//\n");
    mkdirSync(join(dist, "studio"));
    writeFileSync(join(dist, "studio/page.js"), "//\n");
    writeFileSync(join(dist, "numeric/stream.d.ts"), "//\n");
    expect(ids).toContain(buildOf(dist));
    const folders = COMPUTING.filter((name) => !name.includes("."));
    for (const folder of folders) {
      const name = buildFiles(dist).find((name) => name.startsWith(`${folder}/`))!;
      appendFileSync(join(dist, name), "//\n");
      ids.add(buildOf(dist));
    }
    expect(ids.size).toBe(folders.length + 1);
    writeFileSync(join(dist, "numeric/new.js"), "");
    ids.add(buildOf(dist));
    rmSync(join(dist, "numeric/new.js"));
    writeFileSync(join(dist, "cost/new.js"), "");
    ids.add(buildOf(dist));
    rmSync(join(dist, "cost/new.js"));
    rmSync(join(dist, "experiment/more.js"));
    ids.add(buildOf(dist));
    expect(ids.size).toBe(folders.length + 4);
  });

  test("is quick, and that of the sources in a test", () => {
    expect(buildId()).toBe(buildOf(SOURCES));
    const times = Array.from({ length: 5 }, () => {
      const before = process.cpuUsage();
      buildOf(BUILT);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    });
    // Milliseconds of one core, 15 when measured; commands that need no id do not ask for it.
    expect(Math.min(...times)).toBeLessThan(60);
    expect(readdirSync(SOURCES)).toContain("node");
  });
});
