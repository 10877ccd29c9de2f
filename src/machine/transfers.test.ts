import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stemmed, stridingStem, tinyStem } from "../../test/support/tiny-stem.ts";
import { hardwareSpec } from "../experiment/hardware.ts";
import { transformerSpec } from "../experiment/model.ts";
import type { Action } from "../hardware/actions.ts";
import { countActions, type OperationCounts } from "./counts.ts";
import { type Machine, machineOf } from "./machine.ts";
import { blocksIn, machineNetwork } from "./network.ts";
import { type Schedule, scheduleOf } from "./schedule.ts";
import type { NetworkShape } from "./shape.ts";
import { bitsOf, type Transfer } from "./transfers.ts";

const SHAPE: NetworkShape = {
  ...{ depth: 2, width: 8, heads: 1, expansion: 3, tokens: 5, inputs: 4, classes: 2, queries: 2, steps: 3 },
  ...{ embedding: "lines", outputProjection: true, residuals: 2, positions: false, scores: 25 },
};
function machineFor(changes: Partial<NetworkShape>, hardware: object) {
  const shape = { ...SHAPE, ...changes };
  return { ...machineOf(hardwareSpec.parse(hardware), shape), shape };
}

const DENSITIES = { qkv: 0.2, projection: 0.2, up: 0.2, down: 0.2, query: 0.2, key: 0.2, value: 0.2, scores: 0.2 };
const countsOf = (machine: Machine): OperationCounts[] => {
  const blocks = Array.from({ length: blocksIn(machine.network.graph) }, () => ({ ...DENSITIES, coincidences: 0.04 }));
  return countActions(machine, { blocks, stemDensities: [0.3, 0.3], inputDensity: 0.5, headDensity: 0.2 });
};

/** Bits that all jobs of a schedule move. */
function movedBits({ alone }: Schedule, way: Transfer["way"], ...buffers: Transfer["buffer"][]): number {
  const transfers = alone.units.flatMap((unit) => unit.transfers);
  return buffers.reduce((sum, buffer) => sum + bitsOf(transfers, way, buffer), 0);
}

/** What operations of a kind count. */
const counted = (operations: readonly OperationCounts[], action: Action, ...kinds: OperationCounts["kind"][]): number =>
  operations.reduce((sum, { kind, actions }) => sum + (kinds.includes(kind) ? actions[action] : 0), 0);

const shapes = fc.record({
  depth: fc.integer({ min: 1, max: 3 }),
  tokens: fc.integer({ min: 1, max: 6 }),
  steps: fc.integer({ min: 1, max: 4 }),
  /** 0: no feed-forward pair. */
  expansion: fc.constantFrom(3, 0),
  outputProjection: fc.boolean(),
  residuals: fc.constantFrom(0, 2),
  stateWords: fc.constantFrom(1, 2),
  residualInputBits: fc.constantFrom(1, 4),
  embedding: fc.constantFrom("lines" as const, "values" as const),
});
const machines = fc.record({
  order: fc.constantFrom("token-major", "step-major"),
  ssa: fc.record({ tileTokens: fc.constantFrom(null, 2) }),
  crossbar: fc.record({ columns: fc.constantFrom(16, 128) }),
});

describe("bits that the jobs of a schedule move", () => {
  test("are the buffer accesses that are counted, of each memory", () => {
    fc.assert(
      fc.property(shapes, machines, (drawn, hardware) => {
        const shape = { ...drawn, queries: Math.min(2, drawn.tokens), scores: drawn.tokens ** 2 };
        const machine = machineFor(shape, hardware);
        const { words } = machine;
        const schedule = scheduleOf(machine);
        const operations = countsOf(machine);
        const { tokens, steps, queries } = machine.shape;
        const { width } = SHAPE;
        // Of an embedding of values neither the head is counted nor the neurons before it.
        const values = drawn.embedding === "values";
        const [headLines, outputSpikes] = values ? [steps * queries * width, steps * tokens * width] : [0, 0];
        expect(movedBits(schedule, "read", "input", "spikes", "attention") - headLines).toBe(
          counted(operations, "bitsRead", "linear"),
        );
        expect(movedBits(schedule, "write", "spikes", "qkv") - outputSpikes).toBe(
          counted(operations, "bitsWritten", "neurons"),
        );
        expect(movedBits(schedule, "read", "qkv")).toBe(counted(operations, "bitsRead", "attention"));
        expect(movedBits(schedule, "write", "attention")).toBe(counted(operations, "bitsWritten", "attention"));
        const kinds = ["linear", "residual"] as const;
        for (const [way, stream, membrane] of [
          ["read", "streamReads", "membraneReads"],
          ["write", "streamWrites", "membraneWrites"],
        ] as const) {
          expect(movedBits(schedule, way, "stream"), stream).toBe(counted(operations, stream, ...kinds) * words.stream);
          const outputMembranes = values && hardware.order === "step-major";
          const between = outputMembranes ? (steps - 1) * tokens * width * drawn.stateWords : 0;
          expect(movedBits(schedule, way, "membranes") / words.membrane - between, membrane).toBe(
            counted(operations, membrane, "neurons"),
          );
        }
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  test.each([
    [tinyStem, "token-major"],
    [tinyStem, "step-major"],
    [stridingStem, "token-major"],
    [stridingStem, "step-major"],
  ] as const)("are those of windows too, in a stem %j, %s", (stem, order) => {
    const model = transformerSpec.parse({ kind: "spiking", width: 16, depth: 1, heads: 2, steps: 3, stem });
    const geometry = stemmed(stem);
    const machine = machineOf(hardwareSpec.parse({ order }), machineNetwork(model, geometry));
    const schedule = scheduleOf(machine);
    const operations = countsOf(machine);
    expect(movedBits(schedule, "read", "input", "spikes", "attention")).toBe(counted(operations, "bitsRead", "linear"));
    expect(movedBits(schedule, "write", "spikes", "qkv")).toBe(counted(operations, "bitsWritten", "neurons"));
    // Only the first layer of the stem reads what comes from outside.
    const [first] = operations.filter(({ kind }) => kind === "linear");
    expect([first.name, movedBits(schedule, "read", "input")]).toEqual(["stem.0", first.actions.bitsRead]);
    for (const [way, membrane] of [
      ["read", "membraneReads"],
      ["write", "membraneWrites"],
    ] as const) {
      expect(movedBits(schedule, way, "membranes")).toBe(
        counted(operations, membrane, "neurons") * machine.words.membrane,
      );
    }
  });

  test("by hand: two tokens and two steps of a block of width 8", () => {
    const machine = machineFor(
      { depth: 1, expansion: 1, tokens: 2, steps: 2, queries: 1, scores: 4 },
      { arithmetic: null },
    );
    const moves = Object.fromEntries(
      scheduleOf(machine).alone.units.map(({ name, transfers }) => [
        name.replace("blocks.0.", ""),
        transfers.map(({ way, buffer, bits, jobs }) => `${way} ${jobs} x ${bits} ${buffer}`),
      ]),
    );
    // A word of the stream has 16 bits. Membranes stand in registers. One run takes 2 x 8 bits of q, of k and of v of both steps.
    expect(moves).toEqual({
      embed: ["read 4 x 4 input", "write 4 x 128 stream", "write 4 x 8 spikes"],
      qkv: ["read 4 x 8 spikes", "write 4 x 24 qkv"],
      attention: ["read 1 x 96 qkv", "write 1 x 32 attention"],
      projection: ["read 4 x 8 attention", "read 4 x 128 stream", "write 4 x 128 stream", "write 4 x 8 spikes"],
      up: ["read 4 x 8 spikes", "write 4 x 8 spikes"],
      down: ["read 4 x 8 spikes", "read 4 x 128 stream", "write 4 x 8 spikes"],
      head: ["read 2 x 8 spikes"],
    });
  });

  test("are moved once by a layer split over several loads of the chip", () => {
    const whole = scheduleOf(machineFor({}, { crossbar: { columns: 16 } }));
    const loaded = scheduleOf(machineFor({}, { crossbar: { columns: 16 }, crossbars: 2 }));
    expect(loaded.alone.units.length).toBeGreaterThan(whole.alone.units.length);
    for (const way of ["read", "write"] as const) {
      for (const buffer of ["input", "spikes", "qkv", "attention", "stream"] as const) {
        expect(movedBits(loaded, way, buffer)).toBe(movedBits(whole, way, buffer));
      }
    }
  });
});
