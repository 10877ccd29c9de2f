/**
 * Energy of a neuron update and area of its unit, for 16 bits. Published comparisons charge an update with its registers; where
 * every flip-flop is charged, only its adder and comparator are left.
 *
 * A leak by a fixed shift is only wires, so both kinds of neuron have the same price. A soft reset selects the comparator's own
 * difference, bit by bit, where a hard reset clears.
 */
import type { NetworkShape } from "../machine/shape.ts";
import type { Technology } from "./parameters.ts";

interface NeuronPrices {
  /** Joules, with registers and without. */
  readonly update: number;
  readonly logic: number;
  /** Square metres. */
  readonly area: number;
}

export function neuronPrices({ reset }: Pick<NetworkShape, "reset">, technology: Technology): NeuronPrices {
  const soft = reset === "soft" ? 1 : 0;
  const additional = soft * technology.softReset;
  return {
    update: technology.lifUpdate + additional,
    logic: technology.lifLogic + additional,
    area: technology.lifArea + soft * technology.softResetArea,
  };
}
