// @module-tag slow
/** Whole spiking networks on a GPU against WebAssembly: their spikes, logits, loss and gradients. */
import { describe, expect } from "vitest";
import { type Backend, wordsAt } from "../../../test/support/backends.ts";
import { testOnGpu } from "../../../test/support/gpu.ts";
import { expectWithin, GPU_BACKEND, largest } from "../../../test/support/gpu-ops.ts";
import { createPass } from "../../../test/support/pass-under-test.ts";
import { NEAR_THRESHOLD, neuronsThatDiffer } from "../../../test/support/spike-differences.ts";
import { SPIKING_CASES } from "../../../test/support/spiking-cases.ts";
import { tinyBits, tinyGeometry, tinyNetwork } from "../../../test/support/tiny-network.ts";
import type { SpikingSpec } from "../../experiment/model.ts";
import type { Network } from "../../model/network.ts";
import { packSpikes } from "../../spike/train.ts";
import type { Place } from "../arena.ts";
import { type Kernels, standaloneKernels } from "../memory.ts";
import type { SpikingPassOptions } from "../spiking-plan.ts";
import type { TrainingOps } from "../training-ops.ts";

const PROMPTS = 3;
const { tokens, classes, queries, inputs } = tinyGeometry;
const ANSWERS = PROMPTS * queries.length * classes;

/** WebAssembly, which also notes by the place of spikes where their neurons were near a threshold. */
function watchedBackend(near: Map<Place, Uint32Array>): Backend<Kernels> {
  return {
    name: "WebAssembly",
    create: (bytes) => {
      const { kernels, arena: places } = standaloneKernels(bytes + (1 << 20));
      const close = places.words(1 << 17);
      const ops: Kernels = {
        ...kernels,
        fire: (of) => {
          const { spikes, steps, rows } = of;
          kernels.fire({ ...of, near: { bits: { ...spikes, at: close }, reach: NEAR_THRESHOLD } });
          near.set(spikes.at, kernels.words(close, steps * rows * spikes.words));
          kernels.fire(of);
        },
      };
      return { ops, arena: places };
    },
  };
}

/** The results of one step of training, as the words of spikes and the numbers of everything else. */
async function resultsOf(
  backend: Backend<TrainingOps>,
  network: Network<SpikingSpec>,
  options: Pick<SpikingPassOptions, "attention"> & Partial<SpikingPassOptions>,
) {
  const { model } = network;
  const { ops, pass, gradient, step } = createPass(backend, network, {
    maxPrompts: PROMPTS,
    training: true,
    ...options,
  });
  Object.assign(pass.draws, { key: [12345, -678], firstPrompt: 4, noiseKey: [12345, -678] });
  const bits = tinyBits(model.steps, PROMPTS, 6);
  ops.write(pass.inputs, packSpikes(bits, model.steps, PROMPTS * tokens, inputs).words);
  ops.write(
    pass.targets,
    Float32Array.from({ length: ANSWERS }, (_, i) => (i % classes === (i * 7) % 3 ? 0.75 : 0.125)),
  );
  const loss = await step(PROMPTS, classes / ANSWERS);
  const spikes: Record<string, { readonly at: Place; readonly words: Uint32Array }> = {};
  for (const [name, { at, words: stride, perPrompt }] of Object.entries(pass.spikes)) {
    spikes[name] = { at, words: await wordsAt(ops, at, model.steps * PROMPTS * perPrompt * stride) };
  }
  const gradients: Record<string, Float32Array> = {};
  for (const [name, { data }] of Object.entries(network.parameters)) {
    gradients[name] = await ops.read(gradient[name], data.length);
  }
  return { loss, spikes, gradients, logits: await ops.read(pass.logits, ANSWERS) };
}

/** Of the first layer with different spikes, how many neurons differ; 0 if all spikes are equal. */
function differences(
  steps: number,
  actual: Readonly<Record<string, { readonly words: Uint32Array }>>,
  expected: Readonly<Record<string, { readonly at: Place; readonly words: Uint32Array }>>,
  near: ReadonlyMap<Place, Uint32Array>,
): number {
  for (const [name, { at, words }] of Object.entries(expected)) {
    const close = near.get(at);
    // Samples and attention's own neurons compute with whole numbers.
    if (close === undefined) expect(actual[name].words, name).toEqual(words);
    else {
      const count = neuronsThatDiffer(steps, actual[name].words, words, close);
      if (count > 0) return count;
    }
  }
  return 0;
}

describe("a step of training has the spikes and gradients of WebAssembly", () => {
  for (const [name, model, attention, losses = {}] of SPIKING_CASES) {
    testOnGpu(name, async () => {
      const network = tinyNetwork(model, 5);
      const options = { attention, ...losses };
      const near = new Map<Place, Uint32Array>();
      const wasm = await resultsOf(watchedBackend(near), network, options);
      const onGpu = () => resultsOf(GPU_BACKEND, network, options);
      const [first, second] = [await onGpu(), await onGpu()];
      expect(second, "the GPU repeats itself").toEqual(first);

      expect(Object.keys(first.spikes)).toEqual(Object.keys(wasm.spikes));
      const differ = differences(model.steps, first.spikes, wasm.spikes, near);
      expect(differ).toBeLessThanOrEqual(2);
      if (differ > 0) return;
      expectWithin(first.logits, wasm.logits, 1e-5 * largest(wasm.logits), "logits");
      expect(first.loss / wasm.loss).toBeCloseTo(1, 5);
      for (const [parameter, expected] of Object.entries(wasm.gradients)) {
        expectWithin(first.gradients[parameter], expected, 1e-4 * largest(expected) + 1e-7, parameter);
      }
    });
  }
});
