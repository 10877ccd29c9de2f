/**
 * Silicon area: of Xpikeformer's crossbars, cells and LIF units, or of all units of the simulated machine if a technology
 * prices it whole. Every weight of Xpikeformer has its own cell, so its area grows with the model; a digital engine's
 * arithmetic does not, but its weights take SRAM.
 */
import type { AttentionKind } from "../experiment/attention.ts";
import { blockRuns } from "../machine/densities.ts";
import { attentionParts, stemBefore } from "../machine/shape.ts";
import { neuronPrices } from "./neurons.ts";
import type { Technology } from "./parameters.ts";
import { planMachine, priceUnitsOf } from "./planned.ts";
import { blockLayers, countMacs, networkFor, outerLayers, rowBlocks, type Workload } from "./workload.ts";

export interface Area {
  readonly crossbars: number;
  /** Square metres. */
  readonly xpikeformer: Readonly<Record<string, number>>;
  readonly annDigital: Readonly<Record<"arithmetic" | "weights", number>>;
}

/** Crossbars for all layers; embedding and head only if they are layers of spikes. */
export function countCrossbars(workload: Workload, { rows, columns }: Pick<Technology, "rows" | "columns">): number {
  const layers = [...blockLayers(workload), ...outerLayers(workload)];
  return layers.reduce(
    (sum, layer) => sum + layer.repeat * rowBlocks(layer, rows) * Math.ceil(layer.outputs / columns),
    0,
  );
}

/** Xpikeformer's part of an area. */
export interface OwnArea extends Pick<Area, "crossbars"> {
  /** Square metres. */
  readonly area: Area["xpikeformer"];
}

/** @param own of the same workload and technology; default planned and priced here */
export function estimateArea(
  workload: Workload,
  technology: Technology,
  own: OwnArea = ownArea(workload, technology),
): Area {
  return {
    crossbars: own.crossbars,
    xpikeformer: own.area,
    annDigital: {
      arithmetic: technology.annUnits * technology.macArea,
      weights: countMacs(networkFor(workload, "ann")).weights * technology.sramArea,
    },
  };
}

const ownArea = (workload: Workload, technology: Technology): OwnArea =>
  technology.wholeMachine === 1
    ? priceUnitsOf(planMachine(workload, technology), technology)
    : areaOfUnits(workload, technology);

/** Of crossbars, cells and LIF units, as published comparisons count. */
export function areaOfUnits(workload: Workload, technology: Technology): OwnArea {
  const { width, expansion } = workload;
  const crossbars = countCrossbars(workload, technology);
  const ofStem = stemBefore(workload).reduce((sum, { outputs }) => sum + outputs, 0);
  const perBlock = (attentionParts(workload).length + 1 + (workload.outputProjection ? 1 : 0) + expansion) * width;
  const blocks = blockRuns(workload).reduce((sum, { repeat }) => sum + repeat, 0);
  return {
    crossbars,
    area: {
      crossbars: crossbars * technology.crossbarArea,
      attention: cellsOf(workload) * technology.ssaTiles * technology.sacArea,
      lif: ((blocks * perBlock + ofStem) / technology.columnsPerConverter) * neuronPrices(workload, technology).area,
    },
  };
}

/** Cells of one attention unit, as published comparisons would count them: what is done for pairs of tokens, pairs of channels, or bits. */
const CELLS: Readonly<
  Record<AttentionKind, (network: { readonly tokens: number; readonly dimension: number }) => number>
> = {
  stochastic: pairsOf,
  lif: pairsOf,
  spikformer: pairsOf,
  "sdsa-1": ({ dimension }) => dimension,
  "sdsa-3": ({ dimension }) => dimension ** 2,
  "qk-token": ({ dimension }) => dimension,
  "qk-channel": ({ dimension }) => dimension,
  "alpha-xnor": pairsOf,
  "binary-map": pairsOf,
  random: pairsOf,
  none: () => 0,
};

function pairsOf({ tokens }: { readonly tokens: number }): number {
  return tokens ** 2;
}

const cellsOf = ({ attention, tokens, width, heads }: Workload): number =>
  CELLS[attention?.kind ?? "stochastic"]({ tokens, dimension: width / heads });
