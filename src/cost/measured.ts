/**
 * A workload from a simulation of ours: the shape of the experiment's network with the spike densities of its trace, and
 * the machine that it was mapped on.
 */
import { MappingError } from "../errors.ts";
import { ACTION_NAMES, type ActionTally, emptyTally } from "../hardware/actions.ts";
import type { BlockDensities } from "../machine/densities.ts";
import { shapeOf } from "../machine/shape.ts";
import type { StageTrace } from "../simulation/trace.ts";
import type { Experiment } from "../spec/experiment.ts";
import { createTask } from "../task/create.ts";
import type { NamedStage } from "./cost.ts";
import { PARAMETERS, type ParameterId } from "./parameters.ts";
import type { Price } from "./receipt.ts";
import type { Workload } from "./workload.ts";
import { SPIKINGFORMER } from "./workloads.ts";

/** What a simulation of `prompts` prompts counted; a `Trace` or the evaluation of a chip. */
export interface Measurement {
  readonly prompts: number;
  readonly stages: readonly StageTrace[];
  readonly densities: Readonly<Record<string, number>>;
}

/** The experiment's network with the densities of a simulation. Throws MappingError when its model is not spiking. */
export function measuredWorkload(experiment: Experiment, { stages, densities }: Measurement): Workload {
  const shape = experimentWorkload(experiment);
  return {
    ...shape,
    description: `${experiment.name}, densities measured on simulated chips`,
    blocks: Array.from({ length: shape.depth }, (_, i) => blockDensities(`blocks.${i}`, stages, densities)),
    inputDensity: densities.input,
    headDensity: headDensity(stages, shape.classes),
  };
}

/**
 * The experiment's network with the densities of a published one, for want of a simulation; half of the input lines carry
 * a spike. Throws MappingError when its model is not spiking.
 */
export function experimentWorkload(experiment: Experiment): Workload {
  const { model, task, name } = experiment;
  if (model.kind !== "spiking") {
    throw new MappingError(
      "model.kind",
      `The machine runs spiking networks, but the model is "${model.kind}". Choose "spiking"; the ANN of the same size is priced beside it.`,
    );
  }
  const { spiking, real } = createTask({ task, model }).geometry;
  const shape = shapeOf(model, spiking);
  return {
    ...shape,
    name: experiment.name,
    description: `${name}, densities of a published network`,
    hardware: experiment.hardware,
    annInputs: real.inputs,
    embedRows: experiment.hardware.crossbar.embedRows,
    scaled: true,
    annScores: shape.scores,
    snnSteps: shape.steps,
    blocks: Array<BlockDensities>(shape.depth).fill(SPIKINGFORMER),
    inputDensity: 0.5,
    headDensity: SPIKINGFORMER.qkv,
    result:
      task.kind === "symbol-detection"
        ? { name: "symbol", perInference: task.transmitAntennas }
        : { name: "image", perInference: 1 },
  };
}

function blockDensities(
  block: string,
  stages: readonly StageTrace[],
  densities: Readonly<Record<string, number>>,
): BlockDensities {
  const attention = stages.find(({ name }) => name === `${block}.attention`)!.actions;
  // q, k and v are one train of the simulation.
  const shared = densities[`${block}.qkv`];
  return {
    qkv: densities[`${block}.input`],
    projection: densities[`${block}.attention`],
    up: densities[`${block}.middle`],
    down: densities[`${block}.hidden`],
    query: shared,
    key: shared,
    value: shared,
    scores: densities[`${block}.scores`],
    coincidences: attention.counterIncrements / Math.max(1, attention.scoreAnds),
  };
}

/** The head reads query tokens only, so its density is not that of the whole output train. */
function headDensity(stages: readonly StageTrace[], classes: number): number {
  const { cellReads, bitsRead } = stages.find(({ name }) => name === "head")!.actions;
  // A spike reads a cell per class.
  return cellReads / (classes * Math.max(1, bitsRead));
}

/** The stages of one inference, on average. */
export function perInference({ stages, prompts }: Measurement): NamedStage[] {
  return stages.map(({ name, kind, actions }) => {
    const mean: ActionTally = emptyTally();
    for (const action of ACTION_NAMES) mean[action] = actions[action] / prompts;
    return { name, kind, actions: mean };
  });
}

/** Sizes that the experiment's machine fixes, by parameter; converters without quantisation keep the preset's bits. */
export function hardwarePrices({ hardware: { crossbar, adc, ssa }, model }: Experiment): Record<string, Price> {
  const size = (id: ParameterId, field: string, value: number): Record<string, Price> => ({
    [id]: {
      ...{ id: `experiment.${id}`, source: "experiment", value, low: value, high: value, node: null },
      ...{
        unit: PARAMETERS[id].unit,
        basis: "printed",
        printed: `hardware.${field} of the experiment`,
        arithmetic: "as it says",
      },
    },
  });
  return {
    ...size("rows", "crossbar.rows", crossbar.rows),
    ...size("columns", "crossbar.columns", crossbar.columns),
    ...size("columnsPerConverter", "adc.sharing", adc.sharing),
    ...size("conversionsPerSum", "adc.mode", adc.mode === "pair" ? 2 : 1),
    ...size("ssaTiles", "ssa.tiles", Math.min(model.heads, ssa.tiles ?? model.heads)),
    ...(adc.bits === null ? {} : size("adcBits", "adc.bits", adc.bits)),
  };
}
