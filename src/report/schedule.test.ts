// @module-tag slow
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findWorkload } from "../cost/workloads.ts";
import { hardwareSpec } from "../experiment/hardware.ts";
import { type Machine, machineOf } from "../machine/machine.ts";
import { type Schedule, scheduleOf } from "../machine/schedule.ts";
import { dataTable } from "./data-table.ts";
import type { BarsChart, GanttChart } from "./report.ts";
import { joined, scheduleCharts } from "./schedule.ts";

const CLOCK = 1e6;

/** Of a published workload, drawn with a clock at which clocks are microseconds. */
function drawn(name: string, hardware: object = {}) {
  const machine = machineOf(hardwareSpec.parse(hardware), findWorkload(name));
  const schedule = scheduleOf(machine);
  const charts = scheduleCharts(schedule, machine.engines, CLOCK);
  const gantt = (id: string) => charts.find((chart) => chart.id === id) as GanttChart | undefined;
  const busy = charts.find(({ id }) => id === "schedule-utilisation") as BarsChart;
  return { machine, schedule, charts, alone: gantt("schedule-alone")!, inFlight: gantt("schedule-in-flight"), busy };
}

/** Clocks at work in a row, of the prompts of one group. */
const work = ({ rows }: GanttChart, name: string, group: string): number =>
  rows
    .find((row) => row.name === name)!
    .stretches.filter((stretch) => stretch.group === group)
    .reduce((sum, { from, to, busy }) => sum + (to - from) * busy, 0);

const clocksOf = ({ units }: Schedule["alone"], name: string): number =>
  units
    .filter((unit) => (unit.kind === "attention" ? "SSA engine" : unit.name) === name)
    .reduce((sum, { busy }) => sum + busy, 0);

const layersOf = ({ layers }: Machine): string[] => [...layers.map(({ name }) => name), "SSA engine"];

describe.each([
  ["icl-4-256-2x2", {}],
  ["vit-4-384-cifar10", { order: "step-major" }],
  ["vit-8-768-imagenet", { ssa: { tiles: 1 } }],
])("the schedule of %s with %j", (name, hardware) => {
  const { machine, schedule, alone, inFlight } = drawn(name, hardware);

  test("has a row for every layer and one for the engine, from the first spike to the last sum", () => {
    expect(alone.rows.map((row) => row.name)).toEqual(layersOf(machine));
    const ends = alone.rows.flatMap(({ stretches }) => stretches.map(({ to }) => to));
    expect(Math.max(...ends)).toBeLessThanOrEqual(schedule.alone.clocks);
    expect(Math.max(...ends)).toBeGreaterThan(0.99 * schedule.alone.clocks);
  });

  test("draws the work that is scheduled, for one prompt by itself and for one in flight", () => {
    for (const row of layersOf(machine)) {
      // Shares have three digits.
      const close = (chart: GanttChart, clocks: number) =>
        expect(Math.abs(work(chart, row, "one prompt") / clocks - 1), row).toBeLessThan(0.02);
      close(alone, clocksOf(schedule.alone, row));
      close(inFlight!, clocksOf(schedule.inFlight!, row));
    }
  });

  test("shows units as busy in flight as they are: other prompts fill what one leaves", () => {
    const { clocks } = schedule.inFlight!;
    for (const row of layersOf(machine)) {
      const all = work(inFlight!, row, "one prompt") + work(inFlight!, row, "prompts before and after it");
      const expected = (clocksOf(schedule.alone, row) / schedule.interval) * clocks;
      // Cut at both ends of the time shown.
      expect(Math.abs(all - expected)).toBeLessThan(1.05 * clocksOf(schedule.alone, row));
    }
  });

  test("says what every row reads and writes: as many bits in all as the schedule moves, which is what is counted", () => {
    const of = (memory: string, way: "read" | "written") =>
      alone.rows
        .flatMap(({ moves }) => moves!)
        .reduce((sum, move) => sum + (move.memory === memory ? move[way] : 0), 0);
    const { words } = machine;
    const { tokens, steps, width, depth } = findWorkload(name);
    // Two additions a block; the last leaves nothing to store, and the embedding stores the first value.
    const words16 = tokens * steps * width * words.stream;
    expect([of("residual stream", "read"), of("residual stream", "written")]).toEqual([
      2 * depth * words16,
      2 * depth * words16,
    ]);
    expect(of("q, k, v", "written")).toBe(3 * depth * tokens * steps * width);
    expect(of("q, k, v", "read")).toBe(of("q, k, v", "written"));
    expect(of("attention", "read")).toBe(of("attention", "written"));
    const { markup: html } = dataTable(alone);
    expect(html).toContain("bits written");
    expect(html).toContain(`residual stream ${(tokens * steps * width * words.stream).toLocaleString("en")}`);
  });

  test("keeps its charts small", () => {
    const size = JSON.stringify([alone, inFlight]).length;
    expect(size).toBeLessThan(40_000);
  });
});

test("a unit is as busy as its clocks over those between prompts, blocks alike together", () => {
  const { schedule, busy } = drawn("icl-4-256-2x2");
  const of = (label: string, group: string) =>
    busy.bars.find((bar) => bar.label === label && bar.group === group)!.value;
  const { clocks } = schedule.alone;
  expect(of("SSA engine", "pipelined")).toBeCloseTo((100 * clocksOf(schedule.alone, "SSA engine")) / schedule.interval);
  expect(of("each block's up", "one prompt at a time")).toBeCloseTo(
    (100 * clocksOf(schedule.alone, "blocks.3.up")) / clocks,
  );
  expect(Math.max(...busy.bars.map(({ value }) => value))).toBeCloseTo(100, 12);
});

test("where prompts cannot overlap there is none in flight", () => {
  const { charts, busy } = drawn("icl-4-256-2x2", { crossbars: 40 });
  expect(charts.map(({ id }) => id)).toEqual(["schedule-alone", "schedule-utilisation"]);
  expect(new Set(busy.bars.map(({ group }) => group))).toEqual(new Set(["one prompt at a time"]));
});

test("joined jobs keep their clocks, and only breaks that cannot be seen are closed", () => {
  const job = fc.record({ wait: fc.integer({ min: 0, max: 40 }), work: fc.integer({ min: 1, max: 40 }) });
  fc.assert(
    fc.property(fc.array(job, { minLength: 1, maxLength: 200 }), (jobs) => {
      let clock = 0;
      const given = jobs.map(({ wait, work }) => {
        const from = clock + wait;
        clock = from + work;
        return { from, to: clock, busy: work };
      });
      const runs = joined(given.toReversed(), clock);
      expect(runs.length).toBeLessThanOrEqual(24);
      expect([runs[0].from, runs.at(-1)!.to]).toEqual([given[0].from, clock]);
      const busy = runs.reduce((sum, run) => sum + run.busy, 0);
      expect(busy).toBe(jobs.reduce((sum, { work }) => sum + work, 0));
      runs.forEach((run, i) => {
        expect(run.busy).toBeLessThanOrEqual(run.to - run.from);
        if (i > 0) expect(run.from - runs[i - 1].to).toBeGreaterThan(clock / 400);
      });
    }),
    { seed: 1 },
  );
});

test("by hand: three jobs, of which the first two stand together", () => {
  const runs = [
    { from: 0, to: 10, busy: 10 },
    { from: 11, to: 20, busy: 9 },
    { from: 500, to: 1000, busy: 500 },
  ];
  expect(joined(runs, 1000)).toEqual([{ from: 0, to: 20, busy: 19 }, runs[2]]);
});

test.each([24, 60, 1000])("of %d blocks as many rows and stretches are drawn as a page has room for", (depth) => {
  const machine = machineOf(hardwareSpec.parse({}), { ...findWorkload("icl-4-256-2x2"), depth });
  const schedule = scheduleOf(machine);
  for (const { rows } of scheduleCharts(schedule, machine.engines, CLOCK).slice(0, 2) as GanttChart[]) {
    expect(rows.length).toBeLessThanOrEqual(100);
    expect(Math.max(...rows.map(({ stretches }) => stretches.length))).toBeLessThanOrEqual(48);
    const most = Math.max(...rows.flatMap(({ stretches }) => stretches.map(({ busy }) => busy)));
    expect(most).toBeGreaterThan(0.9);
  }
});

test("by hand: rows of blocks stand for the four layers of each", () => {
  const machine = machineOf(hardwareSpec.parse({}), { ...findWorkload("icl-4-256-2x2"), depth: 30 });
  const schedule = scheduleOf(machine);
  const alone = scheduleCharts(schedule, machine.engines, CLOCK)[0] as GanttChart;
  expect(alone.rows.map(({ name }) => name).slice(0, 3)).toEqual(["embed", "blocks.0", "blocks.1"]);
  expect(alone.rows.slice(-3).map(({ name }) => name)).toEqual(["blocks.29", "head", "SSA engine"]);
  const clocks = ["qkv", "projection", "up", "down"].map((layer) => clocksOf(schedule.alone, `blocks.7.${layer}`));
  const mean = clocks.reduce((sum, one) => sum + one) / 4;
  expect(work(alone, "blocks.7", "one prompt") / mean).toBeCloseTo(1, 1);
});
