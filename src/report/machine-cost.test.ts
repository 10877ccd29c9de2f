import { expect, test } from "vitest";
import { estimateCost } from "../cost/cost.ts";
import { machineCost } from "../cost/machine-cost.ts";
import { findCostPreset } from "../cost/presets.ts";
import { priceInFull } from "../cost/priced.ts";
import { resolveTechnology } from "../cost/resolve.ts";
import { waterfall } from "../cost/waterfall.ts";
import { findWorkload } from "../cost/workloads.ts";
import { leverFigures, machineCharts } from "./machine-cost.ts";
import type { BarsChart, HeatChart } from "./report.ts";

const workload = findWorkload("icl-4-256-2x2");
const resolved = resolveTechnology(findCostPreset("simulated"), { set: { conversionsPerSum: 2, ssaTiles: 8 } });
const priced = priceInFull(estimateCost(workload, resolved));
const { levers } = priced;
const charts = machineCharts(priced);
const chart = <C>(id: string) => charts.find((one) => one.id === id) as C;
const sum = ({ bars }: BarsChart) => bars.reduce((total, { value }) => total + value, 0);

test("bars by unit add up to the energy and the area of the machine, largest first", () => {
  const { energy, area } = machineCost(workload, resolved.technology);
  for (const [id, whole] of [
    ["machine-energy", 1e6 * energy],
    ["machine-area", 1e6 * area],
  ] as const) {
    const { bars } = chart<BarsChart>(id);
    // Units below 0.01 % are left out.
    expect(sum(chart(id)) / whole).toBeCloseTo(1, 3);
    expect(bars.map(({ value }) => value)).toEqual(bars.map(({ value }) => value).toSorted((a, b) => b - a));
    expect(new Set(bars.map(({ label }) => label)).size).toBe(bars.length);
  }
});

test("the waterfall is a bar for each assumption between the two ratios, and begins where the one above ends", () => {
  const { start, bars, end } = waterfall(workload, resolved);
  const drawn = chart<BarsChart>("waterfall").bars;
  expect(drawn).toHaveLength(bars.length + 2);
  expect([drawn[0].value, drawn.at(-1)!.value]).toEqual([start, end]);
  drawn.slice(1, -1).forEach((bar, i) => void expect(bar.from).toBe(drawn[i].value));
});

test("every lever is a row with its four changes in percent, and a figure that says what to write", () => {
  const { y, values } = chart<HeatChart>("levers");
  levers.forEach(({ id, label, setting, sameAnswers, change }, i) => {
    expect(y.ticks[i]).toBe(sameAnswers ? label : `${label} *`);
    expect(values[i]).toEqual(
      [change.energy, change.latency, change.interval, change.area].map((share) => 100 * share),
    );
    const figure = leverFigures(levers).find((one) => one.id === `cost.levers.${id}`)!;
    expect(figure.label).toContain(`(${setting})`);
    expect(figure.value).toBeCloseTo(1 + change.energy, 12);
  });
  expect(machineCharts({ ...priced, levers: [] }).some(({ id }) => id === "levers")).toBe(false);
});
