/** Attention by kind. */
import type { AttentionSpec } from "../../experiment/attention.ts";
import { type ByAttention, forAttention } from "../../experiment/by-attention.ts";
import type { AttentionModel } from "./attention.ts";
import { channelAttention, countingAttention, noAttention, tokenAttention } from "./gates.ts";
import { lifAttention } from "./lif.ts";
import { binaryMapAttention, frozenAttention, onesAttention, xnorAttention } from "./pairs.ts";
import { stochasticAttention } from "./stochastic.ts";

const ATTENTIONS: ByAttention<AttentionModel> = {
  stochastic: stochasticAttention,
  lif: lifAttention,
  spikformer: onesAttention,
  "sdsa-1": countingAttention,
  "sdsa-3": onesAttention,
  "qk-token": tokenAttention,
  "qk-channel": channelAttention,
  "alpha-xnor": xnorAttention,
  "binary-map": binaryMapAttention,
  random: frozenAttention,
  none: () => noAttention,
};

export const attentionModel = (attention: AttentionSpec): AttentionModel => forAttention(attention, ATTENTIONS);
