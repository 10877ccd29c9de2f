/**
 * The digital engine with 4-bit weights and activations: a fair baseline for cells with three to four effective bits.
 */
import type { Technology } from "../parameters.ts";
import type { Breakdown } from "../unit-energies.ts";
import type { Workload } from "../workload.ts";
import { annDigital, narrow } from "./ann-digital.ts";

export const annInt4 = (workload: Workload, technology: Technology): Breakdown =>
  annDigital(workload, technology, narrow(4, technology));
