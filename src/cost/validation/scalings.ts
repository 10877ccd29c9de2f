/**
 * Published scalings of energy between nodes, side by side: how far a figure of one node may move on its way to another.
 *
 *   stillmaker     gates, simulated with predictive models of transistors (`stillmaker-integration-2017`)
 *   neurosim       an 8-bit adder of a circuit model (`peng-iedm-2019`)
 *   conservative   processors, projected (`esmaeilzadeh-isca-2011`)
 *   itrs           the same, by the roadmap of the time
 */
import { CostError } from "../../errors.ts";
import { darkSilicon } from "../sources/esmaeilzadeh-isca-2011.ts";
import { interpolated, SCALING_LAWS } from "../sources/node.ts";
import { neurosim } from "../sources/peng-iedm-2019.ts";
import { stillmaker } from "../sources/stillmaker-integration-2017.ts";

export interface EnergyScaling {
  readonly name: string;
  readonly source: string;
  /** Energy by node relative to 45 nm, in descending order of nodes. */
  readonly factors: readonly (readonly [node: number, factor: number])[];
}

const adders = neurosim.prices;
const projected = darkSilicon.prices;
const NODES = { energy32: 32, energy22: 22, energy16: 16, energy11: 11, energy8: 8 } as const;
const names = Object.keys(NODES) as (keyof typeof NODES)[];

export const ENERGY_SCALINGS: readonly EnergyScaling[] = [
  {
    name: "stillmaker",
    source: stillmaker.id,
    factors: SCALING_LAWS.digital.factors,
  },
  {
    name: "neurosim",
    source: neurosim.id,
    factors: [
      [65, adders.adder65.value],
      [45, 1],
      [32, adders.adder32.value],
      [22, adders.adder22.value],
    ],
  },
  {
    name: "conservative",
    source: darkSilicon.id,
    factors: [[45, 1], ...names.map((name) => [NODES[name], projected[name].value] as const)],
  },
  {
    name: "itrs",
    source: darkSilicon.id,
    factors: [[45, 1], ...names.map((name) => [NODES[name], projected[name].low] as const)],
  },
];

export interface ScalingRange {
  /** By Stillmaker and Baas, the scaling of this model's logic. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Names of the scalings that cover the node. */
  readonly names: readonly string[];
}

/**
 * Energy at `node` relative to 45 nm by every scaling that covers it.
 *
 * Throws  CostError if fewer than two cover it: 65 to 8 nm
 */
export function scalingRange(node: number): ScalingRange {
  const covering = scalingsAt(node);
  if (covering.length < 2) {
    throw new CostError(
      "node",
      `${node} nm is covered by ${covering.length} of ${ENERGY_SCALINGS.length} published scalings, and a range needs two. Choose a node from 65 to 8 nm.`,
    );
  }
  const factors = covering.map(({ factor }) => factor);
  return {
    value: factors[0],
    low: Math.min(...factors),
    high: Math.max(...factors),
    names: covering.map(({ name }) => name),
  };
}

/** The scalings that cover a node, each with its factor there. */
export const scalingsAt = (node: number): { readonly name: string; readonly factor: number }[] =>
  ENERGY_SCALINGS.filter(({ factors }) => node <= factors[0][0] && node >= factors.at(-1)![0]).map(
    ({ name, factors }) => ({ name, factor: interpolated(factors, node) }),
  );
