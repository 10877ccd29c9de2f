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
    /** Neurons on scores and outputs, with the gains of stochastic attention: the digital baseline. */
    kind: z.literal("lif"),
    ...gains,
  }),
  z.strictObject({
    /** Spikformer: neurons on (Q K^T) V. */
    kind: z.literal("spikformer"),
    /** Current of a neuron per unit of its sum. */
    scale: shift().default(0.125),
  }),
  z.strictObject({
    /** Spike-driven Transformer: a neuron per channel counts K and V, and gates Q. */
    kind: z.literal("sdsa-1"),
    /** Current of a neuron per unit of its sum. */
    scale: shift().default(1),
  }),
  z.strictObject({
    /** Spike-driven Transformer V2: neurons on Q (K^T V). */
    kind: z.literal("sdsa-3"),
    /** Current of a neuron per unit of its sum. */
    scale: shift().default(0.125),
  }),
  z.strictObject({
    /** QKFormer: a neuron per token counts Q, and gates K. It mixes no tokens. */
    kind: z.literal("qk-token"),
    /** Current of a neuron per unit of its sum. */
    scale: shift().default(1),
  }),
  z.strictObject({
    /** QKFormer: a neuron per channel counts Q, and gates K. */
    kind: z.literal("qk-channel"),
    /** Current of a neuron per unit of its sum. */
    scale: shift().default(1),
  }),
  z.strictObject({
    /** Scores count equal bits of Q and K: two ones 1, two zeros alpha. */
    kind: z.literal("alpha-xnor"),
    /** What two zeros count. */
    alpha: shift().max(1).default(0.25),
    /** Current of a neuron per unit of its sum. */
    scale: shift().default(0.125),
  }),
  z.strictObject({
    /** A score is 1 where Q and K share enough ones. */
    kind: z.literal("binary-map"),
    /** Shared ones from which a score is 1. */
    cut: z.int().min(1).max(64).default(4),
    /** Current of a neuron per unit of its sum. */
    scale: shift().default(0.125),
  }),
  z.strictObject({
    /** Control: spikformer, with random weights of q and k that are not trained. */
    kind: z.literal("random"),
    /** Current of a neuron per unit of its sum. */
    scale: shift().default(0.125),
  }),
  z.strictObject({
    /** Control: A = V. */
    kind: z.literal("none"),
  }),
]);

export type AttentionSpec = z.infer<typeof attentionSpec>;
export type AttentionKind = AttentionSpec["kind"];
export type AttentionOf<Kind extends AttentionKind> = Extract<AttentionSpec, { kind: Kind }>;
export type DrawKind = AttentionOf<"stochastic">["draws"];
