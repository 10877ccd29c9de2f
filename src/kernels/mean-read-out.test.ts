/** The mean over tokens, as images are read out: both fast networks against their references, forward and backward. */
import { expect, test } from "vitest";
import { expectClose, normals } from "../../test/support/gradient.ts";
import { meanGeometry, tinyBits, tinyNetwork } from "../../test/support/tiny-network.ts";
import { annBackward, annForward } from "../model/ann.ts";
import { crossEntropyBackward, crossEntropyForward, oneHot } from "../model/cross-entropy.ts";
import { spikingBackward, spikingForward } from "../model/spiking.ts";
import { stepLossBackward, stepLossForward } from "../model/step-loss.ts";
import { annSpec, type ModelSpec, spikingSpec } from "../spec/model.ts";
import { packSpikes } from "../spike/train.ts";
import { createAnnPass } from "./ann.ts";
import { type Arena, type Kernels, standaloneKernels } from "./memory.ts";
import type { ParameterOffsets, Pass } from "./pass.ts";
import { createSpikingPass } from "./spiking.ts";

const PROMPTS = 3;
const { tokens, inputs, classes } = meanGeometry;
const targets = oneHot([0, 2, 1], classes);

/** Steps a pass on the network, and compares logits, loss and gradients with the reference's. */
function compare(
  model: ModelSpec,
  plan: (kernels: Kernels, arena: Arena, offsets: ParameterOffsets) => Pass,
  load: (kernels: Kernels, pass: Pass) => void,
  reference: { logits: Float64Array; backward: () => { loss: number; gradients: Record<string, Float64Array> } },
) {
  const network = tinyNetwork(model, 5, meanGeometry);
  const { kernels, arena } = standaloneKernels(8 << 20);
  const value: Record<string, number> = {};
  const gradient: Record<string, number> = {};
  for (const [name, { data }] of Object.entries(network.parameters)) {
    value[name] = arena.words(data.length);
    gradient[name] = arena.words(data.length);
    kernels.f32.set(data, value[name] / 4);
  }
  // What a pass reads without having written it shows as NaN.
  kernels.f32.fill(Number.NaN, arena.mark() / 4);
  const pass = plan(kernels, arena, { value, gradient });
  load(kernels, pass);
  kernels.f32.set(targets, pass.targets / 4);
  const loss = pass.step(PROMPTS, 1 / PROMPTS);
  const read = (at: number, count: number) => kernels.f32.slice(at / 4, at / 4 + count);
  // Float32 sums of some hundred terms of order 1: rounding stays below 1e-5.
  expectClose(read(pass.logits, PROMPTS * classes), reference.logits, { absolute: 1e-5 }, "logits");
  const { loss: meanLoss, gradients } = reference.backward();
  expect(loss / PROMPTS).toBeCloseTo(meanLoss, 5);
  for (const [name, expected] of Object.entries(gradients)) {
    const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-3);
    expectClose(read(gradient[name], expected.length), expected, { absolute: 2e-5 * largest + 1e-7 }, name);
  }
}

test.each([0, 0.3, 1])(
  "the fast spiking network equals the reference, with a share of %d of the loss at each step",
  (stepLoss) => {
    const model = spikingSpec.parse({ width: 24, depth: 2, heads: 2, expansion: 2, steps: 3, position: "learned" });
    const network = tinyNetwork(model, 5, meanGeometry);
    const values = tinyBits(model.steps, PROMPTS, 6);
    const forward = spikingForward(
      network,
      { steps: 3, prompts: PROMPTS, values },
      { mode: "train", attention: "expected" },
    );
    compare(
      model,
      (kernels, arena, offsets) =>
        createSpikingPass(kernels, arena, { model, geometry: meanGeometry }, offsets, {
          maxPrompts: PROMPTS,
          training: true,
          attention: "expected",
          realInputs: false,
          stepLoss,
        }),
      ({ u32 }, pass) => u32.set(packSpikes(values, 3, PROMPTS * tokens, inputs).words, pass.inputs / 4),
      {
        logits: forward.logits,
        backward: () => {
          const { loss, cache } = stepLossForward(forward, targets, classes, stepLoss);
          const { logits, stepLogits } = stepLossBackward(cache, classes);
          return { loss, gradients: spikingBackward(network, logits, forward.cache, { stepLogits }) };
        },
      },
    );
  },
);

test("the fast ANN equals the reference", () => {
  const model = annSpec.parse({ kind: "ann", width: 24, depth: 2, heads: 3, expansion: 2, position: "learned" });
  const network = tinyNetwork(model, 5, meanGeometry);
  const values = Float32Array.from(normals(PROMPTS * tokens * inputs, 6));
  const forward = annForward(network, { prompts: PROMPTS, values });
  compare(
    model,
    (kernels, arena, offsets) =>
      createAnnPass(kernels, arena, { model, geometry: meanGeometry }, offsets, {
        maxPrompts: PROMPTS,
        training: true,
      }),
    ({ f32 }, pass) => f32.set(values, pass.inputs / 4),
    {
      logits: forward.logits,
      backward: () => {
        const { loss, cache } = crossEntropyForward(forward.logits, targets, classes);
        return { loss, gradients: annBackward(network, crossEntropyBackward(cache, classes), forward.cache) };
      },
    },
  );
});
