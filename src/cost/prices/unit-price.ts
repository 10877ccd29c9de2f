/** The price of a unit of the machine, from its sizes and the prices of a technology. */
import type { Technology } from "../parameters.ts";

export interface UnitPrice {
  /** Joules per action; the function that makes the price says which action. */
  readonly energy: number;
  /** Seconds per action, if the unit has its own delay; otherwise it takes a clock. */
  readonly time?: number;
  /** Square metres of one unit. */
  readonly area: number;
  /** Watts of one unit while it is powered. */
  readonly leakage: number;
}

/** Logic of a given area: it leaks in proportion. */
export const logicUnit = (energy: number, area: number, { logicLeakage }: Technology): UnitPrice => ({
  energy,
  area,
  leakage: area * logicLeakage,
});
