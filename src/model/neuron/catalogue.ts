/** Neurons by kind, and what populations of them learn. */
import { type ByNeuron, forNeuron } from "../../experiment/by-neuron.ts";
import type { NeuronSpec } from "../../experiment/neuron.ts";
import { alifNeuron } from "./alif.ts";
import { lifNeuron } from "./lif.ts";
import type { NeuronModel } from "./neuron.ts";
import { plifNeuron } from "./plif.ts";

const NEURONS: ByNeuron<NeuronModel> = {
  lif: (neuron) => lifNeuron(neuron, neuron),
  // Multiplying by 1 is exact.
  if: (neuron) => lifNeuron({ ...neuron, beta: 1 }, neuron),
  plif: plifNeuron,
  alif: alifNeuron,
};

export const neuronModel = (neuron: NeuronSpec): NeuronModel => forNeuron(neuron, NEURONS);

/** The name of a parameter: `blocks.0.hidden.leak`. */
export const learnedName = (population: string, learned: string): string => `${population}.${learned}`;

/**
 * The neuron of a population.
 *
 * @param valuesOf this many values of a parameter of the network
 */
export function neuronOf(
  neuron: NeuronSpec,
  population: string,
  valuesOf: (parameter: string, count: number) => ArrayLike<number>,
): NeuronSpec {
  return neuronAt(neuron, (name, count) => valuesOf(learnedName(population, name), count));
}

/** The same, with values by the names of `NeuronModel.learned`. */
export function neuronAt(
  neuron: NeuronSpec,
  valuesOf: (learned: string, count: number) => ArrayLike<number>,
): NeuronSpec {
  const { learned, at } = neuronModel(neuron);
  const values = Object.entries(learned).map(([name, { shape }]) => {
    const count = shape.reduce((a, b) => a * b, 1);
    return [name, valuesOf(name, count)] as const;
  });
  return at(Object.fromEntries(values));
}
