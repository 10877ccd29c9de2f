/** Neurons by kind. */
import { type ByNeuron, forNeuron } from "../../experiment/by-neuron.ts";
import type { NeuronSpec } from "../../experiment/model.ts";
import { lifNeuron } from "./lif.ts";
import type { NeuronModel } from "./neuron.ts";

const NEURONS: ByNeuron<NeuronModel> = {
  lif: lifNeuron,
  // Multiplying by 1 is exact.
  if: (neuron) => lifNeuron({ ...neuron, beta: 1 }),
};

export const neuronModel = (neuron: NeuronSpec): NeuronModel => forNeuron(neuron, NEURONS);
