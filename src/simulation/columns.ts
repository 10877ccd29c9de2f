/**
 * The grid of columns without converters: charges, leaks and thresholds of a tile in whole numbers. `hardware/read-out.ts` has the
 * physics, `hardware/charge-neurons.ts` what is computed with them.
 *
 * A unit of charge is 2^-G of a weight of 1. A device of row block b and column c counts
 *
 *   round(g (1 + m_bc) s 2^G / scale_bc)
 *
 * units; the row blocks of a tile are programmed with one scale for each column, and drift compensation lengthens the read pulses of a
 * crossbar, which changes its scale. The offset of a layer (a folded BatchNorm) is injected as charge, rounded to units. G is 12, or
 * less where charges could exceed 16 bits: with all rows of one sign driven, a tile's sums and offset stay below 2^15 units, so no
 * charge overflows, in any order. Membranes saturate there, which is counted.
 */
import { ValueError } from "../errors.ts";
import { type Deciding, decidingOf } from "../experiment/by-read-out.ts";
import type { NeuronSpec } from "../experiment/neuron.ts";
import {
  CHARGE_RANGE,
  type ColumnConstants,
  type ColumnRun,
  columnConstants,
  LEAK_ONE,
} from "../hardware/charge-neurons.ts";
import type { ConvertedVectors } from "../hardware/converter-errors.ts";
import type { CrossbarReading } from "../hardware/crossbar.ts";
import { leakShiftOf } from "../hardware/lif-parameters.ts";
import { type ColumnErrors, heldShare, settledShare, sharedCharge, thermalNoise } from "../hardware/read-out.ts";
import { timingOf } from "../hardware/timing.ts";
import { stepClocks } from "../mapping/clocks.ts";
import type { CrossbarBlock, LayerMapping } from "../mapping/mapping.ts";
import { roundHalfEven } from "../numeric/rounding.ts";
import type { Stream } from "../numeric/stream.ts";
import { type MappedNetwork, unitNeuron } from "./chip.ts";

/** Fraction bits of a charge: the most, and the fewest that leave neurons something to decide on. */
const MOST_FRACTION_BITS = 12;
const FEWEST_FRACTION_BITS = 4;

/** A tile's columns on their grid. */
export interface ColumnTile {
  /** By row block: conductances of the two signs, `[rows, columns]`, in units of charge, not yet rounded. */
  readonly charges: readonly Pick<CrossbarReading, "plus" | "minus">[];
  /** Charges of the offsets, by column; whole numbers. */
  readonly offsets: Float32Array;
  readonly constants: ColumnConstants;
}

/** What a tile's grid follows from, besides its readings. */
export interface ColumnPlan {
  readonly layer: LayerMapping;
  readonly deciding: Deciding;
  readonly neuron: NeuronSpec;
  /** Offsets of the layer, in the unit of weights. */
  readonly offsets: Float32Array;
  /** Seconds between the steps of a token. */
  readonly seconds: number;
}

/** Null for a layer with converters. */
export function columnPlan({ network, mapping, hardware }: MappedNetwork, layer: LayerMapping): ColumnPlan | null {
  const deciding = decidingOf(layer.readOut);
  if (deciding === null) return null;
  const neuron = unitNeuron(network, layer.trainOut as string);
  const offsets = network.parameters[`${layer.name}.offset`].data;
  const seconds = stepClocks(mapping.layers, layer.name, hardware) / timingOf(hardware).clock;
  return { layer, deciding, neuron, offsets, seconds };
}

/**
 * @param blocks row blocks of the tile, in ascending order, with their readings and errors
 * Throws  ValueError where charges would need so few fraction bits that neurons could not decide
 */
export function columnTile(
  { layer, deciding: { circuit, keeps }, neuron, offsets, seconds }: ColumnPlan,
  blocks: readonly {
    readonly block: CrossbarBlock;
    readonly reading: CrossbarReading;
    readonly errors: ColumnErrors;
  }[],
): ColumnTile {
  const [{ block: first, errors: own }] = blocks;
  const { columns, columnStart } = first;
  const real = offsets.subarray(columnStart, columnStart + columns);
  const settled = settledShare(circuit);
  const perWeight = blocks.map(({ reading, errors }) =>
    Float64Array.from(reading.scales, (scale, c) => (errors.gains[c] * settled) / scale),
  );
  const fractionBits = fittingFractionBits(layer.name, blocks, perWeight, real, neuron.threshold);
  const one = 2 ** fractionBits;
  const constants = columnConstants(columns);
  const perVolt = one / circuit.swing;
  const beta = 2 ** -leakShiftOf(neuron);
  const held = heldShare(circuit, seconds);
  const level = Math.ceil(one * neuron.threshold);
  constants.levels.fill(level);
  constants.thermal.fill(thermalNoise(circuit) * perVolt);
  constants.deciding.fill(circuit.noise * 1e-3 * perVolt);
  for (let c = 0; c < columns; c++) {
    constants.leaks[c] = keeps ? Math.round(LEAK_ONE * sharedCharge(beta, own.leaks[c]) * held) : 0;
    constants.thresholds[c] = level - Math.round(own.offsets[c] * perVolt);
  }
  const inUnits = (conductances: Float32Array, scale: Float64Array) =>
    conductances.map((conductance, i) => conductance * scale[i % columns] * one);
  return {
    charges: blocks.map(({ reading }, b) => ({
      plus: inUnits(reading.plus, perWeight[b]),
      minus: inUnits(reading.minus, perWeight[b]),
    })),
    offsets: Float32Array.from(real, (offset) => roundHalfEven(offset * one)),
    constants,
  };
}

/** The most fraction bits with which no charge overflows. */
function fittingFractionBits(
  layer: string,
  blocks: readonly { readonly reading: CrossbarReading }[],
  perWeight: readonly Float64Array[],
  offsets: Float32Array,
  threshold: number,
): number {
  let [largest, rows] = [threshold, 0];
  const sums = [Float64Array.from(offsets, (x) => Math.max(0, x)), Float64Array.from(offsets, (x) => Math.max(0, -x))];
  for (const [b, { reading }] of blocks.entries()) {
    const { columns, plus, minus } = reading;
    rows += reading.rows;
    for (let i = 0, c = 0; i < plus.length; i++, c = c + 1 < columns ? c + 1 : 0) {
      const weight = (plus[i] - minus[i]) * perWeight[b][c];
      sums[weight > 0 ? 0 : 1][c] += Math.abs(weight);
    }
  }
  for (const sum of [...sums[0], ...sums[1]]) largest = Math.max(largest, sum);
  // Rounding two conductances of a row and an offset moves a sum by less than 1.01 units per row, and 1.
  const most = CHARGE_RANGE.high - 1.01 * rows - 2;
  for (let bits = MOST_FRACTION_BITS; bits >= FEWEST_FRACTION_BITS; bits--)
    if (2 ** bits * largest <= most) return bits;
  throw new ValueError(
    "hardware.readOut",
    `With all rows of one sign driven, a column of ${layer} receives ${largest.toPrecision(3)} times a weight of 1. In 16 bits, that leaves ` +
      `fewer than ${FEWEST_FRACTION_BITS} bits below a weight of 1. Read this layer with converters, or train smaller weights.`,
  );
}

/** How a layer's columns decide on `vectors`. Random: fork "columns" of `random`, with the layer's name. */
export function columnRun(
  { layer, deciding, neuron }: ColumnPlan,
  vectors: ConvertedVectors,
  random: Stream,
): ColumnRun {
  const { keeps } = deciding;
  const key = isNoisy(deciding) ? random.fork("columns", layer.name).key : null;
  return { features: layer.outputs, vectors, reset: neuron.reset, keeps, leaks: leakShiftOf(neuron) > 0, key };
}

/** Whether columns draw noise at every step. */
export const isNoisy = ({ circuit }: Deciding): boolean => circuit.capacitor !== null || circuit.noise > 0;

/** Blocks of a layer by tile, row blocks in ascending order. */
export const tilesOf = ({ blocks, rowBlocks }: Pick<LayerMapping, "blocks" | "rowBlocks">): CrossbarBlock[][] =>
  Array.from({ length: blocks.length / rowBlocks }, (_, tile) =>
    blocks.slice(tile * rowBlocks, (tile + 1) * rowBlocks),
  );

/** Copies a tile's constants to those of its layer. State: `layer`. */
export function placeConstants(tile: ColumnConstants, layer: ColumnConstants, columnStart: number): void {
  for (const name of Object.keys(tile) as (keyof ColumnConstants)[]) layer[name].set(tile[name], columnStart);
}
