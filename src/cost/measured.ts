/**
 * A workload from one of our simulations: the shape of the experiment's network with the spike densities of its trace, the
 * machine it was mapped to, and the networks it is compared with, each with its own shape.
 */
import { MappingError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { depthOf, isSized, isTransformer, type ModelSpec, type SpikingSpec } from "../experiment/model.ts";
import { ACTION_NAMES, type ActionTally, emptyTally } from "../hardware/actions.ts";
import { offeredBits } from "../hardware/attention/catalogue.ts";
import type { BlockDensities } from "../machine/densities.ts";
import { shapeLayers, shapeOf, stemBefore } from "../machine/shape.ts";
import { requireMappable } from "../mapping/mapping.ts";
import type { OperationTrace } from "../simulation/trace.ts";
import { kitOf } from "../task/catalogue.ts";
import { afterStem, createTask, networkGeometry } from "../task/create.ts";
import type { NamedOperation } from "./cost.ts";
import type { Workload } from "./workload.ts";
import { SPIKINGFORMER } from "./workloads.ts";

/** The counts of a simulation of `prompts` prompts: a `Trace`, or the evaluation of a chip. */
export interface Measurement {
  readonly prompts: number;
  readonly operations: readonly OperationTrace[];
  readonly densities: Readonly<Record<string, number>>;
}

/** The experiment's network with the densities of a simulation. Throws MappingError when its model is not spiking. */
export function measuredWorkload(experiment: Experiment, { operations, densities }: Measurement): Workload {
  const shape = experimentWorkload(experiment);
  return {
    ...shape,
    description: `${experiment.name}, densities measured on simulated chips`,
    blocks: Array.from({ length: shape.depth }, (_, i) => blockDensities(`blocks.${i}`, operations, densities)),
    ...inputDensities(shape, (train) => densities[train]),
    headDensity: headDensity(operations, shape),
  };
}

/**
 * The experiment's network with the densities of a published one, when there is no simulation; half of the input lines carry a
 * spike. Throws MappingError when its model is not spiking, and as `mapNetwork` when the hardware cannot run it.
 */
export function experimentWorkload(experiment: Experiment): Workload {
  const { model, name } = experiment;
  if (model.kind === "ann") {
    throw new MappingError(
      "model.kind",
      `The machine runs spiking networks, but the model is "${model.kind}". Choose "spiking"; the report also prices the ANN of the same size.`,
    );
  }
  if (!isSized(model)) {
    throw new MappingError(
      isTransformer(model) ? "model.residual" : "model.kind",
      "The sizes and spike densities of a transformer price its machine and rivals, but this network " +
        `${isTransformer(model) ? "adds spikes, and its layers read the sums" : "lists its operations"}. \`xpike run\` prices its machine ` +
        "from what its chips count.",
    );
  }
  requireMappable(
    { model, geometry: networkGeometry(experiment, createTask(experiment)) },
    experiment.hardware,
    experiment.task.coding,
  );
  const description = `${name}, densities of a published network`;
  const workload = workloadOf(experiment, model, description);
  const ann = workloadOf(
    { ...experiment, task: kitOf(experiment.task).askedOnce(experiment.task) },
    model,
    description,
  );
  return workload.tokens === ann.tokens ? workload : { ...workload, compared: { ann } };
}

/**
 * The comparison networks that were evaluated, for the machines that run them: `ann`, the conventional transformer, and `snn`,
 * the digital spiking one with the densities of its spikes by the names of `Trace.rasters`.
 */
export function comparedWith(
  workload: Workload,
  experiment: Experiment,
  {
    ann,
    snn,
  }: {
    readonly ann?: ModelSpec | undefined;
    readonly snn?: { readonly model: SpikingSpec; readonly densities: Readonly<Record<string, number>> } | undefined;
  },
): Workload {
  const { name } = experiment;
  const own = snn && workloadOf(experiment, snn.model, `${name}, the digital SNN that was evaluated`);
  return {
    ...workload,
    compared: {
      ...workload.compared,
      ...(ann && { ann: workloadOf(experiment, ann, `${name}, the ANN that was evaluated`) }),
      ...(own && {
        snn: {
          ...own,
          blocks: Array.from({ length: depthOf(snn.model) }, (_, i) =>
            trainDensities(`blocks.${i}`, (name) => snn.densities[name]),
          ),
          ...inputDensities(own, (train) => snn.densities[train]),
          headDensity: snn.densities.output,
        },
      }),
    },
  };
}

/** A digital SNN as it was evaluated, for `comparedWith`; undefined for a network without spike counts. */
export const comparedSnn = (
  network: { readonly model: ModelSpec } | undefined,
  evaluation: { readonly spiking: { readonly densities: Readonly<Record<string, number>> } | null } | undefined,
): { model: SpikingSpec; densities: Readonly<Record<string, number>> } | undefined =>
  network && network.model.kind !== "ann" && evaluation?.spiking
    ? { model: network.model, densities: evaluation.spiking.densities }
    : undefined;

/** A network of the experiment's task; for a conventional network, what a conventional engine needs to know. */
function workloadOf({ task, name, hardware }: Experiment, model: ModelSpec, description: string): Workload {
  const { spiking, real, grid } = createTask({ task, model }).geometry;
  const shape = shapeOf(model, afterStem(model, spiking, grid));
  return {
    ...shape,
    name,
    description,
    hardware,
    ...(model.kind === "ann" && model.quantization && { quantization: model.quantization }),
    ...(model.kind === "ann" && model.activation && { activation: model.activation }),
    annInputs: real.inputs,
    embedRows: hardware.crossbar.embedRows,
    scaled: true,
    annScores: shape.scores,
    snnSteps: shape.steps,
    blocks: Array<BlockDensities>(shape.depth).fill(SPIKINGFORMER),
    inputDensity: shape.stem ? SPIKINGFORMER.qkv : 0.5,
    ...(shape.stem && { stemDensities: stemBefore(shape).map((_, i) => (i === 0 ? 0.5 : SPIKINGFORMER.qkv)) }),
    headDensity: SPIKINGFORMER.qkv,
    result: kitOf(task).result(task),
  };
}

/** Inputs of the layers before the first block: the input, or windows of a stem's maps; `at` has densities by train. */
export function inputDensities(
  { stem }: Pick<Workload, "stem">,
  at: (train: string) => number,
): Pick<Workload, "inputDensity" | "stemDensities"> {
  if (!stem) return { inputDensity: at("input") };
  const windows = stem.map(({ name }) => at(`${name}.windows`));
  return { inputDensity: windows[windows.length - 1], stemDensities: windows.slice(0, -1) };
}

function blockDensities(
  block: string,
  operations: readonly OperationTrace[],
  densities: Readonly<Record<string, number>>,
): BlockDensities {
  // A machine without attention units has no such operation.
  const attention = operations.find(({ name }) => name === `${block}.attention`)?.actions ?? emptyTally();
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
    coincidences: attention.counterIncrements / Math.max(1, offeredBits(attention)),
  };
}

/**
 * A block's densities from its spike trains alone. Scores have no train, so the share of coinciding q and k is taken as the
 * product of their densities.
 */
export function trainDensities(block: string, at: (name: string) => number): BlockDensities {
  const shared = at(`${block}.qkv`);
  return {
    qkv: at(`${block}.input`),
    projection: at(`${block}.attention`),
    up: at(`${block}.middle`),
    down: at(`${block}.hidden`),
    query: shared,
    key: shared,
    value: shared,
    scores: 0,
    coincidences: shared ** 2,
  };
}

/** The head reads query tokens only, so its density is not that of the whole output train. */
function headDensity(operations: readonly OperationTrace[], shape: Workload): number {
  const head = shapeLayers(shape).find(({ answers }) => answers)!;
  const { cellReads, bitsRead } = operations.find(({ name }) => name === head.name)!.actions;
  // A spike reads a cell per class.
  return cellReads / (head.outputs * Math.max(1, bitsRead));
}

/** The operations of one inference, on average. */
export function perInference({ operations, prompts }: Measurement): NamedOperation[] {
  return operations.map(({ name, kind, actions }) => {
    const mean: ActionTally = emptyTally();
    for (const action of ACTION_NAMES) mean[action] = actions[action] / prompts;
    return { name, kind, actions: mean };
  });
}
