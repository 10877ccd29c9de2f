/** The neuron after every linear layer: one member for each kind, with its own parameters. `model/neuron/` has their equations. */
import { z } from "zod";

const firing = {
  /** The neuron fires when V >= threshold (equation 3). */
  threshold: z.number().positive().max(1000).default(1),
  /** After a spike, `hard` sets the membrane to 0 (equation 3); `soft` subtracts the threshold. */
  reset: z.enum(["hard", "soft"]).default("hard"),
};

const leaking = {
  /** Leak in V = beta V + I. 0.5 is one right shift of the membrane register (section IV-A2 of the paper). */
  beta: z.number().gt(0).max(1).default(0.5),
};

export const neuronSpec = z.discriminatedUnion("kind", [
  z.strictObject({
    /** Leaky integrate-and-fire. */
    kind: z.literal("lif").optional().default("lif"),
    ...leaking,
    ...firing,
  }),
  z.strictObject({
    /** Integrate-and-fire without leak: V = V + I. */
    kind: z.literal("if"),
    ...firing,
  }),
  z.strictObject({
    /** Parametric LIF: each layer of neurons learns its leak. */
    kind: z.literal("plif"),
    /** Leak at the start of training. */
    beta: z.number().gt(0).lt(1).default(0.5),
    ...firing,
  }),
  z.strictObject({
    /** Adaptive LIF: a spike raises the threshold for a while. */
    kind: z.literal("alif"),
    ...leaking,
    /** Rise of the threshold after a spike. */
    rise: z.number().min(0).max(1000).default(0.5),
    /** Share of the rise that remains a step later. */
    decay: z.number().min(0).max(1).default(0.75),
    ...firing,
  }),
]);

export type NeuronSpec = z.infer<typeof neuronSpec>;
export type NeuronKind = NeuronSpec["kind"];
export type NeuronReset = NeuronSpec["reset"];
/** What a leaky integrate-and-fire neuron computes with. */
export type LifConstants = Omit<Extract<NeuronSpec, { kind: "lif" }>, "kind">;
/** What an adaptive neuron computes with. */
export type AlifConstants = Omit<Extract<NeuronSpec, { kind: "alif" }>, "kind">;
