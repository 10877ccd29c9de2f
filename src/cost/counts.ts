/**
 * The actions of one inference from a workload alone, stage by stage: what the simulator counts, from shapes and densities.
 *
 * These formulas are written on their own, not shared with the simulator, so that the two can be compared on the same run.
 */
import { type ActionTally, emptyTally } from "../hardware/actions.ts";
import { power } from "../numeric/power.ts";
import type { Technology } from "./parameters.ts";
import { blockLayers, blockRuns, type Layer, outerLayers, rowBlocks, type Workload } from "./workload.ts";

export interface StageCounts {
  readonly name: string;
  readonly kind: "linear" | "neurons" | "attention" | "residual";
  /** Of one of the stages; `repeat` of them are alike. */
  readonly actions: ActionTally;
  readonly repeat: number;
}

/** What the counts depend on beside the workload. */
export type CountingMachine = Pick<
  Technology,
  "rows" | "columns" | "conversionsPerSum" | "residualInputBits" | "skipSilentBlocks"
>;

/** Stages of one inference; with 8-bit values at the input, of the embedding only the conversions are counted. */
export function countActions(workload: Workload, machine: CountingMachine): StageCounts[] {
  const { width, expansion, tokens, steps, depth } = workload;
  const stages: StageCounts[] = [];
  const neurons = (name: string, features: number, repeat: number) => {
    const updates = steps * tokens * features;
    stages.push({
      name,
      kind: "neurons",
      actions: { ...emptyTally(), lifUpdates: updates, bitsWritten: updates },
      repeat,
    });
  };
  if (workload.embedding === "values") {
    const bits = 8 * tokens;
    const sums = bits * Math.ceil(workload.inputs / machine.rows) * width;
    const actions = { ...emptyTally(), conversions: sums * machine.conversionsPerSum };
    stages.push({ name: "embed", kind: "linear", actions, repeat: 1 });
  }
  for (const layer of outerLayers(workload)) {
    const stage = linearStage(layer, workload, machine);
    if (layer.name === "embed" && workload.positions) stage.actions.offsetAdditions += steps * tokens * width;
    stages.push(stage);
  }
  for (const layer of blockLayers(workload)) {
    const stage = linearStage(layer, workload, machine);
    const isBranch = layer.name.endsWith(".projection") || layer.name.endsWith(".down");
    if (isBranch && workload.residuals > 0) stage.actions.residualAdditions += steps * tokens * width;
    stages.push(stage);
  }
  for (const { first, repeat } of blockRuns(workload)) {
    const block = `blocks.${first}`;
    neurons(`${block}.input`, width, repeat);
    neurons(`${block}.qkv`, 3 * width, repeat);
    neurons(`${block}.middle`, width, repeat);
    neurons(`${block}.hidden`, expansion * width, repeat);
    stages.push({
      name: `${block}.attention`,
      kind: "attention",
      actions: attentionCounts(workload, workload.blocks[first].coincidences),
      repeat,
    });
    if (!workload.outputProjection && workload.residuals > 0) {
      const actions = { ...emptyTally(), residualAdditions: steps * tokens * width };
      stages.push({ name: `${block}.shortcut`, kind: "residual", actions, repeat });
    }
  }
  if (workload.embedding === "lines" && depth > 0) neurons("output", width, 1);
  return stages;
}

function linearStage(layer: Layer, workload: Workload, machine: CountingMachine): StageCounts & { kind: "linear" } {
  const { name, inputs, outputs, repeat } = layer;
  const bits = /\.(qkv|up)$/.test(name) ? machine.residualInputBits : 1;
  // Bits of a number are 1 half of the time.
  const density = bits > 1 ? 0.5 : layer.density;
  const vectors = layer.vectors * workload.steps * bits;
  const blocks = rowBlocks(layer, machine.rows);
  const columnGroups = Math.ceil(outputs / machine.columns);
  const sums = vectors * outputs * blocks;
  const spikes = vectors * inputs * density;
  const read = machine.skipSilentBlocks
    ? 1 - power(1 - density, Math.min(machine.rows, inputs, layer.rowLimit ?? inputs))
    : 1;
  const actions: ActionTally = {
    ...emptyTally(),
    lineDrives: spikes * columnGroups,
    cellReads: spikes * outputs,
    conversions: sums * machine.conversionsPerSum * read,
    subtractions: machine.conversionsPerSum === 2 ? sums * read : 0,
    scalings: workload.scaled ? sums : 0,
    accumulations: sums - vectors * outputs,
    offsetAdditions: workload.offsets ? vectors * outputs : 0,
    bitsRead: vectors * inputs,
  };
  return { name, kind: "linear", actions, repeat };
}

function attentionCounts(workload: Workload, coincidences: number): ActionTally {
  const { steps, heads, tokens, width, scores } = workload;
  const cells = steps * heads * scores;
  const ands = steps * scores * width;
  const bits = steps * tokens * width;
  return {
    ...emptyTally(),
    scoreAnds: ands,
    counterIncrements: ands * coincidences,
    scoreComparisons: cells,
    valueAnds: ands,
    columnAdditions: bits,
    outputComparisons: bits,
    randomNumbers: cells + bits,
    bitsRead: 3 * bits,
    bitsWritten: bits,
  };
}
