import fc from "fast-check";
import { expect, test } from "vitest";
import { literalMachine } from "../../test/support/literal-machine.ts";
import { jobOf } from "./job.ts";
import { machineOf } from "./machine.ts";
import { scheduleOf } from "./schedule.ts";
import type { NetworkShape } from "./shape.ts";

const SHAPE: NetworkShape = {
  ...{ depth: 1, width: 8, heads: 1, expansion: 1, tokens: 2, inputs: 4, classes: 2, queries: 1, steps: 2 },
  ...{ embedding: "lines", outputProjection: true, residuals: 2, positions: false, scores: 4 },
};

const machineFor = (shape: Partial<NetworkShape>, hardware: object = {}) =>
  machineOf(literalMachine(hardware), { ...SHAPE, ...shape });

test("in the schedule worked out by hand in schedule.test.ts, a token at a step is at its units at these clocks", () => {
  const clocks = (order: string, token: number, step: number) => {
    const machine = machineFor({}, { order });
    return scheduleOf(machine).alone.units.map((unit) => {
      const job = jobOf(unit, machine, token, step);
      return job === null ? null : unit.start[job];
    });
  };
  expect(clocks("token-major", 0, 1)).toEqual([4, 13, 28, 53, 60, 67, null]);
  expect(clocks("token-major", 1, 0)).toEqual([8, 19, 28, 57, 64, 71, 78]);
  // Step-major the vectors of step 0 come first, and each step has a run of its own.
  expect(clocks("step-major", 1, 0).slice(0, 3)).toEqual([4, 13, 22]);
  expect(clocks("step-major", 0, 1).slice(0, 3)).toEqual([8, 19, 38]);
});

test("every job belongs to exactly one token and step, or serves a whole step", () => {
  const machines = fc.record({
    shape: fc.record({ tokens: fc.integer({ min: 1, max: 6 }), steps: fc.integer({ min: 1, max: 5 }) }),
    order: fc.constantFrom("token-major", "step-major"),
  });
  fc.assert(
    fc.property(machines, ({ shape, order }) => {
      const machine = machineFor({ ...shape, scores: shape.tokens ** 2 }, { order });
      for (const unit of scheduleOf(machine).alone.units) {
        const met = new Map<number, number>();
        for (let token = 0; token < shape.tokens; token++) {
          for (let step = 0; step < shape.steps; step++) {
            const job = jobOf(unit, machine, token, step);
            if (job !== null) met.set(job, (met.get(job) ?? 0) + 1);
          }
        }
        expect([...met.keys()].sort((a, b) => a - b)).toEqual(Array.from(unit.start, (_, i) => i));
        const each = unit.kind === "linear" ? 1 : (shape.tokens * shape.steps) / unit.start.length;
        expect(new Set(met.values())).toEqual(new Set([each]));
      }
    }),
    { numRuns: 60 },
  );
});
