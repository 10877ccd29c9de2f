/** Checkpoints of published layouts give the answers that PyTorch gives, and a tensor that does not fit is named. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ImageData } from "../src/data/images.ts";
import type { Experiment } from "../src/experiment/experiment.ts";
import type { Activation, AnnSpec } from "../src/experiment/model.ts";
import { parseExperiment } from "../src/experiment/parse.ts";
import type { SourceTensor } from "../src/import/elements.ts";
import { importNetwork } from "../src/import/import.ts";
import { LAYOUT_NAMES, readLayout } from "../src/import/layouts/catalogue.ts";
import { decodeTensors } from "../src/import/source.ts";
import { createNetworkPass } from "../src/kernels/network-pass.ts";
import { networkForward } from "../src/model/forward.ts";
import type { Network } from "../src/model/network.ts";
import { stream } from "../src/numeric/stream.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";
import { imageClassification } from "../src/task/image-classification.ts";

const folder = join(import.meta.dirname, "golden");
const golden = JSON.parse(readFileSync(join(folder, "layouts.json"), "utf8")) as {
  images: number[];
  timmVit: number[];
  timmVitMean: number[];
  hfVit: number[];
  torchEncoder: { values: number[]; relu: number[]; gelu: number[] };
};

const classes = ["a", "b", "c", "d", "e"];
const pixels = Uint8Array.from(golden.images);
const set = { height: 8, width: 8, channels: 3, classes, count: 3, pixels, labels: new Uint16Array(3) };
const images: ImageData = { name: "golden", train: set, validation: set, test: set };

type Tensors = ReadonlyMap<string, SourceTensor>;

function tensorsOf(file: string, select?: string): Tensors {
  return decodeTensors(new Uint8Array(readFileSync(join(folder, file))), select, file).tensors;
}

function imported(
  from: Tensors,
  layout: string,
  { activation, task }: { activation?: Activation; task?: object } = {},
) {
  const { document, mapping, tensors } = readLayout(from, layout, { heads: 2, activation });
  const experiment: Experiment = parseExperiment({ task, ...document } as unknown);
  const geometry = networkGeometry(experiment, createTask(experiment));
  const { network } = importNetwork(tensors, experiment.model, geometry, mapping);
  return { experiment, network: network as Network<AnnSpec> };
}

const largestDifference = (a: ArrayLike<number>, b: readonly number[]) =>
  b.reduce((largest, value, i) => Math.max(largest, Math.abs(value - a[i])), Math.abs(a.length - b.length));

/** Parameters are rounded once, to single precision; the kernels compute in it. Logits are near 1. */
function expectLogits(network: Network<AnnSpec>, prompts: number, values: Float32Array, logits: readonly number[]) {
  expect(largestDifference(networkForward(network, { prompts, values }).logits, logits)).toBeLessThan(1e-5);
  const { kernels, pass } = createNetworkPass(network, prompts, true);
  kernels.f32.set(values, pass.inputs / 4);
  pass.forward(prompts);
  const fast = kernels.f32.slice(pass.logits / 4, pass.logits / 4 + logits.length);
  expect(largestDifference(fast, logits)).toBeLessThan(1e-4);
  expect(Math.max(...logits) - Math.min(...logits)).toBeGreaterThan(1);
}

const SHIFTED = { kind: "symbol-detection", pilots: 3, tokens: "shifted" };

describe("logits equal PyTorch's, in exact arithmetic and on kernels,", () => {
  test.each([
    ["timm-vit.pth", "timm-vit", undefined, golden.timmVit],
    ["timm-vit-mean.pth", "timm-vit", "model", golden.timmVitMean],
    ["hf-vit.pth", "hf-vit", undefined, golden.hfVit],
  ])("of %s, whose images have patches", (file, layout, select, logits) => {
    const { experiment, network } = imported(tensorsOf(file, select), layout);
    if (experiment.task.kind !== "image-classification") throw new Error("no images");
    const { values } = imageClassification(experiment.task, 1, images).draw(3, stream(1), { spikes: false });
    expectLogits(network, 3, values, logits);
  });

  test.each(["relu", "gelu"] as const)("of torch-encoder.pth with %s", (activation) => {
    const options = { activation, task: SHIFTED };
    const { network } = imported(tensorsOf("torch-encoder.pth"), "torch-encoder-norm-first", options);
    expectLogits(network, 3, Float32Array.from(golden.torchEncoder.values), golden.torchEncoder[activation]);
  });
});

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}

const FILES = [
  ["timm-vit", "timm-vit.pth", "blocks.1.mlp.fc1", "[F, D] = [32, 16]"],
  ["hf-vit", "hf-vit.pth", "vit.encoder.layer.1.intermediate.dense", "[F, D] = [32, 16]"],
  ["torch-encoder", "torch-encoder.pth", "encoder.layers.1.linear1", "[F, D] = [32, 16]"],
  ["torch-encoder-norm-first", "torch-encoder.pth", "encoder.layers.1.linear1", "[F, D] = [32, 16]"],
] as const;

test("every layout has a file of PyTorch, here or in spiking-layouts.test.ts", () => {
  const here = new Set<string>(FILES.map(([layout]) => layout));
  const spiking = LAYOUT_NAMES.filter((name) => existsSync(join(folder, `${name}.pth`)) && !here.has(name));
  expect([...here, ...spiking].sort()).toEqual([...LAYOUT_NAMES].sort());
  expect(spiking).toEqual(["sdt", "spikformer", "qkformer"]);
});

describe.each(FILES)("an error of layout %s names", (layout, file, module, shape) => {
  const tensors = tensorsOf(file);
  const name = `${module}.weight`;
  const message = (changed: Iterable<readonly [string, SourceTensor]>) =>
    messageOf(() => readLayout(new Map(changed), layout, { heads: 2 }));
  const with_ = (change: (tensor: SourceTensor) => SourceTensor) =>
    [...tensors].map(([key, tensor]) => [key, key === name ? change(tensor) : tensor] as const);

  test("a transposed tensor", () => {
    const text = message(with_((tensor) => ({ ...tensor, shape: tensor.shape.toReversed() })));
    expect(text).toBe(`${name} has shape [16,32] instead of ${shape}: it is transposed.`);
  });

  test("a tensor of another size", () => {
    const text = message(with_((tensor) => ({ ...tensor, shape: [31, 16], data: tensor.data.slice(0, 31 * 16) })));
    expect(text).toBe(`${name} has shape [31,16] instead of ${shape}.`);
  });

  test("a damaged tensor and its first number that is not finite", () => {
    const text = message(with_((tensor) => ({ ...tensor, data: tensor.data.with(7, Number.NaN) })));
    expect(text).toBe(`${name} is damaged: value 7 of [32,16] is NaN.`);
  });

  test("a renamed tensor, missing here and without a place there", () => {
    const renamed = name.replace(/\.weight$/, ".wieght");
    const text = message([...tensors].map(([key, tensor]) => [key === name ? renamed : key, tensor]));
    expect(text).toContain(`The file has no tensor ${name} ${shape}. Is ${renamed} meant?`);
    expect(text).toContain(`"${renamed}" [32,16] has no place in this layout.`);
  });

  test("what a file without blocks lacks", () => {
    const blocks = module.slice(0, module.search(/[0-9]/));
    const text = message(
      [...tensors].filter(([key]) => !key.startsWith(blocks) || key.endsWith("0.self_attn.in_proj_weight")),
    );
    expect(text).toMatch(
      layout.startsWith("torch") ? /no tensor encoder\.layers\.0\.linear1\.weight/ : /The file has no blocks/,
    );
  });

  test("an additional tensor", () => {
    const extra: SourceTensor = { type: "float32", shape: [2], data: Float32Array.of(1, 2) };
    expect(message([...tensors, ["ema.decay", extra]])).toBe('"ema.decay" [2] has no place in this layout.');
  });
});
