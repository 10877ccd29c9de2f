// @module-tag program
/**
 * Runs every example line of the help texts, in a folder like a clone, with the built command. RTL examples that need hardware
 * tools are in `help-examples.tools.test.ts`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RUN_FILES } from "../src/node/training.ts";
import { cloneFolder, ENVIRONMENT, helpExamples, shell } from "./support/help-examples.ts";
import { NIGHTLY } from "./support/nightly.ts";

let clone: string;
let examples: Map<string, string[]>;
const printed = new Map<string, string>();
beforeAll(() => {
  clone = cloneFolder();
  examples = helpExamples(clone);
});
afterAll(() => rmSync(clone, { recursive: true }));

/** A machine without a network connection: the downloads themselves are tested next to their code. */
const OFFLINE = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent('globalThis.fetch = () => Promise.reject(new TypeError("fetch failed", { cause: { code: "ENETUNREACH" } }));')}`,
};

const linesOf = (command: string): string[] => {
  const lines = examples.get(command) ?? [];
  expect(lines.length, `examples of ${command}`).toBeGreaterThan(0);
  return lines;
};

test("every command has an example that names the program as it was started", () => {
  expect([...examples.keys()]).toEqual([
    ...[
      "run",
      "train",
      "eval",
      "cost",
      "compare",
      "sweep",
      "worker",
      "studio",
      "rtl",
      "data",
      "export",
      "import",
      "device",
      "presets",
      "schema",
    ],
  ]);
  for (const command of examples.keys()) {
    for (const line of linesOf(command)) expect(line).toMatch(/^node dist\/cli\/main\.js /);
  }
});

const RUNS = "the examples of %s run";
// In this order, because import reads what export wrote.
test.each(["run", "cost", "compare", "export", "import", "device", "presets", "schema"])(RUNS, expectRuns);
test.each(["eval", "sweep"])(RUNS, NIGHTLY, expectRuns);

async function expectRuns(command: string) {
  for (const line of linesOf(command)) {
    const { code, out, err } = await shell(line, clone);
    expect(`${code} ${err}`, line).toMatch(/^0 /);
    expect(out.trim(), line).not.toBe("");
    printed.set(line, out);
  }
}

test("the next steps that run suggests work, and presets and schema are then files", async () => {
  const next = /^Next, .*?:\s+(.*)$/m.exec(printed.get(linesOf("run")[0])!)![1];
  const { code, err } = await shell(`${next} --chips 1 --prompts 1`, clone);
  expect(`${code} ${err}`, next).toMatch(/^0 /);
  const mine = await shell("node dist/cli/main.js cost mine.json --prompts 1 --draws 0", clone);
  expect(mine.out, mine.err).toMatch(/^Energy per symbol /m);
  expect(existsSync(join(clone, "experiment.schema.json"))).toBe(true);
});

test("the studio examples serve a page until they are stopped", async () => {
  mkdirSync(join(clone, "results/first"), { recursive: true });
  for (const line of linesOf("studio")) {
    const [program, ...argv] = line.split(" ");
    const child = spawn(program, argv, { cwd: clone, env: ENVIRONMENT });
    try {
      const [text] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
      const [, address] = /^The studio is at (http:\/\/127\.0\.0\.1:\d+\/)\./.exec(text)!;
      expect(await (await fetch(address)).text(), line).toContain('<div id="studio">');
    } finally {
      child.kill("SIGINT");
      await once(child, "close");
    }
  }
});

test("the train example is stopped, resumes, and says how", async () => {
  const [line] = linesOf("train");
  const stopped = await interrupt(line, clone);
  const [, goOn] = /^Continue with:\n {2}(node dist\/cli\/main\.js train preset:wireless-2x2 .*)$/m.exec(stopped)!;
  const [, first] = /Stopped at step (\d+) of 5000/.exec(stopped)!;
  const [, second] = /Stopped at step (\d+) of 5000/.exec(await interrupt(goOn, clone))!;
  expect(Number(second)).toBeGreaterThan(Number(first));
});

/** The output of a command that received Ctrl-C after its first steps. */
async function interrupt(line: string, cwd: string): Promise<string> {
  const metrics = join(cwd, /--out (\S+)/.exec(line)![1], RUN_FILES.metrics);
  const size = () => (existsSync(metrics) ? statSync(metrics).size : 0);
  const before = size();
  const child = spawn("/bin/sh", ["-c", `exec ${line}`], { cwd, env: ENVIRONMENT });
  let written = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (written += text));
  const watch = setInterval(() => {
    if (size() <= before) return;
    clearInterval(watch);
    child.kill("SIGINT");
  }, 50);
  await once(child, "close");
  clearInterval(watch);
  return written;
}

test("the data examples run, as far as possible without a network connection", async () => {
  const [list, fetch] = linesOf("data");
  expect((await shell(list, clone)).code).toBe(0);
  const { code, err } = await shell(fetch, clone, { ...OFFLINE, XDG_CACHE_HOME: join(clone, "cache") });
  expect(code).toBe(2);
  expect(err).toContain("The file could not be downloaded.");
  expect(err).toContain("ENETUNREACH");
});

test("the first rtl example writes the folder that the others check", async () => {
  const [write, ...others] = linesOf("rtl");
  expect((await shell(write, clone)).code).toBe(0);
  for (const line of others) expect(line).toMatch(/ rtl (verify|synth) rtl$/);
});

test("in a clone, printed commands start with npm", async () => {
  const { out } = await shell("npm run --silent xpike -- run --help", clone);
  expect(out).toMatch(/^Usage: npm run xpike -- run /);
  expect(out).toContain("\n  npm run xpike -- run preset:wireless-2x2");
  const { code, err } = await shell("npm run --silent xpike -- run examples/wireless-2x2.jsn", clone);
  expect([code, err]).toEqual([
    2,
    "FileError at examples/wireless-2x2.jsn\n  There is no such file. Did you mean examples/wireless-2x2.json?\n",
  ]);
});
