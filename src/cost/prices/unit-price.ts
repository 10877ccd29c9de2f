/** What a unit of the machine costs, from its sizes and the prices of a technology. */
import type { Technology } from "../parameters.ts";

export interface UnitPrice {
  /** Joules per action; of which one, its function says. */
  readonly energy: number;
  /** Seconds per action, where the unit has a time of its own; otherwise it takes a clock. */
  readonly time?: number;
  /** Square metres of one unit. */
  readonly area: number;
  /** Watts of one unit while it has power. */
  readonly leakage: number;
}

/** Logic of a given area: it leaks in proportion. */
export const logicUnit = (energy: number, area: number, { logicLeakage }: Technology): UnitPrice => ({
  energy,
  area,
  leakage: area * logicLeakage,
});
