/**
 * What published projections leave out: leakage, the clock, wires between units, control, and that a crossbar of other rows, columns
 * or converters has other prices. Presets that stand for such a projection take these prices on top of their own.
 */
import type { ParameterId } from "./parameters.ts";
import type { Price } from "./receipt.ts";
import { assumed } from "./sources/assumptions.ts";

const o = assumed.prices;

export const UNCHARGED = {
  structure: o.no,
  clockTree: o.uncharged,
  controllerFlipFlops: o.none,
  wireBit: o.unchargedWire,
  dieLink: o.unchargedLink,
  programDevice: o.uncharged,
  sramLeakage: o.unchargedMemoryPower,
  logicLeakage: o.unchargedPower,
  analogLeakage: o.unchargedPower,
} as const satisfies Partial<Record<ParameterId, Price>>;
