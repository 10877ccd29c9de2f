/**
 * Linear layers of a chip on the WebAssembly kernels: fast twin of `reference/linear.ts`, bit for bit.
 *
 * A crossbar is computed strip by strip. A strip is 16 lines, both lines of 8 columns (or 16 columns, where converters are exact):
 *
 *   matrix [lead + rows, 16]     I+ of column c of the strip at c, I- at 8 + c
 *
 * For each strip, the sums of every 8 rows are tabulated (`byteProduct`, in the order of `spikeProduct`) if there are enough
 * spikes for this to pay; otherwise the rows are gathered (`gatherBytes`, same order). All vectors then pass through in chunks,
 * and their line currents are converted while still in the first-level cache. Sums over the row blocks of a strip are stored
 * contiguously until the last block moves them to their place: rows of a wide layer are far apart and often collide in the
 * cache.
 *
 * Conductances and converter settings are in memory that several threads may share; each thread has its own working space.
 */
import { hasConverterErrors } from "../../experiment/erring-converters.ts";
import { type Converter, converter } from "../../hardware/adc.ts";
import { type ConvertedVectors, type ConverterErrors, normalTable } from "../../hardware/converter-errors.ts";
import type { CrossbarReading } from "../../hardware/crossbar.ts";
import { rangeByCodes } from "../../hardware/own-calibration.ts";
import type { PackedBits, Place } from "../../kernels/arena.ts";
import type { ErrorPlaces, StripOutput } from "../../kernels/integer-ops.ts";
import { type SimulationOps, STRIP_COLUMNS, STRIP_LINES } from "../../kernels/simulation-ops.ts";
import { sampleRoom, tablesPay } from "../../kernels/wasm/crossbar-ops.ts";
import type { LayerMapping } from "../../mapping/mapping.ts";
import type { Stream } from "../../numeric/stream.ts";
import type { MappedNetwork } from "../chip.ts";
import { columnFactors, conversionKey, rangingKey } from "../reference/linear.ts";
import type { ColumnKernels } from "./columns.ts";
import {
  type BlockPlan,
  CHUNK,
  type CrossbarPlan,
  type CrossbarScratch,
  isExact,
  keptOf,
  type StripPlan,
  stripColumns,
} from "./crossbar-plan.ts";

export interface CrossbarKernels {
  /** Columns without converters; null in floating point, which has none. */
  readonly columns: ColumnKernels | null;
  /** Whether readings are loaded as weights rather than lines: when converters are exact. */
  readonly takeWeights: boolean;
  /** Writes the converter errors of one crossbar. */
  placeErrors(crossbar: number, errors: ConverterErrors): void;
  /** Loads the conductances of one crossbar. */
  load(crossbar: number, reading: CrossbarReading): void;
  /** Sets the converters of one crossbar; `scales` are those of its reading. */
  setRange(crossbar: number, fullScale: number, scales: Float64Array): void;
  /**
   * y [steps prompts perPrompt, outputs] = the layer's pre-activations for the vectors of `bits`. Returns the number of clipped
   * conversions.
   *
   * @param random source of conversion noise
   */
  run(layer: LayerMapping, bits: PackedBits, vectors: ConvertedVectors, y: Place, random: Stream): number;
  /**
   * The range of one crossbar, measured on the given vectors of `bits`, by exact currents or by codes; 0 if there is no
   * current.
   *
   * @param widest initial full scale for measuring by codes
   * @param random source of the noise of these conversions
   */
  measure(crossbar: number, bits: PackedBits, vectors: number, widest: number, random: Stream): number;
}

/** State: writes offsets and normals. */
export function bindCrossbars(
  ops: SimulationOps,
  plan: CrossbarPlan,
  scratch: CrossbarScratch,
  chip: MappedNetwork,
): CrossbarKernels {
  const byCrossbar: BlockPlan[] = [];
  for (const of of [...plan.layers.values()].flat()) byCrossbar[of.block.crossbar] = of;
  for (const [name, offset] of scratch.offsets) ops.write(offset, chip.network.parameters[`${name}.offset`].data);
  if (scratch.normals !== null) ops.write(scratch.normals, normalTable());
  const bound = { ops, plan, scratch, chip, byCrossbar };
  return { columns: null, takeWeights: isExact(chip), ...bindPlacing(bound), ...bindRunning(bound) };
}

interface Bound {
  readonly ops: SimulationOps;
  readonly plan: CrossbarPlan;
  readonly scratch: CrossbarScratch;
  readonly chip: MappedNetwork;
  readonly byCrossbar: readonly BlockPlan[];
}

/** What is written before a run: converter errors, conductances, ranges. */
function bindPlacing({
  ops,
  plan: { fullScales },
  scratch: { reading },
  chip,
  byCrossbar,
}: Bound): Pick<CrossbarKernels, "placeErrors" | "load" | "setRange"> {
  const { bits: adcBits, mode, errors } = chip.hardware.adc;
  const exact = isExact(chip);

  /** Copies a strip's columns of one sign, padded with zeros. */
  function place(at: Place, values: Float32Array, { column, columns }: StripPlan) {
    const whole = new Float32Array(STRIP_COLUMNS);
    whole.set(values.subarray(column, column + columns));
    ops.write(at, whole);
  }

  function placeErrors(crossbar: number, { plus, minus }: ConverterErrors) {
    const { block, strips } = byCrossbar[crossbar];
    const deviations = new Float32Array(block.columns).fill(errors.outputNoise);
    for (const strip of strips) {
      const at = strip.errors as ErrorPlaces;
      place(at.gains, plus.gains, strip);
      place(at.gains + 4 * STRIP_COLUMNS, minus.gains, strip);
      place(at.offsets, plus.offsets, strip);
      place(at.offsets + 4 * STRIP_COLUMNS, minus.offsets, strip);
      place(at.deviations, deviations, strip);
    }
  }

  function load(crossbar: number, { plus, minus, weights }: CrossbarReading) {
    const { block, lead, rows, strips } = byCrossbar[crossbar];
    // The lines of a strip come from two matrices, or its weights from two places in one.
    const size = block.rows * block.columns;
    if (exact) ops.write(reading, weights);
    else {
      ops.write(reading, plus);
      ops.write(reading + 4 * size, minus);
    }
    for (const { column, columns, matrix } of strips) {
      if (rows > block.rows || columns < stripColumns(chip)) ops.fill(matrix, rows * STRIP_LINES, 0);
      for (const half of [0, 1]) {
        ops.placeStrip({
          matrix: reading + 4 * (column + half * (exact ? STRIP_COLUMNS : size)),
          rows: block.rows,
          stride: block.columns,
          columns: exact ? Math.max(0, Math.min(STRIP_COLUMNS, columns - half * STRIP_COLUMNS)) : columns,
          strip: matrix + 4 * (lead * STRIP_LINES + half * STRIP_COLUMNS),
        });
      }
    }
  }

  function setRange(crossbar: number, fullScale: number, scales: Float64Array) {
    if (adcBits === null) return;
    ops.write(fullScales + 8 * crossbar, new Uint32Array(Float64Array.of(fullScale).buffer));
    const factors = columnFactors(converter(mode, adcBits, fullScale), scales);
    for (const strip of byCrossbar[crossbar].strips) place(strip.factors, factors, strip);
  }

  return { placeErrors, load, setRange };
}

/** A run of a layer, and the measurement of a range. */
function bindRunning({
  ops,
  plan: { layers, fullScales },
  scratch: { offsets, zeros, normals, lines, noise: noiseScratch, tables, sums: held, sample },
  chip,
  byCrossbar,
}: Bound): Pick<CrossbarKernels, "run" | "measure"> {
  const { bits: adcBits, mode, errors: spread } = chip.hardware.adc;

  /** The converters of a crossbar, possibly set by another thread; null when they are exact. */
  function converterOf(crossbar: number): Converter | null {
    if (adcBits === null) return null;
    const [fullScale] = new Float64Array(ops.words(fullScales + 8 * crossbar, 2).buffer);
    return converter(mode, adcBits, fullScale);
  }

  function run(layer: LayerMapping, bits: PackedBits, from: ConvertedVectors, y: Place, random: Stream): number {
    const vectors = from.steps * from.prompts * from.perPrompt;
    const blocks = layers.get(layer.name) as readonly BlockPlan[];
    const offset = layer.reads > 1 ? zeros : (offsets.get(layer.name) as Place);
    const { rowBlocks } = layer;
    const tabled = tablesPay(ops.countBits(bits, vectors), vectors, bits.features);
    let clipped = 0;
    for (let g = 0; g < blocks.length; g += rowBlocks) {
      const group = blocks.slice(g, g + rowBlocks);
      const settings = group.map(({ block }) => settingsOf(block.crossbar, random));
      for (let s = 0; s < group[0].strips.length; s++) {
        for (const [i, of] of group.entries()) {
          const strip = of.strips[s];
          const column = of.block.columnStart + strip.column;
          const [first, last] = [i === 0, i === rowBlocks - 1];
          if (tabled) ops.tabulateStrip({ matrix: strip.matrix, rows: of.rows, tables });
          for (let v = 0; v < vectors; v += CHUNK) {
            const count = Math.min(CHUNK, vectors - v);
            multiply(of, strip, tabled, bits, v, count);
            if (strip.errors) clipped += err(settings[i], strip, strip.errors, v, count, from);
            const sums = held + 4 * v * stripColumns(chip);
            clipped += convert(settings[i], strip, count, {
              sums: first ? null : sums,
              offset: last ? offset + 4 * column : null,
              out: last ? y + 4 * (v * layer.outputs + column) : sums,
              outputs: last ? layer.outputs : stripColumns(chip),
            });
          }
        }
      }
    }
    return clipped;
  }

  /** The converters of a crossbar, null when exact, and the key of their noise, null without noise. */
  function settingsOf(crossbar: number, random: Stream): Settings {
    return { adc: converterOf(crossbar), noiseKey: normals === null ? null : conversionKey(random, crossbar) };
  }

  // These run for every chunk of every strip. Passing arguments as an object literal is free; spreading an object into it takes
  // a microsecond.

  /** Currents in the strip (from its tables if `tabled`) of `vectors` vectors from `first` on, written to `lines`. */
  function multiply(
    { block, rows }: BlockPlan,
    { matrix }: StripPlan,
    tabled: boolean,
    bits: PackedBits,
    first: number,
    vectors: number,
  ) {
    const firstRow = block.rowStart & ~31;
    ops.stripCurrents({ bits, first, vectors, firstRow, matrix, rows, tables: tabled ? tables : null, lines });
  }

  /** Applies converter errors to `lines`; returns the number of conversions that clip at 0 because of them. */
  function err(
    { adc, noiseKey }: Settings,
    { column }: StripPlan,
    errors: ErrorPlaces,
    first: number,
    vectors: number,
    { prompts, perPrompt, firstPrompt }: ConvertedVectors,
  ): number {
    return ops.addConverterErrors({
      lines,
      vectors,
      mode,
      step: (adc as Converter).step,
      errors,
      noise: normals === null || noiseKey === null ? null : { key: noiseKey, normals },
      strip: column / STRIP_COLUMNS,
      first,
      perStep: prompts * perPrompt,
      perPrompt,
      firstPrompt,
      scratch: noiseScratch,
    });
  }

  /** Converts `lines` into the strip's columns for the given vectors; returns the number of clipped conversions. */
  function convert(
    { adc }: Settings,
    { columns, factors, errors }: StripPlan,
    vectors: number,
    { sums, offset, out, outputs }: StripTarget,
  ): number {
    if (adc === null) {
      ops.passStrip({ lines, vectors, columns, sums, offset, out, outputs });
      return 0;
    }
    const { largest } = adc;
    // With errors, lines are already in code steps.
    const step = errors ? 1 : adc.step;
    return ops.convertStrip({ lines, vectors, columns, mode, step, largest, factors, sums, offset, out, outputs });
  }

  function measure(crossbar: number, bits: PackedBits, vectors: number, widest: number, random: Stream): number {
    if (chip.hardware.calibration === "currents" || adcBits === null) return quantileOf(crossbar, bits, vectors, null);
    return rangeByCodes({ mode, bits: adcBits }, widest, (adc, pass) => {
      const noiseKey = normals === null ? null : rangingKey(random, crossbar, pass);
      return quantileOf(crossbar, bits, vectors, { adc, noiseKey });
    });
  }

  /** The quantile of current magnitudes, microsiemens, or of the values that such converters round to codes, in code steps. */
  function quantileOf(crossbar: number, bits: PackedBits, vectors: number, settings: Settings | null): number {
    const of = byCrossbar[crossbar];
    const kept = keptOf(chip, vectors, of.block.columns);
    const room = sampleRoom(kept);
    const tabled = tablesPay(ops.countBits(bits, vectors), vectors, bits.features);
    const once = { steps: 1, prompts: 1, perPrompt: vectors, firstPrompt: 0 };
    ops.fill(sample, 2, 0);
    for (const strip of of.strips) {
      if (tabled) ops.tabulateStrip({ matrix: strip.matrix, rows: of.rows, tables });
      for (let v = 0; v < vectors; v += CHUNK) {
        const count = Math.min(CHUNK, vectors - v);
        multiply(of, strip, tabled, bits, v, count);
        if (settings !== null && strip.errors) err(settings, strip, strip.errors, v, count, once);
        ops.keepLargest({ lines, vectors: count, mode, kept, room, sample });
      }
    }
    const quantile = ops.smallestKept({ kept, sample });
    // Exact converters leave lines unchanged.
    return settings === null || hasConverterErrors(spread)
      ? quantile
      : Math.fround(quantile / (settings.adc as Converter).step);
  }

  return { run, measure };
}

interface Settings {
  readonly adc: Converter | null;
  readonly noiseKey: readonly [number, number] | null;
}

type StripTarget = Pick<StripOutput, "sums" | "offset" | "out" | "outputs">;
