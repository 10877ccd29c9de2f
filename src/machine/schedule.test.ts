// @module-tag slow
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { literalMachine } from "../../test/support/literal-machine.ts";
import { OUTPUT_REGISTERS, ssaTileCycles } from "../hardware/ssa-tile.ts";
import { vectorClocks } from "../hardware/timing.ts";
import type { TileMapping } from "../mapping/attention.ts";
import { machineOf } from "./machine.ts";
import { bytesOf, paceOf, type Schedule, scheduleOf, utilisation } from "./schedule.ts";
import type { NetworkShape } from "./shape.ts";
import type { ScheduledUnit, Timetable } from "./timetable.ts";

const SHAPE: NetworkShape = {
  ...{ depth: 1, width: 8, heads: 1, expansion: 1, tokens: 2, inputs: 4, classes: 2, queries: 1, steps: 2 },
  ...{ embedding: "lines", outputProjection: true, residuals: 2, positions: false, scores: 4 },
};

function machineFor(changes: Partial<NetworkShape>, hardware: object = {}) {
  const shape = { ...SHAPE, ...changes };
  return { ...machineOf(literalMachine(hardware), shape), shape };
}

const intervals = ({ start, end }: ScheduledUnit) => Array.from(start, (clock, i) => `${clock}-${end[i]}`);

test("one block of two tokens and two steps, token-major, worked out by hand", () => {
  // A crossbar of 128 columns has 16 readout units. Layers of up to 16 outputs take one step of the multiplexers: 2 clocks to settle and 2
  // to convert, 4; qkv has 24 outputs, two steps, 6 clocks. Results follow 3 clocks behind the end of a job.
  // Vectors are (token 0, step 0), (0, 1), (1, 0), (1, 1). They leave embed at 4, 8, 12, 16 and enter qkv from 7 on, one every 6 clocks;
  // q, k, v are there at 16, 22, 28, 34. Step 0 is whole at 28, step 1 at 34. Windows of d = 8 clocks: 28 to 36, 36 to 44, empty at 52. A
  // of step 0 leaves in the window of step 1 and one register later, at 45; of step 1 at 53. Projection takes (0, 0) at 45, (0, 1) at 53,
  // then (1, 0), which has waited since 45, at 57, and (1, 1) at 61. Up and down follow 7 clocks behind each. The head reads token 1 only.
  const { alone, inFlight, interval } = scheduleOf(machineFor({}));
  expect(alone.units.map((unit) => [unit.name, ...intervals(unit)])).toEqual([
    ["embed", "0-4", "4-8", "8-12", "12-16"],
    ["blocks.0.qkv", "7-13", "13-19", "19-25", "25-31"],
    ["blocks.0.attention", "28-52"],
    ["blocks.0.projection", "45-49", "53-57", "57-61", "61-65"],
    ["blocks.0.up", "52-56", "60-64", "64-68", "68-72"],
    ["blocks.0.down", "59-63", "67-71", "71-75", "75-79"],
    ["head", "78-82", "82-86"],
  ]);
  expect(alone.clocks).toBe(86 + 3);
  // The stream holds all four vectors of 8 words of 16 bits from 16 to 63; q, k and v of all four wait from 34 to 36; of A, steps come from
  // 36 and 44 on, and the first is read at 49. Lines: qkv reads one vector while the next waits, three layers have one at a time.
  const bits = Object.fromEntries(alone.buffers.map((buffer) => [buffer.name, buffer.bits]));
  expect(bits).toEqual({
    ...{ spikes: (2 + 1 + 1 + 1) * 8, qkv: 4 * 24, attention: 4 * 8, stream: 4 * 8 * 16 },
    ...{ embedding: 0, membranes: 0, logits: 2 * 16 },
  });
  // qkv is busy for 24 clocks of a prompt, and so is the engine.
  expect(interval).toBe(24);
  expect(inFlight!.prompts).toBe(Math.ceil(inFlight!.clocks / 24));
});

test("the same block step-major: attention works on one step while crossbars work on the next", () => {
  // Vectors are (0, 0), (1, 0), (0, 1), (1, 1), at the same clocks as before. Step 0 is whole at 22 now: a window and one in which the tile
  // empties, 22 to 38, A at 39. Step 1 is whole at 34 and waits for the tile: 38 to 54, A at 55.
  const { alone } = scheduleOf(machineFor({}, { order: "step-major" }));
  const byName = Object.fromEntries(alone.units.map((unit) => [unit.name, intervals(unit)]));
  expect(byName["blocks.0.attention"]).toEqual(["22-38", "38-54"]);
  expect(byName["blocks.0.projection"]).toEqual(["39-43", "43-47", "55-59", "59-63"]);
  // Token 1 of step 0 enters projection at 43, and each of the three layers behind it 7 clocks later.
  expect(byName.head).toEqual(["64-68", "80-84"]);
  // Membranes of 8 + 24 + 8 + 8 + 8 neurons for two tokens.
  expect(alone.buffers.find(({ name }) => name === "membranes")!.bits).toBe(2 * 56 * 16);
});

describe("one block without a feed-forward pair", () => {
  test("is planned by hand: the head follows the output projection", () => {
    // Up to attention as above. Projection ends at 49, 57, 61 and 65, and 3 clocks later the head takes token 1: from 64 and 68.
    const machine = machineFor({ expansion: 0 });
    const { alone } = scheduleOf(machine);
    expect(alone.units.map((unit) => [unit.name, ...intervals(unit)])).toEqual([
      ["embed", "0-4", "4-8", "8-12", "12-16"],
      ["blocks.0.qkv", "7-13", "13-19", "19-25", "25-31"],
      ["blocks.0.attention", "28-52"],
      ["blocks.0.projection", "45-49", "53-57", "57-61", "61-65"],
      ["head", "64-68", "68-72"],
    ]);
    // A vector of the stream waits for the projection's sum.
    expect(alone.buffers.find(({ name }) => name === "stream")!.bits).toBe(4 * 8 * 16);
    // One crossbar for each layer; neurons after embedding, q, k, v and projection, adders of the stream after the last.
    expect(machine.mapping.layers.map(({ name, blocks }) => [name, blocks.length])).toEqual([
      ...["embed", "blocks.0.qkv", "blocks.0.projection", "head"].map((name) => [name, 1]),
    ]);
    expect([machine.units.lif.count, machine.units.lif.membranes]).toEqual([3 * 16, 8 + 24 + 8]);
    expect(machine.units.residual.count).toBe(16);
  });

  test("and without an output projection: the head's jobs begin by adding attention to the stream", () => {
    const machine = machineFor({ expansion: 0, outputProjection: false });
    const { alone } = scheduleOf(machine);
    expect(alone.units.map(({ name }) => name)).toEqual(["embed", "blocks.0.qkv", "blocks.0.attention", "head"]);
    // A of token 1 is there at 45 and 53.
    expect(intervals(unitNamed(alone, "head")!)).toEqual(["45-49", "53-57"]);
    expect([machine.units.lif.count, machine.units.lif.membranes]).toEqual([3 * 16, 8 + 24 + 8]);
    expect(machine.units.residual.count).toBe(16);
  });
});

const shapes = fc
  .record({
    depth: fc.integer({ min: 1, max: 3 }),
    heads: fc.integer({ min: 1, max: 3 }),
    dimension: fc.constantFrom(8, 24),
    expansion: fc.integer({ min: 1, max: 3 }),
    tokens: fc.integer({ min: 1, max: 6 }),
    steps: fc.integer({ min: 1, max: 4 }),
    outputProjection: fc.boolean(),
    residuals: fc.constantFrom(0, 2),
    embedding: fc.constantFrom("lines" as const, "values" as const),
    queries: fc.integer({ min: 1, max: 6 }),
  })
  .map(({ dimension, queries, ...rest }) => ({
    ...{ ...SHAPE, ...rest },
    width: rest.heads * dimension,
    scores: rest.tokens ** 2,
    queries: Math.min(queries, rest.tokens),
  }));

const machines = fc.record({
  order: fc.constantFrom("token-major", "step-major"),
  tiles: fc.constantFrom(null, 1, 2),
  tileTokens: fc.constantFrom(null, 2),
  sharing: fc.constantFrom(1, 8),
  columns: fc.constantFrom(16, 128),
});
type Drawn = typeof machines extends fc.Arbitrary<infer M> ? M : never;
const hardwareOf = ({ order, tiles, tileTokens, sharing, columns }: Drawn) => ({
  ...{ order, ssa: { tiles, tileTokens }, adc: { sharing }, crossbar: { rows: 16, columns } },
});

/** The schedule's prompts, as many as are under way at once and one more: one alone, or several in flight. */
function timetables({ alone, inFlight, interval }: Schedule): { table: Timetable; period: number; copies: number }[] {
  const single = { table: alone, period: 0, copies: 1 };
  return inFlight ? [single, { table: inFlight, period: interval, copies: inFlight.prompts + 1 }] : [single];
}

const runs = { seed: 4, numRuns: 150 };

describe("of any network on any machine", () => {
  test("no unit does two jobs at once, alone or with prompts in flight", () => {
    fc.assert(
      fc.property(shapes, machines, (shape, drawn) => {
        for (const { table, period, copies } of timetables(scheduleOf(machineFor(shape, hardwareOf(drawn))))) {
          // Every layer has crossbars of its own; all blocks share the engine.
          const busy = new Map<string, [number, number][]>();
          for (const { name, kind, start, end } of table.units) {
            const unit = kind === "attention" ? "engine" : name;
            const taken = busy.get(unit) ?? [];
            busy.set(unit, taken);
            for (let p = 0; p < copies; p++) {
              for (let i = 0; i < start.length; i++) taken.push([start[i] + p * period, end[i] + p * period]);
            }
          }
          for (const [unit, taken] of busy) {
            taken.sort(([a], [b]) => a - b);
            taken.forEach(([start, end], i) => {
              expect(end, unit).toBeGreaterThan(start);
              if (i > 0) expect(start, unit).toBeGreaterThanOrEqual(taken[i - 1][1]);
            });
          }
        }
      }),
      runs,
    );
  });

  test("no job starts before its inputs exist", () => {
    fc.assert(
      fc.property(shapes, machines, (shape, drawn) => {
        const machine = machineFor(shape, hardwareOf(drawn));
        for (const { table } of timetables(scheduleOf(machine))) requireOrder(machine, table);
      }),
      runs,
    );
  });

  test("step-major, a run of the engine starts when q, k and v of its step are available, or when the previous run ends", () => {
    fc.assert(
      fc.property(shapes, machines, (shape, drawn) => {
        const machine = machineFor(shape, hardwareOf({ ...drawn, order: "step-major" }));
        const { alone } = scheduleOf(machine);
        const whole = (block: number, t: number) =>
          unitNamed(alone, `blocks.${block}.qkv`)!.end[at(machine, shape.tokens - 1, t)] + 3;
        const runs = Array.from({ length: shape.depth }, (_, block) => {
          const { start, end } = unitNamed(alone, `blocks.${block}.attention`)!;
          return Array.from(start, (from, t) => ({ from, to: end[t], ready: whole(block, t) }));
        }).flat();
        runs.sort((a, b) => a.from - b.from);
        runs.forEach(({ from, ready }, i) => {
          expect(from).toBe(Math.max(ready, runs[i - 1]?.to ?? 0));
        });
      }),
      runs,
    );
  });

  test("buffers hold what is alive at every clock, and are exactly full at one clock", () => {
    fc.assert(
      fc.property(shapes, machines, (shape, drawn) => {
        const machine = machineFor(shape, hardwareOf(drawn));
        for (const { table, period, copies } of timetables(scheduleOf(machine))) {
          for (const name of ["stream", "qkv"] as const) {
            const held = name === "stream" ? streamOf(machine, table) : queriesOf(machine, table);
            // Enough prompts before and behind that one of them is at its fullest among the others.
            const all = Array.from({ length: 2 * copies + 1 }, (_, p) =>
              held.map(([from, to]) => [from + p * period, to + p * period]),
            ).flat();
            const counted = period === 0 ? held : all;
            const most = Math.max(
              0,
              ...counted.map(([at]) => counted.filter(([from, to]) => from <= at && at < to).length),
            );
            const { bits } = table.buffers.find((buffer) => buffer.name === name)!;
            expect(bits, name).toBe(most * shape.width * (name === "stream" ? 16 : 3));
          }
        }
      }),
      { ...runs, numRuns: 60 },
    );
  });

  test("units work for the clocks of their jobs, and never longer than from one prompt to the next", () => {
    fc.assert(
      fc.property(shapes, machines, (shape, drawn) => {
        const machine = machineFor(shape, hardwareOf(drawn));
        const schedule = scheduleOf(machine);
        const { heads, tiles, dimension, passes, drained } = machine.mapping.attention[0] as TileMapping;
        const engine = Math.ceil(heads / tiles) * ssaTileCycles(shape.steps, dimension, passes, drained);
        for (const unit of schedule.alone.units) {
          const layer = machine.mapping.layers.find(({ name }) => name === unit.name);
          const sum = unit.start.reduce((clocks, start, i) => clocks + unit.end[i] - start, 0);
          expect(unit.busy).toBe(sum);
          if (layer) expect(sum).toBe(jobsOf(unit.name, shape) * vectorClocks(layer.multiplexerSteps, machine.timing));
          else expect(sum).toBe(engine);
          expect(utilisation(unit, schedule)).toBeLessThanOrEqual(1);
        }
        const { alone, interval } = schedule;
        expect(alone.clocks).toBeGreaterThanOrEqual(interval);
        expect(paceOf(machine)).toEqual({ clocks: alone.clocks, interval, buffers: alone.buffers });
      }),
      runs,
    );
  });

  test("more steps, tokens, width or blocks never take less time", () => {
    fc.assert(
      fc.property(shapes, machines, fc.constantFrom("steps", "tokens", "width", "depth"), (shape, drawn, grown) => {
        const more = { ...shape, [grown]: shape[grown as "steps"] + (grown === "width" ? 8 * shape.heads : 1) };
        const [before, after] = [shape, { ...more, scores: more.tokens ** 2 }].map((one) =>
          scheduleOf(machineFor(one, hardwareOf(drawn))),
        );
        expect(after.alone.clocks).toBeGreaterThanOrEqual(before.alone.clocks);
        expect(after.interval).toBeGreaterThanOrEqual(before.interval);
      }),
      runs,
    );
  });
});

const jobsOf = (name: string, { steps, tokens, queries, embedding }: NetworkShape): number =>
  name === "head" ? queries * steps : name === "embed" && embedding === "values" ? 8 * tokens : tokens * steps;

type M = ReturnType<typeof machineFor>;

/** Job of token n at step t of a unit that serves all tokens. */
const at = ({ order, shape: { steps, tokens } }: M, n: number, t: number) =>
  order === "token-major" ? n * steps + t : t * tokens + n;

const unitNamed = ({ units }: Timetable, name: string) => units.find((unit) => unit.name === name);

/** Token and step of every job of a layer. */
function vectorsOf(machine: M, name: string): [number, number][] {
  const { shape, order } = machine;
  const first = name === "head" ? shape.tokens - shape.queries : 0;
  const tokens = Array.from({ length: shape.tokens - first }, (_, n) => first + n);
  const steps = Array.from({ length: shape.steps }, (_, t) => t);
  return order === "token-major"
    ? tokens.flatMap((n) => steps.map((t): [number, number] => [n, t]))
    : steps.flatMap((t) => tokens.map((n): [number, number] => [n, t]));
}

/** When q, k and v of a step have been read, and when its A is there, from the engine's runs. */
function engineAt(
  machine: M,
  table: Timetable,
  block: number,
  t: number,
): { counted: number; out: number; first: number } {
  const { start } = unitNamed(table, `blocks.${block}.attention`)!;
  const { heads, tiles, dimension: d, passes } = machine.mapping.attention[0] as TileMapping;
  const groups = Math.ceil(heads / tiles);
  const { steps } = machine.shape;
  const [run, step, perRun] = machine.order === "token-major" ? [start[0], t, steps] : [start[t], 0, 1];
  const first = run + step * passes * d;
  const counted = first + (groups - 1) * (perRun * passes + 1) * d + passes * d;
  return { first, counted, out: counted + d + OUTPUT_REGISTERS };
}

function requireOrder(machine: M, table: Timetable): void {
  const { depth, steps, tokens, embedding } = machine.shape;
  const latency = 3;
  const done = (name: string, n: number, t: number) =>
    unitNamed(table, name)!.end[name === "embed" && embedding === "values" ? n : at(machine, n, t)] + latency;
  const check = (name: string, ready: (n: number, t: number) => number) => {
    const unit = unitNamed(table, name)!;
    vectorsOf(machine, name).forEach(([n, t], job) => {
      expect(unit.start[job], `${name}, token ${n}, step ${t}`).toBeGreaterThanOrEqual(ready(n, t));
    });
  };
  let before = (n: number, t: number) => done("embed", n, t);
  for (let block = 0; block < depth; block++) {
    const name = (part: string) => `blocks.${block}.${part}`;
    check(name("qkv"), before);
    for (let t = 0; t < steps; t++) {
      for (let n = 0; n < tokens; n++) {
        expect(engineAt(machine, table, block, t).first).toBeGreaterThanOrEqual(done(name("qkv"), n, t));
      }
    }
    before = (_, t) => engineAt(machine, table, block, t).out;
    for (const part of ["projection", "up", "down"].map(name)) {
      if (!unitNamed(table, part)) continue;
      check(part, before);
      before = (n, t) => done(part, n, t);
    }
  }
  check("head", before);
}

/** `[from, to)` of every value of the stream. */
function streamOf(machine: M, table: Timetable): [number, number][] {
  const { depth, residuals, embedding } = machine.shape;
  if (residuals === 0) return [];
  const last = unitNamed(table, `blocks.${depth - 1}.down`)!;
  const qkv = unitNamed(table, "blocks.0.qkv")!;
  return vectorsOf(machine, "embed").map((_, job) => [
    embedding === "lines" ? unitNamed(table, "embed")!.end[job] : qkv.start[job],
    last.end[job],
  ]);
}

function queriesOf(machine: M, table: Timetable): [number, number][] {
  return Array.from({ length: machine.shape.depth }, (_, block) => {
    const { end } = unitNamed(table, `blocks.${block}.qkv`)!;
    return vectorsOf(machine, "qkv").map(([, t], job): [number, number] => [
      end[job] + 3,
      engineAt(machine, table, block, t).counted,
    ]);
  }).flat();
}

describe("what does not fit", () => {
  test("a chip with too little SRAM for one prompt is refused with the arithmetic", () => {
    expect(() => scheduleOf(machineFor({}, { sram: 80 }))).toThrow(
      "One prompt in token-major order needs spikes 5 + qkv 12 + attention 4 + stream 64 + logits 4 = 89 bytes, but the chip " +
        'has 80. Set hardware.sram to at least 89, use fewer time steps, or try "step-major" order, which buffers other data.',
    );
  });

  test("with room for only one prompt, prompts do not overlap", () => {
    const { inFlight } = scheduleOf(machineFor({}));
    const small = scheduleOf(machineFor({}, { sram: 89 }));
    expect(bytesOf(inFlight!)).toBeGreaterThan(89);
    expect([small.inFlight, small.interval]).toEqual([null, small.alone.clocks]);
    expect(scheduleOf(machineFor({}, { sram: bytesOf(inFlight!) })).inFlight).toEqual(inFlight);
  });

  test("a chip that is loaded several times works on one load after another", () => {
    // Six layers of one crossbar each (qkv has 24 columns on crossbars of 16: two) on a chip of three.
    const machine = machineFor({}, { crossbars: 3, crossbar: { columns: 16 } });
    const { alone, inFlight, interval } = scheduleOf(machine);
    expect(machine.mapping.totals.loads).toBe(3);
    expect([inFlight, interval]).toEqual([null, alone.clocks]);
    for (let load = 1; load < 3; load++) {
      const ends = alone.units.filter((unit) => unit.load < load).map(({ end }) => Math.max(...end));
      const starts = alone.units
        .filter((unit) => unit.load === load && unit.kind === "linear")
        .map(({ start }) => start[0]);
      expect(Math.min(...starts)).toBeGreaterThanOrEqual(Math.max(...ends));
    }
    expect(() => scheduleOf(machineFor({}, { crossbars: 3, crossbar: { columns: 16 }, order: "step-major" }))).toThrow(
      `"step-major" order repeats all of them at every time step. Set hardware.crossbars to 7, or order to "token-major".`,
    );
  });
});
