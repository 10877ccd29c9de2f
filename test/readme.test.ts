/**
 * Holds the README to what was measured: the blocks that scripts/readme.mjs writes, the figure, and that no other number with a
 * decimal stands there. `npx vitest run test/readme.test.ts -u` writes blocks and figure anew; read the difference.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { chartSvg } from "../src/report/chart-svg.ts";
import type { Chart } from "../src/report/report.ts";

interface Result {
  readonly command?: string;
  readonly seed?: number;
  readonly commit?: string;
  /** Rows that were measured apart. */
  readonly runs?: readonly { readonly commit?: string }[];
  readonly chart?: Chart;
}

const root = join(import.meta.dirname, "..");
const readJson = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8")) as Result;
const page = readFileSync(join(root, "README.md"), "utf8");
// Through a variable, because scripts have no types.
const program = join(root, "scripts/readme.mjs");
const { fill, blocks } = (await import(program)) as {
  fill: (page: string) => string;
  blocks: Readonly<Record<string, () => string>>;
};

const filesOf = (folder: string) => readdirSync(join(root, folder)).map((file) => `${folder}/${file}`);
const folder = "experiments/first-page/results";
const parts = filesOf(folder);
const all = [...parts, ...filesOf("experiments/image-accuracy/results"), "experiments/wide-link/result.json"];

test("README shows what was measured", async () => {
  await expect(fill(page)).toMatchFileSnapshot(join(root, "README.md"));
});

test("its figure is drawn from the same results", async () => {
  const { chart } = readJson(`${folder}/link.json`);
  await expect(chartSvg(chart!)).toMatchFileSnapshot(join(root, "docs/figures/ber-snr.svg"));
});

test("every block is shown once, and nothing else in README holds a number with a decimal", () => {
  const shown = Array.from(page.matchAll(/<!-- measured: (\S+) -->/g), ([, name]) => name!);
  expect(shown.toSorted()).toEqual(Object.keys(blocks).toSorted());
  const prose = page
    .replace(/<!-- measured: (\S+) -->[\s\S]*?<!-- end of \1 -->/g, "")
    .replace(/```[\s\S]*?```/g, "")
    .replace(/arXiv \d+\.\d+/g, "")
    .replace(/\]\([^)]*\)/g, "]");
  expect(prose.match(/\d[.,]\d|\d ?%/g) ?? []).toEqual(["5 %"]);
});

describe("the results behind it", () => {
  test.each(all)("%s carries command, seed and commit", (path) => {
    const { command, seed, commit } = readJson(path);
    expect(command).toMatch(/^node experiments\/\S+/);
    expect(existsSync(join(root, command!.split(" ")[1]))).toBe(true);
    expect(Number.isInteger(seed)).toBe(true);
    expect(commit).toMatch(/^[0-9a-f]{40}$/);
  });

  test("the parts of the first page were measured at one commit", () => {
    expect(new Set(parts.map((path) => readJson(path).commit)).size).toBe(1);
  });

  // A tarball has no history, and a shallow clone not all of it.
  test("their commits are in the history", ({ skip }) => {
    skip(!hasHistory(), "Git or the whole history is missing");
    for (const path of all) {
      const { commit, runs = [] } = readJson(path);
      for (const each of new Set([commit, ...runs.map((run) => run.commit)])) {
        expect(
          () => execFileSync("git", ["merge-base", "--is-ancestor", each!, "HEAD"], { cwd: root }),
          path,
        ).not.toThrow();
      }
    }
  });
});

function hasHistory(): boolean {
  try {
    const answer = execFileSync("git", ["rev-parse", "--is-shallow-repository"], { cwd: root, encoding: "utf8" });
    return answer.trim() === "false";
  } catch {
    return false;
  }
}
