/** The hardware that a workload is priced on: its experiment's, or the defaults, with the sizes that a technology names laid over it. */
import { coreOf, type MachineCore } from "../machine/machine.ts";
import { type HardwareSpec, hardwareSpec } from "../spec/hardware.ts";
import type { Technology } from "./parameters.ts";
import type { Workload } from "./workload.ts";

const DEFAULTS = hardwareSpec.parse({});

export function hardwareFor(workload: Workload, technology: Technology): HardwareSpec {
  const { crossbar, adc, ssa, ...rest } = workload.hardware ?? DEFAULTS;
  const { rows, columns, columnsPerConverter, conversionsPerSum, adcBits, ssaTiles } = technology;
  return {
    ...rest,
    crossbar: { ...crossbar, rows, columns, embedRows: workload.embedRows },
    adc: {
      ...adc,
      bits: adcBits,
      sharing: columnsPerConverter,
      mode: conversionsPerSum === 2 ? "pair" : "differential",
    },
    ssa: { ...ssa, tiles: ssaTiles },
  };
}

/** What is counted for a workload. */
export const coreFor = (workload: Workload, technology: Technology): MachineCore =>
  coreOf(hardwareFor(workload, technology), workload);
