/** Times of the analog parts, rounded up to whole clocks as the machine waits for them. */
import type { Timing } from "../../hardware/timing.ts";
import type { Technology } from "../parameters.ts";
import { converter } from "./converter.ts";
import { type CrossbarSize, crossbar } from "./crossbar.ts";

/** Clocks of a crossbar of this size and its converters. */
export function analogClocks(size: CrossbarSize, technology: Technology): Timing {
  const { ssaClock: clock } = technology;
  // Removes rounding errors from a time that is a whole number of clocks.
  const wait = (seconds = 0) => Math.ceil(seconds * clock * (1 - 1e-9));
  const { bits } = size;
  return {
    clock,
    settle: wait(crossbar(size, technology).time),
    conversion: wait(converter({ bits }, technology).time),
  };
}
