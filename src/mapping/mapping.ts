/**
 * Assigns weight blocks to crossbars and heads to attention units (`attention.ts`): placement as plain data.
 *
 * Row-block-wise (Xpikeformer, section IV-A, Fig. 4): a layer of K inputs and n outputs is split into ceil(K / rows) row blocks
 * and ceil(n / columns) column groups. The row blocks of one column group share a tile, with an adder that sums their local
 * sums for the tile's LIF units, so no multi-bit pre-activation leaves the tile. Every weight has its own crossbar cell. The
 * paper's example, 384 outputs of 512 inputs, takes 3 groups of 4 blocks: 12 crossbars.
 *
 * A convolution reads windows of bits as any layer reads rows, so it is placed by the size of its window.
 *
 * The embedding can be split more finely than its crossbars (`embedRows`), which costs crossbars and conversions and gains
 * resolution.
 *
 * Here a tile is one column group. The paper draws tiles of eight crossbars that hold two groups of four; such tiles share
 * buffers, which changes neither values nor counts. One attention unit serves one head at a time.
 *
 * A chip with fewer crossbars than the network has blocks is time-shared: tiles are placed in the order in which layers run,
 * and when the next tile does not fit, a new load begins with all crossbars free. Values do not depend on it.
 */
import { MappingError, ShapeError } from "../errors.ts";
import { type ColumnReadOut, decidingOf } from "../experiment/by-read-out.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import type { TaskSpec } from "../experiment/task.ts";
import { multiplexerSteps, readoutUnits } from "../hardware/adc.ts";
import type { MatrixBlock } from "../hardware/blocks.ts";
import { rowsFor } from "../hardware/crossbar.ts";
import { requireIntegers } from "../hardware/integer-arithmetic.ts";
import { neuronUnits } from "../hardware/lif.ts";
import { STRAIGHT, type Wiring, wiringOf } from "../hardware/line-order.ts";
import { readsFor } from "../hardware/line-reads.ts";
import { readOutFor } from "../hardware/read-out.ts";
import type { Geometry } from "../model/geometry.ts";
import type { LinearLayer } from "../model/layers.ts";
import { linearLayers, type Network } from "../model/network.ts";
import { graphOf } from "../model/transformer.ts";
import { type AttentionMapping, mapAttention, stochasticCells } from "./attention.ts";
import { requireColumns, requireSteps } from "./read-out.ts";

/** A block of a layer's weights on one crossbar. */
export interface CrossbarBlock extends MatrixBlock {
  /** Index of the programmed crossbar, counted from 0 in the order of layers, column groups, row blocks. */
  readonly crossbar: number;
  /** Index of the tile, counted likewise. */
  readonly tile: number;
  /** The load of the chip that holds it, and its crossbar on the chip. */
  readonly load: number;
  readonly site: number;
}

export interface LayerMapping extends LinearLayer, Placement {}

/** What placing a layer depends on. */
type Placeable = Pick<
  LinearLayer,
  "name" | "inputs" | "outputs" | "most" | "block" | "ownNeurons" | "attention" | "beginsStream" | "answers"
>;

/** Where a layer is placed, and what it occupies. */
export interface Placement extends Wiring {
  /** Total lines of its row blocks: one or more per input (`hardware/line-order.ts`). */
  readonly lines: number;
  readonly columnGroups: number;
  readonly rowBlocks: number;
  /** Column group by column group, row blocks in ascending order within each. */
  readonly blocks: readonly CrossbarBlock[];
  /** Reads of an input vector (`hardware/line-reads.ts`). */
  readonly reads: number;
  /** What reads its columns. */
  readonly readOut: ColumnReadOut;
  /** Multiplexer steps in which all used columns reach the converters, for one input vector; 0 without converters. */
  readonly multiplexerSteps: number;
  /** LIF units at the adders of the layer's tiles; 0 for the head, whose sums are averaged instead, and without converters. */
  readonly lifUnits: number;
}

export interface Mapping {
  /** Size of every crossbar. */
  readonly crossbar: { readonly rows: number; readonly columns: number };
  /** Readout units of one crossbar: converters (pairs of them in `pair` mode) that work in parallel. */
  readonly readoutUnits: number;
  readonly layers: readonly LayerMapping[];
  /** Units of attention; none where the network has no attention. */
  readonly attention: readonly AttentionMapping[];
  readonly totals: MappingTotals;
}

export interface MappingTotals {
  /** Crossbars on the chip, and the weight blocks they hold in all loads together. */
  readonly crossbars: number;
  readonly blocks: number;
  readonly loads: number;
  readonly tiles: number;
  /** Differential pairs of all blocks, and those that hold a weight. */
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
 * Throws MappingError when the network cannot run on this hardware, SpecError when its attention unit cannot be built or its numbers
 * do not match `hardware.arithmetic`, ShapeError when a weight does not fit its layer
 */
export function mapNetwork(
  network: Network<SpikingSpec>,
  hardware: HardwareSpec,
  coding: TaskSpec["coding"] = "bits",
): Mapping {
  const { model, geometry } = network;
  const attention = requireMappable(network, hardware, coding);
  requireFolded(network);
  const mapping = placeLayers(linearLayers(model, geometry), attention, hardware);
  requireSteps(mapping.layers, model.steps, hardware);
  return mapping;
}

/**
 * The network's attention units, after all checks that need no weights: whether this hardware can run such a network.
 *
 * Throws MappingError and SpecError as `mapNetwork`
 */
export function requireMappable(
  network: Pick<Network<SpikingSpec>, "model" | "geometry">,
  hardware: HardwareSpec,
  coding: TaskSpec["coding"],
): AttentionMapping[] {
  const { model, geometry } = network;
  neuronUnits(model.neuron); // throws if no unit supports such a neuron
  requireSpikes(network);
  requireMean(geometry, hardware);
  if (coding === "repeat") {
    throw new MappingError(
      "task.coding",
      `Crossbar lines take one bit per time step, but "repeat" feeds ${geometry.inputs} real values per token, each of which ` +
        `would need a digital-to-analog converter. Use "bits", "thermometer" or "bernoulli".`,
    );
  }
  if (hardware.arithmetic !== null) requireIntegers(model.neuron, hardware.arithmetic, hardware.adc);
  return mapAttention(graphOf(network), model.steps, hardware);
}

/** Throws MappingError where a layer reads numbers that are no spikes or sums of them, such as a mean. */
function requireSpikes(network: Pick<Network<SpikingSpec>, "model" | "geometry">): void {
  const { model } = network;
  const found = linearLayers(model, network.geometry).find(({ most }) => most === null);
  if (!found) return;
  const { name, trainIn, answers } = found;
  throw new MappingError(
    answers ? "task.readOut" : `model.operations.${name}`,
    `Crossbar lines take bits, one after another for a sum of spikes, but ${name} reads ${trainIn}, which are no whole numbers. ` +
      (answers ? "Set task.readOut to `mean`, which averages answers." : "List neurons between them."),
  );
}

/** Throws MappingError where whole numbers would have to be divided by something other than a power of two. */
function requireMean({ readOut, tokens }: Geometry, { arithmetic }: HardwareSpec): void {
  if (readOut !== "stream-mean" || arithmetic === null || Number.isInteger(Math.log2(tokens))) return;
  throw new MappingError(
    "task.readOut",
    `The mean of the stream over ${tokens} tokens is a shift only for 1, 2, 4, ... tokens. Set hardware.arithmetic to null, or task.readOut to \`mean\`.`,
  );
}

/**
 * Places layers by their sizes and their places in the graph, in the order given.
 *
 * Throws MappingError when a tile of a layer has more row blocks than the chip has crossbars, or a layer cannot be read as it says
 */
export function placeLayers(
  linear: readonly LinearLayer[],
  attention: readonly AttentionMapping[],
  hardware: HardwareSpec,
): Mapping {
  const units = readoutUnits(hardware.crossbar.columns, hardware.adc);
  const layers: LayerMapping[] = [];
  let next = START;
  for (const layer of linear) {
    const mapped = mapLayer({ ...layer, ...wiringOf(layer, hardware.crossbar) }, hardware, next);
    layers.push(mapped.layer);
    next = mapped.next;
  }
  for (const layer of layers) requireColumns(layer, hardware, next.load + 1);
  const crossbars = hardware.crossbars ?? next.crossbar;
  const decided = layers.filter(({ readOut }) => decidingOf(readOut) !== null);
  const converting = crossbars - decided.reduce((sum, { blocks }) => sum + blocks.length, 0);
  const cells = next.crossbar * hardware.crossbar.rows * hardware.crossbar.columns;
  const usedCells = layers.reduce((sum, { lines, outputs }) => sum + lines * outputs, 0);
  return {
    crossbar: { rows: hardware.crossbar.rows, columns: hardware.crossbar.columns },
    readoutUnits: units,
    layers,
    attention,
    totals: {
      crossbars,
      blocks: next.crossbar,
      loads: next.load + 1,
      tiles: next.tile,
      cells,
      usedCells,
      utilisation: usedCells / cells,
      converters: converting * units * (hardware.adc.mode === "pair" ? 2 : 1),
      lifUnits: layers.reduce((sum, layer) => sum + layer.lifUnits, 0),
      stochasticCells: stochasticCells(attention),
    },
  };
}

/** The place of the next block. */
export interface Cursor {
  readonly crossbar: number;
  readonly tile: number;
  readonly load: number;
  readonly site: number;
}

export const START: Cursor = { crossbar: 0, tile: 0, load: 0, site: 0 };

/**
 * Splits one layer into blocks, placed from `next` on.
 *
 * Throws MappingError when a tile of the layer has more row blocks than the chip has crossbars
 */
export function mapLayer<L extends Placeable & Partial<Wiring>>(
  linear: L,
  hardware: HardwareSpec,
  next: Cursor,
): { layer: L & Placement; next: Cursor } {
  const { name, inputs, outputs } = linear;
  const { columns } = hardware.crossbar;
  const rows = rowsFor(linear, hardware.crossbar);
  const units = readoutUnits(columns, hardware.adc);
  const wired = { ...STRAIGHT, ...linear };
  const lines = inputs * wired.linesPerInput;
  const rowBlocks = Math.ceil(lines / rows);
  const columnGroups = Math.ceil(outputs / columns);
  const available = hardware.crossbars ?? Number.POSITIVE_INFINITY;
  if (rowBlocks > available) {
    throw new MappingError(
      "hardware.crossbars",
      `${name} has ${lines} lines, which take ceil(${lines} / ${rows}) = ${rowBlocks} crossbars of one tile, but the chip has ${available}. ` +
        `Set hardware.crossbars to ${rowBlocks} or more, or use crossbars with more rows.`,
    );
  }
  let { crossbar, tile, load, site } = next;
  const blocks: CrossbarBlock[] = [];
  for (let columnStart = 0; columnStart < outputs; columnStart += columns, tile++) {
    if (site + rowBlocks > available) {
      load++;
      site = 0;
    }
    for (let rowStart = 0; rowStart < lines; rowStart += rows, crossbar++, site++) {
      const size = { rows: Math.min(rows, lines - rowStart), columns: Math.min(columns, outputs - columnStart) };
      blocks.push({ crossbar, tile, load, site, rowStart, columnStart, ...size });
    }
  }
  const readOut = readOutFor(linear, hardware);
  const converts = decidingOf(readOut) === null;
  const layer = {
    ...wired,
    reads: readsFor(linear.most ?? 1, hardware.crossbar.integers),
    readOut,
    lines,
    columnGroups,
    rowBlocks,
    blocks,
    multiplexerSteps: converts ? multiplexerSteps(Math.min(outputs, columns), units) : 0,
    lifUnits: converts && !linear.answers ? columnGroups * units : 0,
  };
  return { layer, next: { crossbar, tile, load, site } };
}

/** Refuses a network with unfolded normalisation, or with a weight that does not match the size of its layer. */
function requireFolded({ model, geometry, parameters }: Network<SpikingSpec>): void {
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

/** The spike trains that neurons send, with their number of neurons. */
export const neuronTrains = ({ layers }: Pick<Mapping, "layers">): ReadonlyMap<string, number> =>
  new Map(
    layers.flatMap(({ readsStream, trainIn, inputs, ownNeurons, trainOut, outputs }) => [
      ...(readsStream ? [[trainIn, inputs] as const] : []),
      ...(ownNeurons ? [[trainOut as string, outputs] as const] : []),
    ]),
  );
