/** Passes of networks that list their operations on a backend, against the reference network: spikes, loss and gradients. */
import { describe, expect } from "vitest";
import type { TrainingOps } from "../../src/kernels/training-ops.ts";
import { crossEntropyBackward, crossEntropyForward, oneHot } from "../../src/model/cross-entropy.ts";
import { networkBackward, networkForward } from "../../src/model/forward.ts";
import { inputRows } from "../../src/model/geometry.ts";
import { stream } from "../../src/numeric/stream.ts";
import { packSpikes, unpackSpikes } from "../../src/spike/train.ts";
import { type Backend, type BackendTest, wordsAt } from "./backends.ts";
import { expectClose } from "./gradient.ts";
import { LISTED_FORMS, listedNetwork } from "./listed-networks.ts";
import { createPass } from "./pass-under-test.ts";
import { tinyGeometry } from "./tiny-network.ts";

const PROMPTS = 3;
const STEPS = 2;

/** @param test  vitest's, or one that is skipped where the backend has no device */
export const listedSuite = (backend: Backend<TrainingOps>, test: BackendTest) =>
  describe(`on ${backend.name}`, () => {
    for (const [name, operations, geometry = tinyGeometry] of LISTED_FORMS)
      for (const [how, fields] of [
        ["triangular surrogate", { surrogate: { kind: "triangular" } }],
        ["soft reset, no normalisation", { neuron: { reset: "soft", threshold: 0.5 }, normalisation: "none" }],
      ] as const)
        for (const recompute of [false, true])
          test(`forward and backward equal the reference: ${name}, ${how}${recompute ? ", recomputed" : ""}`, async () => {
            const network = listedNetwork(operations, geometry, { steps: STEPS, ...fields });
            const { inputs, classes, queries } = network.geometry;
            const tokens = inputRows(network.geometry);
            const random = stream(6);
            const size = STEPS * PROMPTS * tokens * inputs;
            const values = new Float64Array(size).map(() => (random.uniform() < 0.4 ? 1 : 0));
            const answers = PROMPTS * queries.length;
            const targets = oneHot(
              Array.from({ length: answers }, (_, i) => (i * 7) % classes),
              classes,
            );
            const options = { maxPrompts: PROMPTS, training: true, recompute };
            const { ops, pass, gradient, step } = createPass(backend, network, { ...options, attention: "expected" });
            ops.write(pass.inputs, packSpikes(values, STEPS, PROMPTS * tokens, inputs).words);
            ops.write(pass.targets, Float32Array.from(targets));
            const loss = await step(PROMPTS, 1 / answers);

            const input = { steps: STEPS, prompts: PROMPTS, values };
            const reference = networkForward(network, input, { mode: "train", attention: "expected" });
            for (const [of, { at, words, features }] of Object.entries(pass.spikes)) {
              if (recompute || reference.trace[of] === undefined) continue;
              const rows = reference.trace[of].length / features / STEPS;
              const train = { steps: STEPS, rows, features, words: await wordsAt(ops, at, STEPS * rows * words) };
              expect(unpackSpikes(train), of).toEqual(reference.trace[of]);
              expect(reference.trace[of].includes(1), of).toBe(true);
            }
            const { loss: expected, cache } = crossEntropyForward(reference.logits, targets, classes);
            expect(loss / answers).toBeCloseTo(expected, 5);
            const gradients = networkBackward(network, crossEntropyBackward(cache, classes), reference);
            for (const [parameter, exact] of Object.entries(gradients)) {
              // Float32 sums of about a hundred terms.
              const largest = exact.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-3);
              const within = { absolute: 2e-5 * largest + 1e-7 };
              expectClose(await ops.read(gradient[parameter], exact.length), exact, within, parameter);
            }
          });
  });
