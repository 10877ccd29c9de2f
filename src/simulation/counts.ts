/**
 * Actions of a stage from its shape and its spikes, for simulators that do not count while they work: the formulas that
 * `linear.ts`, `hardware/lif.ts` and `hardware/ssa-tile.ts` add up to.
 */
import { type ActionTally, emptyTally } from "../hardware/actions.ts";
import { lfsrShifts } from "../hardware/draws.ts";
import type { LayerMapping, SsaMapping } from "../mapping/mapping.ts";
import type { HardwareSpec } from "../spec/hardware.ts";

/** A linear layer that read `vectors` input vectors with `spikes` ones among them. */
export function linearActions(
  { inputs, outputs, rowBlocks, columnGroups }: LayerMapping,
  mode: HardwareSpec["adc"]["mode"],
  vectors: number,
  spikes: number,
): ActionTally {
  const localSums = vectors * outputs * rowBlocks;
  const pair = mode === "pair";
  return {
    ...emptyTally(),
    lineDrives: spikes * columnGroups,
    cellReads: spikes * outputs,
    conversions: pair ? 2 * localSums : localSums,
    subtractions: pair ? localSums : 0,
    scalings: localSums,
    accumulations: localSums - vectors * outputs,
    offsetAdditions: vectors * outputs,
    bitsRead: vectors * inputs,
  };
}

/** LIF units that made `updates` updates. */
export const neuronActions = (updates: number): ActionTally => ({
  ...emptyTally(),
  lifUpdates: updates,
  bitsWritten: updates,
});

/** All tiles over `prompts` prompts; `increments` is the sum of their counts, `mask` [N, N]. */
export function attentionActions(
  { tiles, tokens, dimension }: SsaMapping,
  random: HardwareSpec["ssa"]["random"],
  run: { readonly steps: number; readonly prompts: number; readonly increments: number; readonly mask: Uint8Array },
): ActionTally {
  const heads = run.prompts * tiles;
  const openCells = run.steps * heads * run.mask.reduce((open, cell) => open + cell, 0);
  const bits = run.steps * heads * tokens * dimension;
  return {
    ...emptyTally(),
    scoreAnds: openCells * dimension,
    counterIncrements: run.increments,
    scoreComparisons: openCells,
    valueAnds: openCells * dimension,
    columnAdditions: bits,
    outputComparisons: bits,
    randomNumbers: openCells + bits,
    lfsrShifts: random === "lfsr" ? heads * lfsrShifts({ steps: run.steps, tokens, dimension }) : 0,
    bitsRead: 3 * bits,
    bitsWritten: bits,
  };
}
