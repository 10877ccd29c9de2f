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
 * A block with a first row that is not a multiple of 32 starts in the middle of a word. Its matrix then has `lead` rows of
 * zeros in front, and zeros up to the end of its last word, so bits of neighbouring blocks add 0.
 *
 * Conductances and converter settings are in memory that several threads may share; each thread has its own working space.
 */
import { hasConverterErrors } from "../../experiment/erring-converters.ts";
import { type Converter, converter } from "../../hardware/adc.ts";
import { type ConvertedVectors, type ConverterErrors, NORMALS, normalTable } from "../../hardware/converter-errors.ts";
import type { CrossbarReading } from "../../hardware/crossbar.ts";
import { MEASURED_VECTORS, rangeByCodes } from "../../hardware/own-calibration.ts";
import type { Arena, PackedBits, Place } from "../../kernels/arena.ts";
import { type SimulationOps, STRIP_COLUMNS, STRIP_LINES, type StripOutput } from "../../kernels/simulation-ops.ts";
import { converterScratch, STRIP_TABLE, sampleRoom, sampleWords, tablesPay } from "../../kernels/wasm/crossbar-ops.ts";
import type { CrossbarBlock, LayerMapping } from "../../mapping/mapping.ts";
import { quantileRank } from "../../numeric/quantile.ts";
import type { Stream } from "../../numeric/stream.ts";
import type { MappedNetwork } from "../chip.ts";
import { columnFactors, conversionKey, rangingKey } from "../reference/linear.ts";

export interface CrossbarKernels {
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

/** Memory layout of a chip's crossbars. */
export interface CrossbarPlan {
  /** Blocks by layer, in the order of the mapping. */
  readonly layers: ReadonlyMap<string, readonly BlockPlan[]>;
  /** Full scales by crossbar, doubles. */
  readonly fullScales: Place;
}

/** Working memory in which a thread computes crossbars. */
export interface CrossbarScratch {
  /** Offsets by layer. */
  readonly offsets: ReadonlyMap<string, Place>;
  /** The normals of conversion noise; null without noise. */
  readonly normals: Place | null;
  /** Currents of the vectors in progress, and the words of their noise. */
  readonly lines: Place;
  readonly noise: Place;
  readonly tables: Place;
  /** Conductances of the crossbar being loaded. */
  readonly reading: Place;
  /** Sums of a strip over the row blocks. */
  readonly sums: Place;
  /** The largest currents of a crossbar. */
  readonly sample: Place;
}

export interface BlockPlan {
  readonly block: CrossbarBlock;
  /** Rows of zeros in front. */
  readonly lead: number;
  /** Rows of the matrix: up to the end of the last word that contains bits of the block. */
  readonly rows: number;
  readonly strips: readonly StripPlan[];
}

export interface StripPlan {
  /** First column within the block. */
  readonly column: number;
  readonly columns: number;
  readonly matrix: Place;
  /** Value of a code step, by column. */
  readonly factors: Place;
  readonly errors: ErrorPlan | null;
}

/** Gains and offsets of 16 lines, deviations of 8 columns. */
interface ErrorPlan {
  readonly gains: Place;
  readonly offsets: Place;
  readonly deviations: Place;
}

/** Number of vectors with currents held at a time. */
export const CHUNK = 256;

export function planCrossbars(arena: Arena, chip: MappedNetwork): CrossbarPlan {
  const layers = chip.mapping.layers.map(
    ({ name, blocks }) => [name, blocks.map((block) => planBlock(arena, chip, block))] as const,
  );
  return { layers: new Map(layers), fullScales: arena.words(2 * chip.mapping.totals.blocks) };
}

/** @param maxVectors most vectors per call of `run` */
export function planCrossbarScratch(
  arena: Arena,
  chip: MappedNetwork,
  { layers }: CrossbarPlan,
  maxVectors: number,
): CrossbarScratch {
  const blocks = [...layers.values()].flat();
  const mostRows = Math.max(...blocks.map(({ rows }) => rows));
  const mostColumns = Math.max(...blocks.map(({ block }) => block.columns));
  return {
    offsets: new Map(chip.mapping.layers.map(({ name, outputs }) => [name, arena.words(outputs)])),
    normals: isNoisy(chip) ? arena.words(NORMALS) : null,
    lines: arena.words(CHUNK * STRIP_LINES),
    noise: arena.words(converterScratch(CHUNK)),
    tables: arena.words((mostRows / 8) * STRIP_TABLE),
    reading: arena.words((isExact(chip) ? 1 : 2) * mostRows * mostColumns),
    // A strip in whole numbers has 32 columns of 16 bits.
    sums: arena.words(maxVectors * (chip.hardware.arithmetic === null ? stripColumns(chip) : STRIP_LINES)),
    sample: arena.words(sampleWords(keptOf(chip, MEASURED_VECTORS, mostColumns))),
  };
}

function planBlock(arena: Arena, chip: MappedNetwork, block: CrossbarBlock): BlockPlan {
  const lead = block.rowStart & 31;
  const rows = Math.ceil((lead + block.rows) / 32) * 32;
  const width = stripColumns(chip);
  const erring = hasConverterErrors(chip.hardware.adc.errors);
  const strips: StripPlan[] = [];
  for (let column = 0; column < block.columns; column += width) {
    strips.push({
      column,
      columns: Math.min(width, block.columns - column),
      matrix: arena.words(rows * STRIP_LINES),
      factors: arena.words(width),
      errors: erring
        ? {
            gains: arena.words(STRIP_LINES),
            offsets: arena.words(STRIP_LINES),
            deviations: arena.words(STRIP_COLUMNS),
          }
        : null,
    });
  }
  return { block, lead, rows, strips };
}

const isExact = ({ hardware }: MappedNetwork): boolean => hardware.adc.bits === null;
const isNoisy = ({ hardware }: MappedNetwork): boolean => hardware.adc.errors.outputNoise > 0;
const stripColumns = (chip: MappedNetwork): number => (isExact(chip) ? STRIP_LINES : STRIP_COLUMNS);

/** Of this many vectors' currents, those at or above the range's quantile. */
function keptOf({ hardware: { adc } }: MappedNetwork, vectors: number, columns: number): number {
  const currents = (adc.mode === "pair" ? 2 : 1) * vectors * columns;
  return currents - quantileRank(currents, adc.rangeQuantile);
}

/** State: writes offsets and normals. */
export function bindCrossbars(
  ops: SimulationOps,
  plan: CrossbarPlan,
  scratch: CrossbarScratch,
  chip: MappedNetwork,
): CrossbarKernels {
  const { layers, fullScales } = plan;
  const { offsets, normals, lines, noise: noiseScratch, tables, reading, sums, sample } = scratch;
  const { bits: adcBits, mode, errors } = chip.hardware.adc;
  const exact = isExact(chip);
  const byCrossbar: BlockPlan[] = [];
  for (const of of [...layers.values()].flat()) byCrossbar[of.block.crossbar] = of;
  for (const [name, offset] of offsets) ops.write(offset, chip.network.parameters[`${name}.offset`].data);
  if (normals !== null) ops.write(normals, normalTable());

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
      const at = strip.errors as ErrorPlan;
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

  /** The converters of a crossbar, possibly set by another thread; null when they are exact. */
  function converterOf(crossbar: number): Converter | null {
    if (adcBits === null) return null;
    const [fullScale] = new Float64Array(ops.words(fullScales + 8 * crossbar, 2).buffer);
    return converter(mode, adcBits, fullScale);
  }

  function run(layer: LayerMapping, bits: PackedBits, from: ConvertedVectors, y: Place, random: Stream): number {
    const vectors = from.steps * from.prompts * from.perPrompt;
    const blocks = layers.get(layer.name) as readonly BlockPlan[];
    const offset = offsets.get(layer.name) as Place;
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
            const held = sums + 4 * v * stripColumns(chip);
            clipped += convert(settings[i], strip, count, {
              sums: first ? null : held,
              offset: last ? offset + 4 * column : null,
              out: last ? y + 4 * (v * layer.outputs + column) : held,
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
    { gains, offsets, deviations }: ErrorPlan,
    first: number,
    vectors: number,
    { prompts, perPrompt, firstPrompt }: ConvertedVectors,
  ): number {
    const { step } = adc as Converter;
    const noise = normals === null || noiseKey === null ? null : { key: noiseKey, normals };
    const strip = column / STRIP_COLUMNS;
    const perStep = prompts * perPrompt;
    return ops.addConverterErrors({
      lines,
      vectors,
      mode,
      step,
      gains,
      offsets,
      deviations,
      noise,
      strip,
      first,
      perStep,
      perPrompt,
      firstPrompt,
      scratch: noiseScratch,
    });
  }

  /** Converts `lines` into the strip's columns for the given vectors; returns the number of clipped conversions. */
  function convert(
    { adc }: Settings,
    { columns, factors, errors: erring }: StripPlan,
    vectors: number,
    { sums: before, offset, out, outputs }: StripTarget,
  ): number {
    if (adc === null) {
      ops.passStrip({ lines, vectors, columns, sums: before, offset, out, outputs });
      return 0;
    }
    const { largest } = adc;
    // With errors, lines are already in code steps.
    const step = erring ? 1 : adc.step;
    return ops.convertStrip({
      lines,
      vectors,
      columns,
      mode,
      step,
      largest,
      factors,
      sums: before,
      offset,
      out,
      outputs,
    });
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
    return settings === null || hasConverterErrors(errors)
      ? quantile
      : Math.fround(quantile / (settings.adc as Converter).step);
  }

  return { takeWeights: exact, placeErrors, load, setRange, run, measure };
}

interface Settings {
  readonly adc: Converter | null;
  readonly noiseKey: readonly [number, number] | null;
}

type StripTarget = Pick<StripOutput, "sums" | "offset" | "out" | "outputs">;
