/** A record with an entry for each kind of neuron. Apart from the specs, whose checks a thread that only computes does not load. */
import { SpecError } from "../errors.ts";
import type { LifConstants, NeuronKind, NeuronSpec } from "./neuron.ts";

/** Something made of a neuron, with an entry for each kind: a record without one of them does not compile. */
export type ByNeuron<Made> = { readonly [Kind in NeuronKind]: (neuron: Extract<NeuronSpec, { kind: Kind }>) => Made };

/** What the entry of a neuron's kind makes of it. */
export function forNeuron<Made>(neuron: NeuronSpec, entries: ByNeuron<Made>): Made {
  const make = entries[neuron.kind] as (neuron: NeuronSpec) => Made; // the entry of the kind takes the neuron
  return make(neuron);
}

/** Leak, threshold and reset with which attention computes, or why it cannot. */
const IN_ATTENTION: ByNeuron<LifConstants | string> = {
  lif: (neuron) => neuron,
  if: (neuron) => ({ ...neuron, beta: 1 }),
  plif: () => refused("plif", "the leaks of attention would have to be learned, too"),
  alif: () => refused("alif", "its kernels keep one number per neuron, and an adaptive neuron has two"),
};

const refused = (kind: NeuronKind, reason: string): string =>
  `Such attention does not compute with "${kind}" neurons: ${reason}. Use "stochastic" attention, or "lif" or "if" neurons.`;

/** Why attention with neurons cannot compute with such ones, or null if it can. */
export function refusalInAttention(neuron: NeuronSpec): string | null {
  const found = forNeuron(neuron, IN_ATTENTION);
  return typeof found === "string" ? found : null;
}

/** Throws SpecError for neurons that attention does not compute, which an experiment refuses when it is read. */
export function neuronInAttention(neuron: NeuronSpec): LifConstants {
  const found = forNeuron(neuron, IN_ATTENTION);
  if (typeof found === "string") throw new SpecError("model.neuron.kind", found);
  return found;
}
