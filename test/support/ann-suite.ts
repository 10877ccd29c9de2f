/**
 * Conventional transformers on a backend against the plain network: logits, loss and gradients, with real and with few bits; and passes
 * against each other.
 */
import { describe, expect } from "vitest";
import type { AnnSpec } from "../../src/experiment/model.ts";
import type { TrainingOps } from "../../src/kernels/training-ops.ts";
import { crossEntropyBackward, crossEntropyForward } from "../../src/model/cross-entropy.ts";
import { networkBackward, networkForward } from "../../src/model/forward.ts";
import type { Geometry } from "../../src/model/geometry.ts";
import { initialise, type Network, parameterLayout } from "../../src/model/network.ts";
import { backThroughRounding, passParameters } from "../../src/model/quantization.ts";
import { stream } from "../../src/numeric/stream.ts";
import { startingSteps } from "../../src/train/starting-steps.ts";
import type { Backend, BackendTest } from "./backends.ts";
import { createPass } from "./pass-under-test.ts";

const geometry: Geometry = {
  inputs: 5,
  tokens: 7,
  classes: 6,
  // Tokens attend to earlier tokens, the first to none.
  mask: Uint8Array.from({ length: 49 }, (_, i) => (i % 7 < Math.floor(i / 7) ? 1 : 0)),
  queries: Int32Array.of(0, 3, 6),
};
const spec: AnnSpec = { kind: "ann", width: 12, depth: 2, heads: 3, expansion: 2, position: "learned" };
const PROMPTS = 5;
const random = stream(3);
const values = Float32Array.from({ length: PROMPTS * 7 * 5 }, () => random.normal());
const targets = Float32Array.from({ length: PROMPTS * 3 }, () => random.integer(6)).reduce(
  (all, label, row) => {
    all[row * 6 + label] = 1;
    return all;
  },
  new Float32Array(PROMPTS * 3 * 6),
);

/** Every parameter moved away from its initial value, so that no gain of 1 or offset of 0 hides a mistake. */
function perturbed(model: AnnSpec): Network<AnnSpec> {
  const network = initialise(model, geometry, stream(4));
  for (const { data } of Object.values(network.parameters)) {
    for (let i = 0; i < data.length; i++) data[i] += 0.2 * random.normal();
  }
  return network;
}

/** With steps from its own values, moved so that some values are beyond the codes. */
function withFewBits(model: AnnSpec): Network<AnnSpec> {
  const { quantization: _, ...exact } = model;
  const network = perturbed(exact);
  const steps = startingSteps(network, model, { prompts: PROMPTS, values });
  for (const [name, { data }] of Object.entries(steps)) {
    if (name.startsWith("embed.input")) continue;
    for (let i = 0; i < data.length; i++) data[i] += 0.1 * random.normal() - (name.endsWith("LogStep") ? 0.3 : 0);
  }
  return { model, geometry, parameters: { ...network.parameters, ...steps } };
}

function setUpOn(backend: Backend<TrainingOps>, network: Network<AnnSpec>, training: boolean) {
  const { ops, pass, gradient, step } = createPass(backend, network, { maxPrompts: PROMPTS, training });
  const load = (from: number, to: number) => {
    ops.write(pass.inputs, values.subarray(from * 35, to * 35));
    ops.write(pass.targets, targets.subarray(from * 18, to * 18));
  };
  return { pass, load, read: ops.read, gradient, step };
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, bound: number, name: string): void {
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]);
    if (!(error <= worst)) worst = error;
  }
  expect(worst, name).toBeLessThanOrEqual(bound);
}

export const annSuite = (backend: Backend<TrainingOps>, test: BackendTest) =>
  describe(`on ${backend.name}`, () => {
    const setUp = (network: Network<AnnSpec>, training: boolean) => setUpOn(backend, network, training);

    for (const [position, activation] of [
      ["learned", undefined],
      ["none", undefined],
      ["learned", "gelu"],
      ["learned", "relu"],
    ] as const) {
      test(`logits and gradients equal the plain network's (positions: ${position}, activation: ${activation})`, async () => {
        const network = perturbed({ ...spec, position, activation });
        const reference = networkForward(network, { prompts: PROMPTS, values });
        const { loss, cache } = crossEntropyForward(reference.logits, targets, geometry.classes);
        const gradients = networkBackward(network, crossEntropyBackward(cache, geometry.classes), reference);

        const { pass, load, read, gradient, step } = setUp(network, true);
        load(0, PROMPTS);
        const rows = PROMPTS * geometry.queries.length;
        const sum = await step(PROMPTS, 1 / rows);
        // Logits are of order 1 after about ten layers, each of which rounds by a few 2^-24.
        expectClose(await read(pass.logits, reference.logits.length), reference.logits, 4e-6, "logits");
        expect(Math.abs(sum / rows - loss)).toBeLessThan(1e-5);
        for (const { name } of parameterLayout(network.model, geometry)) {
          const expected = gradients[name];
          // Relative to the largest entry of the parameter's own gradient: twice as many layers, and sums over 35 rows.
          const largest = expected.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
          expect(largest, name).toBeGreaterThan(0);
          expectClose(await read(gradient[name], expected.length), expected, 5e-6 * largest, name);
        }
      });
    }

    for (const [weights, activations] of [
      [8, 8],
      [4, 4],
      [2, "ternary"],
      ["ternary", 2],
      ["binary", "binary"],
    ] as const) {
      test(`logits and gradients equal the plain network's with ${weights} weights and ${activations} activations`, async () => {
        const network = withFewBits({ ...spec, quantization: { weights, activations } });
        const reference = networkForward(network, { prompts: PROMPTS, values });
        const { loss, cache } = crossEntropyForward(reference.logits, targets, geometry.classes);
        const gradients = networkBackward(network, crossEntropyBackward(cache, geometry.classes), reference);

        const { pass, load, read, gradient, step } = setUp({ ...network, parameters: passParameters(network) }, true);
        load(0, PROMPTS);
        const rows = PROMPTS * geometry.queries.length;
        const sum = await step(PROMPTS, 1 / rows);
        // As without rounding: no value is so close to the middle between two codes that single precision puts it on the other side.
        expectClose(await read(pass.logits, reference.logits.length), reference.logits, 4e-6, "logits");
        expect(Math.abs(sum / rows - loss)).toBeLessThan(1e-5);
        const layout = parameterLayout(network.model, geometry);
        const found: Record<string, Float64Array> = {};
        for (const { name } of layout)
          found[name] = Float64Array.from(await read(gradient[name], gradients[name].length));
        backThroughRounding(network, found);
        const fixed = ["embed.inputLogStep", "embed.inputShift"];
        for (const { name } of layout) {
          const expected = gradients[name];
          const largest = expected.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
          // A shift moves only values beyond the codes.
          if (!name.endsWith("Shift")) expect(largest > 0, name).toBe(!fixed.includes(name));
          // Relative to terms of order 0.01, which cancel, and of which few bits let through few.
          expectClose(found[name], expected, 1e-6 + 2e-5 * largest, name);
        }
      });
    }

    test("two steps on parts of a batch add up to the step on the whole", async () => {
      const network = perturbed(spec);
      const [whole, parts] = [setUp(network, true), setUp(network, true)];
      whole.load(0, PROMPTS);
      const loss = await whole.step(PROMPTS, 0.1);
      parts.load(0, 2);
      let sum = await parts.step(2, 0.1);
      parts.load(2, PROMPTS);
      sum += await parts.step(3, 0.1);
      // Each prompt's loss is bit-identical; only the order of float64 additions differs.
      expect(Math.abs(sum - loss)).toBeLessThan(1e-12 * loss);
      for (const [name, { data }] of Object.entries(network.parameters)) {
        const expected = await whole.read(whole.gradient[name], data.length);
        const largest = expected.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
        // The same terms, summed in another order: 35 roundings of 2^-24 of partial sums that stay near the largest entry.
        expectClose(await parts.read(parts.gradient[name], data.length), expected, 2e-6 * largest, name);
      }
    });

    test("inference, which reuses one block's buffers, gives the same bits as training, prompt by prompt", async () => {
      const network = perturbed(spec);
      const [training, inference] = [setUp(network, true), setUp(network, false)];
      training.load(0, PROMPTS);
      training.pass.forward(PROMPTS);
      const expected = await training.read(training.pass.logits, PROMPTS * 18);
      for (let b = 0; b < PROMPTS; b++) {
        inference.load(b, b + 1);
        inference.pass.forward(1);
        expect(await inference.read(inference.pass.logits, 18)).toEqual(expected.slice(b * 18, (b + 1) * 18));
      }
    });
  });
