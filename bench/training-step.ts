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

/** The rectangle is as fast as the triangle, and width 256 lies between the other two. */
const isOfPage = ({ width, surrogate }: ReferenceCase) =>
  surrogate === "sigmoid" || (surrogate === "triangular" && width !== 256);

export function trainingStep(options: BenchOptions): Section {
  const all = options.quick ? SMALL : [...SMALL, ...LARGE];
  return {
    name: "training-step",
    about:
      `forward, backward, clipping and AdamW of spiking transformers (T 4, batch 32, 32 tokens); ${SHARDS} micro-batches here, ` +
      "one batch in PyTorch, from the same weights, inputs and labels.",
    ...compareWithPeer("training", options.record ? all.filter(isOfPage) : all, options),
  };
}
