/** Attention on packed spikes, on a GPU. */
import type { AttentionOps } from "../ops.ts";
import { firingAttentionOps } from "./firing-attention-ops.ts";
import { MOST_PAIR_WORDS } from "./pair-gradient-ops.ts";
import type { Recorder } from "./recorder.ts";
import { stochasticAttentionOps } from "./stochastic-attention-ops.ts";

/** @param mostPairWords  for gradients of pairs of tokens at a time, unless those of one prompt take more */
export const attentionOps = (recorder: Recorder, mostPairWords = MOST_PAIR_WORDS): AttentionOps => ({
  ...stochasticAttentionOps(recorder, mostPairWords),
  ...firingAttentionOps(recorder, mostPairWords),
});
