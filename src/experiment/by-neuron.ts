/** A record with an entry for each kind of neuron. Apart from the specs, whose checks a thread that only computes does not load. */
import type { NeuronKind, NeuronSpec } from "./neuron.ts";

/** Something made of a neuron, with an entry for each kind: a record without one of them does not compile. */
export type ByNeuron<Made> = { readonly [Kind in NeuronKind]: (neuron: Extract<NeuronSpec, { kind: Kind }>) => Made };

/** What the entry of a neuron's kind makes of it. */
export function forNeuron<Made>(neuron: NeuronSpec, entries: ByNeuron<Made>): Made {
  const make = entries[neuron.kind] as (neuron: NeuronSpec) => Made; // the entry of the kind takes the neuron
  return make(neuron);
}

/** Why attention with neurons cannot compute with such ones, or null if it can. */
const IN_ATTENTION: ByNeuron<string | null> = {
  lif: () => null,
  if: () => null,
  plif: () => refused("plif", "the leaks of attention would have to be learned, too"),
  alif: () => refused("alif", "its kernels keep one number per neuron, and an adaptive neuron has two"),
};

const refused = (kind: NeuronKind, reason: string): string =>
  `Such attention does not compute with "${kind}" neurons: ${reason}. Use "stochastic" attention, or "lif" or "if" neurons.`;

export const refusalInAttention = (neuron: NeuronSpec): string | null => forNeuron(neuron, IN_ATTENTION);
