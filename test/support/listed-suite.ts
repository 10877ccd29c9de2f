/** Passes of networks that list their operations on a backend, against the reference network: spikes, loss and gradients. */
import { describe, expect } from "vitest";
import { type GraphSpec, graphSpec } from "../../src/experiment/model.ts";
import type { TrainingOps } from "../../src/kernels/training-ops.ts";
import { crossEntropyBackward, crossEntropyForward, oneHot } from "../../src/model/cross-entropy.ts";
import { networkBackward, networkForward } from "../../src/model/forward.ts";
import { type Geometry, inputRows } from "../../src/model/geometry.ts";
import { listedGeometry } from "../../src/model/listed.ts";
import { stream } from "../../src/numeric/stream.ts";
import { packSpikes, unpackSpikes } from "../../src/spike/train.ts";
import { type Backend, type BackendTest, wordsAt } from "./backends.ts";
import { expectClose } from "./gradient.ts";
import { createPass } from "./pass-under-test.ts";
import { meanGeometry, tinyGeometry, tinyNetwork } from "./tiny-network.ts";
import { tinyGrid } from "./tiny-stem.ts";

const PROMPTS = 3;
const STEPS = 2;

const linear = (name: string, features: number, more: object = {}) => ({ kind: "linear", name, features, ...more });
const neurons = (name: string, more: object = {}) => ({ kind: "neurons", name, ...more });
const add = (name: string, ...reads: string[]) => ({ kind: "add", name, reads });
const head = { kind: "read-out", name: "head" };

/** Forms that no transformer of an experiment has. */
const CASES: readonly [string, readonly object[], Geometry?][] = [
  ["three layers without attention", [linear("a", 40), neurons("b"), linear("c", 16), neurons("d"), head]],
  [
    "attention of two kinds and widths, the second on part of a stream",
    [
      linear("embed", 24),
      neurons("qkv"),
      { kind: "attention", name: "narrow", heads: 2, attention: { kind: "lif" } },
      linear("back", 24, { gain: 0.5 }),
      add("stream", "embed", "back"),
      neurons("wide.in"),
      linear("wide.qkv", 48),
      neurons("wide.bits"),
      { kind: "attention", name: "wide", heads: 4, attention: { kind: "spikformer", scale: 2 } },
      head,
    ],
  ],
  [
    "two branches from one layer's spikes, which meet again",
    [
      linear("embed", 16),
      neurons("both"),
      linear("left", 8),
      linear("right", 8, { reads: "both" }),
      add("sum", "left", "right"),
      { kind: "position", name: "placed" },
      neurons("out"),
      head,
    ],
  ],
  [
    "layers on sums of spikes",
    [
      linear("embed", 8),
      neurons("one"),
      linear("branch", 8),
      neurons("two"),
      add("sum", "one", "two"),
      linear("more", 8),
      neurons("three"),
      add("all", "sum", "three"),
      head,
    ],
  ],
  [
    "convolutions and pools of a map, without attention",
    [
      { kind: "convolution", name: "first", channels: 8 },
      neurons("spikes"),
      { kind: "pool", name: "smaller" },
      { kind: "convolution", name: "second", channels: 16, kernel: 1 },
      neurons("more"),
      head,
    ],
    { ...meanGeometry, inputs: 2 },
  ],
  [
    "attention between pixels, and a shortcut around a convolution",
    [
      { kind: "convolution", name: "first", channels: 24, stride: 2 },
      neurons("spikes"),
      { kind: "convolution", name: "second", channels: 24 },
      add("stream", "first", "second"),
      neurons("bits"),
      { kind: "attention", name: "mix", heads: 2, attention: { kind: "sdsa-3", scale: 0.5 } },
      linear("last", 8),
      neurons("end"),
      head,
    ],
    { ...meanGeometry, inputs: 2 },
  ],
];

function networkOf(operations: readonly object[], geometry: Geometry, fields: object) {
  const model: GraphSpec = graphSpec.parse({ kind: "graph", steps: STEPS, operations, ...fields });
  return tinyNetwork(model, 5, listedGeometry(model, geometry, tinyGrid));
}

/** @param test  vitest's, or one that is skipped where the backend has no device */
export const listedSuite = (backend: Backend<TrainingOps>, test: BackendTest) =>
  describe(`on ${backend.name}`, () => {
    for (const [name, operations, geometry = tinyGeometry] of CASES)
      for (const [how, fields] of [
        ["triangular surrogate", { surrogate: { kind: "triangular" } }],
        ["soft reset, no normalisation", { neuron: { reset: "soft", threshold: 0.5 }, normalisation: "none" }],
      ] as const)
        for (const recompute of [false, true])
          test(`forward and backward equal the reference: ${name}, ${how}${recompute ? ", recomputed" : ""}`, async () => {
            const network = networkOf(operations, geometry, fields);
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
