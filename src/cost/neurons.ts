/**
 * Energy of a neuron update and area of its unit, for 16 bits.
 *
 * A leak by a fixed shift is only wires, so both kinds of neuron have the same price. A soft reset selects the comparator's own
 * difference, bit by bit, where a hard reset clears.
 */
import type { NetworkShape } from "../machine/shape.ts";
import type { Technology } from "./parameters.ts";

interface NeuronPrices {
  /** Joules. */
  readonly update: number;
  /** Square metres. */
  readonly area: number;
}

export function neuronPrices({ reset }: Pick<NetworkShape, "reset">, technology: Technology): NeuronPrices {
  const soft = reset === "soft" ? 1 : 0;
  return {
    update: technology.lifUpdate + soft * technology.softReset,
    area: technology.lifArea + soft * technology.softResetArea,
  };
}
