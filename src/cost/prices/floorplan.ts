/** The cost of distance: wires across the chip, and several dies where one would exceed a scanner's field. */
import type { Technology } from "../parameters.ts";
import type { UnitPrice } from "./unit-price.ts";

/** Energy of moving `bits` bits over `metres` metres of repeated wire. Wires run above the units and take no area. */
export const wire = (
  { metres, bits }: { readonly metres: number; readonly bits: number },
  { wireBit }: Technology,
): UnitPrice => ({ energy: bits * metres * wireBit, area: 0, leakage: 0 });

/** Energy of moving `bits` bits from one die to another. */
export const dieLink = ({ bits }: { readonly bits: number }, technology: Technology): UnitPrice => ({
  energy: bits * technology.dieLink,
  area: 0,
  leakage: 0,
});

/** Dies for an area in square metres: no die is larger than a scanner's field. */
export const countDies = (area: number, { reticle }: Technology): number => Math.max(1, Math.ceil(area / reticle));
