/**
 * Columns without converters, priced: what each of their actions costs, and what stands at their feet. `prices/read-out.ts` has the
 * price of each part.
 *
 *   transfer   a row block's charge travels the side of a crossbar
 *   decision   with the layer's offset, which is one more charge on the membrane; the spike is held in a flip-flop
 *              without a membrane a decision pays for the charge of its column, too, because no transfer is counted
 *   feet       a capacitor for every row block, one for the offset, one for the leak of a membrane
 */
import type { ColumnCircuit } from "../experiment/read-out.ts";
import type { ActionCounts } from "../hardware/actions.ts";
import type { MachineUnits } from "../machine/machine.ts";
import { sumOver } from "./attention-units.ts";
import type { Technology } from "./parameters.ts";
import { type CrossbarSize, crossbar } from "./prices/crossbar.ts";
import { chargeTransfer, charging, foot, switching } from "./prices/read-out.ts";

/** Of layers whose columns have no converters: comparators, membranes, and capacitors of row blocks. */
export type Feet = readonly Pick<MachineUnits["comparators"][number], "count" | "membranes" | "capacitors">[];

export interface FeetPrices {
  /** Joules per action. */
  readonly energy: Pick<ActionCounts, "chargeTransfers" | "chargeSharings" | "decisions" | "membraneResets">;
  /** Square metres of all feet. */
  readonly area: number;
  /** Joules of trimming all comparators once, and of measuring the columns of one crossbar once, by halving with the trim. */
  readonly trimming: number;
  readonly search: number;
  /** Crossbars without converters. */
  readonly crossbars: number;
}

/** Joules of the columns without converters. */
export const feetEnergy = (
  operations: readonly { readonly actions: ActionCounts; readonly repeat?: number }[],
  { energy }: FeetPrices,
): number =>
  operations.reduce((joules, { actions, repeat = 1 }) => {
    const direct = actions.membraneResets === 0 ? actions.decisions : 0;
    return joules + repeat * (sumOver(energy, actions) + direct * energy.chargeTransfers);
  }, 0);

const FEMTO = 1e-15;

/** @param size of every crossbar */
export function feetPrices(
  { feet, circuit, size }: { readonly feet: Feet; readonly circuit: ColumnCircuit; readonly size: CrossbarSize },
  technology: Technology,
): FeetPrices {
  const { swing, capacitor, trim } = circuit;
  const own = { swing, farads: capacitor === null ? null : capacitor * FEMTO, trimBits: trim?.bits ?? 0 };
  const transfer = chargeTransfer({ ...own, metres: Math.sqrt(crossbar(size, technology).area) }, technology);
  const decision = foot({ ...own, capacitors: 0 }, technology).energy;
  let area = 0;
  let comparators = 0;
  let columns = 0;
  for (const { count, membranes, capacitors } of feet) {
    comparators += count;
    columns += capacitors;
    if (count > 0) area += count * foot({ ...own, capacitors: (capacitors + membranes) / count + 1 }, technology).area;
  }
  return {
    energy: {
      chargeTransfers: transfer,
      chargeSharings: switching(technology),
      decisions: decision + charging(own, technology),
      membraneResets: switching(technology),
    },
    area,
    trimming: comparators * (trim?.reads ?? 0) * decision,
    search: size.columns * own.trimBits * (transfer + decision),
    crossbars: columns / size.columns,
  };
}
