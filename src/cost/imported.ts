/**
 * A network of another program as a workload, before any of its spikes was counted: what people otherwise work out by hand.
 *
 * A spiking network is priced as it is, at densities that are assumed. The chip does not run a conventional one, but other machines do;
 * beside it, Xpikeformer and the digital SNN run a spiking network of the same sizes, which would have to be trained.
 */
import type { Experiment } from "../experiment/experiment.ts";
import { type ModelSpec, modelSpec } from "../experiment/model.ts";
import { comparedWith, experimentWorkload } from "./measured.ts";
import { meanDensity, type Workload } from "./workload.ts";

export interface ImportedWorkload {
  readonly workload: Workload;
  /** With the spiking network that the chip would run. */
  readonly experiment: Experiment;
  /** What no unit of the chip computes; empty for a spiking network. */
  readonly unconverted: readonly string[];
}

/** Throws MappingError when the experiment's machine cannot hold the network. */
export function importedWorkload(experiment: Experiment): ImportedWorkload {
  const { model } = experiment;
  const twin = { ...experiment, model: twinOf(model) };
  const workload = experimentWorkload(twin);
  const unconverted = UNCONVERTED[model.kind];
  return {
    workload: model.kind === "ann" ? comparedWith(workload, twin, { ann: model }) : workload,
    experiment: twin,
    unconverted,
  };
}

const SPIKING_TWIN: { readonly [K in ModelSpec["kind"]]: (model: Extract<ModelSpec, { kind: K }>) => ModelSpec } = {
  spiking: (model) => model,
  graph: (model) => model,
  ann: ({ width, depth, heads, expansion, position, stem, readOut }) =>
    modelSpec.parse({ kind: "spiking", width, depth, heads, expansion, position, stem, readOut }),
};

function twinOf(model: ModelSpec): ModelSpec {
  const make = SPIKING_TWIN[model.kind] as (model: ModelSpec) => ModelSpec; // the entry of the kind takes the model
  return make(model);
}

const UNCONVERTED: Readonly<Record<ModelSpec["kind"], readonly string[]>> = {
  spiking: [],
  graph: [],
  ann: [
    "softmax divides by a sum over tokens, and the attention engine only counts spikes",
    "LayerNorm divides by the deviation of each token, which no fixed weight does",
    "the activation and the residual stream are real numbers, and crossbars read spikes",
  ],
};

/** The densities of a workload in words. */
export const assumedRates = (workload: Workload): string =>
  `Its spike rates are assumed: ${(100 * meanDensity(workload)).toFixed(1)} % on average at each of T = ${workload.steps} steps (--density, --steps; ` +
  "the default is Spikingformer's on ImageNet).";
