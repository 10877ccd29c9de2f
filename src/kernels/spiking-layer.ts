/**
 * Linear layers on packed spikes and the neurons after them, forward and backward: the parts of which the spiking pass is built.
 */

import { learnedName, neuronModel } from "../model/neuron/catalogue.ts";
import { surrogateReach } from "../model/neuron/surrogate.ts";
import { NORM_EPSILON } from "../model/operation.ts";
import type { PackedBits, Place } from "./arena.ts";
import { bindNormalised, type LayerLayout, type Normalised } from "./normalised.ts";
import type { ColumnMap, Ops } from "./ops.ts";
import type { ParameterOffsets } from "./pass.ts";
import { bindSpikeRatePenalty, type SpikeRatePenalty } from "./spike-rate.ts";
import type { SpikingLayout } from "./spiking-plan.ts";

/** A linear layer and what follows it, bound to its parameters. */
export interface Layer extends LayerLayout {
  readonly weight: Place;
  readonly normalised: Normalised;
}

export interface LayerPass {
  bind(of: LayerLayout): Layer;
  /** A layer's raw output, with noise on it, which its statistics include, as they do on a chip. */
  multiply(to: Layer, bits: PackedBits, rows: number): void;
  /** The same for real values [rows / steps, inputs], constant over the steps. */
  multiplyValues(to: Layer, values: Place, rows: number): void;
  /** Only the noise. */
  addNoise(to: Layer, rows: number): void;
  /**
   * Neurons on currents [steps, rows, features], by the name of their spikes. `gate` receives where the surrogate is not 0, if it has
   * compact support.
   */
  fire(
    name: string,
    currents: Place,
    rows: number,
    map: ColumnMap | null,
    spikes: PackedBits,
    gate?: PackedBits | null,
  ): void;
  /** From the gradient of a layer's spikes, with the penalty's part added, to that of the currents. Adds to what the neurons learn. */
  fireBackward(
    name: string,
    spikes: PackedBits,
    dSpikes: Place,
    currents: Place,
    rows: number,
    map: ColumnMap | null,
    target: Place,
    accumulate?: boolean,
  ): void;
  /** Adds to a layer's weight gradient from its dy [rows, outputs]. */
  weightBackward(of: Layer, bits: PackedBits, dy: Place, rows: number): void;
  /** The same for real values. */
  valuesBackward(of: Layer, values: Place, dy: Place, rows: number): void;
  /** The weight gradient, and dx [rows, inputs] where the gate of the preceding neurons is open. */
  backward(of: Layer, bits: PackedBits, gate: PackedBits | null, dy: Place, rows: number, dx: Place): void;
  /** For the rates of all layers that fire; null without a penalty. */
  readonly penalty: SpikeRatePenalty | null;
}

/**
 * In addition to the parameters: standard deviations of the noise on a layer's columns, relative to their spreads
 * (`outputNoise: "by column"`).
 */
export const outputNoiseOf = (layer: string): string => `${layer}.outputNoise`;

/** @param draws read again at every call */
export function bindLayers(
  ops: Ops,
  layout: SpikingLayout,
  parameters: ParameterOffsets,
  draws: { readonly noiseKey: readonly [number, number] },
): LayerPass {
  const { network, options, noiseDeviations: deviations, penaltyRow, scratch } = layout;
  const { steps, neuron, surrogate } = network.model;
  const { outputNoise = 0, spikeRate } = options;
  const { value, gradient } = parameters;
  const penalty = spikeRate && penaltyRow !== null ? bindSpikeRatePenalty(ops, spikeRate, penaltyRow) : null;

  const reach = surrogateReach(surrogate);
  const learned = Object.keys(neuronModel(neuron).learned);
  const learnedOf = (name: string, at: Readonly<Record<string, Place>>) =>
    Object.fromEntries(learned.map((of) => [of, at[learnedName(name, of)]]));

  function addNoise({ name, index, outputs: columns, y }: Layer, rows: number) {
    if (deviations === null) return;
    const variance = value[`${name}.variance`];
    const factor = outputNoise === "by column" ? 1 : outputNoise;
    if (variance === undefined) ops.fill(deviations, columns, factor * neuron.threshold);
    else ops.columnSpreads({ variance, columns, epsilon: NORM_EPSILON, factor, target: deviations });
    if (outputNoise === "by column") ops.multiply(deviations, value[outputNoiseOf(name)], columns);
    ops.addOutputNoise({ target: y, rows, columns, deviations, key: draws.noiseKey, counter: index, scratch });
  }

  function weightBackward({ name, outputs }: Layer, bits: PackedBits, dy: Place, rows: number) {
    const dWeight = gradient![`${name}.weight`];
    ops.spikeWeightGradient({ bits, rows, dOut: dy, outputs, dWeight, scratch });
  }

  return {
    penalty,
    bind: (of) => ({
      ...of,
      weight: value[`${of.name}.weight`],
      normalised: bindNormalised(ops, of.norm, parameters, scratch),
    }),
    multiply: (to, bits, rows) => {
      ops.spikeProduct({ bits, rows, weight: to.weight, outputs: to.outputs, out: to.y, scratch });
      addNoise(to, rows);
    },
    multiplyValues: (to, values, rows) => {
      const [m, n, k] = [rows / steps, to.outputs, to.inputs];
      for (let t = 0; t < steps; t++) {
        ops.product({ m, n, k, a: values, b: to.weight, out: to.y + 4 * t * m * n, scratch });
      }
      addNoise(to, rows);
    },
    addNoise,
    fire: (name, currents, rows, map, spikes, gate = null) => {
      const near = gate && reach !== null ? { bits: gate, reach } : null;
      ops.fire({ currents, steps, rows, map, neuron, learned: learnedOf(name, value), spikes, near });
    },
    fireBackward: (name, spikes, dSpikes, currents, rows, map, target, accumulate = false) => {
      penalty?.add(spikes, steps * rows, dSpikes);
      const { features } = spikes;
      const neurons = { currents, steps, rows, map, neuron, learned: learnedOf(name, value), surrogate, features };
      const dLearned = learnedOf(name, gradient!);
      ops.fireBackward({ ...neurons, dSpikes, target, accumulate, dLearned, scratch });
    },
    weightBackward,
    valuesBackward: ({ name, inputs: m, outputs: n }, values, dy, rows) => {
      const [k, out] = [rows / steps, gradient![`${name}.weight`]];
      for (let t = 0; t < steps; t++) {
        const b = dy + 4 * t * k * n;
        ops.product({ m, n, k, a: values, transposeA: true, b, out, accumulate: true, scratch });
      }
    },
    backward: (of, bits, gate, dy, rows, dx) => {
      const { weight, inputs, outputs } = of;
      weightBackward(of, bits, dy, rows);
      ops.spikeInputGradient({ dOut: dy, rows, weight, inputs, outputs, dInput: dx, gate, scratch });
    },
  };
}
