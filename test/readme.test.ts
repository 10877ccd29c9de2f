// @module-tag page
// @module-tag slow
/**
 * Checks the README against the output of programs, and its figure against measured results. `npx vitest run test/readme.test.ts
 * -u` writes both anew; read the difference. numbers.test.ts covers the numbers in its sentences.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { program as commandLine, processTerminal } from "../src/cli/program.ts";
import { chartSvg } from "../src/report/chart-svg.ts";
import type { Chart } from "../src/report/report.ts";

const root = join(import.meta.dirname, "..");
const readJson = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8")) as { readonly chart?: Chart };
const page = readFileSync(join(root, "README.md"), "utf8");
// Through a variable, because scripts have no types.
const program = join(root, "scripts/readme.mjs");
const { fill, blocks } = (await import(program)) as {
  fill: (page: string) => string;
  blocks: Readonly<Record<string, () => string>>;
};
const numbers = join(root, "experiments/numbers.mjs");
const { fillNumbers } = (await import(numbers)) as { fillNumbers: (page: string) => string };

test("README shows what its programs print, and the numbers that were measured", async () => {
  await expect(fillNumbers(fill(page))).toMatchFileSnapshot(join(root, "README.md"));
});

test("its figure is drawn from recorded results", async () => {
  const { chart } = readJson("experiments/first-page/results/link.json");
  await expect(chartSvg(chart!)).toMatchFileSnapshot(join(root, "docs/figures/ber-snr.svg"));
});

test("every block is shown once", () => {
  const shown = Array.from(page.matchAll(/<!-- measured: (\S+) -->/g), ([, name]) => name!);
  expect(shown.toSorted()).toEqual(Object.keys(blocks).toSorted());
});

test("it names the work that a GPU can do: that of the commands with a backend", () => {
  const { commands } = commandLine(processTerminal());
  const names = commands
    .filter(({ options }) => options.some(({ long }) => long === "--backend"))
    .map((one) => one.name());
  const [, limit] = /^- \*\*GPUs\.\*\* (.*)$/m.exec(page)!;
  expect([/chips/i, /training/i].map((work) => work.test(limit))).toEqual(
    ["run", "train"].map((name) => names.includes(name)),
  );
});
