/**
 * The attention of one block as the passes call it, over all prompts, heads and steps: what each kind keeps and runs, forward and
 * backward.
 */
import type { AttentionOf, AttentionSpec } from "../experiment/attention.ts";
import { ATTENTION_PARTS, type ByAttention, forAttention } from "../experiment/by-attention.ts";
import type { AttentionOperation, SpikingAttention } from "../model/attention/operation.ts";
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

/** Spiking attention as its kernels see it. */
export interface AttentionShape extends Pick<AttentionOperation, "heads" | "dimension" | "tokens"> {
  readonly how: SpikingAttention;
  readonly steps: number;
}

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
    shape: AttentionShape,
    of: { readonly maxPrompts: number; readonly mode: AttentionMode },
  ): AttentionLayout;
  /** Words of scratch. */
  scratch(shape: AttentionShape, training: boolean): number;
  bind(ops: Ops, layout: AttentionLayout, shape: AttentionShape, at: AttentionPlaces): AttentionPass;
}

/** `mask` holds the `bitMask`; each block draws from its own key. */
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

const kitOf = ({ how }: AttentionShape): Kit => forAttention<Kit>(how.attention, KITS);

/** Width of the layer before attention, in widths of the model. */
export const partsOf = ({ kind }: AttentionSpec): number => ATTENTION_PARTS[kind].length;

export const planAttention = (
  arena: Arena,
  shape: AttentionShape,
  of: { readonly maxPrompts: number; readonly mode: AttentionMode },
): AttentionLayout => kitOf(shape).plan(arena, shape, of);

/** Words of scratch that attention needs. */
export const attentionScratch = (shape: AttentionShape, training: boolean): number =>
  kitOf(shape).scratch(shape, training);

export const bindAttention = (
  ops: Ops,
  layout: AttentionLayout,
  shape: AttentionShape,
  at: AttentionPlaces,
): AttentionPass => kitOf(shape).bind(ops, layout, shape, at);

const rowsOf = ({ steps, tokens }: AttentionShape, prompts: number): number => steps * prompts * tokens;

const widthOf = ({ heads, dimension }: AttentionShape): number => heads * dimension;

function sizes(shape: AttentionShape, { mask, scratch }: AttentionPlaces) {
  const { steps, tokens, heads } = shape;
  return { steps, tokens, width: widthOf(shape), heads, mask, scratch };
}

/** Sampled, or with unsampled probabilities. */
function stochasticKit({ scoreGain, valueGain, draws: kind }: AttentionOf<"stochastic">): Kit {
  return {
    plan: (arena, shape, { maxPrompts, mode }) => {
      const width = widthOf(shape);
      const rows = rowsOf(shape, maxPrompts);
      if (mode === "expected") return { bits: null, values: arena.words(rows * width), scores: null };
      const bits = reserveBits(arena, rows, width);
      return { bits, values: null, scores: arena.words(rows * shape.heads * maskWords(shape.tokens)) };
    },
    scratch: ({ tokens, dimension }, training) => {
      const back = training ? stochasticBackwardScratch(tokens, dimension) : 0;
      return Math.max(sampledScratch(tokens), expectedScratch(tokens, dimension), back);
    },
    bind: (ops, { bits, values, scores }, shape, at) => {
      const fixed = { ...sizes(shape, at), scoreGain, valueGain };
      const normalisers = { scoreNormaliser: shape.dimension, valueNormaliser: shape.tokens };
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

const spikesOnly: Kit["plan"] = (arena, shape, { maxPrompts }) => ({
  bits: reserveBits(arena, rowsOf(shape, maxPrompts), widthOf(shape)),
  values: null,
  scores: null,
});

function firingKit(attention: FiringSpec): Kit {
  return {
    plan: spikesOnly,
    scratch: ({ steps, tokens, dimension }) => firingScratch(steps, tokens, dimension),
    bind: (ops, { bits }, shape, at) => {
      const { neuron, surrogate } = shape.how;
      const fixed = { ...sizes(shape, at), attention, neuron };
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
    bind: (ops, { bits }, shape) => ({
      forward: (qkv, prompts) => ops.copy(qkv.at, (bits as PackedBits).at, rowsOf(shape, prompts) * qkv.words),
      backward: (dOut, _qkv, prompts, dQkv) => ops.copy(dOut, dQkv, rowsOf(shape, prompts) * widthOf(shape)),
    }),
  };
}
