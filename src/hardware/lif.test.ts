import { expect, test } from "vitest";
import { neuronSpec } from "../experiment/neuron.ts";
import { alifForward } from "../model/neuron/alif.ts";
import { lifForward } from "../model/neuron/lif.ts";
import { stream } from "../numeric/stream.ts";
import { unpackSpikes } from "../spike/train.ts";
import { emptyTally } from "./actions.ts";
import { runAlifUnits } from "./alif.ts";
import { neuronUnits, runLifUnits } from "./lif.ts";

test("a neuron integrates, leaks, fires at equality and resets", () => {
  // beta 0.5, threshold 1: V = 0.75 | 0.375 + 0.625 = 1 fires | 0 + 0.5 | 0.25 + 0.5
  const tally = emptyTally();
  const train = runLifUnits(
    Float32Array.of(0.75, 0.625, 0.5, 0.5),
    { steps: 4, rows: 1, features: 1 },
    { beta: 0.5, threshold: 1, reset: "hard" },
    tally,
  );
  expect([...unpackSpikes(train)]).toEqual([0, 1, 0, 0]);
  expect([tally.lifUpdates, tally.bitsWritten]).toEqual([4, 4]);
});

test.each(["hard", "soft"] as const)("with %s reset the units fire as the reference neuron does", (reset) => {
  const random = stream(3);
  // Multiples of 1/64 halved at most 6 times stay exact in single precision.
  const currents = Float32Array.from({ length: 6 * 3 * 40 }, () => (random.integer(256) - 96) / 64);
  const neuron = { beta: 0.5, threshold: 1, reset };
  const units = runLifUnits(currents, { steps: 6, rows: 3, features: 40 }, neuron, emptyTally());
  expect(unpackSpikes(units)).toEqual(lifForward(Float64Array.from(currents), 6, neuron).fired);
});

test.each(["hard", "soft"] as const)("with %s reset adaptive units fire as the reference neuron does", (reset) => {
  const random = stream(4);
  // Multiples of 1/64, and powers of two for leak and decay: exact in single precision.
  const currents = Float32Array.from({ length: 6 * 3 * 40 }, () => (random.integer(256) - 64) / 64);
  const neuron = { beta: 0.5, threshold: 1, reset, rise: 0.5, decay: 0.75 };
  const tally = emptyTally();
  const units = runAlifUnits(currents, { steps: 6, rows: 3, features: 40 }, neuron, tally);
  expect(unpackSpikes(units)).toEqual(alifForward(Float64Array.from(currents), 6, neuron).fired);
  expect([tally.lifUpdates, tally.bitsWritten]).toEqual([720, 720]);
});

test("a neuron with a learned leak runs on LIF units with that leak", () => {
  const currents = Float32Array.of(0.75, 0.625, 0.5, 0.5);
  const shape = { steps: 4, rows: 1, features: 1 };
  const run = (neuron: object) => neuronUnits(neuronSpec.parse(neuron))(currents, shape, emptyTally());
  expect(run({ kind: "plif", beta: 0.25 })).toEqual(run({ kind: "lif", beta: 0.25 }));
  expect(run({ kind: "plif", beta: 0.25 })).not.toEqual(run({ kind: "plif", beta: 0.75 }));
});
