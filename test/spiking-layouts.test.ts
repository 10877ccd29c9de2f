// @module-tag slow
/** Checkpoints of published spiking transformers become networks with the same spikes as in PyTorch. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ImageData, ImageSet } from "../src/data/images.ts";
import { jobs } from "../src/evaluation/jobs.ts";
import type { Experiment } from "../src/experiment/experiment.ts";
import type { TransformerSpec } from "../src/experiment/model.ts";
import { parseExperiment } from "../src/experiment/parse.ts";
import type { ImageClassificationSpec } from "../src/experiment/task.ts";
import type { SourceTensor } from "../src/import/elements.ts";
import { importNetwork } from "../src/import/import.ts";
import { readLayout } from "../src/import/layouts/catalogue.ts";
import { decodeTensors } from "../src/import/source.ts";
import { foldNetwork } from "../src/model/fold.ts";
import { networkForward } from "../src/model/forward.ts";
import type { Network } from "../src/model/network.ts";
import { stream } from "../src/numeric/stream.ts";
import { runExperiment } from "../src/runs/experiment.ts";
import { packSpikes, unpackSpikes } from "../src/spike/train.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";
import { openExperiment } from "../src/task/open.ts";
import { inlineExecutor } from "../src/threads/executor.ts";
import { BACKENDS } from "./support/backends.ts";
import { createPass } from "./support/pass-under-test.ts";

interface Golden {
  readonly side: number;
  readonly pixels: number[];
  readonly logits: number[];
  readonly margin: number;
  readonly trace: Record<string, string>;
}

const LAYOUTS = ["spikformer", "sdt", "qkformer"] as const;
type Layout = (typeof LAYOUTS)[number];
const folder = join(import.meta.dirname, "golden");
const golden = JSON.parse(readFileSync(join(folder, "spiking-layouts.json"), "utf8")) as Record<Layout, Golden>;
const [STEPS, IMAGES, CHANNELS, BITS] = [2, 2, 3, 8];

const tensorsOf = (layout: Layout): ReadonlyMap<string, SourceTensor> =>
  decodeTensors(new Uint8Array(readFileSync(join(folder, `${layout}.pth`))), undefined, layout).tensors;

function imported(layout: Layout, tensors = tensorsOf(layout)) {
  const file = readLayout(tensors, layout, { heads: 2, steps: STEPS, side: golden[layout].side });
  const experiment = parseExperiment({ name: layout, ...file.document });
  const geometry = networkGeometry(experiment, createTask(experiment));
  const { network } = importNetwork(file.tensors, experiment.model, geometry, file.mapping);
  return { file, experiment, network: network as Network<TransformerSpec> };
}

/** The bits of all pixels, the highest first, at every step. */
function inputOf({ pixels }: Golden): Float64Array {
  const lines = pixels.flatMap((pixel) => Array.from({ length: BITS }, (_, bit) => (pixel >> (BITS - 1 - bit)) & 1));
  return Float64Array.from(Array.from({ length: STEPS }, () => lines).flat());
}

const unpackHex = (text: string): number[] =>
  [...text].flatMap((digit) => [8, 4, 2, 1].map((bit) => (Number.parseInt(digit, 16) & bit) / bit));

/** Number of differing spikes in each layer, by the names of PyTorch; q, k and v stand side by side in `qkv`. */
function differences(trace: Record<string, Uint8Array>, { trace: expected }: Golden, width: number) {
  const parts = (["q", "k", "v"] as const).filter((letter) => `blocks.0.${letter}` in expected);
  return Object.fromEntries(
    Object.entries(expected).map(([name, text]) => {
      const [, block, letter] = /^(blocks\.\d+)\.([qkv])$/.exec(name) ?? [];
      const all = trace[block ? `${block}.qkv` : name];
      const from = parts.indexOf(letter as "q") * width;
      const own = block
        ? all.filter((_, i) => i % (parts.length * width) >= from && i % (parts.length * width) < from + width)
        : all;
      const bits = unpackHex(text);
      expect(bits.length - own.length, name).toBeLessThan(4);
      return [name, own.reduce((count, spike, i) => count + (spike === bits[i] ? 0 : 1), 0)];
    }),
  );
}

const nowhere = ({ trace }: Golden) => Object.fromEntries(Object.keys(trace).map((name) => [name, 0]));

const largestDifference = (a: ArrayLike<number>, b: readonly number[]) =>
  b.reduce((largest, value, i) => Math.max(largest, Math.abs(value - a[i])), Math.abs(a.length - b.length));

describe.each(LAYOUTS)("%s", (layout) => {
  const { network } = imported(layout);
  const { width } = network.model;
  const answer = golden[layout];
  const values = inputOf(answer);

  test("no spike differs from PyTorch in any layer, and logits agree", () => {
    const { trace, logits } = networkForward(network, { steps: STEPS, prompts: IMAGES, values }, { mode: "eval" });
    expect(differences(trace, answer, width)).toEqual(nowhere(answer));
    expect(largestDifference(logits, answer.logits)).toBeLessThan(1e-5);
    expect(Math.max(...answer.logits) - Math.min(...answer.logits)).toBeGreaterThan(0.1);
  });

  test.each(BACKENDS)("nor does any on $name, with BatchNorm folded", (backend) => {
    const folded = foldNetwork(network);
    const { ops, pass } = createPass(backend, folded, { maxPrompts: IMAGES, training: false });
    const rows = IMAGES * answer.side ** 2;
    ops.write(pass.inputs, packSpikes(values, STEPS, rows, CHANNELS * BITS).words);
    pass.forward(IMAGES);
    const trace = Object.fromEntries(
      Object.entries(pass.spikes).map(([name, { at, words, features, perPrompt }]) => {
        const packed = ops.words(at, STEPS * IMAGES * perPrompt * words);
        return [name, unpackSpikes({ steps: STEPS, rows: IMAGES * perPrompt, features, words: packed })];
      }),
    );
    expect(differences(trace, answer, width)).toEqual(nowhere(answer));
    expect(largestDifference(ops.floats(pass.logits, answer.logits.length), answer.logits)).toBeLessThan(1e-5);
  });

  test("every tensor that is missing, renamed, transposed or damaged is named", () => {
    const tensors = tensorsOf(layout);
    const weights = [...tensors.keys()].filter((name) => /\d\.(attn|tssa|mlp)\..*(conv|linear)\.weight$/.test(name));
    for (const name of weights) {
      const tensor = tensors.get(name)!;
      const without = new Map([...tensors].filter(([other]) => other !== name));
      expect(() => imported(layout, without), name).toThrow(name);
      const renamed = new Map(without).set(`${name}s`, tensor);
      expect(() => imported(layout, renamed)).toThrow(`Is ${name}s meant?`);
      const damaged = { ...tensor, data: tensor.data.map((value, i) => (i === 3 ? Number.NaN : Number(value))) };
      expect(() => imported(layout, new Map(tensors).set(name, damaged as SourceTensor))).toThrow(`${name} is damaged`);
      if (tensor.shape[0] === tensor.shape[1]) continue;
      const transposed = { ...tensor, shape: tensor.shape.toReversed() };
      expect(() => imported(layout, new Map(tensors).set(name, transposed))).toThrow(name);
    }
    expect(weights.length).toBeGreaterThan(3);
  });
});

test("Spikformer's names for ImageNet, with convolutions of single pixels, give the same network but for biases of q, k and v", () => {
  const tensors = tensorsOf("spikformer");
  const renamed = new Map<string, SourceTensor>();
  for (const [name, tensor] of tensors) {
    const axes = name.includes(".mlp.") ? [1, 1] : [1];
    const isWeight = name.endsWith("_linear.weight");
    if (/\.[qkv]_linear\.bias$/.test(name)) continue;
    renamed.set(
      name.replace("_linear.", "_conv."),
      isWeight ? { ...tensor, shape: [...tensor.shape, ...axes] } : tensor,
    );
  }
  const [linear, convolved] = [tensors, renamed].map((of) => {
    const file = readLayout(of, "spikformer", { heads: 2, steps: STEPS, side: 16, pools: "0011" });
    const experiment = parseExperiment({ name: "spikformer", ...file.document });
    const geometry = networkGeometry(experiment, createTask(experiment));
    return importNetwork(file.tensors, experiment.model, geometry, file.mapping).network;
  });
  expect(convolved.model).toEqual(linear.model);
  const differing = Object.keys(linear.parameters).filter(
    (name) => linear.parameters[name].data.join() !== convolved.parameters[name].data.join(),
  );
  expect(differing).toEqual(["blocks.0.qkv.mean", "blocks.1.qkv.mean"]);
});

test("each file is recognised", () => {
  for (const layout of LAYOUTS) {
    const choices = { heads: 2, steps: STEPS, side: golden[layout].side };
    expect(readLayout(tensorsOf(layout), "auto", choices).layout).toBe(layout);
  }
});

test.each(LAYOUTS)("%s runs on chips and has an energy", async (layout) => {
  const { file, network } = imported(layout);
  const { task, model } = file.document;
  const hardware = { chips: 2, crossbar: { rows: 64, columns: 32 } };
  const evaluation = { prompts: 8, curvePrompts: 4, steps: [1, 2] };
  const experiment = parseExperiment({
    name: layout,
    task,
    model,
    hardware,
    evaluation,
  }) as Experiment<ImageClassificationSpec>;
  const { side } = golden[layout];
  const draws = stream(5);
  const [count, classes] = [32, network.geometry.classes];
  const set: ImageSet = {
    ...{ height: side, width: side, channels: CHANNELS, count },
    classes: Array.from({ length: classes }, (_, i) => `${i}`),
    pixels: Uint8Array.from({ length: count * side * side * CHANNELS }, () => draws.integer(256)),
    labels: Uint16Array.from({ length: count }, (_, i) => i % classes),
  };
  const images: ImageData = { name: "images", train: set, validation: set, test: set };
  const options = { executor: inlineExecutor(jobs), command: "xpike test", versions: {} };
  const report = await runExperiment(openExperiment(experiment, images), { network }, options);
  const values = Object.fromEntries(report.figures.map(({ id, value }) => [id, value]));
  expect(values["accuracy.xpikeformer"]).toBeGreaterThanOrEqual(0);
  expect(values["cost.xpikeformer.energy"]).toBeGreaterThan(0);
});

describe("refuses", () => {
  test("QKFormer's later stages, by their tensors", () => {
    const tensors = tensorsOf("qkformer");
    const stage = tensors.get("head.bias")!;
    const staged = new Map(tensors).set("patch_embed2.proj3_bn.bias", stage).set("stage2.0.mlp.mlp1_bn.bias", stage);
    expect(() => imported("qkformer", staged)).toThrow(/patch_embed2\.proj3_bn\.bias, stage2\.0\.mlp\.mlp1_bn\.bias/);
  });

  test("a file whose images, or pools, are not told", () => {
    const tensors = tensorsOf("sdt");
    expect(() => readLayout(tensors, "sdt", { heads: 2 })).toThrow("--side 224");
    expect(() => readLayout(tensors, "sdt", { heads: 2, side: 16, pools: "11" })).toThrow("--pools 0011");
  });
});
