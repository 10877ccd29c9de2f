/**
 * The digital engine with 4-bit weights and activations: a fair baseline for cells that hold three to four effective bits.
 *
 * A multiplier's energy goes with the square of its width, so a quarter of the 8-bit one; sums of 3,072 products of 8 bits
 * take 20 bits.
 */
import type { Technology } from "../parameters.ts";
import type { Workload } from "../workload.ts";
import { annDigital } from "./ann-digital.ts";
import { additionEnergy, type Breakdown } from "./energy.ts";

export const annInt4 = (workload: Workload, technology: Technology): Breakdown =>
  annDigital(workload, technology, {
    mac: technology.multiply8 / 4 + additionEnergy(technology, 20),
    operandBytes: 0.5,
    accumulatorBits: 20,
  });
