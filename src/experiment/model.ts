/** The network: an ANN transformer, or a spiking one. */
import { z } from "zod";
import { attentionSpec } from "./attention.ts";
import { FIRES } from "./by-attention.ts";
import { refusalInAttention } from "./by-neuron.ts";
import { neuronSpec } from "./neuron.ts";
import { onceValid } from "./once-valid.ts";

const convolution = {
  /** Side of the window in pixels, zero-padded at the edges. */
  kernel: z.literal([1, 3, 5, 7]).optional().default(3),
  /** Pixels between neighbouring windows. */
  stride: z.int().min(1).max(4).default(1),
};

const stemLayer = z.strictObject({
  /** Output channels of the layer. */
  channels: z.int().min(8).max(4096).multipleOf(8),
  ...convolution,
  /** Side of the max-pooling window; for spikes, 1 if any input spikes. 1: no pooling. */
  pool: z.int().min(1).max(4).default(1),
  /** Side of overlapping max-pooling windows. Left out: `pool`. */
  poolWindow: z.literal([3, 5]).exactOptional(),
  /** `currents`: pooled before the neurons. Left out: `spikes`. */
  poolOf: z.enum(["spikes", "currents"]).exactOptional(),
});

const stemEmbedding = z.strictObject({
  ...convolution,
  /** Adds the last layer's currents, or with `residual` `spikes` its spikes, to the result. Left out: false. */
  shortcut: z.boolean().exactOptional(),
  /** With `residual` `spikes`: spike trains that are added. Left out: 1. */
  trains: z.int().min(1).max(2).exactOptional(),
});

export const stemSpec = z.strictObject({
  /** Convolutions with neurons, in the order an image passes them. */
  layers: z.array(stemLayer).max(16),
  /** Last convolution, in the role of the embedding; its output pixels are the tokens. */
  embedding: stemEmbedding.prefault({}),
});

const size = {
  /** Model width D, a multiple of 8 because spikes are packed into bytes. */
  width: z.int().min(8).max(4096).multipleOf(8).default(64),
  /** Blocks, each attention followed by feed-forward. */
  depth: z.int().min(1).max(64).default(4),
  /** Attention heads H; d_K is width / heads. */
  heads: z.int().min(1).max(64).default(4),
  /** Feed-forward width as a multiple of D. */
  expansion: z.int().min(1).max(8).default(4),
  /** A vector per token position. In-context examples are exchangeable, so the default is none. */
  position: z.enum(["none", "learned"]).default("none"),
  /**
   * Convolutional stem for images, which makes fewer tokens of the patches (with `task.patch` 1, of the pixels). Left
   * out: every patch is a token.
   */
  stem: stemSpec.optional(),
  /**
   * For symbol detection. `joint`: one logit per class; `bits`: one logit per bit, which gives fewer outputs and soft
   * bits. Left out: `joint`.
   */
  readOut: z.enum(["joint", "bits"]).optional(),
};

/** A schema for each field, because a schema carries its field's description. */
const bitWidth = () => z.literal([8, 4, 2, "ternary", "binary"]);

/** Widths of both operands of a linear layer's products. */
export const quantizationSpec = z.strictObject({
  /** Bits of a weight; `binary`: a sign times the mean |w| of its column. */
  weights: bitWidth(),
  /** Bits of a layer's input; `binary`: two learned values. */
  activations: bitWidth(),
});

export const annSpec = z.strictObject({
  /** Pre-LayerNorm GPT block with softmax attention. */
  kind: z.literal("ann"),
  ...size,
  /**
   * Between the feed-forward layers. `gelu`: exact, PyTorch's default; `gelu-tanh`: its approximation in GPT-2. Left
   * out: `gelu-tanh`.
   */
  activation: z.enum(["gelu-tanh", "gelu", "relu"]).optional(),
  /** Bits of an ANN that was trained for few. Left out: floating point. */
  quantization: quantizationSpec.optional(),
});

export const surrogateSpec = z.discriminatedUnion("kind", [
  /** s'(x) = alpha sigma(alpha x)(1 - sigma(alpha x)). The author's code also uses alpha 4. */
  z.strictObject({
    kind: z.literal("sigmoid").optional().default("sigmoid"),
    /** Four times the slope at the threshold. */
    alpha: z.number().positive().max(1000).default(4),
  }),
  /** s'(x) = max(0, 1 - |x| / width) / width. Compact support makes the backward pass sparse. */
  z.strictObject({
    kind: z.literal("triangular"),
    /** Half the base of the triangle, in membrane units. */
    width: z.number().positive().max(1000).default(1),
  }),
  /** s'(x) = 1 / (2 width) where |x| < width. */
  z.strictObject({
    kind: z.literal("rectangular"),
    /** Half the base of the rectangle, in membrane units. */
    width: z.number().positive().max(1000).default(0.5),
  }),
  /** s'(x) = alpha / 2 / (1 + (pi/2 alpha x)^2). */
  z.strictObject({
    kind: z.literal("atan"),
    /** Twice the slope at the threshold. */
    alpha: z.number().positive().max(1000).default(2),
  }),
]);

export const spikingSpec = z.strictObject({
  /** Linear layers followed by spiking neurons, with the residual added before the neuron. */
  kind: z.literal("spiking").optional().default("spiking"),
  ...size,
  /** Time steps T. More steps average out randomness, but cost energy and time. */
  steps: z.int().min(1).max(64).default(4),
  /** How attention scores and outputs become spikes. */
  attention: attentionSpec.prefault({}),
  /** The neuron after every linear layer. */
  neuron: neuronSpec.prefault({}),
  /** Replaces the derivative of the spike in the backward pass. */
  surrogate: surrogateSpec.prefault({}),
  /** BatchNorm after each linear layer in training, folded into weights and offsets before mapping. */
  normalisation: z.enum(["batch", "none"]).default("batch"),
  /**
   * `membrane`: added before the neuron, so every crossbar input stays binary. `spikes`: layers read sums of spikes,
   * which chips refuse.
   */
  residual: z.enum(["membrane", "none", "spikes"]).default("membrane"),
  /**
   * Attention output projection W_O, which the paper's phase list omits. Without it, attention spikes feed FF1
   * directly.
   */
  outputProjection: z.boolean().default(true),
});

export const modelSpec = z
  .discriminatedUnion("kind", [annSpec, spikingSpec])
  .refine((model) => model.width % model.heads === 0, {
    ...onceValid,
    error: (issue) => explainHeads(issue.input),
    path: ["heads"],
  })
  .refine((model) => refusedInAttention(model) === null, {
    ...onceValid,
    // An issue's input is untyped; the check runs on parsed models only.
    error: (issue) => refusedInAttention(issue.input as SpikingSpec) as string,
    path: ["neuron", "kind"],
  });

/** Why attention cannot use the model's neurons; null if it can, or if it uses none. */
const refusedInAttention = (model: AnnSpec | SpikingSpec): string | null =>
  model.kind === "spiking" && FIRES[model.attention.kind] ? refusalInAttention(model.neuron) : null;

/** An issue's input is untyped; the check above runs on parsed models only. */
function explainHeads(input: unknown): string {
  const { width, heads } = input as { width: number; heads: number };
  const divisors = Array.from({ length: 64 }, (_, i) => i + 1).filter((divisor) => width % divisor === 0);
  return (
    `${heads} heads do not divide model.width ${width} (${width} / ${heads} = ${Number((width / heads).toFixed(3))}). ` +
    `Heads that divide it: ${divisors.join(", ")}.`
  );
}

export type AnnSpec = z.infer<typeof annSpec>;
export type SpikingSpec = z.infer<typeof spikingSpec>;
export type BitWidth = z.infer<ReturnType<typeof bitWidth>>;
export type QuantizationSpec = z.infer<typeof quantizationSpec>;
export type SurrogateSpec = z.infer<typeof surrogateSpec>;
export type StemSpec = z.infer<typeof stemSpec>;
export type Activation = NonNullable<AnnSpec["activation"]>;
export type Residual = SpikingSpec["residual"];
export type ReadOut = NonNullable<AnnSpec["readOut"]>;
export type ModelSpec = z.infer<typeof modelSpec>;
