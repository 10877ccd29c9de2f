// @module-tag program
/** Commands stopped by signals, as separate processes. Runs the built command: `npm run build` first, as `npm test` does. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, watch } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeCheckpoint } from "../src/model/checkpoint.ts";
import { initialise } from "../src/model/network.ts";
import { LOCK_FILE } from "../src/node/folder-lock.ts";
import { UNITS_FILE } from "../src/node/run-folder.ts";
import { RUN_FILES } from "../src/node/training.ts";
import { stream } from "../src/numeric/stream.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";
import { tinyDocument, tinyExperiment } from "./support/tiny-training.ts";

const xpike = join(import.meta.dirname, "../dist/cli/main.js");

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "xpikeformer-signals-"));
  const many = { stages: [{ steps: 1_000_000, warmup: 0 }], validateEvery: 1_000_000, checkpointSeconds: 3600 };
  await writeFile(join(root, "train.json"), JSON.stringify(tinyDocument({ training: many })));
  const large = { width: 256, depth: 4, heads: 8, steps: 8 };
  const slow = { batch: 256, shards: 1, stages: [{ steps: 2, warmup: 0 }] };
  await writeFile(join(root, "slow.json"), JSON.stringify({ model: large, training: slow }));
  const experiment = tinyExperiment();
  const network = initialise(experiment.model, networkGeometry(experiment, createTask(experiment)), stream(1));
  await writeFile(join(root, "network.safetensors"), encodeCheckpoint(network, {}));
  const checkpoints = { network: "network.safetensors" };
  await writeFile(join(root, "run.json"), JSON.stringify({ ...tinyDocument(), checkpoints }));
});
afterAll(() => rm(root, { recursive: true }));

/** A separate process group, as a terminal creates for a command line. */
function inGroup(command: string, ...options: string[]): ChildProcess & { readonly printed: () => string } {
  const child = spawn(command, options, { cwd: root, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  const add = (data: Buffer) => {
    text += data.toString();
  };
  child.stdout.on("data", add);
  child.stderr.on("data", add);
  return Object.assign(child, { printed: () => text });
}

/** Resolves once the folder satisfies the condition, checked whenever it changes. */
function until(folder: string, isSo: (names: readonly string[]) => boolean): Promise<void> {
  const path = join(root, folder);
  return new Promise((resolve) => {
    const watcher = watch(path, () => check());
    const check = () => {
      if (!isSo(readdirSync(path))) return;
      watcher.close();
      resolve();
    };
    check();
  });
}

const has = (name: string) => (names: readonly string[]) => names.includes(name);
const files = async (folder: string) => (await readdir(join(root, folder))).sort();

describe.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s", (signal) => {
  test("to a training and to the tee that reads its output saves the last step", async () => {
    const folder = `tee-${signal}`;
    await mkdir(join(root, folder));
    const train = `${process.execPath} ${xpike} train train.json --out ${folder} --threads 1`;
    const shell = inGroup("sh", "-c", `${train} 2>&1 | tee ${folder}.log`);
    await until(folder, has(RUN_FILES.metrics));
    process.kill(-shell.pid!, signal);
    await until(folder, (names) => !names.some((name) => name.includes(LOCK_FILE)));
    const curves: readonly string[] = [RUN_FILES.table, RUN_FILES.curves];
    const names = await files(folder);
    expect(names.filter((name) => !curves.includes(name))).toEqual(
      [RUN_FILES.events, RUN_FILES.experiment, RUN_FILES.metrics, RUN_FILES.question, RUN_FILES.state].sort(),
    );
    // If no step was measured yet, there is nothing to draw.
    expect(names.filter((name) => curves.includes(name)).length % 2).toBe(0);
  });
});

test("a run that is told to stop ends at once, keeps all finished work, and resumes to the same report", async () => {
  const [folder, signal] = ["run", "SIGTERM"] as const;
  await mkdir(join(root, folder));
  const run = [xpike, "run", "run.json", "--threads", "1", "--chips", "3", "--prompts", "128"];
  const child = inGroup(process.execPath, ...run, "--out", folder);
  const ended = once(child, "close");
  await until(folder, has(UNITS_FILE));
  child.kill(signal);
  expect(await ended).toEqual([null, signal]);
  expect(child.printed()).toMatch(/Stopped\. Continue with:\n {2}.* --out run --resume\n/);
  expect(await files(folder)).toEqual([UNITS_FILE]);
  await once(inGroup(process.execPath, ...run, "--out", folder, "--resume"), "close");
  await once(inGroup(process.execPath, ...run, "--out", "whole"), "close");
  expect(await files(folder)).toEqual(["question.json", "report.html", "report.json"]);
  for (const name of await files(folder)) {
    expect(await readFile(join(root, folder, name)), name).toEqual(await readFile(join(root, "whole", name)));
  }
});

test("a second Ctrl-C ends a training within a long step, on one thread", async () => {
  await mkdir(join(root, "slow"));
  const child = inGroup(process.execPath, xpike, "train", "slow.json", "--out", "slow", "--threads", "1");
  const ended = once(child, "close");
  await until("slow", has(LOCK_FILE));
  // By now the step has begun, unless the machine is slow; then the signals come before it.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const answered = once(child.stderr!, "data");
  child.kill("SIGINT");
  await answered;
  expect(child.printed()).toContain("Finishing this step, then saving. Press Ctrl-C again to stop at once.");
  child.kill("SIGINT");
  expect(await ended).toEqual([null, "SIGINT"]);
  expect((await files("slow")).filter((name) => !name.includes(LOCK_FILE))).toEqual([]);
});

test("a reader that closes early is not an error", () => {
  const head = execFileSync("sh", ["-c", `${process.execPath} ${xpike} schema | head -1; echo $?`], {
    encoding: "utf8",
  });
  expect(head).toBe("{\n0\n");
});

test.skipIf(process.platform === "win32").each([24, 40, 100])(
  "where %d files may be open, a command works or says so, and shows no stack of Node",
  (limit) => {
    const line = `ulimit -n ${limit}; ${process.execPath} ${xpike} run run.json --chips 1 --prompts 4 --out few-${limit} --threads 2`;
    const { status, stderr } = spawnSync("sh", ["-c", line], { cwd: root, encoding: "utf8" });
    expect(stderr).not.toMatch(/^\s+at |Node\.js v/m);
    if (status !== 0) expect([status, stderr]).toEqual([2, expect.stringContaining("PlatformError at files\n")]);
  },
);
