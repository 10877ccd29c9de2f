// @module-tag program
/**
 * One program per table: a copy of the built program with one changed line under `numeric/` is refused wherever it would continue
 * work of the other, and its part is named where it is accepted. Runs the built command: `npm run build` first, as `npm test` does.
 */
import type { ChildProcess } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildOf } from "../src/node/build.ts";
import { queueName } from "../src/node/sweep/valkey.ts";
import { NIGHTLY } from "./support/nightly.ts";
import { BUILT, changedProgram } from "./support/program-copy.ts";
import { startProgram } from "./support/programs.ts";
import { tinyDocument } from "./support/tiny-training.ts";

let root: string;
let changed: string;
let [own, other] = ["", ""];
const processes = new Set<ChildProcess>();
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "xpikeformer-one-build-"));
  changed = changedProgram(join(root, "changed"));
  [own, other] = [buildOf(BUILT), buildOf(changed)];
  const tiny = tinyDocument({ hardware: { chips: 2 }, training: { stages: [{ steps: 3, warmup: 1 }] } });
  const trained = { ...tiny, checkpoints: { network: "trained/network.safetensors" }, evaluation: { prompts: 24 } };
  writeFileSync(join(root, "tiny.json"), JSON.stringify(tiny));
  writeFileSync(join(root, "trained.json"), JSON.stringify(trained));
  const sweep = { experiment: trained, axes: { "hardware.adc.bits": [4, 5, 6] }, objectives: ["errorRate", "energy"] };
  writeFileSync(join(root, "design.json"), JSON.stringify(sweep));
  await finished(start(BUILT, "train", "tiny.json", "--out", "trained"));
});
afterAll(() => {
  for (const child of processes) child.kill("SIGKILL");
  rmSync(root, { recursive: true });
});

function start(program: string, ...argv: string[]) {
  const env = { ...process.env, SLURM_ARRAY_TASK_ID: "0" };
  const command = [join(program, "cli/main.js"), ...argv, "--threads", "1"];
  const run = startProgram(process.execPath, command, { cwd: root, env });
  processes.add(run);
  return run;
}

async function finished(run: ReturnType<typeof start>): Promise<string> {
  expect(await run.closed, run.text).toEqual([0, null]);
  return run.text;
}

/** The error names both builds and the way out. */
async function refused(run: ReturnType<typeof start>): Promise<void> {
  expect(await run.closed, run.text).toEqual([2, null]);
  expect(run.text).toContain("FileError at ");
  expect(run.text).toMatch(new RegExp(`by build ${own}, but this program is build ${other}: .*--accept-build`));
}

const at = (...names: string[]): string => join(root, ...names);
const json = (...names: string[]) => JSON.parse(readFileSync(at(...names), "utf8"));

/** Stops a process once the file has content. */
async function killAt(run: ReturnType<typeof start>, path: string): Promise<void> {
  while (run.exitCode === null && !(existsSync(path) && statSync(path).size > 0)) await sleep(5);
  run.kill("SIGKILL");
  await run.closed;
  expect(existsSync(path), run.text).toBe(true);
}

describe("one changed line under numeric/ is refused by", () => {
  const REFUSED = "%s --resume, or its report names both builds";
  test.each([["run", []]])(REFUSED, { timeout: 240_000 }, expectRefused);
  test.each([["eval", ["--drift", "1s,1y"]]])(REFUSED, { ...NIGHTLY, timeout: 240_000 }, expectRefused);
  async function expectRefused(command: string, more: readonly string[]) {
    const argv = [command, "trained.json", "--prompts", "2000", ...more, "--out", command];
    await killAt(start(BUILT, ...argv), at(command, "units.jsonl"));
    await refused(start(changed, ...argv, "--resume"));
    const text = await finished(start(changed, ...argv, "--resume", "--accept-build", own));
    const { versions, notes } = json(command, "report.json");
    expect(versions.build).toBe(`${own} + ${other}`);
    expect(notes.join()).toContain(`Computed in part by build ${own} and build ${other}`);
    expect(text).toContain("Report: ");
    expect(json(command, "question.json").versions.build).toBe(versions.build);
    expect(readFileSync(at(command, "report.html"), "utf8")).toContain(`build ${own} + ${other}`);
    // Also a run that is over is not taken for one of another program.
    const over = [command, "trained.json", ...more, "--out", `${command}-over`, "--prompts", "8"];
    await finished(start(BUILT, ...over));
    expect(json(`${command}-over`, "report.json").versions.build).toBe(own);
    await refused(start(changed, ...over, "--resume"));
  }

  test("train --resume, or its network names both builds", async () => {
    const argv = ["train", "tiny.json", "--out", "trained", "--resume"];
    await refused(start(changed, ...argv));
    expect(json("trained", "question.json").versions.build).toBe(own);
    cpSync(at("trained"), at("accepted"), { recursive: true });
    await finished(start(changed, "train", "tiny.json", "--out", "accepted", "--resume", "--accept-build", own));
    expect(json("accepted", "question.json").versions.build).toBe(`${own} + ${other}`);
    expect(readFileSync(at("accepted", "network.safetensors"), "latin1")).toContain(`"builds":"${own} + ${other}"`);
  });

  test("sweep --resume, or the table names the build of every row", async () => {
    await finished(start(BUILT, "sweep", "design.json", "--out", "sweep"));
    expect(readFileSync(at("sweep", "results.csv"), "utf8")).not.toContain(own);
    expect(readFileSync(at("sweep", "front.html"), "utf8")).toContain(`build ${own} ·`);
    await finished(start(changed, "sweep", "design.json", "--out", "other"));
    // Without the refusal, the table would mix these.
    const lines = (folder: string) => readFileSync(at(folder, "results.csv"), "utf8").trimEnd().split("\n");
    expect(lines("other").slice(1)).not.toEqual(lines("sweep").slice(1));
    const rows = readdirSync(at("sweep", "rows")).sort();
    expect(rows).toHaveLength(3);
    rmSync(at("sweep", "rows", rows[1]));
    const argv = ["sweep", "design.json", "--out", "sweep", "--resume"];
    await refused(start(changed, ...argv));
    expect(readdirSync(at("sweep", "rows"))).toHaveLength(2);
    const [first, , third] = lines("sweep").slice(1);
    const text = await finished(start(changed, ...argv, "--accept-build", own));
    expect(text).toContain(`Computed in part by build ${own} and build ${other}`);
    const fresh = lines("other")[2].split(",").slice(0, -1);
    const mixed = lines("sweep");
    expect(mixed[0]).toMatch(/,hash,build$/);
    expect(mixed.map((line) => line.split(",").at(-1))).toEqual(["build", own, other, own]);
    // Points on the front may differ; the measured columns are those of their programs.
    const measured = (line: string) => line.split(",").slice(0, 6);
    expect(measured(mixed[1])).toEqual(measured(first));
    expect(measured(mixed[2])).toEqual(fresh.slice(0, 6));
    expect(measured(mixed[3])).toEqual(measured(third));
    expect(readFileSync(at("sweep", "front.html"), "utf8")).toContain(`build ${own} + ${other}`);
  });

  test("a Slurm task, or its rows name it", NIGHTLY, async () => {
    const sweep = ["sweep", "design.json", "--out", "slurm", "--engine", "slurm", "--tasks", "1", "--print"];
    await finished(start(BUILT, ...sweep));
    const task = ["worker", "--engine", `slurm:${at("slurm", "slurm", "1")}`];
    await refused(start(changed, ...task));
    expect(readdirSync(at("slurm", "slurm", "rows"))).toEqual([]);
    // The sweep accepts the build of the nodes, and its next submission says so.
    await finished(start(BUILT, ...sweep, "--resume", "--accept-build", other));
    expect(json("slurm", "slurm", "2", "submission.json").accepts).toEqual([other]);
    await finished(start(changed, "worker", "--engine", `slurm:${at("slurm", "slurm", "2")}`));
    await finished(start(BUILT, ...sweep, "--resume"));
    const lines = readFileSync(at("slurm", "results.csv"), "utf8").trimEnd().split("\n");
    expect(lines.map((line) => line.split(",").at(-1))).toEqual(["build", other, other, other]);
    // A node may accept the submission instead.
    await finished(start(BUILT, ...sweep.with(3, "again")));
    await finished(start(changed, "worker", "--engine", `slurm:${at("again", "slurm", "1")}`, "--accept-build", own));
  });

  test("the queue, whose name has the build", () => {
    expect(queueName(own)).not.toBe(queueName(other));
    expect(queueName(other)).toContain(other);
  });
});
