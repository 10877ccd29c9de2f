import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SpecError } from "../errors.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { presets } from "../experiment/presets.ts";
import { TENSOR_MAPPING_NAMES } from "../import/catalogue.ts";
import { LAYOUT_NAMES } from "../import/layouts/catalogue.ts";
import { KNOWN_LAYOUTS, KNOWN_MAPPINGS } from "./arguments.ts";
import { commandLine, loadExperiment } from "./options.ts";
import { outputFolder } from "./output.ts";
import { describeError, main } from "./program.ts";
import { formatTime, progressLine, startProgress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "xpikeformer-cli-"));
  writeFileSync(join(folder, "small.json"), '{ "name": "Small", "seed": 3 }');
  writeFileSync(join(folder, "bad.json"), '{ "model": { "widht": 64 } }');
});
afterAll(() => rmSync(folder, { recursive: true }));

function recorder({ interactive = false } = {}) {
  const written = { out: "", err: "", time: 0 };
  const terminal: Terminal = {
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    interactive,
    color: false,
    columns: 100,
    width: 100,
    program: "xpike",
    now: () => written.time,
  };
  return { written, terminal };
}

async function xpike(...argv: string[]) {
  const { written, terminal } = recorder();
  return { code: await main(argv, terminal), ...written };
}

describe("the command line", () => {
  test("prints its version, its help and its schema", async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as {
      version: string;
    };
    expect(await xpike("--version")).toMatchObject({ code: 0, out: `${version}\n` });
    expect((await xpike("run", "--help")).out).toContain("--threads");
    const { code, out } = await xpike("schema");
    expect([code, (JSON.parse(out) as { title: string }).title]).toEqual([0, "xpikeformer experiment"]);
  });

  test("lists presets, and prints one as a document that can be read again", async () => {
    const { out } = await xpike("presets");
    for (const { name } of presets()) expect(out).toContain(name);
    const printed = await xpike("presets", "wireless-2x2");
    expect(parseExperiment(printed.out)).toEqual(parseExperiment({ preset: "wireless-2x2" }));
  });

  test.each([
    [["rum"], "Did you mean run?"],
    [["run"], "missing required argument"],
    [["run", "preset:wireless-2x2", "--threads", "0"], "whole number from 1 to 1024"],
    [["run", "preset:wireless-2x2", "--seed", "1.5"], "whole number from 0"],
    [["run", "preset:wireles-2x2"], "Did you mean wireless-2x2?"],
    [["train", "preset:nothing"], "Known presets: wireless-2x2"],
    [["presets", "paper-2x2-smal"], "Did you mean paper-2x2-small?"],
  ])("%j ends with code 2 and says: %s", async (argv, message) => {
    const { code, err } = await xpike(...argv);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });

  test("names the field at fault in a file, and a file that may have been meant", async () => {
    const bad = await xpike("run", join(folder, "bad.json"));
    expect(bad).toMatchObject({ code: 2, out: "" });
    expect(bad.err).toMatch(/^SpecError at model\.widht\n {2}.*did you mean `width`\?/);
    const missing = await xpike("run", join(folder, "smal.json"));
    expect(missing.err).toBe(
      `FileError at ${join(folder, "smal.json")}\n  There is no such file. Did you mean ${join(folder, "small.json")}?\n`,
    );
    expect((await xpike("train", "wireless-2x2")).err).toContain("Did you mean preset:wireless-2x2?");
  });

  test("says that a result folder is a file, before anything is lost", async () => {
    const { code, err } = await xpike("train", join(folder, "small.json"), "--out", join(folder, "small.json", "deep"));
    expect(err).toContain("a part of the path is a file");
    expect(code).toBe(2);
    expect(existsSync(join(folder, "small.json"))).toBe(true);
  });
});

test("help texts name the mappings that there are", () => {
  expect(KNOWN_MAPPINGS).toEqual(TENSOR_MAPPING_NAMES);
  expect(KNOWN_LAYOUTS).toEqual(LAYOUT_NAMES);
});

test("a message names commands as they are typed where it is read", async () => {
  const { written, terminal } = recorder();
  const typed = { ...terminal, program: "npm run xpike --" };
  expect(await main(["run", join(folder, "small.json")], typed)).toBe(2);
  expect(written.err).toContain("`npm run xpike -- train ");
  expect(await main(["run", "--help"], typed)).toBe(0);
  expect(written.out).toContain("Usage: npm run xpike -- run [options] <experiment>");
});

test("presets and the schema go to a file that is named", async () => {
  const file = join(folder, "mine.json");
  expect(await xpike("presets", "wireless-2x2", "--out", file)).toMatchObject({ code: 0, out: `${file}\n` });
  expect(parseExperiment(readFileSync(file, "utf8"))).toEqual(parseExperiment({ preset: "wireless-2x2" }));
  expect((await xpike("schema", "--out", join(folder, "none", "schema.json"))).err).toContain("Create it first.");
});

test("an experiment may have comments, and names the networks of another task at the field that differs", async () => {
  const file = join(folder, "commented.json");
  writeFileSync(file, '{ "preset": "wireless-2x2", // bundled networks\n  "task": { "pilots": 9 } }');
  const { code, err } = await xpike("run", file, "--threads", "1");
  expect(code).toBe(2);
  expect(err).toContain("SpecError at task.pilots\n  The network of checkpoints.network takes 37 tokens of 68 inputs");
  expect(err).toContain("It fits task.pilots 18; the experiment has task.pilots 9. Set task.pilots 18, or train");
});

describe("an experiment on the command line", () => {
  test("takes its seed from the option, and its folder from the file", async () => {
    const loaded = await loadExperiment(join(folder, "small.json"), { seed: 9 });
    expect(loaded).toMatchObject({ directory: folder, experiment: { seed: 9, name: "Small" } });
    expect((await loadExperiment(join(folder, "small.json"), {})).experiment.seed).toBe(3);
  });

  test("writes to a folder of its name unless told otherwise", () => {
    const experiment = parseExperiment({ name: "../4x4: a Test" });
    expect(outputFolder({ name: "4x4-a-test" }, {})).toBe(join("results", "4x4-a-test"));
    expect(outputFolder(experiment, {})).toMatch(/^results.4x4-a-test-[0-9a-f]{8}$/);
    expect(outputFolder(parseExperiment({ name: "…" }), {})).toMatch(/^results.experiment-[0-9a-f]{8}$/);
    expect(outputFolder(experiment, { out: "here" })).toBe("here");
    const names = [
      "a-b",
      "A b",
      "a  b",
      "-a-b",
      "a-b-",
      "日本",
      "中国",
      "é",
      "ê",
      "",
      "experiment",
      "x".repeat(200),
      "x".repeat(201),
    ];
    const folders = names.map((name) => outputFolder({ name }, {}));
    expect(new Set(folders).size).toBe(names.length);
    expect(Math.max(...folders.map(({ length }) => length))).toBeLessThan(128);
  });

  test("is repeated by a command that a shell reads as one word each", () => {
    expect(commandLine("run", "a.json", { seed: 0 })).toBe("xpike run a.json --seed 0");
    expect(commandLine("run", "it's $HOME.json", {})).toBe("xpike run 'it'\\''s $HOME.json'");
  });
});

describe("errors", () => {
  test("input shows the field and every line, indented; control characters are taken out", () => {
    expect(describeError(new SpecError("model.heads", "8 heads\ndo \u001b[31mnot fit"))).toBe(
      "SpecError at model.heads\n  8 heads\n  do \ufffd[31mnot fit\n",
    );
  });

  test("a defect of ours shows its stack", () => {
    expect(describeError(new TypeError("oops"))).toMatch(/^Unexpected error[^\n]*\nTypeError: oops\n {4}at /);
  });
});

describe("progress", () => {
  const state = { label: "train", done: 1000, total: 4000, unit: "steps", elapsed: 30, note: "loss 0.51" };

  test("shows share, rate and time left", () => {
    // 1000 steps in 30 s are 33.3 a second; 3000 more take 90 s.
    expect(progressLine(state)).toBe(
      "train ━━━━━━──────────────────  25 %  1000 of 4000 steps · 33.3 a second · 1 min 30 s left · loss 0.51",
    );
    expect(progressLine({ ...state, done: 0, elapsed: 0, note: "" })).not.toContain("left");
  });

  test.each([
    [0.84, "0.8 s"],
    [42.4, "42 s"],
    [59.6, "1 min 0 s"],
    [200, "3 min 20 s"],
    [7500, "2 h 5 min"],
  ])("%d seconds are %s", (seconds, text) => expect(formatTime(seconds)).toBe(text));

  test("in a log there is one line every ten seconds and one at the end", () => {
    const { written, terminal } = recorder();
    const progress = startProgress(terminal, { label: "run", total: 100, unit: "prompts" });
    for (let i = 1; i <= 25; i++) {
      written.time = 1000 * i;
      progress.update(i);
    }
    progress.end();
    const lines = written.err.trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain("10 of 100 prompts");
    expect(lines[2]).toBe("run · 25 prompts in 25 s");
  });

  test("work of an earlier run is not counted, even if nothing was left to do", () => {
    const { written, terminal } = recorder();
    const progress = startProgress(terminal, { label: "run", total: 64, unit: "prompts" });
    progress.update(32);
    progress.restore(64);
    progress.end();
    expect(written.err).toBe("run · 0 prompts in 0.0 s\n");
  });

  test("on a screen one line is redrawn, at most ten times a second, within the width", () => {
    const { written, terminal } = recorder({ interactive: true });
    const progress = startProgress(terminal, { label: "run", total: 100, unit: "prompts" });
    for (let i = 1; i <= 100; i++) {
      written.time = 10 * i;
      progress.update(i, "x".repeat(200));
    }
    progress.end();
    const redrawn = written.err.split("\r").slice(1);
    expect(redrawn).toHaveLength(11);
    for (const line of redrawn) expect(line.replace("\u001b[K", "").trimEnd().length).toBeLessThan(100);
    expect(written.err.match(/\n/g)).toHaveLength(1);
  });

  test("is silent with --json", () => {
    const { written, terminal } = recorder({ interactive: true });
    const progress = startProgress(terminal, { label: "run", total: 1, unit: "prompts", quiet: true });
    progress.update(1);
    progress.end();
    expect(written.err).toBe("");
  });
});
