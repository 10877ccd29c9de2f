// @module-tag page
/**
 * Chips next to simulated energies: the data are complete, their scaling is that of the cost model, and the figure is drawn from the same
 * results as the tables. `npx vitest run test/silicon.test.ts -u` draws it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DESIGNS } from "../src/cost/validation/designs.ts";
import { scalingRange } from "../src/cost/validation/scalings.ts";
import { chartSvg } from "../src/report/chart-svg.ts";
import { chartSpec } from "../src/report/report.ts";

const root = join(import.meta.dirname, "..");
const folder = join(root, "experiments/silicon");
interface Chip {
  readonly chip: string;
  readonly data: string;
  readonly node: number;
  readonly accuracy: number;
  readonly energy: number;
  readonly includes: string;
  readonly citation: string;
  readonly readIn: string;
  readonly silicon?: boolean;
  readonly at45: { readonly value: number; readonly low: number; readonly high: number };
}
interface Row {
  readonly name: string;
  readonly data: string;
  /** Key of its record in experiments/errors, and the column of its error rate. */
  readonly record: string;
  readonly column: string | number;
  readonly accuracy: number;
  readonly energy: number;
  readonly steps?: number;
  readonly bits?: number;
  readonly float?: boolean;
}
// Through variables, because the programs of experiments/ have no types.
const [chipsModule, tablesModule] = ["chips.mjs", "tables.mjs"].map((file) => join(folder, file));
const errorsModule = join(root, "experiments/errors/errors.mjs");
const { measured: records, rateOf } = (await import(errorsModule)) as {
  measured: Readonly<Record<string, object>>;
  rateOf: (record: object, column: string | number) => number;
};
const { CHIPS } = (await import(chipsModule)) as { CHIPS: readonly Omit<Chip, "at45">[] };
const { siliconChart } = (await import(tablesModule)) as { siliconChart: () => object };
const result = JSON.parse(readFileSync(join(folder, "result.json"), "utf8")) as {
  chips: readonly Chip[];
  ours: readonly Row[];
  anns: readonly Row[];
  validation: { designs: readonly { id: string; ratio: number; measured: number; model: number }[] };
};
const { chips, ours, anns, validation } = result;

test("at least twelve chips were measured, each with accuracy, energy, node and citation", () => {
  expect(CHIPS.filter(({ silicon }) => silicon !== false).length).toBeGreaterThanOrEqual(12);
  for (const data of ["cifar-10", "mnist"]) expect(CHIPS.some((chip) => chip.data === data)).toBe(true);
  expect(new Set(CHIPS.map(({ chip }) => chip)).size).toBe(CHIPS.length);
  for (const { chip, node, accuracy, energy, includes, citation, readIn } of CHIPS) {
    expect(accuracy > 0.5 && accuracy < 1, chip).toBe(true);
    expect(energy > 1e-9 && energy < 1e-3, chip).toBe(true);
    expect(node >= 8 && node <= 65, chip).toBe(true);
    expect(citation, chip).toMatch(/20[12]\d.*https:\/\//);
    expect(["abstract", "excerpt", "paper"], chip).toContain(readIn);
    expect(includes.length, chip).toBeGreaterThan(0);
  }
});

test("recorded chips are those of the list, scaled as the model scales", () => {
  expect(chips.map(({ at45: _, ...chip }) => chip)).toEqual(CHIPS);
  for (const { chip, node, energy, at45 } of chips) {
    const { value, low, high } = scalingRange(node);
    expect(at45.value, chip).toBeCloseTo(energy / value, 18);
    // The larger factor gives the smaller energy.
    expect([at45.low, at45.high].map((end) => energy / end)[0], chip).toBeCloseTo(high, 9);
    expect(energy / at45.high, chip).toBeCloseTo(low, 9);
  }
});

test("each row takes accuracy from the record that it names", () => {
  for (const { name, record, column, accuracy } of [...ours, ...anns]) {
    expect(Object.keys(records), name).toContain(record);
    expect(accuracy, `${name}, ${column}`).toBeCloseTo(1 - rateOf(records[record], column), 12);
  }
});

test("has our networks at the T that pages name, and ANNs at 8 and 4 bits", () => {
  for (const steps of [1, 2, 3]) expect(ours.some((row) => row.data === "mnist" && row.steps === steps)).toBe(true);
  for (const steps of [2, 4]) expect(ours.some((row) => row.data === "cifar-10" && row.steps === steps)).toBe(true);
  for (const bits of [8, 4]) expect(anns.some((row) => row.bits === bits)).toBe(true);
});

test("the recorded validation has every design", () => {
  expect(validation.designs.map(({ id }) => id)).toEqual(DESIGNS.map(({ id }) => id));
  for (const { ratio, measured, model } of validation.designs) expect(ratio * measured).toBeCloseTo(model, 18);
});

test("the figure is drawn from the same results as the tables, with chips and simulations marked apart", async () => {
  const chart = chartSpec.parse(siliconChart());
  await expect(chartSvg(chart)).toMatchFileSnapshot(join(root, "docs/figures/silicon.svg"));
  if (chart.kind !== "lines") throw new Error("not a chart of points");
  for (const { name, marks, points } of chart.series) {
    expect(marks, name).toBe(name.includes("measured") ? "filled" : "open");
    for (const { low, high } of points) expect(low !== undefined && high !== undefined, name).toBe(marks === "filled");
  }
  const drawn = chart.series.reduce((sum, { points }) => sum + points.length, 0);
  const measured = chips.filter(({ silicon }) => silicon !== false);
  expect(drawn).toBe(measured.length + ours.length + anns.length);
  const labels = chart.series.flatMap(({ points }) => points.map(({ label }) => label ?? "")).join();
  for (const { chip } of measured) expect(labels).toContain(chip.split(",")[0]);
});
