/** Spiking networks of all kinds, small enough for finite differences: for suites that compare passes with a reference. */
import { type TransformerSpec, transformerSpec } from "../../src/experiment/model.ts";
import type { AttentionMode } from "../../src/kernels/attention.ts";
import type { PassOptions } from "../../src/kernels/pass.ts";

export type Losses = Partial<Pick<PassOptions, "stepLoss" | "spikeRate">>;

export const SMALL = { kind: "spiking", width: 24, depth: 2, heads: 2, expansion: 2, steps: 3 } as const;
/** What is special, the model, its attention, and terms of its loss. */
export const SPIKING_CASES: readonly [string, TransformerSpec, AttentionMode, losses?: Losses][] = [
  ["sampled attention", transformerSpec.parse({ ...SMALL, attention: { draws: "independent" } }), "sampled"],
  ["stratified draws", transformerSpec.parse({ ...SMALL, position: "learned" }), "sampled"],
  ["ordered draws", transformerSpec.parse({ ...SMALL, attention: { draws: "ordered" } }), "sampled"],
  [
    "expected attention",
    transformerSpec.parse({ ...SMALL, surrogate: { kind: "rectangular", width: 0.7 } }),
    "expected",
  ],
  ["no output projection", transformerSpec.parse({ ...SMALL, outputProjection: false, steps: 2 }), "expected"],
  [
    "LIF attention",
    transformerSpec.parse({
      ...SMALL,
      attention: { kind: "lif", scoreGain: 16, valueGain: 16 },
      surrogate: { kind: "triangular" },
    }),
    "sampled",
  ],
  [
    "soft reset and no residual",
    transformerSpec.parse({ ...SMALL, neuron: { reset: "soft" }, residual: "none" }),
    "sampled",
  ],
  ["integrate-and-fire", transformerSpec.parse({ ...SMALL, neuron: { kind: "if", reset: "soft" } }), "expected"],
  [
    "integrate-and-fire, also in the attention",
    transformerSpec.parse({ ...SMALL, neuron: { kind: "if" }, attention: { kind: "lif" } }),
    "sampled",
  ],
  ["learned leaks", transformerSpec.parse({ ...SMALL, neuron: { kind: "plif", reset: "soft" } }), "expected"],
  [
    "learned leaks, the arctangent and no output projection",
    transformerSpec.parse({ ...SMALL, neuron: { kind: "plif" }, surrogate: { kind: "atan" }, outputProjection: false }),
    "sampled",
  ],
  [
    "adaptive neurons",
    transformerSpec.parse({ ...SMALL, neuron: { kind: "alif", threshold: 0.5 }, surrogate: { kind: "triangular" } }),
    "sampled",
    { spikeRate: { weight: 20, target: 0 } },
  ],
  ["no normalisation", transformerSpec.parse({ ...SMALL, normalisation: "none", heads: 4 }), "sampled"],
  ["the loss at each step", transformerSpec.parse({ ...SMALL, position: "learned" }), "sampled", { stepLoss: 1 }],
  [
    "a share of the loss at each step",
    transformerSpec.parse({ ...SMALL, attention: { kind: "lif" }, surrogate: { kind: "triangular" } }),
    "sampled",
    { stepLoss: 0.3 },
  ],
  ["sums of spikes", transformerSpec.parse({ ...SMALL, residual: "spikes", attention: { kind: "lif" } }), "sampled"],
  [
    "sums of spikes, no output projection, the loss at each step",
    transformerSpec.parse({ ...SMALL, residual: "spikes", outputProjection: false, position: "learned" }),
    "sampled",
    { stepLoss: 0.3 },
  ],
  [
    "sums of spikes with a penalty on rates",
    transformerSpec.parse({ ...SMALL, residual: "spikes", surrogate: { kind: "triangular" } }),
    "expected",
    { spikeRate: { weight: 20, target: 0.1 } },
  ],
  ["a penalty on rates", transformerSpec.parse(SMALL), "expected", { spikeRate: { weight: 20, target: 0 } }],
  [
    "a penalty on rates that some layers pay",
    transformerSpec.parse({ ...SMALL, width: 16, residual: "none", surrogate: { kind: "triangular", width: 0.5 } }),
    "sampled",
    { spikeRate: { weight: 20, target: 0.1 } },
  ],
];
