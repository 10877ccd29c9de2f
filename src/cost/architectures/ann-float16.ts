/** The digital engine in 16-bit floating point: the baseline that favours any integer or spiking machine. */
import type { Technology } from "../parameters.ts";
import type { Breakdown } from "../unit-energies.ts";
import type { Workload } from "../workload.ts";
import { annDigital, type Precision } from "./ann-digital.ts";

export const float16 = ({ multiplyFp16, addFp16 }: Technology): Precision => ({
  mac: multiplyFp16 + addFp16,
  operandBytes: 2,
  accumulatorBits: 32,
});

export const annFloat16 = (workload: Workload, technology: Technology): Breakdown =>
  annDigital(workload, technology, float16(technology));
