/** The first arguments of every attention kernel on packed spikes, in order. */
import type { BitAttention } from "../ops.ts";

export const bitAttentionInputs = ({ qkv, steps, prompts, tokens, width, heads, mask }: BitAttention) =>
  [qkv.at, qkv.words, steps, prompts, tokens, width, heads, mask] as const;
