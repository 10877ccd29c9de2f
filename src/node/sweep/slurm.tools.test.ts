/**
 * A sweep by array jobs on a real Slurm, a one-node cluster that the test starts, against the same sweep on threads. Runs the
 * built command: `npm run build` first, as `npm test` does.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { NIGHTLY } from "../../../test/support/nightly.ts";
import { isRoot, missingSlurm, type SlurmCluster, startSlurm } from "../../../test/support/slurm-cluster.ts";
import { tinyDocument } from "../../../test/support/tiny-training.ts";
import { SWEEP_FILES } from "./folder.ts";
import { SLURM_FILES } from "./slurm.ts";

const xpike = join(import.meta.dirname, "../../../dist/cli/main.js");
const canRun = isRoot() && missingSlurm().length === 0;

let root: string;
let cluster: SlurmCluster;
const processes = new Set<ChildProcess>();
beforeAll(async () => {
  if (!canRun) return;
  root = await mkdtemp(join(tmpdir(), "xpike-slurm-"));
  cluster = await startSlurm(root);
});
afterEach(async () => {
  for (const child of processes) {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  }
  processes.clear();
});
afterAll(async () => {
  if (!canRun) return;
  await cluster.stop();
  await rm(root, { recursive: true, force: true });
});

function sweep(...argv: string[]) {
  const child = spawn(process.execPath, [xpike, "sweep", ...argv], {
    cwd: root,
    env: { ...process.env, ...cluster.environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  processes.add(child);
  const run = Object.assign(child, { out: "", err: "", closed: once(child, "close") });
  child.stdout.on("data", (data: Buffer) => {
    run.out += data;
  });
  child.stderr.on("data", (data: Buffer) => {
    run.err += data;
  });
  return run;
}

async function finished(run: ReturnType<typeof sweep>): Promise<void> {
  expect(await run.closed, run.err).toEqual([0, null]);
}

const table = async (folder: string) =>
  Promise.all(
    [SWEEP_FILES.csv, SWEEP_FILES.parquet].map(async (name) =>
      (await readFile(join(root, folder, name))).toString("hex"),
    ),
  );

async function writeDesign(
  name: string,
  axes: object,
  objectives: readonly string[],
  fields: object = {},
): Promise<void> {
  const tiny = tinyDocument({ hardware: { chips: 2 }, training: { stages: [{ steps: 3, warmup: 1 }] } });
  const design = { experiment: { ...tiny, evaluation: { prompts: 20 } }, axes, objectives, ...fields };
  await writeFile(join(root, name), JSON.stringify(design));
}

/** Waits until there are this many more files of rows. */
async function moreRows(run: ReturnType<typeof sweep>, folder: string, more: number): Promise<void> {
  const rows = join(root, folder, SWEEP_FILES.rows);
  const count = async () => (existsSync(rows) ? (await readdir(rows)).length : 0);
  const before = await count();
  while (run.exitCode === null && (await count()) < before + more) await sleep(20);
}

/** Runs a script as a user would submit it. */
async function submitted(...argv: string[]): Promise<void> {
  cluster.ask("sbatch", ...argv);
  while (live() !== "") await sleep(100);
}

const live = () => cluster.ask("squeue", "-h", "-o", "%F").trim();

describe.skipIf(!canRun)("a sweep by array jobs", () => {
  test("of 2,000 priced points gives the same table as threads, although the asking process is stopped and killed", async () => {
    const readTime = { from: 1, to: 1e6, scale: "log", count: 500 };
    await writeDesign("priced.json", { "hardware.adc.bits": [4, 5, 6, 7], "hardware.readTime": readTime }, [
      "energy",
      "area",
    ]);
    const slurm = ["priced.json", "--out", "slurm", "--engine", "slurm", "--tasks", "8", "--sbatch", "--time=10"];
    const stopped = sweep(...slurm);
    await moreRows(stopped, "slurm", 2);
    stopped.kill("SIGINT");
    expect(await stopped.closed, stopped.err).toEqual([null, "SIGINT"]);
    expect(stopped.err).toMatch(/Job (\d+) of 8 tasks is submitted.*Cancelled: \1\./s);
    while (live() !== "") await sleep(100);

    const killed = sweep(...slurm, "--resume");
    // At once: a fast machine finishes the other points within seconds.
    while (killed.exitCode === null && !killed.err.includes("is submitted")) await sleep(20);
    killed.kill("SIGKILL");
    await killed.closed;
    // The job continues and is waited for; no other is submitted.
    expect(live()).not.toBe("");
    const last = sweep(...slurm, "--resume");
    await finished(last);
    expect(last.err).not.toContain("is submitted");
    expect(last.out).toContain("of 2000 points");

    await finished(sweep("priced.json", "--out", "threads", "--threads", "2"));
    expect(await table("slurm")).toEqual(await table("threads"));
    expect((await readdir(join(root, "slurm"))).sort()).toEqual((await readdir(join(root, "threads"))).sort());
  });

  test("sends its networks along, writes a script for a site with its own rules, and is refused by other software", async () => {
    await writeDesign("trained.json", { "hardware.adc.bits": [4, 5] }, ["errorRate"]);
    await finished(sweep("trained.json", "--out", "trained-threads", "--threads", "1"));
    const slurm = ["trained.json", "--out", "it's here", "--engine", "slurm"];
    const printed = sweep(...slurm, "--print", "--sbatch", "--time=5 --comment=a&b|(c)");
    await finished(printed);
    const folder = join(root, "it's here", "slurm/1");
    expect(printed.out).toBe(await readFile(join(folder, SLURM_FILES.script), "utf8"));
    expect(printed.out).toContain("#SBATCH --comment=a&b|(c)\n");
    expect(live()).toBe("");

    const path = join(folder, SLURM_FILES.submission);
    const submission = await readFile(path, "utf8");
    await writeFile(path, submission.replace(/"build": "\w{12}"/, '"build": "0123456789ab"'));
    const script = join(folder, SLURM_FILES.script);
    await submitted("--array=0", script);
    expect(await readFile(join(folder, "task-0.log"), "utf8")).toMatch(
      /submitted by build 0123456789ab, but this program is build \w{12}: .*--accept-build/,
    );

    await writeFile(path, submission);
    await submitted(script);
    // No one else would measure them here.
    const gathered = sweep(...slurm, "--print", "--resume");
    await finished(gathered);
    expect(await table("it's here")).toEqual(await table("trained-threads"));
  });

  test("names points whose tasks repeatedly end without a row, with their output", NIGHTLY, async () => {
    // In two rounds, so that the results of the first go to the tasks of the second.
    const budget = { chips: 2, prompts: 8 };
    await writeDesign("failing.json", { "hardware.adc.bits": [4, 5] }, ["errorRate"], { budget });
    const failing = ["failing.json", "--out", "failing", "--engine", "slurm"];
    const run = sweep(...failing, "--sbatch", "--export=NODE_OPTIONS=--no-such-option");
    expect(await run.closed, run.err).toEqual([2, null]);
    expect(run.err.match(/is submitted/g)).toHaveLength(3);
    expect(run.err).toMatch(
      /PlatformError at engine\n.*3 Slurm tasks .*point 0. .*task 0, is FAILED, .*--no-such-option/s,
    );
    const last = sweep(...failing, "--resume");
    await finished(last);
    expect(last.out).toMatch(/Chips programmed: \d+ \([1-9]\d* of them again/);
    await finished(sweep("failing.json", "--out", "failing-threads", "--threads", "1"));
    expect(await table("failing")).toEqual(await table("failing-threads"));
  });

  test("reports why a job is rejected, and leaves nothing of it", async () => {
    await writeDesign("refused.json", { "hardware.adc.bits": [4] }, ["energy"]);
    const run = sweep("refused.json", "--out", "refused", "--engine", "slurm", "--sbatch", "--partition=none");
    expect(await run.closed, run.err).toEqual([2, null]);
    expect(run.err).toMatch(/PlatformError at sbatch\n.*invalid partition/is);
    expect(await readdir(join(root, "refused", "slurm"))).not.toContain("1");
  });
});
