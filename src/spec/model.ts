/** The network: an ANN transformer, or a spiking one with LIF or stochastic attention. */
import { z } from "zod";
import { onceValid } from "./once-valid.ts";

/** Integer gains are powers of two, so that hardware applies them by a shift. */
const gain = z
  .int()
  .min(1)
  .max(256)
  .refine((g) => (g & (g - 1)) === 0, {
    ...onceValid,
    error: (issue) =>
      `${issue.input} is not a power of two, and hardware applies the gain by a shift. Use 1, 2, 4, ... 256.`,
  });

const convolution = {
  /** Side of a window in pixels: odd, so that a pixel is in its middle. Past the edge of a map lie zeros. */
  kernel: z.literal([1, 3, 5, 7]).optional().default(3),
  /** Pixels from one window to the next. */
  stride: z.int().min(1).max(4).default(1),
};

const stemLayer = z.strictObject({
  /** Features of a pixel behind the layer; a multiple of 8, as the width. */
  channels: z.int().min(8).max(4096).multipleOf(8),
  ...convolution,
  /** Side of the squares of pixels of which the largest value stays: of spikes, whether any of them is 1. 1 keeps all pixels. */
  pool: z.int().min(1).max(4).default(1),
});

export const stemSpec = z.strictObject({
  /** Convolutions with neurons of their own before the embedding, in the order in which an image meets them. */
  layers: z.array(stemLayer).max(16),
  /** The convolution in place of the embedding; the pixels that it leaves are the tokens. */
  embedding: z.strictObject(convolution).prefault({}),
});

const size = {
  /** Model width D; a multiple of 8, because spikes are packed into bytes. */
  width: z.int().min(8).max(4096).multipleOf(8).default(64),
  /** Blocks, each attention then feed-forward. */
  depth: z.int().min(1).max(64).default(4),
  /** Attention heads H; the head dimension d_K is width / heads. */
  heads: z.int().min(1).max(64).default(4),
  /** Feed-forward width as a multiple of D. */
  expansion: z.int().min(1).max(8).default(4),
  /** A learned vector per token position, or none. In-context examples are exchangeable, so none is the default. */
  position: z.enum(["none", "learned"]).default("none"),
  /**
   * Convolutions that read the patches of an image as the pixels of a map, and make fewer tokens of them: a stem. With `task.patch` 1 they
   * read single pixels. Left out: every patch is a token.
   */
  stem: stemSpec.optional(),
  /**
   * What logits stand for. `joint`: one for each class, of which the largest decides; `bits`: one for each bit of a class, whose sign
   * decides: fewer outputs with a stronger gradient, and soft bits. For symbol detection. Left out: `joint`.
   */
  readOut: z.enum(["joint", "bits"]).optional(),
};

export const annSpec = z.strictObject({
  /** Pre-LayerNorm GPT block: softmax attention, GELU in the tanh approximation of GPT-2. */
  kind: z.literal("ann"),
  ...size,
});

const firing = {
  /** Fires when V >= threshold; equality fires (equation 3). */
  threshold: z.number().positive().max(1000).default(1),
  /** `hard` sets the membrane to 0 after a spike (equation 3); `soft` subtracts the threshold. */
  reset: z.enum(["hard", "soft"]).default("hard"),
};

export const neuronSpec = z.discriminatedUnion("kind", [
  z.strictObject({
    /** Leaky integrate-and-fire. */
    kind: z.literal("lif").optional().default("lif"),
    /** Leak: V = beta V + I. 0.5 is one right shift of the membrane register. Source: Xpikeformer, section IV-A2. */
    beta: z.number().gt(0).max(1).default(0.5),
    ...firing,
  }),
  z.strictObject({
    /** Integrate-and-fire, which has no leak: V = V + I. */
    kind: z.literal("if"),
    ...firing,
  }),
]);

export const surrogateSpec = z.discriminatedUnion("kind", [
  /** s'(x) = alpha sigma(alpha x)(1 - sigma(alpha x)), x = V - threshold. Alpha 4 as in the author's code. */
  z.strictObject({
    kind: z.literal("sigmoid").optional().default("sigmoid"),
    /** Four times the slope at the threshold. */
    alpha: z.number().positive().max(1000).default(4),
  }),
  /** s'(x) = max(0, 1 - |x| / width) / width: compact support, so the backward pass is sparse. */
  z.strictObject({
    kind: z.literal("triangular"),
    /** Half the base of the triangle, in units of the membrane. */
    width: z.number().positive().max(1000).default(1),
  }),
  /** s'(x) = 1 / (2 width) where |x| < width. */
  z.strictObject({
    kind: z.literal("rectangular"),
    /** Half the base of the rectangle, in units of the membrane. */
    width: z.number().positive().max(1000).default(0.5),
  }),
]);

export const spikingSpec = z.strictObject({
  /** Linear layers with LIF neurons; residuals before the neuron. */
  kind: z.literal("spiking").optional().default("spiking"),
  ...size,
  /** Time steps T. */
  steps: z.int().min(1).max(64).default(4),
  /** How scores and outputs of attention become spikes. */
  attention: z
    .strictObject({
      /** `stochastic` samples Bernoulli bits (Xpikeformer, Algorithm 1); `lif` is the Spikformer-type digital baseline. */
      neuron: z.enum(["stochastic", "lif"]).default("stochastic"),
      /** Score probability min(1, scoreGain sum(Q and K) / d_K). The literal 1 leaves attention almost silent. */
      scoreGain: gain.default(4),
      /** Output probability min(1, valueGain sum(S and V) / N). */
      valueGain: gain.default(8),
      /**
       * `independent` draws every time step anew; `stratified` shares one random number over the time steps and adds a
       * bit-reversed offset modulo the range: still exactly Bernoulli at each step, less variance in the mean. `ordered` draws
       * nothing: a constant for scores and one for each feature of outputs, with the same offset, as in ordered dithering.
       */
      draws: z.enum(["independent", "stratified", "ordered"]).default("stratified"),
    })
    .prefault({}),
  /** The unit behind every linear layer. */
  neuron: neuronSpec.prefault({}),
  /** Stands in for the derivative of the spike in the backward pass. */
  surrogate: surrogateSpec.prefault({}),
  /** BatchNorm after each linear layer in training, folded into weights and an offset before mapping; or none. */
  normalisation: z.enum(["batch", "none"]).default("batch"),
  /** Residual on the pre-activation stream (membrane shortcut), so that every crossbar input is binary; or none. */
  residual: z.enum(["membrane", "none"]).default("membrane"),
  /** Attention output projection W_O. The paper's phase list has none; without it the attention spikes feed FF1's stream. */
  outputProjection: z.boolean().default(true),
});

export const modelSpec = z
  .discriminatedUnion("kind", [annSpec, spikingSpec])
  .refine((model) => model.width % model.heads === 0, {
    ...onceValid,
    error: (issue) => explainHeads(issue.input),
    path: ["heads"],
  });

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
export type NeuronSpec = z.infer<typeof neuronSpec>;
export type NeuronKind = NeuronSpec["kind"];
export type NeuronReset = NeuronSpec["reset"];
/** What a leaky integrate-and-fire neuron computes with. */
export type LifConstants = Omit<Extract<NeuronSpec, { kind: "lif" }>, "kind">;
export type SurrogateSpec = z.infer<typeof surrogateSpec>;
export type StemSpec = z.infer<typeof stemSpec>;
export type DrawKind = SpikingSpec["attention"]["draws"];
export type ReadOut = NonNullable<AnnSpec["readOut"]>;
export type ModelSpec = z.infer<typeof modelSpec>;
