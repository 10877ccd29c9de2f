// @module-tag program
/**
 * Checks docs/first-experiment.md as a reader meets it: its files and commands work in order in a clone (with the built package:
 * run `npm run build` first, as `npm test` does), and its numbers were recorded from these files and commands. Trainings here
 * have two steps; `node scripts/tutorial.mjs` runs everything and writes the page.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ExperimentDocument } from "../src/experiment/experiment.ts";
import type { Report } from "../src/report/report.ts";

interface Replay {
  readonly outputs: readonly string[];
  readonly reports: Readonly<Record<string, Report>>;
}

// Through a variable, because programs of scripts/ have no types.
const program = join(import.meta.dirname, "../scripts/tutorial.mjs");
const { page, replay, fill, fingerprint } = (await import(program)) as {
  page: string;
  replay: (text: string, folder: string, edit?: (body: string) => string) => Replay;
  fill: (text: string, replayed: Replay) => string;
  fingerprint: (text: string) => string;
};
const text = readFileSync(page, "utf8");

test("the page's outputs were recorded from the files and commands that it shows", () => {
  expect(text).toContain(`<!-- recorded from ${fingerprint(text)} -->`);
  expect(fingerprint(text.replace('"pilots": 8', '"pilots": 9'))).not.toBe(fingerprint(text));
});

test("its commands work one after the other, and give every output and figure that it shows", () => {
  const folder = mkdtempSync(join(tmpdir(), "xpikeformer-tutorial-"));
  try {
    const filled = fill(text, replay(text, folder, shorten));
    const shape = (page: string) => page.replace(/-?\d[\d.,]*|\bmin\b|\bs\b/g, "").replace(/ +/g, " ");
    // The same page, except for numbers.
    expect(shape(filled).replace(/recorded from \w*/, "")).toBe(shape(text).replace(/recorded from \w*/, ""));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** The same experiment with two steps of training, two chips and few prompts. */
function shorten(body: string): string {
  const experiment = JSON.parse(body) as ExperimentDocument;
  const { training, hardware } = experiment;
  const stages = training!.stages!.map((stage) => ({ ...stage, steps: 2, warmup: 1 }));
  return JSON.stringify({
    ...experiment,
    training: { ...training, stages, validationPrompts: 16 },
    hardware: { ...hardware, chips: 2 },
    evaluation: { prompts: 16, curvePrompts: 8, snrDecibels: [10], steps: [1, 4] },
  });
}
