import { expect, test } from "vitest";
import { expectClose, normals } from "../../test/support/gradient.ts";
import { tinyBits, tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { annSpec, transformerSpec } from "../experiment/model.ts";
import { bitCrossEntropyBackward, bitCrossEntropyForward } from "./bit-cross-entropy.ts";
import { crossEntropyForward } from "./cross-entropy.ts";
import { centralDifferences } from "./finite-difference.ts";
import { networkBackward, networkForward } from "./forward.ts";
import { lossOf } from "./loss.ts";
import { initialise } from "./network.ts";
import { logitsOf } from "./read-out.ts";
import { stepLossBackward, stepLossForward } from "./step-loss.ts";

const BITS = 3;
const CLASSES = 8;
const digit = (label: number, bit: number) => (label >> (BITS - 1 - bit)) & 1;

test("an undecided bit costs ln 2, a confident bit nothing if right and the size of its logit if wrong", () => {
  expect(bitCrossEntropyForward(Float64Array.of(0, 0), [1, 0.3], 2).loss).toBeCloseTo(2 * Math.LN2, 14);
  expect(bitCrossEntropyForward(Float64Array.of(800, -800), [1, 0], 2).loss).toBe(0);
  expect(bitCrossEntropyForward(Float64Array.of(800, -800), [0, 1], 2).loss).toBe(1600);
});

test("it is the cross-entropy of classes whose logits are sums over their bits, for any targets", () => {
  const rows = 5;
  const logits = normals(rows * BITS, 1, 2);
  const distributions = normals(rows * CLASSES, 2).map(Math.abs);
  for (let r = 0; r < rows; r++) {
    const row = distributions.subarray(r * CLASSES, (r + 1) * CLASSES);
    row.set(row.map((x) => x / row.reduce((a, b) => a + b)));
  }
  const ofClasses = Float64Array.from({ length: rows * CLASSES }, (_, i) =>
    [0, 1, 2].reduce((sum, b) => sum + digit(i % CLASSES, b) * logits[Math.floor(i / CLASSES) * BITS + b], 0),
  );
  const targets = Float64Array.from({ length: rows * BITS }, (_, i) =>
    distributions
      .subarray(Math.floor(i / BITS) * CLASSES, (Math.floor(i / BITS) + 1) * CLASSES)
      .reduce((sum, p, c) => sum + p * digit(c, i % BITS), 0),
  );
  const { loss, cache } = bitCrossEntropyForward(logits, targets, BITS);
  expect(loss).toBeCloseTo(crossEntropyForward(ofClasses, distributions, CLASSES).loss, 12);
  const numeric = centralDifferences(() => bitCrossEntropyForward(logits, targets, BITS).loss, logits, 1e-5);
  // h = 1e-5: truncation about h^2, rounding about 1e-15 / h.
  expectClose(bitCrossEntropyBackward(cache, BITS), numeric, { absolute: 1e-9 });
});

const geometry = { ...tinyGeometry, classes: CLASSES };
const size = { width: 8, heads: 2, depth: 1, expansion: 2, readOut: "bits" } as const;
const targets = Float64Array.from({ length: 2 * 3 * BITS }, (_, i) => (i % 5) / 4);
const loss = lossOf("bits");

test("a conventional network with a bit read-out has one logit per bit, and its backward pass is the gradient", () => {
  const network = tinyNetwork(annSpec.parse({ kind: "ann", ...size }), 2, geometry);
  expect(network.parameters["head.weight"].shape).toEqual([8, BITS]);
  const input = { prompts: 2, values: normals(2 * geometry.tokens * geometry.inputs, 1) };
  const forward = networkForward(network, input);
  const { cache } = loss.forward(forward.logits, targets, BITS);
  const gradients = networkBackward(network, loss.backward(cache, BITS), forward);
  for (const name of ["head.weight", "head.offset", "embed.weight"]) {
    const { data } = network.parameters[name];
    const value = () => loss.forward(networkForward(network, input).logits, targets, BITS).loss;
    const at = [0, Math.floor(data.length / 2)];
    // 2^-18: the quotient uses the step that single precision really made.
    const numeric = centralDifferences(value, data, 2 ** -18, at);
    expectClose([gradients[name][at[0]], gradients[name][at[1]]], [numeric[at[0]], numeric[at[1]]], { absolute: 1e-8 });
  }
});

test("so is the backward pass of a spiking network, with a share of the loss at each step", () => {
  const model = transformerSpec.parse({ ...size, steps: 3, neuron: { threshold: 0.5 } });
  const network = tinyNetwork(model, 5, geometry);
  const input = { steps: 3, prompts: 2, values: tinyBits(3, 2, 3) };
  const run = () => networkForward(network, input, { mode: "train", attention: "expected" });
  const value = () => stepLossForward(run(), targets, BITS, 0.4, loss).loss;
  const forward = run();
  const { cache } = stepLossForward(forward, targets, BITS, 0.4, loss);
  const { logits, stepLogits } = stepLossBackward(cache, BITS, loss);
  const gradients = networkBackward(network, logits, forward, { stepLogits });
  // Only the head is checked: behind neurons, a surrogate replaces the gradient.
  for (const name of ["head.weight", "head.offset"]) {
    const numeric = centralDifferences(value, network.parameters[name].data, 2 ** -18);
    expectClose(gradients[name], numeric, { absolute: 1e-8 }, name);
  }
});

test("a bit read-out needs classes that are all words of some bits; without bits there is one logit per class", () => {
  const model = annSpec.parse({ kind: "ann", ...size });
  expect([2, 4, 16, 256].map((classes) => logitsOf({ model, geometry: { ...geometry, classes } }))).toEqual([
    1, 2, 4, 8,
  ]);
  for (const classes of [1, 3, 10]) {
    expect(() => initialise(model, { ...geometry, classes }, null as never)).toThrow(
      expect.objectContaining({ tag: "spec", path: "model.readOut" }),
    );
  }
  expect(logitsOf({ model: { ...model, readOut: "joint" }, geometry })).toBe(CLASSES);
});
