// The two networks of this folder: a decoder of the 2x2 link, where only attention can find the channel, and an encoder of images behind a
// convolutional stem. Everything but attention stays the same.

const surrogate = { kind: "triangular", width: 2 };
const neuron = { kind: "lif" };

export const TASKS = {
  link: {
    prompts: { exact: 2048, chip: 256 },
    steps: { search: 200, full: 600 },
    document: {
      name: "attention-zoo-link",
      task: { kind: "symbol-detection", transmitAntennas: 2, receiveAntennas: 2, coding: "thermometer" },
      model: { kind: "spiking", width: 64, depth: 2, heads: 4, expansion: 2, steps: 2, neuron, surrogate },
      hardware: { crossbar: { embedRows: 17 }, chips: 5 },
      training: { batch: 64, shards: 4, labels: "posterior", optimiser: "muon", validationPrompts: 1024 },
    },
  },
  images: {
    prompts: { exact: 10000, chip: 500 },
    steps: { search: 60, full: 240 },
    data: "fashion-mnist",
    document: {
      name: "attention-zoo-images",
      task: {
        kind: "image-classification",
        data: "fashion-mnist",
        patch: 1,
        shift: 0,
        readOut: "mean",
        coding: "thermometer",
        thresholds: 7,
        crop: 2,
        flip: true,
      },
      model: {
        kind: "spiking",
        width: 64,
        depth: 2,
        heads: 4,
        expansion: 2,
        position: "learned",
        stem: {
          layers: [
            { channels: 16, pool: 2 },
            { channels: 32, pool: 2 },
          ],
          embedding: {},
        },
        steps: 2,
        neuron,
        surrogate,
      },
      hardware: { crossbar: { rows: 64 }, chips: 5 },
      training: {
        batch: 64,
        shards: 4,
        labels: "symbols",
        labelSmoothing: 0.1,
        optimiser: "muon",
        validationPrompts: 2000,
      },
    },
  },
};

/** The experiment of a task with an attention, trained for `steps`. */
export function documentOf({ document }, attention, seed, steps) {
  const { model, training } = document;
  return {
    ...structuredClone(document),
    seed,
    model: { ...model, attention },
    training: {
      ...training,
      validateEvery: steps,
      stages: [{ steps, learningRate: 0.003, warmup: 100, finalFraction: 0.05 }],
    },
  };
}
