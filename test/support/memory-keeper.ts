/** Keeps units in memory, as `node/unit-log.ts` keeps them in a file. */
import type { Keeper } from "../../src/evaluation/keeper.ts";

/** The error with which `keepUntil` ends work. */
export class Stopped extends Error {}

export interface MemoryKeeper extends Keeper {
  readonly units: readonly { readonly name: string; readonly value: unknown }[];
}

/** Ends the work after keeping this many more of its units; those of `earlier` were kept by other runs. */
export function keepUntil(count: number, earlier: MemoryKeeper["units"] = []): MemoryKeeper {
  const units = [...earlier];
  return {
    units,
    kept: (name) => earlier.filter((unit) => unit.name === name).map(({ value }) => value),
    keep: (name, value) => {
      if (units.length >= earlier.length + count) throw new Stopped();
      units.push({ name, value: structuredClone(value) });
    },
  };
}
