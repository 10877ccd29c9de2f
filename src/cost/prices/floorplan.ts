/** The cost of distance: wires in a layer and across the chip, and several dies where one would exceed a scanner's field. */
import type { Technology } from "../parameters.ts";
import { neurosim } from "../sources/peng-iedm-2019.ts";
import type { UnitPrice } from "./unit-price.ts";

/** Energy of moving `bits` bits over `metres` metres of repeated wire. Wires run above the units and take no area. */
export const wire = (
  { metres, bits }: { readonly metres: number; readonly bits: number },
  { wireBit }: Technology,
): UnitPrice => ({ energy: bits * metres * wireBit, area: 0, leakage: 0 });

/** Sides of the simulated layers, with the energy of their wires per conversion relative to the largest. */
const { interconnect: largest, interconnect384, interconnect256 } = neurosim.prices;
const SIMULATED_LAYERS = [
  [256, interconnect256.value / largest.value],
  [384, interconnect384.value / largest.value],
  [768, 1],
] as const;

/**
 * Energy of a layer's wires per conversion, from its crossbars to its outputs. `interconnect` is that of a layer of 768 x 768; others
 * follow the side of a square of as many weights, linearly between the simulated layers. Beyond them nothing is extrapolated: a smaller
 * layer pays as much as 256 x 256, a larger one as much as 768 x 768 (3,072 x 768 was simulated with less).
 *
 * The simulated layers consist of crossbars of `crossbarArea`. Where a `floorplan` states another, wires scale with the side of the
 * crossbars at hand; by default they do not, although that favours large crossbars.
 *
 * @param area square metres of one of the layer's crossbars
 */
export function layerWires(
  { inputs, outputs, area }: { readonly inputs: number; readonly outputs: number; readonly area: number },
  technology: Technology,
): UnitPrice {
  const { interconnect, structure, floorplan, crossbarArea } = technology;
  const relative = structure === 0 ? 1 : relativeWires(Math.sqrt(inputs * outputs));
  const side = floorplan === 0 ? 1 : Math.sqrt(area / crossbarArea);
  return { energy: interconnect * relative * side, area: 0, leakage: 0 };
}

function relativeWires(side: number): number {
  const last = SIMULATED_LAYERS.length - 1;
  const above = SIMULATED_LAYERS.findIndex(([simulated]) => side <= simulated);
  if (above === 0 || above === -1) return SIMULATED_LAYERS[above === 0 ? 0 : last][1];
  const [[smaller, low], [larger, high]] = [SIMULATED_LAYERS[above - 1], SIMULATED_LAYERS[above]];
  return low + ((high - low) * (side - smaller)) / (larger - smaller);
}

/** Energy of moving `bits` bits from one die to another. */
export const dieLink = ({ bits }: { readonly bits: number }, technology: Technology): UnitPrice => ({
  energy: bits * technology.dieLink,
  area: 0,
  leakage: 0,
});

/** Dies for an area in square metres: no die is larger than a scanner's field. */
export const countDies = (area: number, { reticle }: Technology): number => Math.max(1, Math.ceil(area / reticle));
