/** Labelled images so small and simple that a network learns them in a second: which half is bright. */
import type { ImageData, ImageSet } from "../../src/data/images.ts";
import type { Experiment } from "../../src/experiment/experiment.ts";
import { parseExperiment } from "../../src/experiment/parse.ts";
import type { ImageClassificationSpec } from "../../src/experiment/task.ts";
import { stream } from "../../src/numeric/stream.ts";

/** Images of 4 x 4 pixels. */
function halves(count: number, seed: number): ImageSet {
  const random = stream(seed);
  const labels = Uint16Array.from({ length: count }, () => random.integer(4));
  const pixels = Uint8Array.from({ length: count * 16 }, (_, i) => {
    const [row, column] = [(i >> 2) & 3, i & 3];
    const bright = [row < 2, row >= 2, column < 2, column >= 2][labels[i >> 4]];
    return (bright ? 150 : 0) + random.integer(100);
  });
  return { height: 4, width: 4, channels: 1, classes: ["top", "bottom", "left", "right"], count, pixels, labels };
}

export const tinyImages: ImageData = {
  name: "halves",
  train: halves(64, 1),
  validation: halves(40, 2),
  test: halves(40, 3),
};

/** Four patches of 2 x 2 pixels. */
export function tinyImageExperiment(model: object, task: object = {}, rest: object = {}) {
  const size = { width: 16, depth: 1, heads: 2, expansion: 2, position: "learned" };
  return parseExperiment({
    name: "halves",
    seed: 5,
    task: {
      kind: "image-classification",
      data: { name: "halves", height: 4, width: 4, channels: 1, classes: 4 },
      patch: 2,
      coding: "thermometer",
      thresholds: 3,
      ...task,
    },
    model: { ...size, ...model },
    training: {
      batch: 16,
      shards: 2,
      labels: "symbols",
      validateEvery: 40,
      stages: [{ steps: 200, warmup: 10, learningRate: 0.01 }],
    },
    ...rest,
  }) as Experiment<ImageClassificationSpec>;
}
