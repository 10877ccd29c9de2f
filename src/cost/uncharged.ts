/**
 * Costs that published projections leave out: leakage, flip-flops with their clock, wires between units, control, and the dependence of a
 * crossbar's prices on its rows, columns and converters. Presets that represent such a projection add these prices to their
 * own.
 */
import type { ParameterId } from "./parameters.ts";
import type { Price } from "./receipt.ts";
import { assumed } from "./sources/assumptions.ts";

const o = assumed.prices;

export const UNCHARGED = {
  structure: o.no,
  flipFlopClock: o.uncharged,
  clockTree: o.uncharged,
  controllerFlipFlops: o.none,
  wireBit: o.unchargedWire,
  dieLink: o.unchargedLink,
  programDevice: o.uncharged,
  sramLeakage: o.unchargedMemoryPower,
  logicLeakage: o.unchargedPower,
  analogLeakage: o.unchargedPower,
} as const satisfies Partial<Record<ParameterId, Price>>;
