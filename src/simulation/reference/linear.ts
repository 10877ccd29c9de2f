/**
 * A linear layer on crossbars: line currents, converters, and the digital sum over row blocks.
 *
 *   I_n = sum over row blocks of  factor_n * code_n  +  offset_n,    factor_n = step / scale_n of the block's crossbar
 *
 * Each crossbar has its own conductance scale and converter range, so a local sum is scaled to the layer's unit before it is
 * added; the offset (a folded BatchNorm) is added digitally. Sums are in single precision, row blocks in ascending order. In
 * whole numbers (`../integers.ts`), lines are products with conductances in units of current, and the same operations give
 * exact whole numbers. Converters may have errors (`hardware/converter-errors.ts`). With `adc.bits` null they pass the exact
 * current, in the layer's unit. `fast/linear.ts` is the fast twin.
 */
import type { ArithmeticSpec } from "../../experiment/arithmetic.ts";
import type { AdcSpec } from "../../experiment/hardware.ts";
import type { ActionTally } from "../../hardware/actions.ts";
import { type Converter, convertColumns, convertedSizes, converter } from "../../hardware/adc.ts";
import {
  type ConvertedVectors,
  type ConverterErrors,
  convertWithErrors,
  drawConversionNoise,
  erringSteps,
  type LineErrors,
} from "../../hardware/converter-errors.ts";
import { type CrossbarReading, spikeProduct } from "../../hardware/crossbar.ts";
import { roundToSteps, wholeFactors } from "../../hardware/integer-arithmetic.ts";
import { addReads, type IntegerCoding } from "../../hardware/line-reads.ts";
import { MEASURED_VECTORS, rangeByCodes } from "../../hardware/own-calibration.ts";
import type { ThresholdColumns } from "../../hardware/threshold-scaling.ts";
import type { CrossbarBlock, LayerMapping } from "../../mapping/mapping.ts";
import { quantile } from "../../numeric/quantile.ts";
import type { Stream } from "../../numeric/stream.ts";
import type { SpikeTrain } from "../../spike/train.ts";
import { type ColumnRegisters, integerCrossbar, requireLayerSums } from "../integers.ts";

/** Shared by all layers of one simulation. */
export interface AnalogEngine {
  readonly readings: readonly CrossbarReading[];
  readonly adc: AdcSpec;
  /** Full scale by crossbar, microsiemens. */
  readonly ranges: Float64Array;
  /** Calibration: each crossbar's range is measured on its currents and written to `ranges` before it converts. */
  readonly measure: boolean;
  /** Whether ranges are measured with the codes of the crossbar's own converters. */
  readonly byCodes: boolean;
  /** Range, per row, of a crossbar without current in calibration: the largest conductance, microsiemens. */
  readonly maxConductance: number;
  /** Number of prompts in the input; their rows follow each other. */
  readonly prompts: number;
  /** Errors of the converters, null when they are exact. */
  readonly errors: AnalogErrors | null;
  /** How lines take whole numbers. */
  readonly integers: IntegerCoding;
  /** For whole numbers; null in floating point. Readings and ranges are those of currents, before they are rounded to units. */
  readonly arithmetic: ArithmeticSpec | null;
  /** Called with every block's codes, if there are converters. */
  readonly onCodes?: ((record: CodeRecord) => void) | undefined;
}

/** The converter outputs of one block. */
export interface CodeRecord {
  readonly layer: string;
  readonly block: CrossbarBlock;
  /** `[T rows][columns]` */
  readonly codes: Float32Array;
  /** Value of a code step in the layer's unit, by column. */
  readonly factors: Float32Array;
  /** What the digital side multiplies the codes by: these factors, or in whole numbers the registers that hold them. */
  readonly multipliers: Float32Array;
}

export interface AnalogErrors {
  /** By crossbar. */
  readonly converters: readonly ConverterErrors[];
  /** Noise of a conversion on crossbar c comes from `random.fork("conversion", c)`. */
  readonly random: Stream;
  readonly firstPrompt: number;
}

export interface LinearRun {
  /** Pre-activations, `[T][prompts][vectors][outputs]`. */
  readonly currents: Float32Array;
  /** Of the neurons behind the layer, by column, if they take its codes; null if sums are scaled. */
  readonly thresholds: Float32Array | null;
  readonly clipped: number;
}

/**
 * Sampling interval of the input vectors on which a crossbar's range is measured. It is coprime with the number of vectors per
 * prompt; otherwise only some tokens would be measured, such as the left edges of images.
 */
export function measuredEvery(vectors: number, perPrompt: number): number {
  let every = Math.ceil(vectors / MEASURED_VECTORS);
  while (commonDivisor(every, perPrompt) > 1) every++;
  return every;
}

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b));

/**
 * @param registers of columns, if neurons take codes as they are (`hardware/threshold-scaling.ts`): `offset` is not used
 *
 * Shapes   input: [T][prompts][reads][vectors][lines]; offset: [outputs]
 * State    `engine.ranges`, when it measures
 * Counts   lineDrives, cellReads, conversions, subtractions, scalings, accumulations, offsetAdditions, bitsRead
 */
export function runLinear(
  layer: LayerMapping,
  offset: Float32Array,
  engine: AnalogEngine,
  input: SpikeTrain,
  tally: ActionTally,
  registers: ColumnRegisters | null = null,
): LinearRun {
  const vectors = input.steps * input.rows;
  const [added, thresholds] = registers ? [0, 1].map(() => new Float32Array(layer.outputs)) : [offset, null];
  const { outputs, reads } = layer;
  const sums = new Float32Array(vectors * outputs);
  const factors: Float32Array[] = [];
  let clipped = 0;
  for (const block of layer.blocks) {
    const local = runBlock(layer.name, block, engine, input, tally, registers);
    clipped += local.clipped;
    factors[block.crossbar] = local.factors;
    for (let v = 0, i = 0; v < vectors; v++) {
      for (let c = 0, n = v * outputs + block.columnStart; c < block.columns; c++, i++, n++) {
        sums[n] += local.sums[i];
      }
    }
    if (local.columns === null) tally.scalings += local.sums.length;
    else {
      added.set(local.columns.offsets, block.columnStart);
      thresholds?.set(local.columns.thresholds, block.columnStart);
    }
    if (block.rowStart > 0) tally.accumulations += local.sums.length;
  }
  const { adc, arithmetic, integers } = engine;
  if (arithmetic !== null) requireLayerSums(layer, added, factors, { adc, arithmetic, integers });
  const size = sums.length / (input.steps * engine.prompts * reads);
  const currents = reads === 1 ? sums : addReads(sums, reads, size, integers);
  tally.accumulations += sums.length - currents.length;
  for (let n = 0; n < currents.length; n++) currents[n] += added[n % outputs];
  if (registers === null) tally.offsetAdditions += currents.length;
  tally.bitsRead += vectors * layer.inputs;
  return { currents, thresholds, clipped };
}

/** The local sums of one crossbar in the layer's unit, `[T rows][columns]`. */
function runBlock(
  layer: string,
  block: CrossbarBlock,
  engine: AnalogEngine,
  input: SpikeTrain,
  tally: ActionTally,
  registers: ColumnRegisters | null,
): { sums: Float32Array; clipped: number; factors: Float32Array; columns: ThresholdColumns | null } {
  const { adc, ranges } = engine;
  const { rows, columns, crossbar } = block;
  const reading = engine.readings[crossbar];
  const size = input.steps * input.rows * columns;
  const product = (matrix: Float32Array) => {
    const out = new Float32Array(size);
    const driven = spikeProduct(input, block.rowStart, rows, columns, matrix, out);
    return { out, driven };
  };
  const count = (driven: number) => {
    tally.lineDrives += driven;
    tally.cellReads += driven * columns;
    tally.conversions += adc.mode === "pair" ? 2 * size : size;
    if (adc.mode === "pair") tally.subtractions += size;
  };
  if (adc.bits === null) {
    const { out, driven } = product(reading.weights);
    count(driven);
    return { sums: out, clipped: 0, factors: new Float32Array(0), columns: null };
  }
  const linesOf = (of: Pick<CrossbarReading, "plus" | "minus">) => ({
    plus: product(of.plus),
    minus: product(of.minus),
  });
  if (engine.measure) {
    const { plus, minus } = linesOf(reading);
    const every = measuredEvery(input.steps * input.rows, input.rows / engine.prompts);
    const widest = rows * engine.maxConductance;
    const seen = measuredLines(plus.out, minus.out, columns, every);
    const range = engine.byCodes
      ? rangeByCodes({ mode: adc.mode, bits: adc.bits }, widest, (setting, pass) =>
          quantile(sizesInSteps(seen, columns, setting, engine.errors, crossbar, adc, pass), adc.rangeQuantile),
        )
      : quantile(convertedSizes(adc.mode, seen.plus, seen.minus), adc.rangeQuantile);
    ranges[crossbar] = range > 0 ? range : widest;
  }
  const { arithmetic } = engine;
  let converters = converter(adc.mode, adc.bits, ranges[crossbar]);
  let conductances: Pick<CrossbarReading, "plus" | "minus"> = reading;
  const values = columnFactors(converters, reading.scales);
  let factors = values;
  let stepBits: number | null = null;
  const own = registers?.(block, values) ?? null;
  if (arithmetic !== null) {
    const errors = engine.errors?.converters[crossbar] ?? null;
    const whole = integerCrossbar(reading, converters, errors, adc, arithmetic);
    ({ stepBits } = whole);
    factors = own?.multipliers ?? wholeFactors(values, crossbar, arithmetic);
    conductances = whole;
    converters = { ...converters, step: 2 ** stepBits };
  }
  const { plus, minus } = linesOf(conductances);
  count(plus.driven);
  if (stepBits !== null && engine.errors === null) {
    roundToSteps(adc.mode, stepBits, plus.out, minus.out);
    converters = { ...converters, step: 1 };
  }
  const sums = new Float32Array(size);
  const { clipped } =
    engine.errors === null
      ? convertColumns(converters, plus.out, minus.out, sums)
      : convertErring(engine, engine.errors, block, converters, {
          input,
          plus: plus.out,
          minus: minus.out,
          codes: sums,
        });
  const inUnit = own && arithmetic ? values.map((value) => value * 2 ** arithmetic.fractionBits) : factors;
  engine.onCodes?.({ layer, block, codes: sums.slice(), factors: inUnit, multipliers: factors });
  for (let i = 0; i < size; i++) sums[i] *= factors[i % columns];
  return { sums, clipped, factors, columns: own };
}

function convertErring(
  { adc: { errors }, prompts }: AnalogEngine,
  { converters, random, firstPrompt }: AnalogErrors,
  { crossbar, columns }: CrossbarBlock,
  adc: Converter,
  lines: { input: SpikeTrain; plus: Float32Array; minus: Float32Array; codes: Float32Array },
): { clipped: number } {
  const { steps, rows } = lines.input;
  const vectors: ConvertedVectors = { steps, firstPrompt, prompts, perPrompt: rows / prompts };
  const noise =
    errors.outputNoise > 0 ? drawConversionNoise(columns, errors, conversionKey(random, crossbar), vectors) : null;
  return convertWithErrors(adc, converters[crossbar], noise, lines.plus, lines.minus, lines.codes);
}

/** Key of the stream of a crossbar's conversion noise. */
export const conversionKey = (random: Stream, crossbar: number): readonly [number, number] =>
  random.fork("conversion", crossbar).key;

/** Value of one code step in the layer's unit, by column. */
export const columnFactors = ({ step }: Converter, scales: Float64Array): Float32Array =>
  Float32Array.from(scales, (scale) => step / scale);

interface Lines {
  readonly plus: Float32Array;
  readonly minus: Float32Array;
}

/** The vectors on which a range is measured. */
function measuredLines(plus: Float32Array, minus: Float32Array, columns: number, every: number): Lines {
  const vectors = plus.length / columns;
  const seen = { plus: new Float32Array(columns * Math.ceil(vectors / every)), minus: new Float32Array(0) };
  seen.minus = seen.plus.slice();
  for (let v = 0, i = 0; v < vectors; v += every, i += columns) {
    seen.plus.set(plus.subarray(v * columns, (v + 1) * columns), i);
    seen.minus.set(minus.subarray(v * columns, (v + 1) * columns), i);
  }
  return seen;
}

/** Inputs to the rounding of converters with errors, in code steps: magnitudes, as `convertedSizes`. */
function sizesInSteps(
  { plus, minus }: Lines,
  columns: number,
  { mode, step }: Converter,
  errors: AnalogErrors | null,
  crossbar: number,
  adc: AdcSpec,
  pass: number,
): Float32Array {
  if (errors === null) return convertedSizes(mode, plus, minus).map((size) => size / step);
  const { plus: first, minus: second } = errors.converters[crossbar];
  const vectors = { steps: 1, firstPrompt: 0, prompts: 1, perPrompt: plus.length / columns };
  const noise =
    adc.errors.outputNoise > 0
      ? drawConversionNoise(columns, adc.errors, rangingKey(errors.random, crossbar, pass), vectors)
      : null;
  const erring = (lines: Float32Array, { gains, offsets }: LineErrors, added: Float32Array | undefined) =>
    lines.map((current, i) =>
      erringSteps(current, step, gains[i % columns], offsets[i % columns], added === undefined ? 0 : added[i]),
    );
  if (mode === "pair")
    return convertedSizes("pair", erring(plus, first, noise?.plus), erring(minus, second, noise?.minus));
  return erring(
    plus.map((current, i) => current - minus[i]),
    first,
    noise?.plus,
  ).map(Math.abs);
}

/** Key of the noise of the conversions that set a crossbar's range. */
export const rangingKey = (random: Stream, crossbar: number, pass: number): readonly [number, number] =>
  random.fork("ranging", crossbar, pass).key;
