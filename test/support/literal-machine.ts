import { type HardwareSpec, hardwareSpec } from "../../src/spec/hardware.ts";

/**
 * Table II in floating point, with ideal random numbers: the machine that cases worked out by hand are of, and that the exact network
 * can be compared with. Fields of `document` are laid over it.
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
