/**
 * Energy of a neuron update and area of its unit, for 16 bits. Published comparisons charge an update with its registers; where
 * every flip-flop is charged, only its adder and comparator are left.
 *
 * A leak by a fixed shift is only wires, whether it was learned or not. A soft reset selects the comparator's own difference, bit by bit,
 * where a hard reset clears. Each further word of state costs another update and unit: the rise of an adaptive neuron's threshold decays
 * by a subtraction and is added to the threshold, two adders and a register like those of a membrane.
 */
import type { MachineNetwork } from "../machine/network.ts";
import type { Technology } from "./parameters.ts";

interface NeuronPrices {
  /** Joules, with registers and without. */
  readonly update: number;
  readonly logic: number;
  /** Square metres. */
  readonly area: number;
}

export function neuronPrices(
  { reset, stateWords = 1 }: Pick<MachineNetwork, "reset" | "stateWords">,
  technology: Technology,
): NeuronPrices {
  const soft = reset === "soft" ? 1 : 0;
  const additional = soft * technology.softReset;
  return {
    update: stateWords * technology.lifUpdate + additional,
    logic: stateWords * technology.lifLogic + additional,
    area: stateWords * technology.lifArea + soft * technology.softResetArea,
  };
}
