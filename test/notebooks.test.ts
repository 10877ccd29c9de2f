// @module-tag program
/**
 * Runs the Python of docs/notebooks.md and docs/training.md with the built command. `npx xpike` is this clone's, and wandb and mlflow are
 * modules that print what they are given. Skipped without Python 3.9 or later.
 */
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { codeBlocks } from "./support/code-blocks.ts";

const root = join(import.meta.dirname, "..");
const start = promisify(execFile);
const hasPython = await start("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]).then(
  () => true,
  () => false,
);
const pythonOf = (page: string) =>
  codeBlocks(page, readFileSync(join(root, page), "utf8"))
    .filter(({ language }) => language === "python")
    .map(({ text }) => text);

describe("the Python of the pages", () => {
  beforeEach(({ skip }) => skip(!hasPython, "python3 is not installed"));

  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "xpikeformer-python-"));
    mkdirSync(join(folder, "bin"));
    const program = join(root, "dist/cli/main.js");
    writeFileSync(join(folder, "bin/npx"), `#!/bin/sh\nshift\nexec "${process.execPath}" "${program}" "$@"\n`);
    chmodSync(join(folder, "bin/npx"), 0o755);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function python(text: string): Promise<string[]> {
    writeFileSync(join(folder, "page.py"), text);
    const env = { ...process.env, PATH: [join(folder, "bin"), process.env.PATH].join(delimiter) };
    const { stdout } = await start("python3", ["page.py"], { cwd: folder, env });
    return stdout.trimEnd().split("\n");
  }

  test("trains and evaluates from a dictionary, shows progress, and reads the report", async () => {
    const [functions, use] = pythonOf("docs/notebooks.md");
    const lines = await python(`${functions}\n${use}`);
    expect(lines.some((line) => /^train · 119 steps in /.test(line))).toBe(true);
    expect(lines.some((line) => /^run · \d+ prompts in /.test(line))).toBe(true);
    const report = JSON.parse(readFileSync(join(folder, "tiny-run/report.json"), "utf8"));
    const rate = report.figures.find(({ id }: { id: string }) => id === "ber.xpikeformer").value as number;
    expect(lines.at(-1)).toBe(`bit error rate of three chips: ${rate.toFixed(3)}`);
    expect(lines.at(-1)).toMatch(/0\.1\d\d$/);
  });

  test("hands on what is wrong with an experiment", async () => {
    const [functions] = pythonOf("docs/notebooks.md");
    const wrong =
      'try:\n    xpike("train", {"model": {"width": 30}}, "wrong")\nexcept ValueError as error:\n    print("caught", error)';
    const lines = await python(`${functions}\n${wrong}`);
    expect(lines.join("\n")).toMatch(/caught SpecError at model\.width/);
  });

  test("logs the metrics of a training to Weights & Biases and to MLflow", async () => {
    mkdirSync(join(folder, "runs/mine"), { recursive: true });
    const head = "step,stage,loss,learningRate,gradientNorm,seconds,validationLoss,bitErrorRate,best";
    const rows = ["10,first,2,0.01,2,2.5,,,", "20,first,1.5,0.01,2,5,1.6,0.25,true"];
    writeFileSync(join(folder, "runs/mine/metrics.csv"), `${[head, ...rows].join("\r\n")}\r\n`);
    const session = "class Run:\n    def __enter__(self): return self\n    def __exit__(self, *_): pass\n";
    const log = "    def log(self, row, step): print(step, sorted(row.items()))\ndef init(project): return Run()\n";
    writeFileSync(join(folder, "wandb.py"), session + log);
    const metrics = "def start_run(): return Run()\ndef log_metrics(row, step): print(step, sorted(row.items()))\n";
    writeFileSync(join(folder, "mlflow.py"), session + metrics);
    const recipes = pythonOf("docs/training.md");
    expect(recipes.map((recipe) => /import csv, (\w+)/.exec(recipe)?.[1])).toEqual(["wandb", "mlflow"]);
    for (const recipe of recipes) {
      expect(recipe.trimEnd().split("\n").length).toBeLessThanOrEqual(10);
      expect(await python(recipe)).toEqual([
        "10 [('gradientNorm', 2.0), ('learningRate', 0.01), ('loss', 2.0), ('seconds', 2.5)]",
        "20 [('bitErrorRate', 0.25), ('gradientNorm', 2.0), ('learningRate', 0.01), ('loss', 1.5), ('seconds', 5.0), ('validationLoss', 1.6)]",
      ]);
    }
  });
});
