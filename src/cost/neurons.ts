/**
 * What an update of a neuron and the area of its unit cost, of 16 bits.
 *
 * A leak by a fixed number of places is wires, so both kinds of neuron have one price. A soft reset chooses the comparator's own
 * difference, bit by bit, where a hard one clears.
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
