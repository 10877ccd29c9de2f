/** Attention on packed spikes, on a GPU. */
import type { AttentionOps } from "../ops.ts";
import { firingAttentionOps } from "./firing-attention-ops.ts";
import type { Recorder } from "./recorder.ts";
import { stochasticAttentionOps } from "./stochastic-attention-ops.ts";

export const attentionOps = (recorder: Recorder): AttentionOps => ({
  ...stochasticAttentionOps(recorder),
  ...firingAttentionOps(recorder),
});
