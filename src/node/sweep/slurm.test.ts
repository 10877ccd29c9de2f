// @module-tag program
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FileError, SpecError } from "../../errors.ts";
import { buildId } from "../build.ts";
import { parseSbatchOptions, requireSoftware, slurmScript } from "./slurm.ts";
import { softwareOf } from "./software.ts";

describe("options of an array job", () => {
  test("are long options, with the values that sites use", () => {
    const typed =
      " --partition=short  --time=1-02:00:00 --exclusive --constraint=[rack1|rack2]&avx512 --gres=gpu:h100:2 --mem=8G";
    expect(parseSbatchOptions(typed)).toEqual(typed.trim().split(/ +/));
    expect(parseSbatchOptions(" ")).toEqual([]);
  });

  test.each([
    ["-p short", "it is not of the form --name or --name=value"],
    ["--time 5", "it is not of the form --name or --name=value"],
    ["--comment=$(id)", "it is not of the form --name or --name=value"],
    ["--comment='a", "it is not of the form --name or --name=value"],
    ["--array=0-9", "--array is set by the script itself"],
    ["--wrap=id", "--wrap is set by the script itself"],
  ])("%s is refused", (text, reason) => {
    expect(() => parseSbatchOptions(text)).toThrow(SpecError);
    expect(() => parseSbatchOptions(text)).toThrow(reason);
  });

  test("never end their line or open a quotation, for any input", () => {
    const part = fc.constantFrom("--a", "=", "\n", "\r", "'", '"', "\\", "#", "$", "`", " ", "\t", "b", "\u2028", ",");
    const typed = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(""));
    let taken = 0;
    const property = fc.property(typed, (text) => {
      let words: string[];
      try {
        words = parseSbatchOptions(text);
      } catch (error) {
        return error instanceof SpecError;
      }
      taken += words.length;
      return words.every((word) => /^--[a-z][^\s'"\\#$`]*$/u.test(word));
    });
    fc.assert(property, { seed: 16, numRuns: 5000 });
    expect(taken).toBeGreaterThan(20);
  });
});

test("the script passes folder and threads to a task, for any folder name, and keeps its output", () => {
  const root = mkdtempSync(join(tmpdir(), "xpike-script-"));
  const folder = join(root, 'it\'s $(touch run) `touch run` "%j" \\');
  mkdirSync(folder);
  const script = slurmScript({
    job: "xpike-000000000000",
    tasks: 3,
    folder,
    // Node itself, which every test machine has.
    program: [process.execPath, "-p", 'process.argv.slice(1).join("\\n")', "--"],
    sbatch: ["--time=5"],
  });
  expect(script).toContain("\n#SBATCH --array=0-2\n#SBATCH --requeue\n#SBATCH --output=/dev/null\n#SBATCH --time=5\n");
  const env = { PATH: process.env.PATH, SLURM_ARRAY_TASK_ID: "2", SLURM_CPUS_PER_TASK: "4" };
  expect(spawnSync("sh", ["-c", script], { cwd: root, env, encoding: "utf8" })).toMatchObject({
    status: 0,
    stderr: "",
  });
  const said = readFileSync(join(folder, "task-2.log"), "utf8");
  expect(said).toBe(`worker\n--engine\nslurm:${folder}\n--threads\n4\n`);
  rmSync(root, { recursive: true });
});

test("a submission of another build is refused, naming both, unless one of them accepts the other", () => {
  const own = buildId();
  const of = (build: string, accepts: string[] = []) => ({ software: { ...softwareOf(), build }, accepts });
  requireSoftware("slurm/1", of(own));
  const other = "0123456789ab";
  expect(() => requireSoftware("slurm/1", of(other))).toThrow(FileError);
  expect(() => requireSoftware("slurm/1", of(other, ["0123456789ac"]), "0123456789ad")).toThrow(
    new RegExp(`build ${other}, but this program is build ${own}.*--accept-build ${own}`),
  );
  requireSoftware("slurm/1", of(other, [own]));
  requireSoftware("slurm/1", of(other), other);
});
