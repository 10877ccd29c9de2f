import fc from "fast-check";
import { expect, test } from "vitest";
import { hardwareSpec } from "../experiment/hardware.ts";
import { modelSpec, stemSpec } from "../experiment/model.ts";
import { stemGeometry } from "../model/stem.ts";
import { type Machine, machineOf } from "./machine.ts";
import { machineNetwork } from "./network.ts";
import { scheduleOf } from "./schedule.ts";
import type { ScheduledUnit, Timetable } from "./timetable.ts";

const LATENCY = 3;

function machineFor(grid: { rows: number; columns: number }, stem: object, hardware: object = {}, steps = 1): Machine {
  const model = modelSpec.parse({ width: 8, heads: 1, depth: 1, expansion: 1, steps, stem });
  const task = { inputs: 4, tokens: 1, classes: 2, mask: Uint8Array.of(1), queries: Int32Array.of(0), readOut: "mean" };
  const geometry = stemGeometry(stemSpec.parse(stem), { ...task, readOut: "mean" as const }, grid);
  return machineOf(hardwareSpec.parse(hardware), machineNetwork(model, geometry));
}

const intervals = ({ start, end }: ScheduledUnit) => Array.from(start, (clock, i) => `${clock}-${end[i]}`);
const unitOf = ({ units }: Timetable, name: string) => units.find((unit) => unit.name === name)!;

test("a row of four pixels and windows of three, worked out by hand", () => {
  // Layers of up to 16 outputs take 4 clocks, and results follow 3 clocks behind. The pixels of the first layer are there at 7, 11, 15 and
  // 19. The embedding's windows hold pixels 0 and 1; 0, 1, 2; 1, 2, 3; 2 and 3.
  const { alone } = scheduleOf(machineFor({ rows: 1, columns: 4 }, { layers: [{ channels: 8 }] }));
  expect(intervals(unitOf(alone, "stem.0"))).toEqual(["0-4", "4-8", "8-12", "12-16"]);
  expect(intervals(unitOf(alone, "embed"))).toEqual(["11-15", "15-19", "19-23", "23-27"]);
  // Of the map, pixel 0 is kept from 7 to 19, 1 from 11 to 23, 2 from 15 and 3 from 19 to 27: three at a time, 8 bits each. What stands in
  // front of the layers after that is as without a stem.
  const spikes = (table: Timetable) => table.buffers.find(({ name }) => name === "spikes")!.bits;
  const plain = scheduleOf(machineFor({ rows: 1, columns: 4 }, { layers: [], embedding: { kernel: 1 } }));
  expect(spikes(alone) - spikes(plain.alone)).toBe(3 * 8);
});

test("a pooling square takes its place with its first pixel, and is complete with its last", () => {
  // Two squares of 2 x 2 pixels. Pixels (row, column) are there at 7, 11, 15, 19 and 23, 27, 31, 35: the squares at 27 and 35.
  const stem = { layers: [{ channels: 8, kernel: 1, pool: 2 }], embedding: { kernel: 1 } };
  const { alone } = scheduleOf(machineFor({ rows: 2, columns: 4 }, stem));
  expect(intervals(unitOf(alone, "embed"))).toEqual(["27-31", "35-39"]);
});

const drawn = fc.record({
  rows: fc.integer({ min: 1, max: 4 }),
  columns: fc.integer({ min: 1, max: 4 }),
  kernel: fc.constantFrom(1, 3, 5),
  stride: fc.integer({ min: 1, max: 2 }),
  pool: fc.integer({ min: 1, max: 2 }),
  order: fc.constantFrom("token-major", "step-major"),
  steps: fc.integer({ min: 1, max: 3 }),
  sharing: fc.constantFrom(1, 8),
});

test("every window is read once per step, and never before all of its pixels have arrived, alone and with pipelined prompts", () => {
  fc.assert(
    fc.property(drawn, ({ rows, columns, kernel, stride, pool, order, steps, sharing }) => {
      // Sides that strides and squares divide.
      const grid = { rows: 2 * stride * pool * rows, columns: stride * pool * columns };
      const stem = { layers: [{ channels: 24, kernel: 3, stride, pool }], embedding: { kernel } };
      const machine = machineFor(grid, stem, { order, adc: { sharing }, crossbar: { columns: 16 } }, steps);
      const { alone, inFlight } = scheduleOf(machine);
      const map = { rows: 2 * pool * rows, columns: pool * columns };
      const left = { rows: 2 * rows, columns };
      const jobOf = (n: number, vectors: number, t: number) =>
        order === "token-major" ? n * steps + t : t * vectors + n;
      for (const table of [alone, ...(inFlight ? [inFlight] : [])]) {
        const [first, embed] = [unitOf(table, "stem.0"), unitOf(table, "embed")];
        expect(first.start.length).toBe(map.rows * map.columns * steps);
        expect(embed.start.length).toBe(left.rows * left.columns * steps);
        for (const { start, end } of [first, embed]) {
          expect(start.every((clock, i) => i === 0 || clock >= end[i - 1])).toBe(true);
        }
        const edge = (kernel - 1) / 2;
        let early = 0;
        for (let t = 0; t < steps; t++) {
          for (let n = 0; n < left.rows * left.columns; n++) {
            const [y, x] = [Math.floor(n / left.columns), n % left.columns];
            // Pixels of the map before its maximum that the window's squares cover.
            for (let row = (y - edge) * pool; row < (y + edge + 1) * pool; row++) {
              for (let column = (x - edge) * pool; column < (x + edge + 1) * pool; column++) {
                if (row < 0 || row >= map.rows || column < 0 || column >= map.columns) continue;
                const pixel = jobOf(row * map.columns + column, map.rows * map.columns, t);
                const window = jobOf(n, left.rows * left.columns, t);
                if (embed.start[window] < first.end[pixel] + LATENCY) early++;
              }
            }
          }
        }
        expect(early).toBe(0);
      }
    }),
    { numRuns: 40 },
  );
});
