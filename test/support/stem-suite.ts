/** Passes of networks with a convolutional stem on a backend, against the reference network. */
import { describe, expect } from "vitest";
import { annSpec, type SpikingSpec, type StemSpec, stemSpec, transformerSpec } from "../../src/experiment/model.ts";
import type { PassOptions } from "../../src/kernels/pass.ts";
import type { TrainingOps } from "../../src/kernels/training-ops.ts";
import { crossEntropyBackward, crossEntropyForward, oneHot } from "../../src/model/cross-entropy.ts";
import { foldNetwork } from "../../src/model/fold.ts";
import { networkBackward, networkForward, repeatInput } from "../../src/model/forward.ts";
import type { Network } from "../../src/model/network.ts";
import type { Gradients } from "../../src/model/operation.ts";
import { backThroughRounding, passParameters } from "../../src/model/quantization.ts";
import { spikeRatePenalty } from "../../src/model/spike-rate.ts";
import { pixels } from "../../src/model/stem.ts";
import { stream } from "../../src/numeric/stream.ts";
import { packSpikes, unpackSpikes } from "../../src/spike/train.ts";
import { startingSteps } from "../../src/train/starting-steps.ts";
import { type Backend, type BackendTest, wordsAt } from "./backends.ts";
import { expectClose, normals } from "./gradient.ts";
import { createPass } from "./pass-under-test.ts";
import { tinyNetwork } from "./tiny-network.ts";
import { stemmed, stridingStem, tinyGrid, tinyStem } from "./tiny-stem.ts";

const PROMPTS = 3;
const STEPS = 2;
const CLASSES = 3;
const PIXELS = pixels(tinyGrid);
const targets = oneHot([2, 0, 1], CLASSES);

/** A layer with more channels than a word has bits, one that keeps all pixels, and an embedding of single pixels. */
const wideStem = stemSpec.parse({
  layers: [{ channels: 40, pool: 2 }, { channels: 8 }],
  embedding: { kernel: 1 },
});
const noLayers = stemSpec.parse({ layers: [], embedding: { stride: 2 } });

/** As published: overlapping pools, and shortcuts around the embedding. */
const CURRENTS = {
  layers: [
    { channels: 16, poolWindow: 3 },
    { channels: 8, pool: 2, poolWindow: 3, poolOf: "currents" },
  ],
  embedding: { shortcut: true },
};
const SPIKES = { layers: [{ channels: 8, pool: 2, poolWindow: 3 }], embedding: { shortcut: true } };
const TWO = { layers: [{ channels: 8 }], embedding: { trains: 2, stride: 2 } };
interface Fields {
  readonly recompute?: boolean;
  readonly residual?: string;
  readonly stem: object;
  readonly position?: string;
}

const STEMS: [string, StemSpec][] = [
  ["one that pools", tinyStem],
  ["one that strides", stridingStem],
  ["a wide one", wideStem],
  ["overlapping patches", noLayers],
];

function spikingNetwork(stem: StemSpec, inputs: number, fields: object = {}): Network<SpikingSpec> {
  const size = { width: 8, heads: 2, depth: 1, expansion: 2, position: "learned", stem };
  return tinyNetwork(transformerSpec.parse({ ...size, steps: STEPS, ...fields }), 5, stemmed(stem, inputs));
}

function bitsOf(inputs: number, seed: number): Float64Array {
  const draws = stream(seed);
  return new Float64Array(STEPS * PROMPTS * PIXELS * inputs).map(() => (draws.uniform() < 0.4 ? 1 : 0));
}

export const stemSuite = (backend: Backend<TrainingOps>, test: BackendTest) =>
  describe(`on ${backend.name}`, () => {
    async function gradientsOf(
      { ops, gradient }: Pick<ReturnType<typeof createPass<TrainingOps>>, "ops" | "gradient">,
      network: Network,
    ): Promise<Record<string, Float32Array>> {
      const gradients: Record<string, Float32Array> = {};
      for (const [name, { data }] of Object.entries(network.parameters)) {
        gradients[name] = await ops.read(gradient[name], data.length);
      }
      return gradients;
    }

    /** One step on bits, or on values if the network reads values. */
    async function step(network: Network<SpikingSpec>, values: Float64Array, options: Partial<PassOptions> = {}) {
      const { inputs } = network.geometry;
      const set = createPass(backend, network, {
        maxPrompts: PROMPTS,
        training: true,
        attention: "expected",
        ...options,
      });
      const { ops, pass } = set;
      pass.draws.noiseKey = [3, 4];
      const packed = () => packSpikes(values, STEPS, PROMPTS * PIXELS, inputs).words;
      ops.write(pass.inputs, options.realInputs ? Float32Array.from(values) : packed());
      ops.write(pass.targets, Float32Array.from(targets));
      const loss = (await set.step(PROMPTS, 1 / PROMPTS)) / PROMPTS;
      const gradients = await gradientsOf(set, network);
      return { ...set, loss, gradients };
    }

    function expectGradients(actual: Record<string, Float32Array>, expected: Gradients) {
      for (const [name, gradient] of Object.entries(expected)) {
        // Float32 sums of about a hundred terms.
        const largest = gradient.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-3);
        expectClose(actual[name], gradient, { absolute: 2e-5 * largest + 1e-7 }, name);
      }
    }

    for (const [kind, stem] of STEMS)
      test(`a spiking network equals the reference, forward and backward: ${kind}`, async () => {
        for (const surrogate of [{ kind: "sigmoid" }, { kind: "triangular" }]) {
          const network = spikingNetwork(stem, 6, { surrogate });
          const values = bitsOf(6, 6);
          const { ops, pass, loss, gradients } = await step(network, values);
          const reference = networkForward(network, { steps: STEPS, prompts: PROMPTS, values }, EXPECTED);
          for (const [name, bits] of Object.entries(pass.spikes)) {
            if (!name.endsWith(".map")) continue;
            const rows = reference.trace[name].length / bits.features / STEPS;
            const train = {
              steps: STEPS,
              rows,
              features: bits.features,
              words: await wordsAt(ops, bits.at, STEPS * rows * bits.words),
            };
            expect(unpackSpikes(train), name).toEqual(reference.trace[name]);
            expect(reference.trace[name].includes(1), name).toBe(true);
          }
          const { loss: expectedLoss, cache } = crossEntropyForward(reference.logits, targets, CLASSES);
          expect(loss).toBeCloseTo(expectedLoss, 5);
          expectGradients(gradients, networkBackward(network, crossEntropyBackward(cache, CLASSES), reference));
        }
      });

    for (const [kind, { recompute = false, ...fields }] of [
      ["currents around the embedding, and the mean of the stream", { stem: CURRENTS }],
      ["the same, recomputed", { stem: CURRENTS, recompute: true }],
      [
        "currents of all pixels around the embedding",
        { stem: { layers: [{ channels: 8 }], embedding: { shortcut: true } } },
      ],
      ["spikes around the embedding", { stem: SPIKES, residual: "spikes" }],
      ["two trains of the embedding, recomputed", { stem: TWO, residual: "spikes", position: "none", recompute: true }],
    ] as [string, Fields][])
      test(`a published stem equals the reference, forward and backward: ${kind}`, async () => {
        const size = { width: 8, heads: 2, depth: 1, expansion: 2, position: "learned", steps: STEPS };
        // A low threshold, so that the mean of the stream fires, too.
        const model = transformerSpec.parse({ ...size, neuron: { threshold: 0.25 }, ...fields });
        const geometry = { ...stemmed(model.stem!, 6), readOut: fields.residual ? "mean" : "stream-mean" } as const;
        const network = tinyNetwork(model, 5, geometry);
        const values = bitsOf(6, 6);
        const { ops, pass, loss, gradients } = await step(network, values, { recompute });
        const reference = networkForward(network, { steps: STEPS, prompts: PROMPTS, values }, EXPECTED);
        for (const [name, { at, words, features, perPrompt }] of Object.entries(pass.spikes)) {
          if (!(name in reference.trace)) continue;
          const rows = PROMPTS * perPrompt;
          const train = { steps: STEPS, rows, features, words: await wordsAt(ops, at, STEPS * rows * words) };
          expect(unpackSpikes(train), name).toEqual(reference.trace[name]);
          expect(reference.trace[name].includes(1), name).toBe(true);
        }
        const { loss: expectedLoss, cache } = crossEntropyForward(reference.logits, targets, CLASSES);
        expect(loss).toBeCloseTo(expectedLoss, 5);
        expectGradients(gradients, networkBackward(network, crossEntropyBackward(cache, CLASSES), reference));
      });

    for (const [kind, stem] of STEMS)
      test(`a conventional network with few bits equals the reference, forward and backward: ${kind}`, async () => {
        const size = { width: 8, heads: 2, depth: 1, expansion: 2, position: "learned", stem };
        const model = annSpec.parse({ kind: "ann", ...size, quantization: { weights: "ternary", activations: 4 } });
        const { quantization: _none, ...exact } = model;
        const plain = tinyNetwork(exact, 5, stemmed(stem, 4));
        const values = Float32Array.from(normals(PROMPTS * PIXELS * 4, 7));
        const steps = startingSteps(plain, model, { prompts: PROMPTS, values });
        for (const name of Object.keys(steps)) if (name.endsWith("inputLogStep")) steps[name].data[0] -= 0.5;
        const network = { ...plain, model, parameters: { ...plain.parameters, ...steps } };
        const seen = { ...network, parameters: passParameters(network) };
        const { ops, pass, gradient, step } = createPass(backend, seen, { maxPrompts: PROMPTS, training: true });
        ops.write(pass.inputs, values);
        ops.write(pass.targets, Float32Array.from(targets));
        const loss = (await step(PROMPTS, 1 / PROMPTS)) / PROMPTS;
        const reference = networkForward(network, { prompts: PROMPTS, values });
        const { loss: expectedLoss, cache } = crossEntropyForward(reference.logits, targets, CLASSES);
        expect(loss).toBeCloseTo(expectedLoss, 5);
        const expected = networkBackward(network, crossEntropyBackward(cache, CLASSES), reference);
        const found = await gradientsOf({ ops, gradient }, network);
        backThroughRounding(network, found);
        expectGradients(found, expected);
        // Inference shares the buffers of all layers.
        const inference = createPass(backend, seen, { maxPrompts: PROMPTS, training: false });
        inference.ops.write(inference.pass.inputs, values);
        inference.pass.forward(PROMPTS);
        const count = reference.logits.length;
        expect(await inference.ops.read(inference.pass.logits, count)).toEqual(await ops.read(pass.logits, count));
      });

    for (const [kind, stem] of STEMS)
      test(`so does a network that reads real values: ${kind}`, async () => {
        const network = spikingNetwork(stem, 3);
        const values = normals(PROMPTS * PIXELS * 3, 7);
        const rounded = values.map(Math.fround);
        const { loss, gradients } = await step(network, values, { realInputs: true });
        const reference = networkForward(network, repeatInput(rounded, STEPS, PROMPTS), EXPECTED);
        const { loss: expectedLoss, cache } = crossEntropyForward(reference.logits, targets, CLASSES);
        expect(loss).toBeCloseTo(expectedLoss, 5);
        expectGradients(gradients, networkBackward(network, crossEntropyBackward(cache, CLASSES), reference));
      });

    for (const [kind, stem] of STEMS)
      test(`recomputing layers changes no bit, with noise and a penalty on rates: ${kind}`, async () => {
        const options = { outputNoise: 0.1, spikeRate: { weight: 5, target: 0 } };
        const network = spikingNetwork(stem, 6);
        const run = async (recompute: boolean) => {
          const { loss, gradients } = await step(network, bitsOf(6, 8), { ...options, recompute });
          return { loss, gradients };
        };
        expect(await run(true)).toEqual(await run(false));
      });

    test("a penalty on rates counts the layers of the stem", async () => {
      const network = spikingNetwork(wideStem, 6);
      const values = bitsOf(6, 6);
      const spikeRate = { weight: 5, target: 0.1 };
      const { loss, gradients } = await step(network, values, { spikeRate });
      const reference = networkForward(network, { steps: STEPS, prompts: PROMPTS, values }, EXPECTED);
      expect(Object.keys(reference.rates).filter((name) => name.startsWith("stem."))).toEqual([
        "stem.0.map",
        "stem.1.map",
      ]);
      const { penalty, slopes } = spikeRatePenalty(reference.rates, spikeRate);
      const { loss: ofLogits, cache } = crossEntropyForward(reference.logits, targets, CLASSES);
      expect(loss).toBeCloseTo(ofLogits + penalty, 5);
      const slope = crossEntropyBackward(cache, CLASSES);
      expectGradients(gradients, networkBackward(network, slope, reference, { rates: slopes }));
    });

    for (const [kind, stem] of STEMS)
      test(`without training, a folded network gives the same answers prompt by prompt: ${kind}`, async () => {
        const network = foldNetwork(spikingNetwork(stem, 6));
        const values = bitsOf(6, 9);
        const mode = { mode: "eval", attention: "expected" } as const;
        const { logits } = networkForward(network, { steps: STEPS, prompts: PROMPTS, values }, mode);
        const { ops, pass } = createPass(backend, network, { maxPrompts: 1, training: false, attention: "expected" });
        for (let prompt = 0; prompt < PROMPTS; prompt++) {
          const own = values.filter((_, i) => Math.floor(i / (PIXELS * 6)) % PROMPTS === prompt);
          ops.write(pass.inputs, packSpikes(own, STEPS, PIXELS, 6).words);
          pass.forward(1);
          expectClose(await ops.read(pass.logits, CLASSES), logits.subarray(prompt * CLASSES, (prompt + 1) * CLASSES), {
            absolute: 1e-5,
          });
        }
      });

    for (const [kind, stem] of STEMS)
      test(`the ANN equals the reference, forward, backward and prompt by prompt: ${kind}`, async () => {
        const model = annSpec.parse({
          kind: "ann",
          width: 8,
          heads: 2,
          depth: 1,
          expansion: 2,
          position: "learned",
          stem,
        });
        const network = tinyNetwork(model, 6, stemmed(stem, 3));
        const values = normals(PROMPTS * PIXELS * 3, 7).map(Math.fround);
        const reference = networkForward(network, { prompts: PROMPTS, values });
        const { loss: expectedLoss, cache } = crossEntropyForward(reference.logits, targets, CLASSES);
        const { ops, pass, gradient, step } = createPass(backend, network, { maxPrompts: PROMPTS, training: true });
        ops.write(pass.inputs, Float32Array.from(values));
        ops.write(pass.targets, Float32Array.from(targets));
        expect((await step(PROMPTS, 1 / PROMPTS)) / PROMPTS).toBeCloseTo(expectedLoss, 5);
        const gradients = await gradientsOf({ ops, gradient }, network);
        expectGradients(gradients, networkBackward(network, crossEntropyBackward(cache, CLASSES), reference));

        const alone = createPass(backend, network, { maxPrompts: 1, training: false });
        for (let prompt = 0; prompt < PROMPTS; prompt++) {
          alone.ops.write(
            alone.pass.inputs,
            Float32Array.from(values.subarray(prompt * PIXELS * 3, (prompt + 1) * PIXELS * 3)),
          );
          alone.pass.forward(1);
          const expected = reference.logits.subarray(prompt * CLASSES, (prompt + 1) * CLASSES);
          expectClose(await alone.ops.read(alone.pass.logits, CLASSES), expected, { absolute: 1e-5 });
        }
      });
  });

const EXPECTED = { mode: "train", attention: "expected" } as const;
