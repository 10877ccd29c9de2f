/**
 * How branches and the residual stream join, by kind. The sources of `spikes` are Spikformer (Zhou et al., ICLR 2023) and
 * QKFormer (NeurIPS 2024); that of `membrane` is the Spike-driven Transformer (Yao et al., NeurIPS 2023).
 *
 *   membrane   R = R + branch;        layers read LIF(R), spikes
 *   none       R = branch;            layers read LIF(R), spikes
 *   spikes     R = R + LIF(branch);   layers read R, the whole number of spikes at a token and feature
 */
import type { Residual } from "../experiment/model.ts";

export interface ResidualKind {
  /** Whether a branch is added to the stream; otherwise it replaces the stream. */
  readonly adds: boolean;
  /** Where the neurons are: on the stream, before each layer that reads it, or at the end of each branch and of the embedding. */
  readonly neurons: "stream" | "branch";
}

export const RESIDUALS: Readonly<Record<Residual, ResidualKind>> = {
  membrane: { adds: true, neurons: "stream" },
  none: { adds: false, neurons: "stream" },
  spikes: { adds: true, neurons: "branch" },
};
