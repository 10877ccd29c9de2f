/** Clocks of a layer's jobs: facts of its placement and timing, which simulators and machine share. */
import { forReadOut } from "../experiment/by-read-out.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import { columnSettling, DECISION_CLOCKS, timingOf, vectorClocks } from "../hardware/timing.ts";
import type { LayerMapping } from "./mapping.ts";

type Placed = Pick<LayerMapping, "readOut" | "multiplexerSteps">;

/** Clocks of one input vector. All comparators of a column group decide in the same clock. */
export function readClocks({ readOut, multiplexerSteps }: Placed, hardware: HardwareSpec): number {
  const decided = () => columnSettling(hardware) + DECISION_CLOCKS;
  return forReadOut(readOut, {
    converter: () => vectorClocks(multiplexerSteps, timingOf(hardware)),
    comparator: decided,
    charge: decided,
  });
}

/**
 * Clocks between the steps of a token at a layer, for a single prompt: those of the slowest layer from attention, where all tokens
 * wait, to this one.
 */
export function stepClocks(
  layers: readonly (Placed & Pick<LayerMapping, "name" | "attention">)[],
  name: string,
  hardware: HardwareSpec,
): number {
  const last = layers.findIndex((layer) => layer.name === name);
  const first = layers.slice(0, last).findLastIndex(({ attention }) => attention !== null) + 1;
  return Math.max(...layers.slice(first, last + 1).map((layer) => readClocks(layer, hardware)));
}
