/**
 * The attention of one block as the passes call it: sampled or expected stochastic attention, or LIF attention, over all
 * prompts, heads and steps.
 */
import type { SpikingSpec } from "../experiment/model.ts";
import type { Geometry } from "../model/geometry.ts";
import { type Arena, type PackedBits, type Place, reserveBits } from "./arena.ts";
import { maskWords } from "./masks.ts";
import type { Ops } from "./ops.ts";
import { expectedScratch, sampledScratch, stochasticBackwardScratch } from "./wasm/attention-ops.ts";
import { neuronKernels } from "./wasm/neuron-kernels.ts";

/** The source of the next call's attention draws: a stream's key, and the number of the first prompt in it. */
export interface DrawSource {
  key: readonly [number, number];
  firstPrompt: number;
}

type SpikingNetwork = { readonly model: SpikingSpec; readonly geometry: Geometry };
export type AttentionMode = "sampled" | "expected";

export interface AttentionLayout {
  /** Attention spikes `[T][B N][words]`; null for unsampled probabilities. */
  readonly bits: PackedBits | null;
  /** Unsampled attention probabilities [T B N, D]. */
  readonly values: Place | null;
  /** Sampled scores, as in `SampledAttention`. */
  readonly scores: Place | null;
}

export function planAttention(
  arena: Arena,
  { model, geometry }: SpikingNetwork,
  { maxPrompts, mode }: { readonly maxPrompts: number; readonly mode: AttentionMode },
): AttentionLayout {
  const { width, heads, steps, attention } = model;
  const maxRows = steps * maxPrompts * geometry.tokens;
  const stochastic = attention.neuron === "stochastic";
  if (stochastic && mode === "expected") return { bits: null, values: arena.words(maxRows * width), scores: null };
  const bits = reserveBits(arena, maxRows, width);
  return { bits, values: null, scores: stochastic ? arena.words(maxRows * heads * maskWords(geometry.tokens)) : null };
}

/** Words of scratch that the attention of a network needs. */
export function attentionScratch({ model, geometry }: SpikingNetwork, training: boolean): number {
  const { tokens } = geometry;
  const dimension = model.width / model.heads;
  if (model.attention.neuron === "lif")
    return neuronKernels(model.neuron).attentionScratch(model.steps, tokens, dimension);
  return Math.max(
    sampledScratch(tokens),
    expectedScratch(tokens, dimension),
    training ? stochasticBackwardScratch(tokens, dimension) : 0,
  );
}

export interface AttentionPass {
  forward(qkv: PackedBits, prompts: number, draws: DrawSource): void;
  /** dQkv [T B N, 3 D] from dOut [T B N, D]. */
  backward(dOut: Place, qkv: PackedBits, prompts: number, dQkv: Place): void;
}

/** `mask` holds the network's `bitMask`; each block draws from its own key. */
export function bindAttention(
  ops: Ops,
  layout: AttentionLayout,
  { model, geometry }: SpikingNetwork,
  { block, mask, scratch }: { readonly block: number; readonly mask: Place; readonly scratch: Place },
): AttentionPass {
  const { width, heads, steps, neuron, surrogate } = model;
  const { scoreGain, valueGain, draws: kind } = model.attention;
  const { tokens } = geometry;
  const { bits, values, scores } = layout;
  const fixed = { steps, tokens, width, heads, mask, scoreGain, valueGain, scratch };

  function forward(qkv: PackedBits, prompts: number, { key, firstPrompt }: DrawSource) {
    const of = { ...fixed, qkv, prompts };
    if (bits === null) return ops.expectedAttention({ ...of, out: values as Place });
    if (scores === null) return ops.lifAttention({ ...of, neuron, out: bits });
    const normalisers = { scoreNormaliser: width / heads, valueNormaliser: tokens };
    const drawn = { key: [key[0], key[1] + block] as const, firstPrompt, draws: kind };
    ops.sampledAttention({ ...of, ...normalisers, ...drawn, scores, out: bits });
  }

  function backward(dOut: Place, qkv: PackedBits, prompts: number, dQkv: Place) {
    const of = { ...fixed, qkv, prompts, dOut, dQkv };
    if (model.attention.neuron === "lif") ops.lifAttentionBackward({ ...of, neuron, surrogate });
    else ops.stochasticAttentionBackward({ ...of, scores });
  }

  return { forward, backward };
}
