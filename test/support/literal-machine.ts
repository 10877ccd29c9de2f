import { type HardwareSpec, hardwareSpec } from "../../src/experiment/hardware.ts";

/**
 * Table II in floating point, with ideal random numbers: the machine for cases computed by hand, and for comparison with the
 * exact network. Fields of `document` override it.
 */
export function literalMachine(document: object = {}): HardwareSpec {
  const { adc, ssa, ...rest } = document as { adc?: object; ssa?: object };
  return hardwareSpec.parse({
    arithmetic: null,
    ...rest,
    adc: { mode: "pair", sharing: 8, ...adc },
    ssa: { random: "ideal", fifo: "cell", ...ssa },
  });
}
