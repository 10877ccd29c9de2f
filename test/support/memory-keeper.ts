/** Units in memory, as `node/unit-log.ts` keeps them in a file. */
import type { Keeper } from "../../src/evaluation/keeper.ts";

/** What `keepUntil` ends work with. */
export class Stopped extends Error {}

export interface MemoryKeeper extends Keeper {
  readonly units: readonly { readonly name: string; readonly value: unknown }[];
}

/** Ends the work that it keeps units of after so many more of them; those of `earlier` were kept by other sittings. */
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
