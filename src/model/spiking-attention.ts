/**
 * The attention of one spiking layer over all heads: stochastic (the paper's) or with LIF neurons (the digital baseline),
 * depending on the model. Both read and return rows [T][B][N]; they share code only here.
 */
import type { SpikingSpec } from "../experiment/model.ts";
import { type HeadLayout, multiHeadBackward, multiHeadForward } from "./heads.ts";
import { type LifAttentionCache, lifAttentionBackward, lifAttentionForward } from "./lif-attention.ts";
import type { Network } from "./network.ts";
import {
  type AttentionDraws,
  headDraws,
  type StochasticAttentionCache,
  stochasticAttentionBackward,
  stochasticAttentionForward,
} from "./stochastic-attention.ts";

/** One entry per prompt and head, `[B][H]`. */
export type SpikingAttentionCache =
  | { readonly neuron: "stochastic"; readonly heads: readonly StochasticAttentionCache[] }
  | { readonly neuron: "lif"; readonly heads: readonly LifAttentionCache[] };

export interface SpikingAttentionForward {
  /** `[T][B][N][D]` */
  readonly output: Float64Array;
  readonly cache: SpikingAttentionCache;
  /** S as bits, `[T][B][H][N][N]`, and A as bits, `[T][B][N][D]`; null for expected attention. */
  readonly scores: Uint8Array | null;
  readonly fired: Uint8Array | null;
}

/** Shapes: qkv [T][B][N][3 D]. Without draws, stochastic attention is expected attention. */
export function spikingAttentionForward(
  qkv: Float64Array,
  layout: HeadLayout,
  { model, geometry }: Network<SpikingSpec>,
  { draws, smooth }: { draws: AttentionDraws | null; smooth: boolean },
): SpikingAttentionForward {
  const { mask } = geometry;
  const { neuron, scoreGain, valueGain } = model.attention;
  if (neuron === "stochastic") {
    const attention = { mask, scoreGain, valueGain };
    const { output, caches } = multiHeadForward(qkv, layout, (head, prompt, index) =>
      stochasticAttentionForward(head, layout, attention, draws && headDraws(draws, layout, prompt, index)),
    );
    return {
      output,
      cache: { neuron, heads: caches },
      scores: draws && mergeScores(caches, layout),
      fired: draws && toBits(output),
    };
  }
  const attention = { mask, scoreGain, valueGain, neuron: model.neuron, surrogate: model.surrogate, smooth };
  const { output, caches } = multiHeadForward(qkv, layout, (head) => lifAttentionForward(head, layout, attention));
  return {
    output,
    cache: { neuron, heads: caches },
    scores: mergeScores(caches, layout),
    fired: toBits(output),
  };
}

/** Gradient with respect to qkv, [T][B][N][3 D], from the gradient with respect to the output, [T][B][N][D]. */
export function spikingAttentionBackward(
  outputGradient: Float64Array,
  layout: HeadLayout,
  cache: SpikingAttentionCache,
): Float64Array {
  return cache.neuron === "stochastic"
    ? multiHeadBackward(outputGradient, layout, cache.heads, stochasticAttentionBackward)
    : multiHeadBackward(outputGradient, layout, cache.heads, lifAttentionBackward);
}

/** The heads' S, `[T][N][N]` each, as bits `[T][B][H][N][N]`. */
function mergeScores(caches: readonly { readonly scores: Float64Array }[], { steps, tokens }: HeadLayout): Uint8Array {
  const size = tokens * tokens;
  const merged = new Uint8Array(steps * caches.length * size);
  for (let t = 0; t < steps; t++) {
    caches.forEach(({ scores }, head) => {
      merged.set(toBits(scores.subarray(t * size, (t + 1) * size)), (t * caches.length + head) * size);
    });
  }
  return merged;
}

/** Bits as bytes. In the smooth network s(V - threshold) is 0.5 at the threshold, so this is the bit that controls the reset. */
const toBits = (values: Float64Array): Uint8Array => Uint8Array.from(values, (s) => (s >= 0.5 ? 1 : 0));
