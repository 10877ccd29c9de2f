/**
 * The mean over tokens, either all of them, as for images, or the copies of a query: both fast networks against their
 * references, forward and backward.
 */
import { describe, expect } from "vitest";
import { annSpec, type ModelSpec, transformerSpec } from "../../src/experiment/model.ts";
import type { PassOptions } from "../../src/kernels/pass.ts";
import type { TrainingOps } from "../../src/kernels/training-ops.ts";
import { crossEntropyBackward, crossEntropyForward, oneHot } from "../../src/model/cross-entropy.ts";
import { networkBackward, networkForward } from "../../src/model/forward.ts";
import { stepLossBackward, stepLossForward } from "../../src/model/step-loss.ts";
import { packSpikes } from "../../src/spike/train.ts";
import type { Backend, BackendTest } from "./backends.ts";
import { expectClose, normals } from "./gradient.ts";
import { createPass } from "./pass-under-test.ts";
import { copiesGeometry, meanGeometry, tinyBits, tinyNetwork } from "./tiny-network.ts";

const PROMPTS = 3;
const SETTINGS = [
  { read: "all tokens", geometry: meanGeometry, targets: oneHot([0, 2, 1], meanGeometry.classes) },
  { read: "copies", geometry: copiesGeometry, targets: oneHot([0, 2, 1, 1, 0, 2, 0, 0, 1], copiesGeometry.classes) },
];

/** Runs one training step on the network, and compares logits, loss and gradients with the reference. */
async function compare(
  backend: Backend<TrainingOps>,
  { geometry, targets }: (typeof SETTINGS)[number],
  model: ModelSpec,
  options: Partial<PassOptions>,
  inputValues: Float32Array | Uint32Array,
  reference: { logits: Float64Array; backward: () => { loss: number; gradients: Record<string, Float64Array> } },
) {
  const network = tinyNetwork(model, 5, geometry);
  const set = createPass(backend, network, { maxPrompts: PROMPTS, training: true, ...options });
  const { ops, pass, gradient } = set;
  ops.write(pass.inputs, inputValues);
  ops.write(pass.targets, Float32Array.from(targets));
  const answers = PROMPTS * geometry.queries.length;
  const loss = await set.step(PROMPTS, 1 / answers);
  // Float32 sums of about a hundred terms of order 1: rounding stays below 1e-5.
  expectClose(await ops.read(pass.logits, answers * geometry.classes), reference.logits, { absolute: 1e-5 }, "logits");
  const { loss: meanLoss, gradients } = reference.backward();
  expect(loss / answers).toBeCloseTo(meanLoss, 5);
  for (const [name, expected] of Object.entries(gradients)) {
    const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-3);
    expectClose(await ops.read(gradient[name], expected.length), expected, { absolute: 2e-5 * largest + 1e-7 }, name);
  }
}

const CASES = SETTINGS.flatMap((setting) => [0, 0.3, 1].map((stepLoss) => ({ ...setting, stepLoss })));

/** @param test  vitest's, or one that is skipped where the backend has no device */
export const readOutSuite = (backend: Backend<TrainingOps>, test: BackendTest) =>
  describe(`on ${backend.name}`, () => {
    for (const { stepLoss, ...setting } of CASES) {
      test(`of ${setting.read}, the fast spiking network equals the reference, ${stepLoss} of the loss at each step`, async () => {
        const { geometry, targets } = setting;
        const { tokens, inputs, classes } = geometry;
        const model = transformerSpec.parse({
          width: 24,
          depth: 2,
          heads: 2,
          expansion: 2,
          steps: 3,
          position: "learned",
        });
        const network = tinyNetwork(model, 5, geometry);
        const values = tinyBits(model.steps, PROMPTS, 6, tokens);
        const forward = networkForward(
          network,
          { steps: 3, prompts: PROMPTS, values },
          { mode: "train", attention: "expected" },
        );
        const { words } = packSpikes(values, 3, PROMPTS * tokens, inputs);
        await compare(backend, setting, model, { attention: "expected", stepLoss }, words, {
          logits: forward.logits,
          backward: () => {
            const { loss, cache } = stepLossForward(forward, targets, classes, stepLoss);
            const { logits, stepLogits } = stepLossBackward(cache, classes);
            return { loss, gradients: networkBackward(network, logits, forward, { stepLogits }) };
          },
        });
      });
    }

    for (const setting of SETTINGS)
      test(`of ${setting.read}, the fast ANN equals the reference`, async () => {
        const { geometry, targets } = setting;
        const { tokens, inputs, classes } = geometry;
        const model = annSpec.parse({ kind: "ann", width: 24, depth: 2, heads: 3, expansion: 2, position: "learned" });
        const network = tinyNetwork(model, 5, geometry);
        const values = Float32Array.from(normals(PROMPTS * tokens * inputs, 6));
        const forward = networkForward(network, { prompts: PROMPTS, values });
        await compare(backend, setting, model, {}, values, {
          logits: forward.logits,
          backward: () => {
            const { loss, cache } = crossEntropyForward(forward.logits, targets, classes);
            return { loss, gradients: networkBackward(network, crossEntropyBackward(cache, classes), forward) };
          },
        });
      });
  });
