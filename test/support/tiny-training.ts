/** Experiments that train in a fraction of a second, for tests of the trainer. */
import type { Experiment, ExperimentDocument } from "../../src/experiment/experiment.ts";
import { parseExperiment } from "../../src/experiment/parse.ts";
import type { SymbolDetectionSpec } from "../../src/experiment/task.ts";

type Document = Pick<ExperimentDocument, "model" | "training" | "hardware" | "name" | "seed">;

/** One block of width 8 on a BPSK link with two pilots. Shards of 3, 3 and 4 prompts; validation slices of 4 and a remainder. */
export function tinyDocument({ model, training, ...rest }: Document = {}): ExperimentDocument {
  const size = { width: 8, depth: 1, heads: 2, expansion: 2 };
  return {
    name: "tiny",
    ...rest,
    task: { transmitAntennas: 1, receiveAntennas: 1, modulation: "bpsk", pilots: 2 },
    model: model?.kind === "ann" ? { ...size, ...model } : { kind: "spiking", ...size, steps: 2, ...model },
    training: {
      batch: 10,
      shards: 3,
      validateEvery: 2,
      validationPrompts: 10,
      stages: [{ steps: 4, warmup: 2 }],
      ...training,
    },
  };
}

export const tinyExperiment = (document?: Document) =>
  parseExperiment(tinyDocument(document)) as Experiment<SymbolDetectionSpec>;

/**
 * Two short stages with every training option of a spiking network: expected attention, weight noise, a loss at each step, a
 * penalty on rates.
 */
export const everyFeature: Document = {
  model: { kind: "spiking", position: "learned" },
  training: {
    shards: 5,
    spikeRate: { weight: 1, target: 0.05 },
    stages: [
      { name: "first", steps: 3, warmup: 1, attention: "expected" },
      { name: "second", steps: 3, warmup: 1, noise: { weights: 0.05 }, stepLoss: 0.5 },
    ],
  },
};
