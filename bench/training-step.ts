/** One training step of the reference model at three sizes, compared with PyTorch. */
import type { BenchOptions, Section } from "./harness.ts";
import { SHARDS } from "./reference-model.ts";
import { compareWithPeer, type ReferenceCase } from "./reference-run.ts";

const SMALL: readonly ReferenceCase[] = [
  { width: 128, surrogate: "sigmoid" },
  { width: 128, surrogate: "triangular" },
  { width: 128, surrogate: "rectangular" },
];
const LARGE: readonly ReferenceCase[] = [
  { width: 256, surrogate: "sigmoid" },
  { width: 256, surrogate: "triangular" },
  { width: 512, surrogate: "sigmoid" },
  { width: 512, surrogate: "triangular" },
];

export function trainingStep(options: BenchOptions): Section {
  return {
    name: "training-step",
    about:
      `forward, backward, clipping and AdamW of spiking transformers (T 4, batch 32, 32 tokens); ${SHARDS} micro-batches here, ` +
      "one batch in PyTorch, from the same weights, inputs and labels.",
    ...compareWithPeer("training", options.quick ? SMALL : [...SMALL, ...LARGE], options),
  };
}
