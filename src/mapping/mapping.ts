/**
 * Which weight block sits on which crossbar, and which head on which SSA tile: placement as plain data.
 *
 * Row-block-wise (Xpikeformer, section IV-A, Fig. 4): a layer of K inputs and n outputs is cut into ceil(K / rows) row
 * blocks and ceil(n / columns) column groups. The row blocks of one column group share a tile, whose adder sums their
 * local sums for the tile's LIF units, so that no multi-bit pre-activation leaves the tile. Every weight has a crossbar
 * cell of its own. The paper's example, 384 outputs of 512 inputs, takes 3 groups of 4 blocks: 12 crossbars.
 *
 * Here a tile is one column group. The paper draws tiles of eight crossbars that hold two groups of four; such tiles share
 * buffers, which changes neither values nor counts. One SSA tile serves one head and is used again in every block of the
 * network, because it keeps no state. Left out: a limit on the number of crossbars.
 */
import { MappingError, ShapeError } from "../errors.ts";
import { multiplexerSteps, readoutUnits } from "../hardware/adc.ts";
import { linearLayers, type Network } from "../model/network.ts";
import type { HardwareSpec } from "../spec/hardware.ts";
import type { SpikingSpec } from "../spec/model.ts";
import type { TaskSpec } from "../spec/task.ts";

/** A block of a layer's weights on one crossbar. */
export interface CrossbarBlock {
  /** Index of the crossbar on the chip, counted from 0 in the order of layers, column groups, row blocks. */
  readonly crossbar: number;
  /** Index of the tile on the chip. */
  readonly tile: number;
  readonly rowStart: number;
  readonly rows: number;
  readonly columnStart: number;
  readonly columns: number;
}

export interface LayerMapping {
  /** Name of the linear layer, as in `linearLayers`. */
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly columnGroups: number;
  readonly rowBlocks: number;
  /** Column group by column group, row blocks in ascending order within each. */
  readonly blocks: readonly CrossbarBlock[];
  /** Steps in which the multiplexers bring all used columns to the converters: cycles for one input vector. */
  readonly multiplexerSteps: number;
  /** LIF units at the adders of the layer's tiles; 0 for the head, whose sums are averaged instead. */
  readonly lifUnits: number;
}

export interface SsaMapping {
  /** One tile per head, used again in every block. */
  readonly tiles: number;
  /** Tokens N; a tile has N x N cells. */
  readonly tokens: number;
  /** Head dimension d, the clocks of one time step. */
  readonly dimension: number;
}

export interface Mapping {
  /** Size of every crossbar. */
  readonly crossbar: { readonly rows: number; readonly columns: number };
  /** Readout units of one crossbar: converters (pairs of them in `pair` mode) that work side by side. */
  readonly readoutUnits: number;
  readonly layers: readonly LayerMapping[];
  readonly ssa: SsaMapping;
  readonly totals: MappingTotals;
}

export interface MappingTotals {
  readonly crossbars: number;
  readonly tiles: number;
  /** Differential pairs on all crossbars, and those that hold a weight. */
  readonly cells: number;
  readonly usedCells: number;
  /** usedCells / cells. */
  readonly utilisation: number;
  readonly converters: number;
  readonly lifUnits: number;
  readonly stochasticCells: number;
}

/**
 * Places a folded spiking network on the machine.
 *
 * @param coding how token values enter the network; `repeat` is refused, because crossbar lines take single bits
 * Throws MappingError when the network cannot run on this hardware, ShapeError when a weight does not fit its layer
 */
export function mapNetwork(
  network: Network<SpikingSpec>,
  hardware: HardwareSpec,
  coding: TaskSpec["coding"] = "bits",
): Mapping {
  requireMappable(network, coding);
  const { model, geometry } = network;
  const units = readoutUnits(hardware.crossbar.columns, hardware.adc);
  const layers: LayerMapping[] = [];
  let next = { crossbar: 0, tile: 0 };
  for (const layer of linearLayers(model, geometry)) {
    const mapped = mapLayer(layer, hardware.crossbar, units, next);
    layers.push(mapped);
    next = { crossbar: next.crossbar + mapped.blocks.length, tile: next.tile + mapped.columnGroups };
  }
  const ssa = { tiles: model.heads, tokens: geometry.tokens, dimension: model.width / model.heads };
  const cells = next.crossbar * hardware.crossbar.rows * hardware.crossbar.columns;
  const usedCells = layers.reduce((sum, { inputs, outputs }) => sum + inputs * outputs, 0);
  return {
    crossbar: { rows: hardware.crossbar.rows, columns: hardware.crossbar.columns },
    readoutUnits: units,
    layers,
    ssa,
    totals: {
      crossbars: next.crossbar,
      tiles: next.tile,
      cells,
      usedCells,
      utilisation: usedCells / cells,
      converters: next.crossbar * units * (hardware.adc.mode === "pair" ? 2 : 1),
      lifUnits: layers.reduce((sum, layer) => sum + layer.lifUnits, 0),
      stochasticCells: ssa.tiles * ssa.tokens ** 2,
    },
  };
}

/** Cuts one layer into blocks; crossbars and tiles are numbered from `next`. */
export function mapLayer(
  { name, inputs, outputs }: { readonly name: string; readonly inputs: number; readonly outputs: number },
  crossbar: { readonly rows: number; readonly columns: number },
  units: number,
  next: { readonly crossbar: number; readonly tile: number },
): LayerMapping {
  const rowBlocks = Math.ceil(inputs / crossbar.rows);
  const columnGroups = Math.ceil(outputs / crossbar.columns);
  const blocks: CrossbarBlock[] = [];
  for (let group = 0; group < columnGroups; group++) {
    const columnStart = group * crossbar.columns;
    for (let block = 0; block < rowBlocks; block++) {
      const rowStart = block * crossbar.rows;
      blocks.push({
        crossbar: next.crossbar + blocks.length,
        tile: next.tile + group,
        rowStart,
        rows: Math.min(crossbar.rows, inputs - rowStart),
        columnStart,
        columns: Math.min(crossbar.columns, outputs - columnStart),
      });
    }
  }
  return {
    name,
    inputs,
    outputs,
    columnGroups,
    rowBlocks,
    blocks,
    multiplexerSteps: multiplexerSteps(Math.min(outputs, crossbar.columns), units),
    lifUnits: name === "head" ? 0 : columnGroups * units,
  };
}

function requireMappable({ model, geometry, parameters }: Network<SpikingSpec>, coding: TaskSpec["coding"]): void {
  if (model.attention.neuron !== "stochastic") {
    throw new MappingError(
      "model.attention.neuron",
      `The SSA engine computes stochastic attention only, but this network was built with "${model.attention.neuron}" attention. ` +
        `Train one with "stochastic", or evaluate this one without hardware.`,
    );
  }
  if (coding === "repeat") {
    throw new MappingError(
      "task.coding",
      `Crossbar lines take one bit per time step, but "repeat" feeds ${geometry.inputs} real values per token, each of which ` +
        `would need a digital-to-analog converter. Use "bits" or "bernoulli".`,
    );
  }
  if (model.normalisation === "batch") {
    throw new MappingError(
      "model.normalisation",
      "The hardware has no BatchNorm: fold it into weights and offsets first, with foldNetwork(network).",
    );
  }
  for (const { name, inputs, outputs } of linearLayers(model, geometry)) {
    const path = `parameters.${name}.weight`;
    const weight = parameters[`${name}.weight`];
    if (!weight || weight.data.length !== inputs * outputs) {
      throw new ShapeError(
        path,
        `${name} has ${inputs} inputs and ${outputs} outputs, so its weight holds ${inputs * outputs} values, but the network ` +
          `has ${weight ? weight.data.length : "none"}.`,
      );
    }
  }
}
