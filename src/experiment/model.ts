/** The network: an ANN transformer, a spiking one, or a spiking network as a list of operations. */
import { z } from "zod";
import { SpecError } from "../errors.ts";
import { type AttentionSpec, attentionSpec } from "./attention.ts";
import { FIRES } from "./by-attention.ts";
import { refusalInAttention } from "./by-neuron.ts";
import { convolution, pooling } from "./convolution.ts";
import { neuronSpec } from "./neuron.ts";
import { onceValid } from "./once-valid.ts";
import { operationSpec } from "./operations.ts";

const stemLayer = z.strictObject({
  /** Output channels of the layer. */
  channels: z.int().min(8).max(4096).multipleOf(8),
  ...convolution,
  /** Side of the max-pooling window; for spikes, 1 if any input spikes. 1: no pooling. */
  pool: z.int().min(1).max(4).default(1),
  ...pooling,
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
};

const answer = {
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
  ...answer,
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

const dynamics = {
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
};

export const transformerSpec = z.strictObject({
  /** Linear layers followed by spiking neurons, with the residual added before the neuron. */
  kind: z.literal("spiking").optional().default("spiking"),
  ...size,
  ...answer,
  ...dynamics,
  /**
   * `membrane`: added before the neuron, so every crossbar input stays binary. `spikes`: layers read sums of spikes
   * (`hardware.crossbar.integers`).
   */
  residual: z.enum(["membrane", "none", "spikes"]).default("membrane"),
  /**
   * Attention output projection W_O, which the paper's phase list omits. Without it, attention spikes feed FF1
   * directly.
   */
  outputProjection: z.boolean().default(true),
});

export const graphSpec = z.strictObject({
  /** A spiking network of any form, as a list of operations. */
  kind: z.literal("graph"),
  ...answer,
  ...dynamics,
  /** In the order in which they run; the last one is the read-out. */
  operations: z.array(operationSpec).min(1).max(1024),
});

export type AnnSpec = z.infer<typeof annSpec>;
/** The spiking transformer. */
export type TransformerSpec = z.infer<typeof transformerSpec>;
export type GraphSpec = z.infer<typeof graphSpec>;
export type SpikingSpec = TransformerSpec | GraphSpec;
export type ModelSpec = AnnSpec | SpikingSpec;

export const modelSpec = z
  .discriminatedUnion("kind", [annSpec, transformerSpec, graphSpec])
  .refine((model) => !isTransformer(model) || model.width % model.heads === 0, {
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

/** Whether a model has the blocks of a transformer, and with them width, depth and heads. */
export const isTransformer = <M extends ModelSpec>(model: M): model is Exclude<M, GraphSpec> => model.kind !== "graph";

/** Whether sizes and densities of spikes say all of a network that its price depends on: a transformer whose layers read no sums. */
export const isSized = (model: ModelSpec): boolean =>
  isTransformer(model) && !(model.kind === "spiking" && model.residual === "spikes");

/** Blocks of a transformer; a list of operations has none. */
export const depthOf = (model: ModelSpec): number => (isTransformer(model) ? model.depth : 0);

/** Heads of the attention with the most of them; 1 without attention. */
export const mostHeads = (model: ModelSpec): number =>
  isTransformer(model)
    ? model.heads
    : Math.max(1, ...model.operations.map((listed) => (listed.kind === "attention" ? listed.heads : 1)));

/** The stem of a transformer that has one. */
export const stemOf = (model: ModelSpec): StemSpec | undefined => (isTransformer(model) ? model.stem : undefined);

/** Whether learned vectors tell the tokens of a model apart. */
export const hasPositions = (model: ModelSpec): boolean =>
  isTransformer(model) ? model.position === "learned" : model.operations.some(({ kind }) => kind === "position");

/** The model with its blocks. Throws SpecError at `model.kind` for one that lists operations; `what` needs blocks. */
export function requireTransformer<M extends ModelSpec>(model: M, what: string): Exclude<M, GraphSpec> {
  if (isTransformer(model)) return model;
  throw new SpecError(
    "model.kind",
    `${what} needs the blocks of a transformer, but this model lists its operations ("graph"). Set model.kind to "spiking".`,
  );
}

/** How each attention of a spiking model attends, in the order in which they run; those of a transformer's blocks are one. */
export function attentionsOf(model: SpikingSpec): readonly AttentionSpec[] {
  if (isTransformer(model)) return [model.attention];
  return model.operations.flatMap((listed) =>
    listed.kind === "attention" ? (listed.attention ?? model.attention) : [],
  );
}

/** Why attention cannot use the model's neurons; null if it can, or if it uses none. */
const refusedInAttention = (model: ModelSpec): string | null =>
  model.kind !== "ann" && attentionsOf(model).some(({ kind }) => FIRES[kind]) ? refusalInAttention(model.neuron) : null;

/** An issue's input is untyped; the check above runs on parsed models only. */
function explainHeads(input: unknown): string {
  const { width, heads } = input as { width: number; heads: number };
  const divisors = Array.from({ length: 64 }, (_, i) => i + 1).filter((divisor) => width % divisor === 0);
  return (
    `${heads} heads do not divide model.width ${width} (${width} / ${heads} = ${Number((width / heads).toFixed(3))}). ` +
    `Heads that divide it: ${divisors.join(", ")}.`
  );
}

export type BitWidth = z.infer<ReturnType<typeof bitWidth>>;
export type QuantizationSpec = z.infer<typeof quantizationSpec>;
export type SurrogateSpec = z.infer<typeof surrogateSpec>;
export type StemSpec = z.infer<typeof stemSpec>;
export type Activation = NonNullable<AnnSpec["activation"]>;
export type Residual = TransformerSpec["residual"];
export type ReadOut = NonNullable<AnnSpec["readOut"]>;
