/** One training step of the reference model, beside PyTorch. */
import type { BenchOptions, Section } from "./harness.ts";
import { SHARDS } from "./reference-model.ts";
import { compareWithPeer } from "./reference-run.ts";

export function trainingStep(options: BenchOptions): Section {
  return {
    name: "training-step",
    about:
      `forward, backward, clipping and AdamW of a spiking transformer (T 4, batch 32, 32 tokens, D 128, 2 blocks); ` +
      `${SHARDS} micro-batches here, one batch in PyTorch.`,
    ...compareWithPeer("training", ["sigmoid", "triangular", "rectangular"], options),
  };
}
