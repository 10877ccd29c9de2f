/** What an update of a neuron and the area of its unit cost, by the kind of neuron. */
import type { NeuronKind } from "../spec/model.ts";
import type { ParameterId } from "./parameters.ts";

interface NeuronPrices {
  readonly update: ParameterId;
  readonly area: ParameterId;
}

const PRICES: Readonly<Record<NeuronKind, NeuronPrices>> = {
  lif: { update: "lifUpdate", area: "lifArea" },
  // A leak by a fixed number of places is wires: the prices, of an adder, a comparator and registers, have no term for it.
  if: { update: "lifUpdate", area: "lifArea" },
};

/** Those of `lif` where a workload does not say, as those in older files do not. */
export const neuronPrices = (neuron: NeuronKind = "lif"): NeuronPrices => PRICES[neuron];
