/**
 * The experiments of `npm run fingerprints`: together they pass through every kind of task, model, neuron and read-out, and through
 * both orders of the machine, in a minute. Each changes one small base; what it leaves out is as there.
 */
import type { Experiment } from "../src/experiment/experiment.ts";
import { parseExperiment } from "../src/experiment/parse.ts";
import { type Opened, openExperiment } from "../src/task/open.ts";
import { TINY_SENSOR, tinyRecordings } from "../test/support/tiny-events.ts";
import { tinyImages } from "../test/support/tiny-images.ts";

/** Fields of an experiment; what is left out is as in the base. */
interface Case {
  /** Left out: a link. */
  readonly task?: { readonly kind: string; readonly [field: string]: unknown };
  readonly model?: object;
  readonly hardware?: object;
  readonly training?: object;
  /** Of the only stage of the training. */
  readonly stage?: object;
}

const LINK = { kind: "symbol-detection", transmitAntennas: 2, receiveAntennas: 2, pilots: 3 };
/** Pixels of 4 x 4 images are tokens, or with a stem, its windows. */
const IMAGES = {
  ...{ kind: "image-classification", data: { name: "halves", height: 4, width: 4, channels: 1, classes: 4 } },
  ...{ patch: 2, coding: "thermometer", thresholds: 3 },
};
const EVENTS = {
  ...{ kind: "event-classification", data: { name: "corners", height: 3, width: 3, classes: 4 }, patch: 2 },
  ...{ frames: TINY_SENSOR.frames, frameMicroseconds: TINY_SENSOR.frameMicroseconds },
};
/** A low threshold and high gains keep attention busy after a few steps of training. */
const BUSY = { steps: 2, neuron: { threshold: 0.3 }, attention: { scoreGain: 16 } };
const SIZE = { width: 16, depth: 2, heads: 2, expansion: 2 };
/** The last crossbars of a layer have fewer lines and columns than the others. */
const CROSSBAR = { rows: 13, columns: 10 };
/** Overlapping windows, of spikes and then of currents. */
const PUBLISHED = [
  { channels: 8, poolWindow: 3 },
  { channels: 16, pool: 2, poolWindow: 3, poolOf: "currents" },
];

export const CASES = {
  // Slow enough for crossbars that are memories of an FPGA.
  link: { hardware: { timing: { settle: 2, conversion: 9 } } },
  // More features and tokens than a word has bits, and a crossbar of the default size.
  "link-wide": {
    task: { ...LINK, pilots: 18 },
    model: { width: 72, depth: 1, heads: 3, steps: 3 },
    hardware: { crossbar: {}, ssa: { tileTokens: 20 } },
  },
  "link-bits": {
    task: { ...LINK, coding: "thermometer", tokens: "interleaved", receiverBits: 3 },
    model: { readOut: "bits", position: "learned", attention: { scoreGain: 16, draws: "ordered" } },
    hardware: { scaling: "threshold", transport: { code: "events" }, clocking: "gated" },
    training: { spikeRate: { weight: 1, target: 0.05 }, optimiser: "muon" },
    stage: { stepLoss: 0.5, attention: "expected", noise: { weights: 0.05, outputs: 0.05 } },
  },
  "link-copies": {
    task: { ...LINK, queryCopies: { every: 2 } },
    hardware: { arithmetic: null, crossbars: 60, ssa: { random: "ideal", fifo: "cell" }, readTime: 1e5 },
    stage: { queryCopies: 2 },
  },
  "link-charge": {
    model: { depth: 1 },
    hardware: {
      readOut: {
        attentionInput: "charge",
        feedForwardUp: "charge",
        circuit: { capacitor: 1, offset: 20, noise: 5, mismatch: 0.02, leakage: 1e-6, settling: 4, trim: { bits: 4 } },
      },
    },
  },
  "link-comparator": {
    model: { steps: 1, width: 8, depth: 1, normalisation: "none" },
    hardware: { readOut: { attentionInput: "comparator" }, crossbar: { rows: 16, columns: 10 } },
  },
  "link-alif": {
    model: { neuron: { kind: "alif", threshold: 0.3 } },
    hardware: {
      arithmetic: null,
      adc: { mode: "pair", errors: { gainSpread: 0.1, offsetSpread: 0.5, outputNoise: 0.4 } },
    },
    stage: { noise: { hardware: true } },
  },
  "link-plif": {
    model: {
      neuron: { kind: "plif", threshold: 0.3, reset: "soft" },
      attention: { scoreGain: 16, draws: "independent" },
      surrogate: { kind: "atan" },
    },
    hardware: { arithmetic: null, compensation: { scope: "tile" }, calibration: "codes", readTime: 1e6 },
    stage: { noise: { devices: { youngest: 1, oldest: 1e6 } } },
  },
  "link-ann-4-bits": { model: { kind: "ann" }, training: { quantization: { weights: 4, activations: 4 } } },
  slot: {
    task: {
      kind: "slot-detection",
      channel: { kind: "tdl", profile: "A", subcarriers: 4, symbols: 4, pilots: { symbols: [1], comb: 2 } },
    },
    model: { depth: 1, attention: { kind: "qk-channel" } },
  },
  patches: {
    task: { ...IMAGES, readOut: "class-token", shift: 1, crop: 1, flip: true, coding: "bernoulli" },
    model: { position: "learned", attention: { kind: "lif", scoreGain: 16 }, surrogate: { kind: "rectangular" } },
    hardware: { order: "step-major" },
  },
  stem: {
    task: { ...IMAGES, patch: 1 },
    model: { stem: { layers: [{ channels: 8, kernel: 5, pool: 2 }] }, attention: { kind: "binary-map", cut: 1 } },
  },
  "stem-pooled-currents": {
    task: { ...IMAGES, patch: 1, readOut: "stream-mean" },
    model: { stem: { layers: PUBLISHED, embedding: { shortcut: true } }, attention: { kind: "sdsa-3", scale: 0.5 } },
    hardware: { order: "step-major" },
  },
  spikformer: {
    task: { ...IMAGES, patch: 1, coding: "repeat" },
    model: {
      stem: { layers: PUBLISHED, embedding: { shortcut: true, trains: 2 } },
      residual: "spikes",
      attention: { kind: "spikformer" },
    },
  },
  "no-residual": {
    task: IMAGES,
    model: { depth: 1, residual: "none", outputProjection: false, attention: { kind: "qk-token" } },
    hardware: { order: "step-major", ssa: { lfsr: { scope: "engine" } } },
  },
  events: {
    task: EVENTS,
    model: { steps: 3, neuron: { kind: "if", threshold: 0.5 } },
    hardware: { order: "step-major" },
  },
  "image-ann": {
    task: IMAGES,
    model: { kind: "ann", position: "learned", activation: "gelu" },
    training: { labels: "symbols", labelSmoothing: 0.1 },
  },
  "image-ann-stem": {
    task: { ...IMAGES, patch: 1 },
    model: { kind: "ann", activation: "relu", stem: { layers: [{ channels: 8, pool: 2 }] } },
    training: { quantization: { weights: "binary", activations: 2 } },
  },
} as const satisfies Readonly<Record<string, Case>>;

export type CaseName = keyof typeof CASES;
export const CASE_NAMES = Object.keys(CASES) as CaseName[];

/** The experiment of a case with its data. */
export function openCase(name: CaseName): Opened {
  const { task = LINK, model, hardware, training, stage }: Case = CASES[name];
  const isAnn = model !== undefined && "kind" in model;
  const experiment: Experiment = parseExperiment({
    name,
    seed: 7,
    task,
    model: { ...SIZE, ...(isAnn ? {} : BUSY), ...model },
    hardware: { crossbar: CROSSBAR, ...hardware },
    training: {
      ...{ batch: 10, shards: 3, validateEvery: 10, validationPrompts: 12 },
      ...training,
      stages: [{ steps: 30, warmup: 3, learningRate: 0.01, ...stage }],
    },
  });
  const data = { "image-classification": tinyImages, "event-classification": tinyRecordings };
  return openExperiment(experiment, task.kind in data ? data[task.kind as keyof typeof data] : null);
}
