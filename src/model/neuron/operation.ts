/** Neurons behind a layer or on a stream, of any kind (`catalogue.ts`): currents [T][n] to bits [T][n], from rest, over all time steps. */
import type { SurrogateSpec } from "../../experiment/model.ts";
import type { NeuronSpec } from "../../experiment/neuron.ts";
import { BITS, type OperationKit, type OperationOf } from "../operation.ts";
import { learnedName, neuronModel, neuronOf } from "./catalogue.ts";

/** Named after its spikes, under which every population has what it learns: `blocks.0.hidden.leak`. */
export interface NeuronsOperation extends OperationOf<"neurons"> {
  readonly neuron: NeuronSpec;
  readonly surrogate: SurrogateSpec;
}

export const neurons: OperationKit<NeuronsOperation> = {
  shape: (_, [{ name, ...same }]) => ({ ...same, domain: BITS }),
  parameters: ({ name, block, neuron }) =>
    Object.entries(neuronModel(neuron).learned).map(([learned, { shape, constant }]) => ({
      name: learnedName(name, learned),
      layer: null,
      part: null,
      block,
      shape,
      init: { constant },
      learned: true,
    })),
  forward({ name, neuron, surrogate }, [currents], run) {
    const model = neuronModel(neuronOf(neuron, name, run.parameter));
    const fired = model.forward(currents, run.steps, run.smooth ? surrogate : null);
    return {
      output: fired.output,
      neurons: fired,
      backward(outputGradient, { gradients, rates }) {
        // Every spike is one term of its layer's rate, which is a mean.
        const share = (rates?.[name] ?? 0) / outputGradient.length;
        const gradient = share === 0 ? outputGradient : outputGradient.map((ds) => ds + share);
        const { current, learned } = model.backward(gradient, fired, run.steps, surrogate);
        for (const [of, slope] of Object.entries(learned)) gradients[learnedName(name, of)] = slope;
        return [current];
      },
    };
  },
};
