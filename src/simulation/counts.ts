/**
 * Actions of an operation from its shape and spikes, for simulators that do not count while they work. The formulas equal the
 * totals counted in `reference/linear.ts`, `hardware/lif.ts` and `hardware/ssa-tile.ts`.
 */
import { type Deciding, decidingOf } from "../experiment/by-read-out.ts";
import type { HardwareSpec, LoopOrder } from "../experiment/hardware.ts";
import { ACTION_NAMES, type ActionTally, emptyTally } from "../hardware/actions.ts";
import { type FiringUnit, type Readings, unitActions, unitReadings } from "../hardware/attention/catalogue.ts";
import { lfsrShifts, usesLfsrs } from "../hardware/draws.ts";
import { trainBits } from "../hardware/spike-code.ts";
import type { SsaParameters } from "../hardware/ssa-parameters.ts";
import { tileActions } from "../hardware/ssa-tile.ts";
import { planReadings } from "../hardware/tile-plan.ts";
import type { ServingMapping } from "../mapping/attention.ts";
import type { LayerMapping } from "../mapping/mapping.ts";
import type { SpikeTrain } from "../spike/train.ts";
import type { Flow } from "./flow.ts";
import type { Served } from "./served.ts";

/** A linear layer that read `vectors` times, with `spikes` ones in total; not `scaled` if neurons take its codes. */
export function linearActions(
  { inputs, outputs, rowBlocks, columnGroups, readOut, reads }: LayerMapping,
  mode: HardwareSpec["adc"]["mode"],
  vectors: number,
  spikes: number,
  scaled: boolean,
): ActionTally {
  const localSums = vectors * outputs * rowBlocks;
  const results = (vectors / reads) * outputs;
  const pair = mode === "pair";
  const read = {
    ...emptyTally(),
    lineDrives: spikes * columnGroups,
    cellReads: spikes * outputs,
    bitsRead: vectors * inputs,
  };
  const deciding = decidingOf(readOut);
  if (deciding !== null) return { ...read, chargeTransfers: deciding.keeps ? localSums : 0 };
  return {
    ...read,
    conversions: pair ? 2 * localSums : localSums,
    subtractions: pair ? localSums : 0,
    scalings: scaled ? localSums : 0,
    accumulations: localSums - results,
    offsetAdditions: scaled ? results : 0,
  };
}

/** Units for `neurons` neurons with `words` words of state each, over all steps; whether they take codes and add offsets themselves. */
export function neuronActions(
  neurons: number,
  words: number,
  steps: number,
  order: LoopOrder,
  takeCodes: boolean,
): ActionTally {
  const stored = storedWords(neurons * words, steps, order);
  return {
    ...emptyTally(),
    offsetAdditions: takeCodes ? steps * neurons : 0,
    lifUpdates: steps * neurons,
    membraneReads: stored,
    membraneWrites: stored,
    bitsWritten: steps * neurons,
  };
}

/**
 * Columns that decide for `neurons` neurons over all steps, which fired `spikes` times.
 *
 * @param leakShift of the neurons; without a leak no charge is shared
 */
export const columnActions = (
  { keeps }: Deciding,
  { neurons, steps, spikes, leakShift }: { neurons: number; steps: number; spikes: number; leakShift: number },
): ActionTally => ({
  ...emptyTally(),
  decisions: steps * neurons,
  bitsWritten: steps * neurons,
  chargeSharings: keeps && leakShift > 0 ? (steps - 1) * neurons : 0,
  membraneResets: keeps ? neurons + spikes : 0,
});

/** Words of state kept in SRAM until the next step of their token: all steps but the last, where other tokens come in between. */
export const storedWords = (words: number, steps: number, order: LoopOrder): number =>
  order === "step-major" ? (steps - 1) * words : 0;

/** All units with neurons over `prompts` prompts; `increments` is the sum of their counts. */
export function firingActions(
  { heads }: Pick<ServingMapping, "heads">,
  unit: FiringUnit,
  run: { readonly steps: number; readonly prompts: number; readonly increments: number },
): ActionTally {
  const one = unitActions(unit, run.steps);
  for (const action of ACTION_NAMES) one[action] *= run.prompts * heads;
  return { ...one, counterIncrements: run.increments };
}

/** All SSA tiles over `prompts` prompts; `increments` is the sum of their counts. */
export function ssaActions(
  { heads, tiles }: Pick<ServingMapping, "heads" | "tiles">,
  parameters: SsaParameters,
  random: HardwareSpec["ssa"]["random"],
  run: { readonly steps: number; readonly prompts: number; readonly increments: number },
): ActionTally {
  const { tokens, dimension, draws, lfsr, plan } = parameters;
  const shape = { steps: run.steps, tokens, dimension };
  const one = tileActions(shape, parameters, 0, usesLfsrs(random, draws) ? lfsrShifts(shape, lfsr, plan) : 0);
  // The registers of an engine shift once for all heads served at a time.
  if (parameters.sharedByHeads) one.lfsrShifts *= Math.ceil(heads / tiles) / heads;
  for (const action of ACTION_NAMES) one[action] *= run.prompts * heads;
  return { ...one, counterIncrements: run.increments };
}

/** Bits sent for the spikes of neurons; those that attention reads, q, k and v, are vectors of their own. */
export function neuronBits(
  { transport }: Pick<HardwareSpec, "transport">,
  { served }: Pick<Flow, "served">,
  name: string,
  train: SpikeTrain,
): number {
  if (transport.code === "bits") return 0;
  const reader = served.find(({ operation }) => operation.reads.includes(name));
  return trainBits(transport, train, reader?.parts.length ?? 1);
}

/**
 * Bits sent for what attention reads of q, k and v, as often as it does, and for its output.
 *
 * Shapes  qkv: [T][prompts tokens][parts D]; output: [T][prompts tokens][D]
 */
export function attentionBits(
  { transport }: Pick<HardwareSpec, "transport">,
  { unit, parts }: Served,
  qkv: SpikeTrain,
  output: SpikeTrain,
): number {
  if (transport.code === "bits" || unit.unit === "none") return 0;
  const readings: Readings = unit.unit === "ssa-tile" ? planReadings(unit.plan, unit.tokens) : unitReadings(unit);
  const times = (part: number, row: number) => readings[parts[part]]?.[row % unit.tokens] ?? 0;
  return trainBits(transport, qkv, parts.length, times) + trainBits(transport, output);
}
