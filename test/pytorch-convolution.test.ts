/** Networks with a convolutional stem, in plain PyTorch: they give the same spikes here, all of them. `golden/convolution.py` made them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findTensorMapping } from "../src/import/catalogue.ts";
import { importNetwork } from "../src/import/import.ts";
import { decodeTensors } from "../src/import/source.ts";
import { createNetworkPass } from "../src/kernels/network-pass.ts";
import { isSpiking, type Network } from "../src/model/network.ts";
import { spikeInput, spikingForward } from "../src/model/spiking.ts";
import type { SpikingSpec } from "../src/spec/model.ts";
import { parseExperiment } from "../src/spec/parse.ts";
import { packSpikes, unpackSpikes } from "../src/spike/train.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";

interface GoldenSpikes {
  readonly logits: number[];
  readonly trace: Record<string, string>;
}

const folder = join(import.meta.dirname, "golden");
const golden = JSON.parse(readFileSync(join(folder, "convolution.json"), "utf8")) as {
  inputs: string;
  exact: GoldenSpikes & { ties: number };
  batchNorm: GoldenSpikes & { margin: number };
};
const [steps, prompts, pixels, lines] = [3, 2, 8 * 12, 3];
const input = packSpikes(unpackHex(golden.inputs), steps, prompts * pixels, lines);

function importGolden(file: string, normalisation: string): Network<SpikingSpec> {
  const experiment = parseExperiment({
    task: {
      kind: "image-classification",
      data: { name: "golden", height: 8, width: 12, channels: 1, classes: 3 },
      ...{ patch: 1, coding: "thermometer", thresholds: lines },
    },
    model: {
      ...{ width: 16, heads: 2, depth: 1, expansion: 2, steps, normalisation },
      attention: { neuron: "lif", scoreGain: 4, valueGain: 8 },
      stem: {
        layers: [
          { channels: 16, pool: 2 },
          { channels: 24, kernel: 5, stride: 2 },
        ],
      },
    },
  });
  const { model } = experiment;
  const geometry = networkGeometry(experiment, createTask(experiment));
  const { tensors } = decodeTensors(new Uint8Array(readFileSync(join(folder, file))), undefined, file);
  const mapping = findTensorMapping("xpikeformer", { model, geometry }, new Set(tensors.keys()));
  const { network } = importNetwork(tensors, model, geometry, mapping);
  if (!isSpiking(network)) throw new Error("the network is spiking");
  return network;
}

const referenceAnswers = (network: Network<SpikingSpec>) =>
  spikingForward(network, spikeInput(input, pixels), { mode: "eval" });

/** The same from its fast twin. */
function kernelAnswers(network: Network<SpikingSpec>) {
  const { kernels, pass } = createNetworkPass(network, prompts, false);
  if (!("spikes" in pass)) throw new Error("no spiking pass");
  kernels.write(pass.inputs, input.words);
  pass.forward(prompts);
  const trace: Record<string, Uint8Array> = {};
  for (const [name, { at, words, features, perPrompt }] of Object.entries(pass.spikes)) {
    const rows = prompts * perPrompt;
    trace[name] = unpackSpikes({ steps, rows, features, words: kernels.words(at, steps * rows * words) });
  }
  return { trace, logits: kernels.floats(pass.logits, prompts * 3) };
}

function expectSpikes(trace: Record<string, Uint8Array>, { trace: expected }: GoldenSpikes): void {
  const names = Object.keys(expected);
  expect(names).toHaveLength(8);
  for (const name of names) {
    const bits = unpackHex(expected[name]);
    const differing = trace[name].reduce((count, bit, i) => count + (bit === bits[i] ? 0 : 1), 0);
    expect([name, trace[name].length, differing]).toEqual([name, bits.length, 0]);
  }
}

const largestDifference = (a: ArrayLike<number>, b: readonly number[]) =>
  b.reduce((largest, value, i) => Math.max(largest, Math.abs(value - a[i])), 0);

test("whose sums are exact: 0 spikes differ, also where membranes meet the threshold exactly", () => {
  expect(golden.exact.ties).toBeGreaterThan(100);
  const network = importGolden("convolution.pth", "none");
  const [slow, fast] = [referenceAnswers(network), kernelAnswers(network)];
  expectSpikes(slow.trace, golden.exact);
  expectSpikes(fast.trace, golden.exact);
  // The same bits into the same head: only the order of a mean differs.
  expect(largestDifference(slow.logits, golden.exact.logits)).toBeLessThan(1e-14);
  expect(largestDifference(fast.logits, golden.exact.logits)).toBeLessThan(1e-6);
});

test("with BatchNorm2d, kept or folded: 0 spikes differ", () => {
  // Sums of up to 400 products in single precision move a membrane by some 1e-6.
  expect(golden.batchNorm.margin).toBeGreaterThan(1e-4);
  const slow = referenceAnswers(importGolden("convolution-batch-norm.pth", "batch"));
  expectSpikes(slow.trace, golden.batchNorm);
  const folded = importGolden("convolution-batch-norm.pth", "none");
  expectSpikes(referenceAnswers(folded).trace, golden.batchNorm);
  const fast = kernelAnswers(folded);
  expectSpikes(fast.trace, golden.batchNorm);
  expect(largestDifference(slow.logits, golden.batchNorm.logits)).toBeLessThan(1e-12);
  expect(largestDifference(fast.logits, golden.batchNorm.logits)).toBeLessThan(1e-5);
});

/** Four bits to a digit, first bit first; zeros at the end may be padding. */
function unpackHex(text: string): number[] {
  return [...text].flatMap((digit) => [3, 2, 1, 0].map((bit) => (Number.parseInt(digit, 16) >> bit) & 1));
}
