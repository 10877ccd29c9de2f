/**
 * Leaky integrate-and-fire (LIF) neurons: one layer, for one step or for T steps, forward and backward.
 *
 *   V_t = beta V'_(t-1) + I_t            integrate; V'_0 = 0 for every prompt and token
 *   s_t = 1 where V_t >= threshold       fire; equality fires
 *   V'_t = V_t (1 - s_t)                 hard reset to 0, or
 *   V'_t = V_t - threshold s_t           soft reset
 *
 * Source: Xpikeformer, equations 2 and 3. The paper's hardware text says "exceeds" where equation 3 has >=; we follow the
 * equation (`docs/model.md#ties`).
 *
 * Backward: the surrogate s' replaces the derivative of the step function, and the reset is detached, that is, s_t in V'_t
 * is treated as a constant:
 *
 *   dV_t = ds_t s'(V_t - threshold) + beta dV_(t+1) (1 - s_t)     (soft reset: without the last factor)
 *   dI_t = dV_t
 *
 * In the smooth network of `surrogate.ts`, downstream layers read s(V_t - threshold) as s_t, while the reset still uses the true
 * bit. That bit is locally constant, so the rule above is the exact gradient of the smooth network.
 */

import type { SurrogateSpec } from "../../experiment/model.ts";
import type { LifConstants, NeuronSpec } from "../../experiment/neuron.ts";
import { expectMultiple } from "../shape.ts";
import type { NeuronCache, NeuronForward, NeuronModel } from "./neuron.ts";
import { surrogateDerivative, surrogateIntegral } from "./surrogate.ts";

export interface LifStep {
  /** Membrane V before the reset, `[n]`. */
  readonly membrane: Float64Array;
  /** 1 where the neuron fired, `[n]`. */
  readonly fired: Uint8Array;
}

/**
 * Advances n neurons by one time step.
 *
 * Shapes   state, current: [n]
 * State    `state` holds V' of the last step and is overwritten with the new one
 *
 * @example
 * const state = Float64Array.of(0.8);
 * lifStep(state, [0.6], { beta: 0.5, threshold: 1, reset: "hard" }).fired[0]; // 1: 0.5 * 0.8 + 0.6 >= 1; state is 0
 */
export function lifStep(state: Float64Array, current: ArrayLike<number>, neuron: LifConstants): LifStep {
  const membrane = new Float64Array(state.length);
  const fired = new Uint8Array(state.length);
  for (let i = 0; i < state.length; i++) {
    const v = neuron.beta * state[i] + current[i];
    membrane[i] = v;
    fired[i] = v >= neuron.threshold ? 1 : 0;
    if (!fired[i]) state[i] = v;
    else state[i] = neuron.reset === "hard" ? 0 : v - neuron.threshold;
  }
  return { membrane, fired };
}

/** @param spec the neuron as the experiment has it, which nothing learned changes */
export const lifNeuron = (neuron: LifConstants, spec: NeuronSpec): NeuronModel => ({
  stateWords: 1,
  learned: {},
  at: () => spec,
  forward: (current, steps, smooth) => lifForward(current, steps, neuron, smooth),
  backward: (outputGradient, cache, steps, surrogate) => ({
    current: lifBackward(outputGradient, cache, steps, neuron, surrogate),
    learned: {},
  }),
});

/**
 * Runs a layer from rest over all time steps.
 *
 * Shapes   current: [T][n]
 * Smooth   with `smooth`, the output is s(V - threshold) instead of the bit; see the header
 */
export function lifForward(
  current: Float64Array,
  steps: number,
  neuron: LifConstants,
  smooth?: SurrogateSpec | null,
): NeuronForward {
  const size = expectMultiple("current", current.length, steps);
  const state = new Float64Array(size);
  const membrane = new Float64Array(current.length);
  const fired = new Uint8Array(current.length);
  for (let t = 0; t < steps; t++) {
    const step = lifStep(state, current.subarray(t * size, (t + 1) * size), neuron);
    membrane.set(step.membrane, t * size);
    fired.set(step.fired, t * size);
  }
  const distance = membrane.map((v) => v - neuron.threshold);
  const output = smooth ? distance.map((x) => surrogateIntegral(smooth, x)) : Float64Array.from(fired);
  return { output, membrane, distance, fired };
}

/** Gradient with respect to the current, `[T][n]`, from the gradient with respect to the output, `[T][n]`. */
export function lifBackward(
  outputGradient: Float64Array,
  { distance, fired }: Pick<NeuronCache, "distance" | "fired">,
  steps: number,
  neuron: LifConstants,
  surrogate: SurrogateSpec,
): Float64Array {
  const size = expectMultiple("outputGradient", outputGradient.length, steps);
  const gradient = new Float64Array(outputGradient.length);
  for (let t = steps - 1; t >= 0; t--) {
    for (let i = t * size; i < (t + 1) * size; i++) {
      const passed = neuron.reset === "hard" && fired[i] ? 0 : 1;
      const later = t + 1 < steps ? neuron.beta * gradient[i + size] * passed : 0;
      gradient[i] = outputGradient[i] * surrogateDerivative(surrogate, distance[i]) + later;
    }
  }
  return gradient;
}
