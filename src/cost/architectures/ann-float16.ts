/** The digital engine in 16-bit floating point: the baseline that makes any integer or spiking machine look good. */
import type { Technology } from "../parameters.ts";
import type { Workload } from "../workload.ts";
import { annDigital } from "./ann-digital.ts";
import type { Breakdown } from "./energy.ts";

export const annFloat16 = (workload: Workload, technology: Technology): Breakdown =>
  annDigital(workload, technology, {
    mac: technology.multiplyFp16 + technology.addFp16,
    operandBytes: 2,
    accumulatorBits: 32,
  });
