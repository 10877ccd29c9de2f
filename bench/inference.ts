/** Inference with the reference model, with BatchNorm folded, compared with PyTorch. */
import type { BenchOptions, Section } from "./harness.ts";
import { compareWithPeer } from "./reference-run.ts";

export function inference(options: BenchOptions): Section {
  return {
    name: "inference",
    about: "a batch of 32 prompts through the same network, BatchNorm folded into the weights.",
    ...compareWithPeer("inference", [{ width: 128, surrogate: "sigmoid" }], options),
  };
}
