// What this page trains: networks of one and two time steps and of little width, with their purpose and share of the budget. The first
// decide most on the fronts.

const attention = (valueGain) => ({ kind: "stochastic", scoreGain: 8, valueGain, draws: "stratified" });

const stage = (name, timeSteps, steps, learningRate, rest = {}) => ({
  ...{ name, steps, timeSteps, learningRate, warmup: 100, finalFraction: 0.05 },
  ...rest,
});

/** A last stage with the noise of the machine. */
const aware = (timeSteps, steps, learningRate, rest = {}) =>
  stage("hardware-aware", timeSteps, steps, learningRate, {
    ...{ warmup: 50, finalFraction: 0.01, noise: { hardware: true } },
    ...rest,
  });

/** A network of the 2x2 link that answers eight copies of its last query. */
const link = (name, [depth, width], steps, training) => ({
  name,
  seed: 1,
  task: {
    ...{ kind: "symbol-detection", transmitAntennas: 2, receiveAntennas: 2 },
    ...{ coding: "thermometer", queryCopies: 8 },
  },
  model: {
    ...{ kind: "spiking", width, depth, heads: 8, steps, attention: attention(32) },
    ...{ neuron: { kind: "if", reset: "soft" }, surrogate: { kind: "triangular", width: 2 } },
  },
  hardware: { crossbar: { embedRows: 17 }, chips: 5 },
  training: {
    ...{ batch: 64, shards: 4, labels: "teacher", teacher: "bundled:wireless-2x2-ann-64", optimiser: "muon" },
    ...{ validateEvery: 200, validationPrompts: 1024 },
    ...training,
  },
});

/** A network of MNIST that reads patches of 7 x 7 pixels. */
const mnist = (name, width, steps, thresholds, training) => ({
  name,
  seed: 1,
  task: {
    ...{ kind: "image-classification", data: "mnist", patch: 7, shift: 3, readOut: "mean" },
    ...{ coding: "thermometer", thresholds, crop: 2, flip: false },
  },
  model: {
    ...{ kind: "spiking", width, depth: 2, heads: 8, expansion: 4, position: "learned", steps },
    ...{ attention: attention(8), surrogate: { kind: "triangular", width: 1 } },
  },
  hardware: { crossbar: { inputStride: thresholds }, chips: 5 },
  training: {
    ...{ batch: 64, shards: 4, validationPrompts: 3000, validateEvery: 422, optimiser: "muon" },
    ...{ labels: "teacher", teacher: "bundled:mnist-ann-64-taught" },
    ...training,
  },
});

/** Short stages for which each query is asked twice, as eight copies answer later. */
const two = { queryCopies: 2, warmup: 20 };

export const RUNS = [
  {
    purpose: "link, 0.07 to 0.08",
    hours: 0.1,
    document: link("wireless-2x2-narrow-4x64", [4, 64], 1, {
      initial: "bundled:wireless-2x2-deep-64-xpikeformer",
      stages: [stage("one step", 1, 260, 0.002, two), aware(1, 60, 0.0003, two)],
    }),
  },
  {
    purpose: "MNIST, half width",
    hours: 0.08,
    document: mnist("mnist-narrow-32", 32, 1, 3, {
      initial: "bundled:mnist-ann-32-taught",
      stages: [stage("one step", 1, 1688, 0.006), aware(1, 211, 0.001, { clipWeights: 2 })],
    }),
  },
  {
    purpose: "MNIST, near 0.02",
    hours: 0.1,
    document: mnist("mnist-narrow-64", 64, 1, 3, {
      initial: "bundled:mnist-64-xpikeformer",
      stages: [stage("one step", 1, 844, 0.003), aware(1, 422, 0.001, { clipWeights: 2 })],
    }),
  },
  {
    purpose: "link, half width",
    hours: 0.1,
    document: link("wireless-2x2-narrow-4x32", [4, 32], 1, {
      initial: "bundled:wireless-2x2-ann-32",
      stages: [stage("one step", 1, 800, 0.006), aware(1, 160, 0.001)],
    }),
  },
  {
    purpose: "MNIST, quarter width",
    hours: 0.08,
    document: mnist("mnist-narrow-16", 16, 1, 3, {
      initial: "bundled:mnist-ann-16-taught",
      stages: [stage("one step", 1, 1688, 0.006), aware(1, 211, 0.001, { clipWeights: 2 })],
    }),
  },
  {
    purpose: "link, half depth",
    hours: 0.08,
    document: link("wireless-2x2-narrow-2x32", [2, 32], 1, {
      initial: "bundled:wireless-2x2-ann-32",
      stages: [stage("one step", 1, 800, 0.006), aware(1, 160, 0.001)],
    }),
  },
];

/** Networks kept in the history that are measured as well, up to T time steps. */
export const EARLIER = [
  { name: "wireless-2x2-one-step", most: 1 },
  { name: "mnist-64", most: 2 },
];

export const MACHINE = "recommended";

/** Networks that may stop early, with their last step and the shares of prompts that they may answer worse than after it. */
export const EXITS = [
  { name: "wireless-2x2-deep-64", most: 4, alphas: [0.01, 0.05] },
  { name: "wireless-2x2-deep", most: 4, alphas: [0.01, 0.05] },
  { name: "wireless-2x2-one-step", most: 4, alphas: [0.01, 0.05] },
  { name: "mnist-two-steps-taught", most: 4, alphas: [0.003, 0.01] },
];
