// @module-tag page
/** The waterfall of `experiments/machine` and its tables tell the same. `npx vitest run test/machine-figure.test.ts -u` draws it. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { chartSvg } from "../src/report/chart-svg.ts";
import { chartSpec } from "../src/report/report.ts";

const root = join(import.meta.dirname, "..");
// Through variables, because experiments have no types.
const [figure, tables] = ["waterfall.mjs", "ablation-tables.mjs"].map((file) =>
  join(root, "experiments/machine", file),
);
const { waterfallChart } = (await import(figure)) as { waterfallChart: () => unknown };
const { ablationTables } = (await import(tables)) as {
  ablationTables: Record<"machine-vit", () => { rows: string[][] }>;
};

test("the figure is drawn, and each bar starts where the one above it ends", async () => {
  const chart = chartSpec.parse(waterfallChart());
  if (chart.kind !== "bars") throw new Error("not a chart of bars");
  chart.bars.forEach(({ from }, i) => {
    expect(from).toBe(i === 0 ? 0 : chart.bars[i - 1].value);
  });
  await expect(chartSvg(chart)).toMatchFileSnapshot(join(root, "docs/figures/machine-waterfall.svg"));
});

test("its first two bars end at the ratios of the table for T = 4", () => {
  const chart = chartSpec.parse(waterfallChart());
  if (chart.kind !== "bars") throw new Error("not a chart of bars");
  const [, converters, charge] = ablationTables["machine-vit"]().rows[0];
  expect(chart.bars.slice(0, 2).map(({ value }) => value.toFixed(1))).toEqual([converters, charge]);
});
