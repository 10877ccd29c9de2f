// The table of this folder, from the results of `train.mjs` and `measure.mjs`.
import { readFileSync } from "node:fs";

const { rows } = JSON.parse(readFileSync(new URL("chips-link.json", import.meta.url), "utf8"));
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** By kind, over its seeds: error rates of all chips, joules and clocks. */
const kinds = rows.reduce((groups, row) => groups.set(row.kind, [...(groups.get(row.kind) ?? []), row]), new Map());

/** The mean over seeds, and the range if there are several. */
function overSeeds(values) {
  const shown = mean(values).toFixed(3);
  return values.length === 1
    ? shown
    : `${shown} (${Math.min(...values).toFixed(3)} to ${Math.max(...values).toFixed(3)})`;
}

export const attentionZooTables = {
  "attention-zoo": () => ({
    head: ["attention", "BER", "chips' BER", "attention, nJ", "chip, nJ", "clocks"],
    rows: [...kinds].map(([kind, seeds]) => [
      kind,
      overSeeds(seeds.map(({ exact }) => exact)),
      overSeeds(seeds.map(({ chip }) => mean(chip))),
      (1e9 * mean(seeds.map(({ attentionEnergy }) => attentionEnergy))).toFixed(1),
      (1e9 * mean(seeds.map(({ energy }) => energy))).toFixed(0),
      String(seeds[0].unit.clocks ?? 0),
    ]),
  }),
};
