/** Networks that answer with bits, or with numbers: the fast passes against the reference, on every backend. */
import { describe, expect } from "vitest";
import { annSpec, transformerSpec } from "../../src/experiment/model.ts";
import type { Pass } from "../../src/kernels/pass.ts";
import type { TrainingOps } from "../../src/kernels/training-ops.ts";
import { networkBackward, networkForward } from "../../src/model/forward.ts";
import { lossOf } from "../../src/model/loss.ts";
import type { Gradients } from "../../src/model/operation.ts";
import { stepLossBackward, stepLossForward } from "../../src/model/step-loss.ts";
import { packSpikes } from "../../src/spike/train.ts";
import type { Backend, BackendTest } from "./backends.ts";
import { expectClose, normals } from "./gradient.ts";
import { createPass, type PassUnderTest } from "./pass-under-test.ts";
import { tinyBits, tinyGeometry, tinyNetwork } from "./tiny-network.ts";

const PROMPTS = 3;
const BITS = 3;
const rows = PROMPTS * tinyGeometry.queries.length;
const small = { width: 16, heads: 2, depth: 2, expansion: 2 };
const ANSWERS = {
  bits: { geometry: { ...tinyGeometry, classes: 8 }, size: { ...small, readOut: "bits" } },
  numbers: { geometry: { ...tinyGeometry, classes: BITS, answer: "numbers" }, size: small },
} as const;
const targets = Float32Array.from({ length: rows * BITS }, (_, i) => (i % 5) / 4);

/** @param test  vitest's, or one that is skipped where the backend has no device */
export const bitReadOutSuite = (backend: Backend<TrainingOps>, test: BackendTest) =>
  describe(`on ${backend.name}`, () => {
    type Read = Pick<PassUnderTest<Pass, TrainingOps>, "ops" | "gradient">;

    async function expectGradients({ ops, gradient }: Read, expected: Gradients) {
      for (const [name, values] of Object.entries(expected)) {
        const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-3);
        // Float32 sums of about a hundred terms.
        expectClose(await ops.read(gradient[name], values.length), values, { absolute: 2e-5 * largest + 1e-7 }, name);
      }
    }

    for (const kind of ["bits", "numbers"] as const) {
      const { geometry, size } = ANSWERS[kind];
      const loss = lossOf(kind);
      test(`with ${kind} as answers, the conventional transformer equals the reference, forward and backward`, async () => {
        const network = tinyNetwork(annSpec.parse({ kind: "ann", ...size }), 4, geometry);
        const values = normals(PROMPTS * geometry.tokens * geometry.inputs, 1).map(Math.fround);
        const under = createPass(backend, network, { maxPrompts: PROMPTS, training: true });
        under.ops.write(under.pass.inputs, Float32Array.from(values));
        under.ops.write(under.pass.targets, targets);
        const sum = await under.step(PROMPTS, 1 / rows);
        const forward = networkForward(network, { prompts: PROMPTS, values });
        const { loss: expected, cache } = loss.forward(forward.logits, targets, BITS);
        expectClose(await under.ops.read(under.pass.logits, rows * BITS), forward.logits, { absolute: 1e-5 }, "logits");
        expect(sum / rows).toBeCloseTo(expected, 5);
        await expectGradients(under, networkBackward(network, loss.backward(cache, BITS), forward));
      });

      for (const stepLoss of [0, 0.3])
        test(`so does the spiking one, with ${kind} and a share of ${stepLoss} of its loss at each step`, async () => {
          const network = tinyNetwork(transformerSpec.parse({ ...size, steps: 3 }), 5, geometry);
          const bits = tinyBits(3, PROMPTS, 6);
          const options = { maxPrompts: PROMPTS, training: true, attention: "expected", stepLoss } as const;
          const under = createPass(backend, network, options);
          under.ops.write(under.pass.inputs, packSpikes(bits, 3, PROMPTS * geometry.tokens, geometry.inputs).words);
          under.ops.write(under.pass.targets, targets);
          const sum = await under.step(PROMPTS, 1 / rows);
          const input = { steps: 3, prompts: PROMPTS, values: bits };
          const forward = networkForward(network, input, { mode: "train", attention: "expected" });
          const { loss: expected, cache } = stepLossForward(forward, targets, BITS, stepLoss, loss);
          const { logits, stepLogits } = stepLossBackward(cache, BITS, loss);
          expectClose(
            await under.ops.read(under.pass.logits, rows * BITS),
            forward.logits,
            { absolute: 1e-5 },
            "logits",
          );
          expect(sum / rows).toBeCloseTo(expected, 5);
          await expectGradients(under, networkBackward(network, logits, forward, { stepLogits }));
        });
    }
  });
