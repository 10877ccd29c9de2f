/**
 * Adaptive LIF neurons: every spike raises the threshold, and the rise decays. A neuron has two numbers of state, V and B.
 *
 *   V_t = beta V'_(t-1) + I_t                           integrate
 *   s_t = 1 where V_t >= threshold + rise B_(t-1)       fire; equality fires
 *   V'_t = V_t (1 - s_t), or V_t - threshold s_t        hard or soft reset, which does not subtract the rise
 *   B_t = decay B_(t-1) + s_t                           adapt; V'_0 = B_0 = 0 for every prompt and token
 *
 * Source: G. Bellec et al., "Long short-term memory and learning-to-learn in networks of spiking neurons", NeurIPS 2018, whose
 * threshold constants are `rise` and `decay` here.
 *
 * Backward: as in `lif.ts`, with a detached reset. The adaptation is not detached, so that a spike learns from the spikes that it
 * prevents later. With x_t = V_t - threshold - rise B_(t-1) and dB_T = 0:
 *
 *   g_t = (ds_t + dB_t) s'(x_t);   dI_t = dV_t = g_t + beta dV_(t+1) (1 - s_t);   dB_(t-1) = decay dB_t - rise g_t
 *
 * In the smooth network B adds up s(x_t) instead of bits, so this is its exact gradient.
 */

import type { SurrogateSpec } from "../../experiment/model.ts";
import type { AlifConstants, NeuronSpec } from "../../experiment/neuron.ts";
import { expectMultiple } from "../shape.ts";
import type { NeuronCache, NeuronForward, NeuronModel } from "./neuron.ts";
import { surrogateDerivative, surrogateIntegral } from "./surrogate.ts";

export const alifNeuron = (neuron: Extract<NeuronSpec, { kind: "alif" }>): NeuronModel => ({
  stateWords: 2,
  learned: {},
  at: () => neuron,
  forward: (current, steps, smooth) => alifForward(current, steps, neuron, smooth),
  backward: (outputGradient, cache, steps, surrogate) => ({
    current: alifBackward(outputGradient, cache, steps, neuron, surrogate),
    learned: {},
  }),
});

/** As `lifForward`. */
export function alifForward(
  current: Float64Array,
  steps: number,
  { beta, threshold, reset, rise, decay }: AlifConstants,
  smooth?: SurrogateSpec | null,
): NeuronForward {
  const size = expectMultiple("current", current.length, steps);
  const [rested, adapted] = [new Float64Array(size), new Float64Array(size)];
  const [membrane, distance, output] = [0, 1, 2].map(() => new Float64Array(current.length));
  const fired = new Uint8Array(current.length);
  for (let i = 0; i < current.length; i++) {
    const n = i % size;
    const level = threshold + rise * adapted[n];
    const v = beta * rested[n] + current[i];
    membrane[i] = v;
    distance[i] = v - level;
    fired[i] = v >= level ? 1 : 0;
    output[i] = smooth ? surrogateIntegral(smooth, distance[i]) : fired[i];
    if (!fired[i]) rested[n] = v;
    else rested[n] = reset === "hard" ? 0 : v - threshold;
    adapted[n] = decay * adapted[n] + output[i];
  }
  return { output, membrane, distance, fired };
}

/** As `lifBackward`. */
export function alifBackward(
  outputGradient: Float64Array,
  { distance, fired }: Pick<NeuronCache, "distance" | "fired">,
  steps: number,
  { beta, reset, rise, decay }: AlifConstants,
  surrogate: SurrogateSpec,
): Float64Array {
  const size = expectMultiple("outputGradient", outputGradient.length, steps);
  const gradient = new Float64Array(outputGradient.length);
  const adaptation = new Float64Array(size);
  for (let i = gradient.length - 1; i >= 0; i--) {
    const n = i % size;
    const passed = reset === "hard" && fired[i] ? 0 : 1;
    const later = i + size < gradient.length ? beta * gradient[i + size] * passed : 0;
    const ofSpike = (outputGradient[i] + adaptation[n]) * surrogateDerivative(surrogate, distance[i]);
    gradient[i] = ofSpike + later;
    adaptation[n] = decay * adaptation[n] - rise * ofSpike;
  }
  return gradient;
}
