/** Training on images, on a handful of tiny ones that a short training tells apart. */
import { describe, expect, test } from "vitest";
import type { ImageData, ImageSet } from "../data/images.ts";
import { jobs } from "../jobs.ts";
import { inlineExecutor } from "../kernels/executor.ts";
import { stream } from "../numeric/stream.ts";
import { parseExperiment } from "../spec/parse.ts";
import { train } from "./train.ts";

/** Images of 4 x 4 pixels: the class says which half is bright. */
function halves(count: number, seed: number): ImageSet {
  const random = stream(seed);
  const labels = Uint8Array.from({ length: count }, () => random.integer(4));
  const pixels = new Uint8Array(count * 16);
  for (let i = 0; i < pixels.length; i++) {
    const [row, column] = [(i >> 2) & 3, i & 3];
    const bright = [row < 2, row >= 2, column < 2, column >= 2][labels[i >> 4]];
    pixels[i] = (bright ? 150 : 0) + random.integer(100);
  }
  return { height: 4, width: 4, channels: 1, classes: ["top", "bottom", "left", "right"], count, pixels, labels };
}

const images: ImageData = { name: "halves", train: halves(64, 1), validation: halves(40, 2), test: halves(40, 3) };

const size = { width: 16, depth: 1, heads: 2, expansion: 2, position: "learned" };
const MODELS = {
  ann: { kind: "ann", ...size },
  "LIF attention": { kind: "spiking", ...size, steps: 2, attention: { neuron: "lif" } },
  "stochastic attention": { kind: "spiking", ...size, steps: 2 },
};

const experimentOf = (model: object, task: object = {}) =>
  parseExperiment({
    seed: 5,
    task: {
      kind: "image-classification",
      data: { name: "halves", height: 4, width: 4, channels: 1, classes: 4 },
      patch: 2,
      coding: "thermometer",
      thresholds: 3,
      ...task,
    },
    model,
    training: {
      batch: 16,
      shards: 2,
      labels: "symbols",
      validationPrompts: 1000,
      validateEvery: 40,
      stages: [{ steps: 200, warmup: 10, learningRate: 0.01 }],
    },
  });

describe("training on images", () => {
  for (const [name, model] of Object.entries(MODELS)) {
    test.each(["mean", "class-token"])(
      `teaches a network with ${name} which half is bright, read out by %s`,
      async (readOut) => {
        const executor = inlineExecutor(jobs);
        const { state } = await train(experimentOf(model, { readOut }), { executor, images });
        // By chance 75 % of the decisions are wrong. A class token sees the patches through attention alone, and learns more slowly.
        expect(state.best!.errorRate).toBeLessThan(readOut === "mean" ? 0.2 : 0.5);
        expect(state.best!.bitErrorRate).toBeUndefined();
      },
    );
  }

  test("asks for images where none are given", async () => {
    const training = train(experimentOf(MODELS.ann), { executor: inlineExecutor(jobs) });
    await expect(training).rejects.toMatchObject({ tag: "spec", path: "task.data" });
  });
});
