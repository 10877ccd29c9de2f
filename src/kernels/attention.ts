/**
 * The attention of one block as the passes call it, over all prompts, heads and steps: what each kind keeps and runs, forward and
 * backward.
 */
import type { AttentionOf, AttentionSpec } from "../experiment/attention.ts";
import { ATTENTION_PARTS, type ByAttention, forAttention } from "../experiment/by-attention.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import type { Geometry } from "../model/geometry.ts";
import { type Arena, type PackedBits, type Place, reserveBits } from "./arena.ts";
import { maskWords } from "./masks.ts";
import type { FiringSpec, Ops } from "./ops.ts";
import { expectedScratch, sampledScratch, stochasticBackwardScratch } from "./wasm/attention-ops.ts";
import { firingScratch } from "./wasm/firing-attention.ts";

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

export interface AttentionPass {
  forward(qkv: PackedBits, prompts: number, draws: DrawSource): void;
  /** dQkv [T B N, parts D] from dOut [T B N, D]. */
  backward(dOut: Place, qkv: PackedBits, prompts: number, dQkv: Place): void;
}

/** What a pass reserves, and runs, for a kind of attention. */
interface Kit {
  plan(
    arena: Arena,
    network: SpikingNetwork,
    of: { readonly maxPrompts: number; readonly mode: AttentionMode },
  ): AttentionLayout;
  /** Words of scratch. */
  scratch(network: SpikingNetwork, training: boolean): number;
  bind(ops: Ops, layout: AttentionLayout, network: SpikingNetwork, at: AttentionPlaces): AttentionPass;
}

/** `mask` holds the network's `bitMask`; each block draws from its own key. */
export interface AttentionPlaces {
  readonly block: number;
  readonly mask: Place;
  readonly scratch: Place;
}

const KITS: ByAttention<Kit> = {
  stochastic: stochasticKit,
  lif: firingKit,
  spikformer: firingKit,
  "sdsa-1": firingKit,
  "sdsa-3": firingKit,
  "qk-token": firingKit,
  "qk-channel": firingKit,
  "alpha-xnor": firingKit,
  "binary-map": firingKit,
  random: firingKit,
  none: passingKit,
};

const kitOf = ({ model }: SpikingNetwork): Kit => forAttention<Kit>(model.attention, KITS);

/** Width of the layer before attention, in widths of the model. */
export const partsOf = ({ kind }: AttentionSpec): number => ATTENTION_PARTS[kind].length;

export const planAttention = (
  arena: Arena,
  network: SpikingNetwork,
  of: { readonly maxPrompts: number; readonly mode: AttentionMode },
): AttentionLayout => kitOf(network).plan(arena, network, of);

/** Words of scratch that the attention of a network needs. */
export const attentionScratch = (network: SpikingNetwork, training: boolean): number =>
  kitOf(network).scratch(network, training);

export const bindAttention = (
  ops: Ops,
  layout: AttentionLayout,
  network: SpikingNetwork,
  at: AttentionPlaces,
): AttentionPass => kitOf(network).bind(ops, layout, network, at);

const rowsOf = ({ model, geometry }: SpikingNetwork, prompts: number): number =>
  model.steps * prompts * geometry.tokens;

function sizes({ model, geometry }: SpikingNetwork, { mask, scratch }: AttentionPlaces) {
  const { width, heads, steps } = model;
  return { steps, tokens: geometry.tokens, width, heads, mask, scratch };
}

/** Sampled, or with unsampled probabilities. */
function stochasticKit({ scoreGain, valueGain, draws: kind }: AttentionOf<"stochastic">): Kit {
  return {
    plan: (arena, network, { maxPrompts, mode }) => {
      const { width, heads } = network.model;
      const rows = rowsOf(network, maxPrompts);
      if (mode === "expected") return { bits: null, values: arena.words(rows * width), scores: null };
      const bits = reserveBits(arena, rows, width);
      return { bits, values: null, scores: arena.words(rows * heads * maskWords(network.geometry.tokens)) };
    },
    scratch: ({ model, geometry: { tokens } }, training) => {
      const dimension = model.width / model.heads;
      const back = training ? stochasticBackwardScratch(tokens, dimension) : 0;
      return Math.max(sampledScratch(tokens), expectedScratch(tokens, dimension), back);
    },
    bind: (ops, { bits, values, scores }, network, at) => {
      const { width, heads } = network.model;
      const fixed = { ...sizes(network, at), scoreGain, valueGain };
      const normalisers = { scoreNormaliser: width / heads, valueNormaliser: network.geometry.tokens };
      return {
        forward: (qkv, prompts, { key, firstPrompt }) => {
          const of = { ...fixed, qkv, prompts };
          if (bits === null || scores === null) return ops.expectedAttention({ ...of, out: values as Place });
          const drawn = { key: [key[0], key[1] + at.block] as const, firstPrompt, draws: kind };
          ops.sampledAttention({ ...of, ...normalisers, ...drawn, scores, out: bits });
        },
        backward: (dOut, qkv, prompts, dQkv) =>
          ops.stochasticAttentionBackward({ ...fixed, qkv, prompts, dOut, dQkv, scores }),
      };
    },
  };
}

const spikesOnly: Kit["plan"] = (arena, network, { maxPrompts }) => ({
  bits: reserveBits(arena, rowsOf(network, maxPrompts), network.model.width),
  values: null,
  scores: null,
});

function firingKit(attention: FiringSpec): Kit {
  return {
    plan: spikesOnly,
    scratch: ({ model, geometry }) => firingScratch(model.steps, geometry.tokens, model.width / model.heads),
    bind: (ops, { bits }, network, at) => {
      const { neuron, surrogate } = network.model;
      const fixed = { ...sizes(network, at), attention, neuron };
      return {
        forward: (qkv, prompts) => ops.firingAttention({ ...fixed, qkv, prompts, out: bits as PackedBits }),
        backward: (dOut, qkv, prompts, dQkv) =>
          ops.firingAttentionBackward({ ...fixed, qkv, prompts, surrogate, dOut, dQkv }),
      };
    },
  };
}

/** Without attention, values pass: the layer before has one part, as wide as the result. */
function passingKit(): Kit {
  return {
    plan: spikesOnly,
    scratch: () => 0,
    bind: (ops, { bits }, network) => ({
      forward: (qkv, prompts) => ops.copy(qkv.at, (bits as PackedBits).at, rowsOf(network, prompts) * qkv.words),
      backward: (dOut, _qkv, prompts, dQkv) => ops.copy(dOut, dQkv, rowsOf(network, prompts) * network.model.width),
    }),
  };
}
