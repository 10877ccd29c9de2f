// @module-tag program
/**
 * `xpike train` as a separate process, killed and resumed, compared with the same uninterrupted training on the sources. Runs the
 * built command: `npm run build` first, as `npm test` does.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseExperiment } from "../src/experiment/parse.ts";
import { RUN_FILES, trainToFolder } from "../src/node/training.ts";
import { stream } from "../src/numeric/stream.ts";
import { tinyDocument } from "./support/tiny-training.ts";

const xpike = join(import.meta.dirname, "../dist/cli/main.js");

const document = tinyDocument({
  training: {
    // Saves a state after every step: most of the time one is being written.
    checkpointSeconds: 1e-6,
    validateEvery: 2,
    stages: [
      { name: "first", steps: 20, warmup: 10, attention: "expected" },
      { name: "second", steps: 20, warmup: 0, noise: { weights: 0.03 } },
    ],
  },
});

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "xpikeformer-resume-"));
  await writeFile(join(root, "tiny.json"), JSON.stringify(document));
});
afterAll(() => rm(root, { recursive: true }));

function start(folder: string): ChildProcess & { text: string } {
  const argv = [xpike, "train", "tiny.json", "--out", folder, "--threads", "1", "--resume"];
  const child = spawn(process.execPath, argv, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const run = Object.assign(child, { text: "" });
  for (const output of [child.stdout, child.stderr]) {
    output?.on("data", (data: Buffer) => {
      run.text += data.toString();
    });
  }
  return run;
}

/** Exit code or signal. */
async function end(run: ChildProcess): Promise<string> {
  const [code, signal] = (await once(run, "close")) as [number | null, NodeJS.Signals | null];
  return signal ?? String(code);
}

/** Resolves after `count` changes to files in the folder, or when the process has ended. */
function changes(path: string, count: number, run: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    let seen = 0;
    const done = () => {
      watcher.close();
      resolve();
    };
    const watcher = watch(path, () => ++seen === count && done());
    run.once("exit", done);
  });
}

/** The network, and the metrics without times. */
async function contents(folder: string) {
  const text = await readFile(join(root, folder, RUN_FILES.metrics), "utf8");
  const metrics = text.replaceAll(/,"seconds":[\d.]+\}$/gm, "}");
  return { metrics, network: (await readFile(join(root, folder, RUN_FILES.network))).toString("base64") };
}

test("a training that is killed repeatedly ends with the same bytes", async () => {
  const random = stream(1);
  const path = join(root, "killed");
  await mkdir(path);
  // A step writes its metrics, and its state through a temporary file. Creating, filling and renaming it are separate
  // changes, so a random number of changes ends in any phase of a step. Four starts are far from the end: 10 + 3 x 30
  // changes, while 40 steps make at least 120.
  for (const [signal, most] of [
    ["SIGKILL", 10],
    ["SIGKILL", 30],
    ["SIGINT", 30],
    ["SIGKILL", 30],
  ] as const) {
    const run = start("killed");
    const ended = end(run);
    await changes(path, 1 + random.integer(most), run);
    run.kill(signal);
    // A shell reports 130 for a process ended by SIGINT.
    expect(await ended).toBe(signal);
    if (signal === "SIGKILL") continue;
    expect(run.text).toMatch(/Stopped at step \d+ of 40, .* Everything is saved\./);
    expect(run.text).toMatch(/Continue with:\n {2}node \S+main\.js train tiny.json --out killed --resume\n/);
  }
  const run = start("killed");
  expect(await end(run)).toBe("0");
  expect(run.text).toContain("Trained 40 steps in");
  expect((await readdir(path)).sort()).toEqual(Object.values(RUN_FILES).sort());

  await trainToFolder(parseExperiment(document), join(root, "whole"), { threads: 1, command: "xpike train tiny.json" });
  expect(await contents("killed")).toEqual(await contents("whole"));
});
