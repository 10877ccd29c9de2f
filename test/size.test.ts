// @module-tag program
/**
 * The budget of lines of each folder of src/, without tests and generated files. `npm run size` counts.
 *
 * Whoever needs more raises the number here, and says in the commit what the lines buy; whoever removes lines lowers it. The idea is
 * that of sz.py in tinygrad (https://github.com/tinygrad/tinygrad/blob/master/sz.py), which limits the whole of that program.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { countLines, sizeTable } from "../scripts/size.mjs";

const LIMITS: Readonly<Record<string, number>> = {
  src: 800,
  "src/browser": 100,
  "src/channel": 1250,
  "src/cli": 4250,
  "src/coding": 1250,
  "src/cost": 10000,
  "src/data": 1400,
  "src/device": 1400,
  "src/evaluation": 2850,
  "src/experiment": 5000,
  "src/hardware": 5100,
  "src/import": 4950,
  "src/kernels": 16_450,
  "src/machine": 2200,
  "src/mapping": 750,
  "src/model": 5100,
  "src/node": 9300,
  "src/numeric": 1250,
  "src/receiver": 750,
  "src/report": 8000,
  "src/rtl": 25_400,
  "src/runs": 2350,
  "src/simulation": 6750,
  "src/spike": 200,
  "src/sweep": 1650,
  "src/task": 3650,
  "src/threads": 500,
  "src/train": 3200,
  "src/webgpu": 500,
};

/** The most that a limit may exceed the lines. A new limit exceeds them by less than 50, so small changes leave the table alone. */
const SLACK = 200;

const root = join(import.meta.dirname, "..");
const hasGit = spawnSync("git", ["--version"]).status === 0;
const folder = mkdtempSync(join(tmpdir(), "size-"));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("every folder of src/ keeps within its limit, which exceeds its lines by at most 200", () => {
  expect(breaches(countLines(root), LIMITS)).toEqual([]);
});

test("a folder over its limit, far below it, without one or gone is named with the number to write", () => {
  const limits = { "src/a": 100, "src/b": 1000, "src/c": 1000, "src/d": 300, "src/gone": 50 };
  expect(breaches({ "src/a": 100, "src/b": 800, "src/c": 799, "src/d": 301, "src/new": 7 }, limits)).toEqual([
    "src/c: 799 lines, 201 below its limit of 1000; lower the limit to 800",
    "src/d: 301 lines, 1 above its limit of 300; remove lines, or raise the limit to 350 and say in the commit what they buy",
    "src/new: 7 lines and no limit; enter 50",
    "src/gone: no lines and a limit of 50; remove the limit",
  ]);
});

test("lines are those of TypeScript below each folder, without tests and generated files", () => {
  write({
    "src/index.ts": "one\n",
    "src/a/one.ts": "one\n\n// three\n",
    "src/a/b/two.tsx": "one\ntwo, without a line feed",
    "src/a/empty.ts": "",
    "src/a/one.test.ts": "test\n",
    "src/a/one.tools.test.ts": "test\n",
    "src/a/one.generated.ts": "generated\n",
    "src/a/README.md": "prose\n",
    "scripts/other.ts": "elsewhere\n",
  });
  expect(countLines(folder)).toEqual({ src: 1, "src/a": 5 });
});

test.runIf(hasGit)(
  "the table shows the difference from origin/main, from main in its absence, or that there is none",
  () => {
    const git = (...words: string[]) =>
      execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@example.com", ...words], { cwd: folder });
    write({ "src/a/one.ts": "1\n2\n3", "src/b/two.ts": "1\n" });
    expect(sizeTable(folder)).toBe(
      [
        "       3          src/a",
        "       1          src/b",
        "       4          in all",
        "There is no difference from the main branch, because this folder is not a Git repository.",
      ].join("\n"),
    );
    git("init", "--initial-branch", "work");
    git("add", ".");
    git("commit", "-m", "first");
    expect(sizeTable(folder)).toMatch(/ 4 {10}in all\n.*because the repository has neither origin\/main nor main\.$/);

    const first = git("rev-parse", "HEAD").toString().slice(0, 8);
    git("branch", "main");
    rmSync(join(folder, "src/b"), { recursive: true });
    write({ "src/a/one.ts": "1\n2\n3\n4\n", "src/new/new.ts": "1\n" });
    git("add", ".");
    git("commit", "-m", "second");
    write({ "src/new/new.ts": "1\n2\n" });
    const expected = (name: string, commit: string) =>
      [
        "       4      +1  src/a",
        "       0      -1  src/b",
        "       2      +2  src/new",
        "       6      +2  in all",
        `The second column is the difference from ${name} at ${commit}.`,
      ].join("\n");
    expect(sizeTable(folder)).toBe(expected("main", first));
    git("update-ref", "refs/remotes/origin/main", first);
    expect(sizeTable(folder)).toBe(expected("origin/main", first));

    // Main goes on, and this branch still differs from where it left; without common history, from the last commit on main.
    git("checkout", "--quiet", "-b", "later", "--force", first);
    write({ "src/c/more.ts": "1\n" });
    git("add", ".");
    git("commit", "-m", "main goes on");
    git("update-ref", "refs/remotes/origin/main", "HEAD");
    git("checkout", "--quiet", "--force", "work");
    write({ "src/new/new.ts": "1\n2\n" });
    expect(sizeTable(folder)).toBe(expected("origin/main", first));
    git("checkout", "--quiet", "--force", "--orphan", "alone");
    git("commit", "-m", "alone");
    expect(sizeTable(folder)).toMatch(/^ {7}0 {6}-1 {2}src\/c$/m);

    write({ "inner/src/a/one.ts": "1\n" });
    expect(sizeTable(join(folder, "inner"))).toMatch(/this folder is not a Git repository\.$/);
  },
);

/** What is wrong with a table of limits, a line for each folder. */
function breaches(lines: Readonly<Record<string, number>>, limits: Readonly<Record<string, number>>): string[] {
  const found = Object.entries(lines).flatMap(([name, count]) => {
    const limit = limits[name];
    const next = Math.ceil(count / 50) * 50;
    if (limit === undefined) return [`${name}: ${count} lines and no limit; enter ${next}`];
    const has = `${name}: ${count} lines, ${Math.abs(limit - count)}`;
    if (count > limit) {
      return [
        `${has} above its limit of ${limit}; remove lines, or raise the limit to ${next} and say in the commit what they buy`,
      ];
    }
    return limit - count > SLACK ? [`${has} below its limit of ${limit}; lower the limit to ${next}`] : [];
  });
  const gone = Object.entries(limits).filter(([name]) => lines[name] === undefined);
  return [...found, ...gone.map(([name, limit]) => `${name}: no lines and a limit of ${limit}; remove the limit`)];
}

/** Writes files below the temporary folder. */
function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
