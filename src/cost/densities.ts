/** Replaces a workload's spike densities: individual ones, or all of them scaled to a mean. */
import { CostError } from "../errors.ts";
import type { BlockDensities } from "../machine/densities.ts";
import { meanDensity, scaleDensities, type Workload, withSnn } from "./workload.ts";

/** Densities that a user can set, for all blocks. */
export const DENSITY_NAMES = ["qkv", "projection", "up", "down", "query", "key", "value", "scores"] as const;
export type NamedDensities = Readonly<Partial<Record<(typeof DENSITY_NAMES)[number], number | undefined>>>;

/** The coincidence of q and k spikes follows the densities of both. */
export function changeDensities(block: BlockDensities, given: NamedDensities): BlockDensities {
  const named = Object.fromEntries(Object.entries(given).filter(([, share]) => share !== undefined));
  const changed: BlockDensities = { ...block, ...named };
  const isMoved = "query" in named || "key" in named;
  return isMoved ? { ...changed, coincidences: changed.query * changed.key } : changed;
}

/** The same densities in all blocks, for this network and for the digital SNN's. */
export function setDensities(workload: Workload, given: NamedDensities): Workload {
  const known = new Map<BlockDensities, BlockDensities>();
  const blocks = workload.blocks.map((block) => {
    const changed = known.get(block) ?? changeDensities(block, given);
    known.set(block, changed);
    return changed;
  });
  return withSnn({ ...workload, blocks }, (snn) => setDensities(snn, given));
}

/**
 * Multiplies all densities by one number, so that their mean over the inputs of the blocks' layers is the given value.
 * Throws  CostError if any density would exceed 1
 */
export function scaleToMean(workload: Workload, mean: number): Workload {
  const present = meanDensity(workload);
  const scaled = scaleDensities(workload, mean / present);
  const found = meanDensity(scaled);
  // Tolerates rounding.
  if (Math.abs(found - mean) <= 1e-9 * mean) return scaled;
  throw new CostError(
    "density",
    `A mean density of ${mean} is ${(mean / present).toPrecision(3)} times that of ${workload.name}, ${present.toPrecision(3)}, and some layers would ` +
      `need more than 1. With those at 1, the mean is ${found.toPrecision(3)}. Give single densities, such as --density qkv=0.9,up=0.9.`,
  );
}
