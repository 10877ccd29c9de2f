/**
 * Parametric LIF neurons: the neurons of `lif.ts`, whose leak is learned, one number for each population.
 *
 *   beta = sigmoid(w);   dw = beta (1 - beta) sum over t and neurons of dV_t V'_(t-1)
 *
 * The sigmoid keeps the leak between 0 and 1 wherever training moves w. The reset is detached, as in `lif.ts`.
 *
 * Source: W. Fang et al., "Incorporating learnable membrane time constant to enhance learning of spiking neural networks", ICCV 2021.
 * There V = V + sigmoid(a) (I - V), so beta = 1 - sigmoid(a) = sigmoid(-a). The factor of I is left out: weights and BatchNorm take its
 * place.
 */
import type { LifConstants, NeuronSpec } from "../../experiment/neuron.ts";
import { exponential } from "../../numeric/exponential.ts";
import { naturalLog } from "../../numeric/stream.ts";
import { lifBackward, lifForward } from "./lif.ts";
import type { NeuronCache, NeuronModel } from "./neuron.ts";

export const plifNeuron = (neuron: Extract<NeuronSpec, { kind: "plif" }>): NeuronModel => ({
  stateWords: 1,
  learned: { leak: { shape: [1], constant: naturalLog(neuron.beta / (1 - neuron.beta)) } },
  at: ({ leak }) => ({ ...neuron, beta: 1 / (1 + exponential(-leak[0])) }),
  forward: (current, steps, smooth) => lifForward(current, steps, neuron, smooth),
  backward: (outputGradient, cache, steps, surrogate) => {
    const current = lifBackward(outputGradient, cache, steps, neuron, surrogate);
    return { current, learned: { leak: Float64Array.of(leakGradient(current, cache, steps, neuron)) } };
  },
});

/** Gradient with respect to w, from that with respect to the current, which is dV. */
function leakGradient(
  current: Float64Array,
  { membrane, fired }: NeuronCache,
  steps: number,
  { beta, threshold, reset }: LifConstants,
): number {
  const size = current.length / steps;
  let sum = 0;
  for (let i = size; i < current.length; i++) {
    const before = membrane[i - size];
    const rested = reset === "hard" ? 0 : before - threshold;
    sum += current[i] * (fired[i - size] ? rested : before);
  }
  return beta * (1 - beta) * sum;
}
