import { expect, test } from "vitest";
import { expectClose, normals, weighted } from "../../../test/support/gradient.ts";
import type { NeuronSpec } from "../../experiment/neuron.ts";
import { centralDifferences } from "../finite-difference.ts";
import { neuronModel } from "./catalogue.ts";

const hard: NeuronSpec = { kind: "plif", beta: 0.5, threshold: 1, reset: "hard" };
const soft: NeuronSpec = { ...hard, reset: "soft" };

test("a population starts from the leak of the experiment: the sigmoid of its number", () => {
  for (const beta of [0.1, 0.5, 0.9]) {
    const { learned, at } = neuronModel({ ...hard, beta });
    expect(learned.leak.shape).toEqual([1]);
    expect((at({ leak: [learned.leak.constant] }) as { beta: number }).beta).toBeCloseTo(beta, 15);
  }
  expect(neuronModel(hard).learned.leak.constant).toBe(0);
  expect(neuronModel(hard).at({ leak: [0] })).toEqual(hard);
});

test("five steps by hand with a learned leak of 0.75, exact in binary", () => {
  // sigmoid(ln 3) = 0.75: 0.5 | 0.375 + 0.5 | 0.65625 + 0.375 = 1.03125 fires, 0 | 0.5 | 0.375 + 0.625 = 1 fires
  const neuron = neuronModel(hard).at({ leak: [Math.log(3)] }) as Extract<NeuronSpec, { kind: "plif" }>;
  expect(neuron.beta).toBeCloseTo(0.75, 15);
  const { membrane, fired } = neuronModel({ ...neuron, beta: 0.75 }).forward(
    Float64Array.of(0.5, 0.5, 0.375, 0.5, 0.625),
    5,
  );
  expect([...membrane]).toEqual([0.5, 0.875, 1.03125, 0.5, 1]);
  expect([...fired]).toEqual([0, 0, 1, 0, 1]);
});

test.each([hard, soft])("the gradients of current and leak are those of the smooth neuron ($reset reset)", (spec) => {
  const surrogate = { kind: "atan", alpha: 2 } as const;
  const [steps, leak] = [6, Float64Array.of(0.4)];
  const current = normals(steps * 4, 2, 0.8);
  const weight = normals(current.length, 3);
  const run = () => neuronModel(neuronModel(spec).at({ leak })).forward(current, steps, surrogate);
  const cache = run();
  const loss = () => {
    const moved = run();
    expect(moved.fired).toEqual(cache.fired);
    return weighted(moved.output, weight);
  };
  const gradients = neuronModel(neuronModel(spec).at({ leak })).backward(weight, cache, steps, surrogate);
  expect(cache.fired.includes(1)).toBe(true);
  expect(Math.abs(gradients.learned.leak[0])).toBeGreaterThan(0.01);
  // h = 1e-6: truncation about h^2 times the third derivative (below 100), rounding about 1e-16 / h.
  expectClose(gradients.learned.leak, centralDifferences(loss, leak, 1e-6), { absolute: 1e-8 });
  expectClose(gradients.current, centralDifferences(loss, current, 1e-6), { absolute: 1e-8 });
});
