/** Notes at prices against the measurement of mapped gates. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { SOURCES } from "../src/cost/catalogue.ts";
import { GATE_RATIOS } from "../src/cost/mapped-gates.ts";

// Through a variable, because the programs of experiments/ have no types.
const program = join(import.meta.dirname, "../experiments/ssa-gates/tables.mjs");
const { gateRatios } = (await import(program)) as { gateRatios: () => typeof GATE_RATIOS };

test("ratios of mapped gates are those of joules.json", () => {
  expect(GATE_RATIOS).toEqual(gateRatios());
});

test("each part that misses by more than a factor of 2 has its note at a price", () => {
  const notes = SOURCES.flatMap(({ prices }) => Object.values(prices).flatMap(({ note }) => note ?? []));
  const missing = Object.entries(GATE_RATIOS).filter(([part, ratios]) => {
    const misses = ratios.some((ratio) => ratio > 2 || ratio < 0.5);
    // Part of the attention above it.
    return misses && !part.endsWith("Drawn") && !notes.some((note) => note.includes(`${ratios.join(", ")} times`));
  });
  expect(missing).toEqual([]);
});
