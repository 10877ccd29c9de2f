/**
 * The constants of a chip in whole numbers: its crossbars and the network's parameters, as held in registers. Equations and
 * bounds: `hardware/integer-arithmetic.ts`.
 *
 * Full scales are analog settings: they are measured on unrounded currents, before conductances are rounded to units of the
 * resulting code step.
 */

import { ValueError } from "../errors.ts";
import type { ArithmeticSpec } from "../experiment/arithmetic.ts";
import { decidingOf } from "../experiment/by-read-out.ts";
import type { AdcSpec } from "../experiment/hardware.ts";
import type { Converter } from "../hardware/adc.ts";
import type { ConverterErrors } from "../hardware/converter-errors.ts";
import type { CrossbarReading } from "../hardware/crossbar.ts";
import {
  codeRange,
  type LineTotals,
  lineTotals,
  misfitOfLines,
  mostStepBits,
  requireSums,
  sumRange,
  unitOf,
  wholeConductances,
  wholeOffsets,
} from "../hardware/integer-arithmetic.ts";
import { type IntegerCoding, weightOfReads } from "../hardware/line-reads.ts";
import { scalesInThreshold, type ThresholdColumns, thresholdColumns } from "../hardware/threshold-scaling.ts";
import type { CrossbarBlock, LayerMapping } from "../mapping/mapping.ts";
import { type Chip, unitNeuron } from "./chip.ts";

/** A crossbar in whole numbers. */
export interface IntegerCrossbar {
  /** A code step is 2^stepBits units of current. */
  readonly stepBits: number;
  /** Conductances of the two signs, `[rows, columns]`, in units of current. */
  readonly plus: Float32Array;
  readonly minus: Float32Array;
}

/**
 * One crossbar's read, in whole numbers.
 *
 * @param errors of its converters; null when they are exact
 * Throws  ValueError where a line could overflow unnoticed even with whole code steps
 */
export function integerCrossbar(
  { columns, ...reading }: Pick<CrossbarReading, "columns" | "plus" | "minus">,
  { step }: Pick<Converter, "step">,
  errors: ConverterErrors | null,
  adc: AdcSpec,
  arithmetic: ArithmeticSpec,
): IntegerCrossbar {
  const [plus, minus] = [reading.plus, reading.minus].map(({ length }) => new Float32Array(length));
  const round = (unit: number) => {
    wholeConductances(reading.plus, unit, plus);
    wholeConductances(reading.minus, unit, minus);
  };
  const stepBits = fittingStepBits(
    (unit) => {
      round(unit);
      return lineTotals(adc.mode, plus, minus, columns);
    },
    step,
    errors,
    adc,
    arithmetic,
  );
  round(unitOf(step, stepBits));
  return { stepBits, plus, minus };
}

/**
 * Bits of a code step of a crossbar: as many as the format specifies, or fewer if its lines require it.
 *
 * @param totalsAt line totals, in units of current of the given size
 * Throws  ValueError where a line could overflow unnoticed even with whole code steps
 */
export function fittingStepBits(
  totalsAt: (unit: number) => LineTotals,
  step: number,
  errors: ConverterErrors | null,
  adc: AdcSpec,
  arithmetic: ArithmeticSpec,
): number {
  let stepBits = mostStepBits(adc, arithmetic);
  for (;;) {
    // Exact lines of pairs always fit, by the format alone.
    if (adc.mode === "pair" && errors === null) return stepBits;
    const misfit = misfitOfLines(totalsAt(unitOf(step, stepBits)), adc, errors, stepBits);
    if (misfit === null) return stepBits;
    if (stepBits === 0)
      throw new ValueError(
        "hardware.adc.fullScale",
        `${misfit} Raise adc.fullScale, or adc.rangeQuantile if full scale is measured.`,
      );
    stepBits--;
  }
}

/** Registers of a crossbar's columns, from the value of a code step of each. Throws as `thresholdColumns`. */
export type ColumnRegisters = (block: CrossbarBlock, factors: Float32Array) => ThresholdColumns;

/** For a layer with neurons that take its codes; null for any other. */
export function columnRegisters(
  { network, hardware }: Pick<Chip, "network" | "hardware">,
  layer: LayerMapping,
  arithmetic: ArithmeticSpec,
): ColumnRegisters | null {
  if (decidingOf(layer.readOut) !== null) return null;
  if (!scalesInThreshold(hardware.scaling, layer)) return null;
  const { threshold } = unitNeuron(network, layer.trainOut as string);
  const offsets = network.parameters[`${layer.name}.offset`].data;
  return ({ columnStart, columns }, factors) => {
    const ofBlock = offsets.subarray(columnStart, columnStart + columns);
    return thresholdColumns(factors, ofBlock, threshold, hardware.adc, arithmetic);
  };
}

/** Offsets of a layer. Throws ValueError for one that does not fit. */
export const integerOffsets = (
  { network }: Pick<Chip, "network">,
  layer: string,
  arithmetic: ArithmeticSpec,
): Float32Array => wholeOffsets(network.parameters[`${layer}.offset`].data, `${layer}.offset`, arithmetic);

/** Position vectors `[tokens, width]` of an operation. Throws ValueError for a number that does not fit. */
export const integerPosition = (
  { network }: Pick<Chip, "network">,
  operation: string,
  arithmetic: ArithmeticSpec,
): Float32Array => wholeOffsets(network.parameters[operation].data, operation, arithmetic);

/**
 * Throws ValueError where a sum of the layer could overflow, on any tile with all crossbars present.
 *
 * @param offsets of the layer, in whole numbers
 * @param factors by crossbar; holes where they are unknown
 */
export function requireLayerSums(
  { name, blocks, rowBlocks, reads }: Pick<LayerMapping, "name" | "blocks" | "rowBlocks" | "reads">,
  offsets: Float32Array,
  factors: readonly Float32Array[],
  { adc, arithmetic, integers }: { adc: AdcSpec; arithmetic: ArithmeticSpec; integers: IntegerCoding },
): void {
  const weight = weightOfReads(reads, integers);
  const { low, high } = codeRange(adc);
  const codes = { low: weight * low, high: weight * high };
  for (let b = 0; b < blocks.length; b += rowBlocks) {
    const ofTile = blocks.slice(b, b + rowBlocks).map(({ crossbar }) => factors[crossbar]);
    if (ofTile.some((ofBlock) => ofBlock === undefined)) continue;
    for (let c = 0; c < blocks[b].columns; c++) {
      const ofColumn = ofTile.map((ofBlock) => ofBlock[c]);
      requireSums(name, sumRange(codes, ofColumn, offsets[blocks[b].columnStart + c]), arithmetic);
    }
  }
}
