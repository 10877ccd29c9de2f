// @module-tag page
/**
 * Checks docs/experiment.md against the schema of an experiment: the table under a comment such as `<!-- fields: hardware.adc -->` or
 * `<!-- fields: task, kind symbol-detection -->` lists the fields there, and the one under `<!-- most used: seed, model.width -->` the
 * fields named. After a change of the schema or of a field's description, `npx vitest run test/experiment-page.test.ts -u` writes the
 * tables; read the difference.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DESCRIPTIONS } from "../src/experiment/descriptions.ts";
import { cell, fieldTable, shortTable, type TableSubject } from "./support/field-tables.ts";

const file = join(import.meta.dirname, "../docs/experiment.md");
const page = readFileSync(file, "utf8");
const MARKER = /(<!-- fields: ([\w.]+)(?:, kind ([\w-]+))? -->\n)\n*(?:\|.*\n)*\n*/g;
const MOST_USED = /(<!-- most used: ([\w.[\], ]+) -->\n)\n*(?:\|.*\n)*\n*/g;

const subjectOf = (path: string, kind?: string): TableSubject => ({
  path: path === "experiment" ? "" : path,
  ...(kind !== undefined && { kind }),
});
const subjects = Array.from(page.matchAll(MARKER), ([, , path, kind]) => subjectOf(path!, kind));

test("the page lists the fields of the schema", async () => {
  const filled = page
    .replace(
      MARKER,
      (_, marker: string, path: string, kind?: string) =>
        `${marker}\n${fieldTable(subjectOf(path, kind), subjects)}\n\n`,
    )
    .replace(MOST_USED, (_, marker: string, paths: string) => `${marker}\n${shortTable(paths.split(", "))}\n\n`);
  await expect(filled).toMatchFileSnapshot(file);
});

test("the page opens with the fifteen fields that are used most", () => {
  const [[, , paths]] = Array.from(page.matchAll(MOST_USED)) as [RegExpMatchArray];
  expect(new Set(paths!.split(", ")).size).toBe(15);
  expect(page.search(MOST_USED)).toBeLessThan(page.search(MARKER));
});

test("every field of every kind is on the page, with its meaning", () => {
  const fields = Object.entries(DESCRIPTIONS).map(([key, meaning]) => ({
    path: key
      .replace(/\[\d+\]/g, "")
      .replace(/^training\.stages\./, "training.stages[].")
      // The same objects, whose table the page links.
      .replace(/^model\.operations\.attention\./, "model.attention."),
    meaning,
  }));
  const lines = page.split("\n");
  const isMissing = ({ path, meaning }: { path: string; meaning: string }) =>
    !lines.some((line) => line.startsWith(`| \`${path}\` |`) && line.endsWith(`${cell(meaning)} |`));
  expect(fields.length).toBeGreaterThan(100);
  expect(fields.filter(isMissing)).toEqual([]);
});

test("a table for a field that does not exist is refused", () => {
  expect(() => fieldTable({ path: "hardware.dac" }, [])).toThrow("no field dac");
  expect(() => fieldTable({ path: "task", kind: "speech" }, [])).toThrow("no field task of kind speech");
  expect(() => shortTable(["model.size"])).toThrow("no field size");
});
