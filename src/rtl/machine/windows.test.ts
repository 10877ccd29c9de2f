import fc from "fast-check";
import { expect, test } from "vitest";
import { hardwareSpec, type LoopOrder } from "../../experiment/hardware.ts";
import { stemSpec, transformerSpec } from "../../experiment/model.ts";
import { machineOf } from "../../machine/machine.ts";
import { machineNetwork } from "../../machine/network.ts";
import { scheduleOf } from "../../machine/schedule.ts";
import type { ScheduledUnit } from "../../machine/timetable.ts";
import { operationsOf } from "../../model/graph.ts";
import { type StemLayer, stemGeometry, stemLayers } from "../../model/stem.ts";
import { windowPlan } from "./windows.ts";

const LATENCY = 3;

const drawn = fc.record({
  rows: fc.integer({ min: 1, max: 4 }),
  columns: fc.integer({ min: 1, max: 3 }),
  kernel: fc.constantFrom(1, 3, 5),
  stride: fc.integer({ min: 1, max: 2 }),
  pool: fc.integer({ min: 1, max: 2 }),
  channels: fc.constantFrom(8, 40),
  width: fc.constantFrom(8, 40),
  order: fc.constantFrom<LoopOrder>("token-major", "step-major"),
  steps: fc.integer({ min: 1, max: 3 }),
  sharing: fc.constantFrom(1, 8),
});

test("exactly as many lines are kept as every window needs, clock by clock", () => {
  let crossings = 0;
  fc.assert(
    fc.property(drawn, ({ rows, columns, kernel, stride, pool, channels, width, order, steps, sharing }) => {
      const grid = { rows: stride * pool * rows, columns: stride * pool * columns };
      const stem = { layers: [{ channels, kernel: 3, pool }], embedding: { kernel, stride } };
      const model = transformerSpec.parse({ kind: "spiking", width, heads: 1, depth: 1, expansion: 1, steps, stem });
      const task = { inputs: 4, tokens: 1, classes: 2, mask: Uint8Array.of(1), queries: Int32Array.of(0) };
      const geometry = stemGeometry(stemSpec.parse(stem), { ...task, readOut: "mean" }, grid);
      const hardware = hardwareSpec.parse({ order, adc: { sharing }, crossbar: { columns: 8 } });
      const machine = machineOf(hardware, machineNetwork(model, geometry));
      const { units } = scheduleOf(machine).alone;
      const [first, embed] = ["stem.0", "embed"].map((name) => units.find((unit) => unit.name === name)!);
      const [before, size] = stemLayers(model, geometry);
      const windows = operationsOf(machine.network.graph, "windows")[1];
      const { lines } = windowPlan(machine, windows, embed, first, LATENCY);
      const findsAll = (kept: number) => findsItsLines(kept, { before, size, first, embed, order, steps });
      expect([findsAll(lines), lines > 1 && findsAll(lines - 1)]).toEqual([true, false]);
      if (order === "step-major" && size.grid.rows % lines !== 0) crossings++;
    }),
    { numRuns: 200 },
  );
  // Some have rows whose line changes with the step.
  expect(crossings).toBeGreaterThan(3);
});

interface Jobs {
  readonly before: StemLayer;
  readonly size: StemLayer;
  readonly first: ScheduledUnit;
  readonly embed: ScheduledUnit;
  readonly order: LoopOrder;
  readonly steps: number;
}

/** Writes pixels into lines and reads windows of them, in the order of the clocks. */
function findsItsLines(lines: number, { before, size, first, embed, order, steps }: Jobs): boolean {
  const isByStep = order === "step-major";
  const jobs = ({ rows, columns }: StemLayer["grid"]) =>
    Array.from({ length: steps * rows * columns }, (_, job) => {
      const pixel = isByStep ? job % (rows * columns) : Math.floor(job / steps);
      return { step: isByStep ? Math.floor(job / (rows * columns)) : 0, row: Math.floor(pixel / columns) };
    });
  const lineOf = (step: number, row: number) => step * size.grid.rows + row;
  const events: { clock: number; act: () => boolean }[] = [];
  const held = new Array<number>(lines).fill(-1);
  jobs(before.windows).forEach(({ step, row }, job) => {
    const line = lineOf(step, Math.floor(row / before.pool));
    const act = () => {
      held[line % lines] = line;
      return true;
    };
    events.push({ clock: first.end[job] + LATENCY, act });
  });
  jobs(size.windows).forEach(({ step, row }, job) => {
    const edge = (size.kernel - 1) / 2;
    const act = () => {
      for (let r = size.stride * row - edge; r <= size.stride * row + edge; r++) {
        const line = lineOf(step, r);
        if (r >= 0 && r < size.grid.rows && held[line % lines] !== line) return false;
      }
      return true;
    };
    // Behind what is written in a clock: half of one later.
    for (const clock of [embed.start[job], embed.end[job] - 1]) events.push({ clock: clock + 0.5, act });
  });
  events.sort((a, b) => a.clock - b.clock);
  return events.every(({ act }) => act());
}
