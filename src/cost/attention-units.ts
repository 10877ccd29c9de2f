/**
 * Prices of attention units with neurons, from their widths: what each action and each tile costs. The SSA tile is priced in
 * `machine-price.ts` with the same cells.
 *
 *   cells       AND and counter: those of the SSA tile at this counter's width; two zeros that count take a gate more
 *   decisions   a comparator, or a neuron
 *   counts      held in a register of their width, gated bit by bit, and added by an adder of the column's width
 *   counters    of channels: an addition each; of tokens: a full adder per bit, an eighth of an 8-bit addition
 *   neurons     logic of a LIF unit by its bits; membranes in registers, or in SRAM where blocks take turns
 *
 * Every flip-flop that is written pays in the clock: counters once per bit offered, as those of the SSA tile, membranes once per update.
 */
import type { Action, ActionCounts } from "../hardware/actions.ts";
import type { FiringUnit, NoUnit } from "../hardware/attention/catalogue.ts";
import type { NeuronGroup } from "../hardware/attention/unit.ts";
import type { Engine, SsaUnit } from "../machine/machine.ts";
import type { MachineNetwork } from "../machine/network.ts";
import { neuronPrices } from "./neurons.ts";
import type { Technology } from "./parameters.ts";
import { adder, attentionCell, comparator, register } from "./prices/logic.ts";
import { additionEnergy } from "./unit-energies.ts";

/** The sizes of attention units that prices depend on. */
export type SizedAttention =
  | Pick<SsaUnit, "unit" | "tiles" | "cells" | "counterBits" | "fifos" | "fifoBits" | "feet" | "registers">
  | (FiringUnit & { readonly tiles: number })
  | NoUnit;

/** Units with the operations that they serve, and the sizes of these. */
export type SizedEngine = SizedAttention & Pick<Engine, "serves" | "heads" | "tokens" | "dimension">;

/** What the parts of the SSA tile share with other units; 0 of those that a unit lacks. */
export type TileSizes = Pick<SsaUnit, "tiles" | "counterBits" | "fifos" | "fifoBits">;

export interface AttentionPrices {
  /** Joules per action, besides those that the SSA tile has, too. */
  readonly energy: Partial<ActionCounts>;
  /** Flip-flops written per action. */
  readonly written: Partial<ActionCounts>;
  /** Square metres of one tile, without FIFOs. */
  readonly area: number;
}

const NOTHING: AttentionPrices = { energy: {}, written: {}, area: 0 };
const NO_TILE: TileSizes = { tiles: 0, counterBits: 0, fifos: 0, fifoBits: 0 };

export function tileSizes(attention: SizedAttention): TileSizes {
  switch (attention.unit) {
    case "none":
      return NO_TILE;
    case "ssa-tile":
      return attention;
    case "pair-tile":
      return { ...attention, fifoBits: attention.dimension };
    case "column-counters":
    case "token-counters":
    case "outer-product":
      return { ...NO_TILE, tiles: attention.tiles, counterBits: attention.counterBits };
  }
}

type Network = Pick<MachineNetwork, "reset">;
type Price<Unit> = (unit: Unit, network: Network, technology: Technology) => AttentionPrices;

const PRICES: { readonly [Name in FiringUnit["unit"]]: Price<Extract<FiringUnit, { unit: Name }>> } = {
  "pair-tile": (unit, network, technology) => {
    const { decision, counterBits, sumBits, cells, dimension, scoreNeurons, outputNeurons, drained } = unit;
    const holdsCounts = decision.by === "count";
    const [cell, column] = [attentionCell({ counterBits }, technology), gatedAdder(counterBits, sumBits, technology)];
    const compare = comparator({ bits: counterBits }, technology);
    const [score, output] = [scoreNeurons, outputNeurons].map(
      (group) => group && neurons(group, drained, network, technology),
    );
    // A count is held once per window, and a bit, as in the SSA tile, once per clock.
    const held = holdsCounts ? counterBits / dimension : 1;
    const ofCell =
      (holdsCounts ? register({ bits: counterBits - 1 }, technology).area + column.area : 0) +
      (decision.by === "cut" ? compare.area : 0) +
      (unit.zeros > 0 ? gateArea(technology) : 0);
    return {
      energy: {
        scoreNors: technology.gate,
        countComparisons: compare.energy,
        gatedAdditions: column.energy,
        scoreUpdates: score?.energy ?? 0,
        outputUpdates: output?.energy ?? 0,
      },
      written: {
        scoreAnds: counterBits + held,
        scoreUpdates: scoreNeurons?.neurons.membraneBits ?? 0,
        outputUpdates: outputNeurons.neurons.membraneBits,
        partialSums: dimension * sumBits,
      },
      area: cells * (cell.area + ofCell) + (score?.area ?? 0) + (output?.area ?? 0),
    };
  },
  "column-counters": (unit, network, technology) => {
    const { counterBits, dimension, outputNeurons, drained } = unit;
    const output = neurons(outputNeurons, drained, network, technology);
    return {
      energy: {
        channelCounts: adder({ bits: counterBits }, technology).energy,
        tokenAnds: technology.gate,
        outputUpdates: output.energy,
      },
      written: { channelCounts: counterBits, outputUpdates: outputNeurons.neurons.membraneBits + 1 },
      area: dimension * (attentionCell({ counterBits }, technology).area + gateArea(technology)) + output.area,
    };
  },
  "token-counters": (unit, network, technology) => {
    const { counterBits, dimension, outputNeurons, drained } = unit;
    const output = neurons(outputNeurons, drained, network, technology);
    return {
      energy: {
        treeBits: additionEnergy(technology, 8) / 8,
        tokenAnds: technology.gate,
        outputUpdates: output.energy,
      },
      written: { treeBits: counterBits / dimension, outputUpdates: outputNeurons.neurons.membraneBits + 1 },
      area:
        dimension * (technology.adderArea / 32 + gateArea(technology)) +
        register({ bits: counterBits + 1 }, technology).area +
        output.area,
    };
  },
  "outer-product": (unit, network, technology) => {
    const { counterBits, sumBits, dimension, outputNeurons, drained } = unit;
    const [cell, column] = [attentionCell({ counterBits }, technology), gatedAdder(counterBits, sumBits, technology)];
    const output = neurons(outputNeurons, drained, network, technology);
    return {
      energy: { outerAnds: cell.energy, gatedAdditions: column.energy, outputUpdates: output.energy },
      written: { outerAnds: counterBits, outputUpdates: outputNeurons.neurons.membraneBits },
      area: dimension ** 2 * (cell.area + column.area) + output.area,
    };
  },
};

/** The prices of a unit with neurons; nothing for others. */
export function attentionPrices(attention: SizedAttention, network: Network, technology: Technology): AttentionPrices {
  if (attention.unit === "none" || attention.unit === "ssa-tile") return NOTHING;
  const price = PRICES[attention.unit] as Price<FiringUnit>; // the entry of the unit takes it
  return price(attention, network, technology);
}

/** The sum of an amount per action over all actions. */
export function sumOver(per: Partial<ActionCounts>, total: ActionCounts): number {
  let sum = 0;
  for (const action of Object.keys(per) as Action[]) sum += (per[action] ?? 0) * total[action];
  return sum;
}

/** Joules per update, and square metres of the neurons of one tile with their membranes. */
function neurons(
  { neurons: { membraneBits }, membranes, units }: NeuronGroup,
  drained: "run" | "step",
  network: Network,
  technology: Technology,
) {
  const { logic, area } = neuronPrices(network, technology);
  // A unit contains the register of one membrane; where blocks take turns, the others wait in SRAM.
  const kept = drained === "run" ? Math.max(0, membranes - units) : 0;
  return {
    energy: (logic * membraneBits) / NEURON_BITS,
    area: (units * area * membraneBits) / NEURON_BITS + kept * register({ bits: membraneBits }, technology).area,
  };
}

/** Bit width for which a neuron is priced. */
const NEURON_BITS = 16;

/** A count behind its gates, and its share of the column's adder. */
function gatedAdder(countBits: number, sumBits: number, technology: Technology) {
  const sum = adder({ bits: sumBits }, technology);
  return { energy: sum.energy + countBits * technology.gate, area: sum.area + countBits * gateArea(technology) };
}

/** A gate is as large as a bit of a comparator, as in a zero detector. */
const gateArea = ({ comparatorArea }: Technology): number => comparatorArea / 32;
