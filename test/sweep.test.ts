// @module-tag program
/**
 * `xpike sweep` as a separate process, on several threads, killed and resumed, compared with the same uninterrupted sweep. Runs
 * the built command: `npm run build` first, as `npm test` does.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stream } from "../src/numeric/stream.ts";
import { NIGHTLY } from "./support/nightly.ts";
import { tinyDocument } from "./support/tiny-training.ts";

const xpike = join(import.meta.dirname, "../dist/cli/main.js");
const FILES = ["results.csv", "results.parquet", "front.html"];
const POINTS = 16;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "xpikeformer-sweep-"));
  const tiny = tinyDocument({ hardware: { chips: 2 }, training: { stages: [{ steps: 3, warmup: 1 }] } });
  const design = {
    experiment: { ...tiny, evaluation: { prompts: 40 } },
    axes: {
      "model.neuron.threshold": [0.3, 0.5],
      "hardware.adc.bits": [4, 5],
      "hardware.readTime": { from: 1, to: 1e6, scale: "log", count: 4 },
    },
    objectives: ["errorRate", "energy", "yearLoss"],
  };
  await writeFile(join(root, "design.json"), JSON.stringify(design));
});
afterAll(() => rm(root, { recursive: true }));

function start(...argv: string[]) {
  const child = spawn(process.execPath, [xpike, "sweep", ...argv], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const run = Object.assign(child, { out: "", err: "" });
  child.stdout.on("data", (data: Buffer) => {
    run.out += data;
  });
  child.stderr.on("data", (data: Buffer) => {
    run.err += data;
  });
  return run;
}

/** The table and the page, and the rows, whatever files they are in. */
async function contents(folder: string): Promise<string[]> {
  const read = async (...names: string[]) => (await readFile(join(root, folder, ...names))).toString("latin1");
  const rows = await Promise.all((await readdir(join(root, folder, "rows"))).map((name) => read("rows", name)));
  return [...(await Promise.all(FILES.map((name) => read(name)))), rows.join("").split("\n").sort().join("\n")];
}

test("a sweep that is killed repeatedly ends with the same bytes, on any number of threads", NIGHTLY, async () => {
  const whole = start("design.json", "--out", "whole", "--threads", "1");
  expect(await once(whole, "close"), whole.err).toEqual([0, null]);
  expect(whole.out).toContain(`of ${POINTS} points`);

  const random = stream(3);
  const rows = join(root, "killed", "rows");
  for (let kill = 0; kill < 6; kill++) {
    const resume = existsSync(join(root, "killed", "sweep.json")) ? ["--resume"] : [];
    const run = start("design.json", "--out", "killed", "--threads", "2", ...resume);
    const ended = once(run, "close");
    const had = existsSync(rows) ? (await readdir(rows)).length : 0;
    // A few rows further, or while networks are trained.
    const until = kill === 0 ? 0 : had + 1;
    while (run.exitCode === null && (!existsSync(rows) || (await readdir(rows)).length < until)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await new Promise((resolve) => setTimeout(resolve, random.integer(40)));
    run.kill("SIGKILL");
    await ended;
  }
  const run = start("design.json", "--out", "killed", "--threads", "2", "--resume");
  expect(await once(run, "close"), run.err).toEqual([0, null]);
  expect(await contents("killed")).toEqual(await contents("whole"));
  expect(run.out.replaceAll("killed", "whole")).toBe(whole.out);

  const shown = start("show", "killed", "--json");
  expect(await once(shown, "close"), shown.err).toEqual([0, null]);
  const table = JSON.parse(shown.out) as { point: number; front: boolean; yearLossLow: number }[];
  expect(table.map(({ point }) => point)).toEqual(Array.from({ length: POINTS }, (_, i) => i));
  expect(table.some(({ front }) => front)).toBe(true);
});

// Root may write everywhere.
test.skipIf(process.getuid?.() === 0)("a sweep in a folder that cannot be written is shown all the same", async () => {
  const priced = { experiment: tinyDocument(), axes: { "hardware.adc.bits": [4, 5] }, objectives: ["energy", "area"] };
  await writeFile(join(root, "priced.json"), JSON.stringify(priced));
  const run = start("priced.json", "--out", "priced", "--threads", "1");
  expect(await once(run, "close"), run.err).toEqual([0, null]);
  await chmod(join(root, "priced"), 0o555);
  try {
    const shown = start("show", "priced");
    expect(await once(shown, "close"), shown.err).toEqual([0, null]);
    expect(shown.err).toBe("The folder cannot be written: its table and page are left as they are.\n");
    expect(shown.out).toBe(run.out);
  } finally {
    await chmod(join(root, "priced"), 0o755);
  }
});
