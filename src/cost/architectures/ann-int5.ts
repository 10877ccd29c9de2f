/** The digital engine with 5-bit weights and activations: the number of bits that a pair of our cells holds. */
import type { Technology } from "../parameters.ts";
import type { Breakdown } from "../unit-energies.ts";
import type { Workload } from "../workload.ts";
import { annDigital, narrow } from "./ann-digital.ts";

export const annInt5 = (workload: Workload, technology: Technology): Breakdown =>
  annDigital(workload, technology, narrow(5, technology));
