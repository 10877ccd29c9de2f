/**
 * How a spiking block attends: one member for each kind, with its own parameters. `model/attention/` has their equations.
 *
 * q, k and v are bits. Kinds with neurons use the network's neuron, on currents scaled by powers of two (a shift in hardware).
 */
import { z } from "zod";
import { onceValid } from "./once-valid.ts";

const isPowerOfTwo = (value: number): boolean => Number.isInteger(Math.log2(value));

/** Integer gains are powers of two, so that hardware applies them by a shift. */
const gain = () =>
  z
    .int()
    .min(1)
    .max(256)
    .refine((g) => (g & (g - 1)) === 0, {
      ...onceValid,
      error: (issue) =>
        `${issue.input} is not a power of two, and hardware applies the gain by a shift. Use 1, 2, 4, ... 256.`,
    });

const shift = () =>
  z
    .number()
    .min(2 ** -12)
    .max(4)
    .refine(isPowerOfTwo, {
      ...onceValid,
      error: (issue) =>
        `${issue.input} is not a power of two, and hardware applies it by a shift. Use 4, 2, 1, 0.5, 0.25, ...`,
    });

const gains = {
  /** Score probability min(1, scoreGain sum(Q and K) / d_K). A gain of 1 leaves attention almost silent. */
  scoreGain: gain().default(4),
  /** Output probability min(1, valueGain sum(S and V) / N). */
  valueGain: gain().default(8),
};

export const attentionSpec = z.discriminatedUnion("kind", [
  z.strictObject({
    /** Samples Bernoulli bits (Algorithm 1 of the paper). */
    kind: z.literal("stochastic").optional().default("stochastic"),
    ...gains,
    /**
     * Random numbers over time steps. `independent`: new at every step; `stratified`: one shared draw plus offsets,
     * for less variance; `ordered`: constants instead, as in ordered dithering.
     */
    draws: z.enum(["independent", "stratified", "ordered"]).default("stratified"),
  }),
  z.strictObject({
    /** Neurons on scores and on outputs, with the gains of stochastic attention: the digital baseline. */
    kind: z.literal("lif"),
    ...gains,
  }),
  z.strictObject({
    /** Spikformer's spiking self-attention: neurons on scale (Q K^T) V, a sum of whole numbers. */
    kind: z.literal("spikformer"),
    /** Current of a neuron per unit of the sum. */
    scale: shift().default(0.125),
  }),
  z.strictObject({
    /** The first attention of the Spike-driven Transformer: a neuron for each channel counts K and V, and gates Q. */
    kind: z.literal("sdsa-1"),
    /** Current of a neuron per token in which K and V both spike. */
    scale: shift().default(1),
  }),
  z.strictObject({
    /** Attention of Spike-driven Transformer V2: neurons on scale Q (K^T V), a sum of whole numbers. */
    kind: z.literal("sdsa-3"),
    /** Current of a neuron per unit of the sum. */
    scale: shift().default(0.125),
  }),
  z.strictObject({
    /** QKFormer's attention over tokens: a neuron for each token counts Q, and gates K. It mixes no tokens. */
    kind: z.literal("qk-token"),
    /** Current of a neuron per spike of Q. */
    scale: shift().default(1),
  }),
  z.strictObject({
    /** QKFormer's attention over channels: a neuron for each channel counts Q over tokens, and gates K. */
    kind: z.literal("qk-channel"),
    /** Current of a neuron per spike of Q. */
    scale: shift().default(1),
  }),
  z.strictObject({
    /** Scores count equal bits of Q and K: 1 for two ones, alpha for two zeros. */
    kind: z.literal("alpha-xnor"),
    /** What two zeros count. */
    alpha: shift().max(1).default(0.25),
    /** Current of a neuron per unit of the sum. */
    scale: shift().default(0.125),
  }),
  z.strictObject({
    /** A score is 1 where Q and K share enough ones; neurons on scale S V. */
    kind: z.literal("binary-map"),
    /** Shared ones from which a score is 1. */
    cut: z.int().min(1).max(64).default(4),
    /** Current of a neuron per token attended to with a value of 1. */
    scale: shift().default(0.25),
  }),
  z.strictObject({
    /** Control: Spikformer's attention with q and k of random weights that are not trained. */
    kind: z.literal("random"),
    /** Current of a neuron per unit of the sum. */
    scale: shift().default(0.125),
  }),
  z.strictObject({
    /** Control: every token passes on its own values. */
    kind: z.literal("none"),
  }),
]);

export type AttentionSpec = z.infer<typeof attentionSpec>;
export type AttentionKind = AttentionSpec["kind"];
export type AttentionOf<Kind extends AttentionKind> = Extract<AttentionSpec, { kind: Kind }>;
export type DrawKind = AttentionOf<"stochastic">["draws"];
