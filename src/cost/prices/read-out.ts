/**
 * The price of what reads a column without converters: capacitors, switches, and a comparator with its trim.
 *
 *   transfer   the charge of a row block: C V^2 of its capacitor, and of a wire past its crossbar at the same swing; drivers, switches and
 *              the hold of the line as for a conversion (`periphery`)
 *   switch     gates of switches, for a leak by charge sharing and for a reset: the charge lost was paid when it arrived
 *   decision   the comparator's; with a trim, a share of its energy more
 *   area       a capacitor per row block and one for the leak; comparator; a trim's capacitors, which double per bit, and its register
 *
 * V is the swing for a membrane of 1, and every charge counts as much. Capacitors are of metal above the devices, but nothing else is
 * placed below them.
 *
 * Left out: what sets a column's threshold, and the energy of a quieter comparator, because no source here states energy and noise
 * together.
 */
import type { Technology } from "../parameters.ts";
import { wire } from "./floorplan.ts";
import type { UnitPrice } from "./unit-price.ts";

export interface FootSize {
  /** Volts for a membrane of 1. */
  readonly swing: number;
  /** Farads of each capacitor; null: those of the technology. */
  readonly farads: number | null;
  /** Capacitors per column: one per row block, and one for a leak. */
  readonly capacitors: number;
  /** Bits that trim the comparator's offset; 0: no trim. */
  readonly trimBits: number;
}

/** Volts of the wires that `wireBit` prices: 40 nm at 0.9 V. */
const WIRE_VOLTAGE = 0.9;
/** Farads of the capacitor whose area is a price. */
const PRICED_FARADS = 1e-15;

/** Joules of C V^2: a charge on one capacitor. */
export const charging = (
  { swing, farads }: Pick<FootSize, "swing" | "farads">,
  { footCapacitor }: Technology,
): number => (farads ?? footCapacitor) * swing ** 2;

/** Joules per charge of a row block's column that travels `metres` to the comparator. */
export const chargeTransfer = (
  { swing, farads, metres }: Pick<FootSize, "swing" | "farads"> & { readonly metres: number },
  technology: Technology,
): number =>
  charging({ swing, farads }, technology) +
  wire({ metres, bits: 1 }, technology).energy * (swing / WIRE_VOLTAGE) ** 2 +
  technology.periphery;

/** Joules per leak by charge sharing, and per reset. */
export const switching = ({ switchDrive }: Technology): number => switchDrive;

/** Energy per decision; area of a column's foot. */
export function foot({ farads, capacitors, trimBits }: Omit<FootSize, "swing">, technology: Technology): UnitPrice {
  const { decision, trimShare, comparatorFoot, capacitorArea, trimCapacitor, registerArea, analogLeakage } = technology;
  const trimmed = trimBits > 0;
  const all = capacitors * (farads ?? technology.footCapacitor) + (trimmed ? trimCapacitor * 2 ** trimBits : 0);
  const area = comparatorFoot + (all / PRICED_FARADS) * capacitorArea + trimBits * registerArea;
  return { energy: trimmed ? decision / (1 - trimShare) : decision, area, leakage: area * analogLeakage };
}
