/**
 * Actions of a stage from its shape and its spikes, for simulators that do not count while they work: the formulas that
 * `reference/linear.ts`, `hardware/lif.ts` and `hardware/ssa-tile.ts` add up to.
 */
import { ACTION_NAMES, type ActionTally, emptyTally } from "../hardware/actions.ts";
import { lfsrShifts } from "../hardware/draws.ts";
import type { SsaParameters } from "../hardware/ssa-parameters.ts";
import { tileActions } from "../hardware/ssa-tile.ts";
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

/** All tiles over `prompts` prompts; `increments` is the sum of their counts. */
export function attentionActions(
  { tiles }: SsaMapping,
  parameters: SsaParameters,
  random: HardwareSpec["ssa"]["random"],
  run: { readonly steps: number; readonly prompts: number; readonly increments: number },
): ActionTally {
  const { tokens, dimension, lfsr, plan } = parameters;
  const shape = { steps: run.steps, tokens, dimension };
  const one = tileActions(shape, parameters, 0, random === "lfsr" ? lfsrShifts(shape, lfsr, plan) : 0);
  const heads = run.prompts * tiles;
  for (const action of ACTION_NAMES) one[action] *= heads;
  return { ...one, counterIncrements: run.increments };
}
