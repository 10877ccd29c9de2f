/**
 * Linear layers of a chip on the WebAssembly kernels: fast twin of `reference/linear.ts`, bit for bit.
 *
 * A crossbar is computed strip by strip. A strip is 16 lines, both lines of 8 columns (or 16 columns, where converters are exact):
 *
 *   matrix [lead + rows, 16]     I+ of column c of the strip at c, I- at 8 + c
 *
 * For each strip the sums of every 8 rows are tabulated (`byteProduct`, in the order of `spikeProduct`), then all vectors go through in
 * chunks, whose line currents are converted while they are in the first-level cache. A block whose first row is not a multiple of 32
 * starts in the middle of a word: its matrix then has `lead` rows of zeros in front, and zeros up to the end of its last word, so bits
 * of neighbouring blocks add 0.
 */
import { type Converter, converter } from "../../hardware/adc.ts";
import { type ConvertedVectors, NORMALS, normalTable } from "../../hardware/converter-errors.ts";
import type { CrossbarReading } from "../../hardware/crossbar.ts";
import type { Arena, PackedBits, Place } from "../../kernels/arena.ts";
import { type SimulationOps, STRIP_COLUMNS, STRIP_LINES } from "../../kernels/simulation-ops.ts";
import { converterScratch, STRIP_TABLE } from "../../kernels/wasm/crossbar-ops.ts";
import type { CrossbarBlock, LayerMapping } from "../../mapping/mapping.ts";
import { quantile } from "../../numeric/quantile.ts";
import type { Stream } from "../../numeric/stream.ts";
import type { Chip } from "../chip.ts";
import { columnFactors, conversionKey, measuredEvery } from "../reference/linear.ts";

export interface CrossbarKernels {
  /** Puts the conductances of one crossbar in place. */
  load(crossbar: number, reading: CrossbarReading): void;
  /** Sets the converters' full scales, by crossbar, once all crossbars are loaded; `random` is that of conversion noise. */
  setConverters(ranges: Float64Array, random: Stream): void;
  /**
   * y [steps prompts perPrompt, outputs] = the layer's pre-activations for the vectors of `bits`. Returns the clipped conversions.
   *
   * @param measured receives each crossbar's range, which it then converts with; null converts with the ranges loaded
   */
  run(
    layer: LayerMapping,
    bits: PackedBits,
    vectors: ConvertedVectors,
    y: Place,
    measured: Float64Array | null,
  ): number;
}

/** Where the crossbars of a chip lie in memory. */
export interface CrossbarPlan {
  readonly layers: ReadonlyMap<string, LayerPlan>;
  /** Currents of the vectors that are in the works. */
  readonly lines: Place;
  readonly tables: Place;
  /** The normals of conversion noise; null where there is none. */
  readonly normals: Place | null;
  readonly scratch: Place;
}

interface LayerPlan {
  readonly offset: Place;
  readonly blocks: readonly BlockPlan[];
}

interface BlockPlan {
  readonly block: CrossbarBlock;
  /** Rows of zeros in front. */
  readonly lead: number;
  /** Rows of the matrix: up to the end of the last word that the block's bits lie in. */
  readonly rows: number;
  readonly strips: readonly StripPlan[];
}

interface StripPlan {
  /** First column within the block. */
  readonly column: number;
  readonly columns: number;
  readonly matrix: Place;
  /** What a code step is worth, by column. */
  readonly factors: Place;
  readonly errors: ErrorPlan | null;
}

/** Gains and offsets of 16 lines, deviations of 8 columns. */
interface ErrorPlan {
  readonly gains: Place;
  readonly offsets: Place;
  readonly deviations: Place;
}

/** Vectors whose currents are held at a time. */
const CHUNK = 256;

export function planCrossbars(arena: Arena, chip: Chip): CrossbarPlan {
  const layers = new Map<string, LayerPlan>();
  for (const { name, outputs, blocks } of chip.mapping.layers) {
    const offset = arena.words(outputs);
    layers.set(name, { offset, blocks: blocks.map((block) => planBlock(arena, chip, block)) });
  }
  const mostRows = Math.max(...[...layers.values()].flatMap(({ blocks }) => blocks.map(({ rows }) => rows)));
  return {
    layers,
    lines: arena.words(CHUNK * STRIP_LINES),
    scratch: arena.words(converterScratch(CHUNK)),
    tables: arena.words((mostRows / 8) * STRIP_TABLE),
    normals: isNoisy(chip) ? arena.words(NORMALS) : null,
  };
}

function planBlock(arena: Arena, chip: Chip, block: CrossbarBlock): BlockPlan {
  const lead = block.rowStart & 31;
  const rows = Math.ceil((lead + block.rows) / 32) * 32;
  const width = isExact(chip) ? STRIP_LINES : STRIP_COLUMNS;
  const strips: StripPlan[] = [];
  for (let column = 0; column < block.columns; column += width) {
    strips.push({
      column,
      columns: Math.min(width, block.columns - column),
      matrix: arena.words(rows * STRIP_LINES),
      factors: arena.words(width),
      errors: chip.converterErrors && {
        gains: arena.words(STRIP_LINES),
        offsets: arena.words(STRIP_LINES),
        deviations: arena.words(STRIP_COLUMNS),
      },
    });
  }
  return { block, lead, rows, strips };
}

const isExact = ({ hardware }: Chip): boolean => hardware.adc.bits === null;
const isNoisy = ({ hardware, converterErrors }: Chip): boolean =>
  converterErrors !== null && hardware.adc.errors.outputNoise > 0;

/** State: writes the offsets of the layers, and what converters err by. */
export function bindCrossbars(ops: SimulationOps, plan: CrossbarPlan, chip: Chip): CrossbarKernels {
  const { layers, lines, tables, normals, scratch } = plan;
  const { bits: adcBits, mode, rangeQuantile, errors } = chip.hardware.adc;
  const exact = isExact(chip);
  const allBlocks = [...layers.values()].flatMap(({ blocks }) => blocks);
  const byCrossbar: BlockPlan[] = [];
  for (const of of allBlocks) byCrossbar[of.block.crossbar] = of;
  for (const [name, { offset }] of layers) ops.write(offset, chip.network.parameters[`${name}.offset`].data);
  if (normals !== null) ops.write(normals, normalTable());
  for (const of of allBlocks) placeErrors(of);
  /** By crossbar number. */
  let noiseKeys: readonly (readonly [number, number])[] = [];
  /** By crossbar number; none when converters are exact. */
  const converters: Converter[] = [];
  const scales: Float64Array[] = [];

  /** Copies a strip's columns of one sign, zeros behind them. */
  function place(at: Place, values: Float32Array, { column, columns }: StripPlan) {
    const whole = new Float32Array(STRIP_COLUMNS);
    whole.set(values.subarray(column, column + columns));
    ops.write(at, whole);
  }

  function placeErrors({ block, strips }: BlockPlan) {
    if (chip.converterErrors === null) return;
    const { plus, minus } = chip.converterErrors[block.crossbar];
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

  function load(crossbar: number, { plus, minus, weights, scales: read }: CrossbarReading) {
    const { block, lead, rows, strips } = byCrossbar[crossbar];
    scales[crossbar] = read;
    for (const { column, columns, matrix } of strips) {
      const lineRows = new Float32Array(rows * STRIP_LINES);
      for (let r = 0; r < block.rows; r++) {
        const from = r * block.columns + column;
        const at = (lead + r) * STRIP_LINES;
        lineRows.set((exact ? weights : plus).subarray(from, from + columns), at);
        if (!exact) lineRows.set(minus.subarray(from, from + columns), at + STRIP_COLUMNS);
      }
      ops.write(matrix, lineRows);
    }
  }

  function setConverters(ranges: Float64Array, random: Stream) {
    if (normals !== null) noiseKeys = byCrossbar.map((_, crossbar) => conversionKey(random, crossbar));
    for (const of of allBlocks) setRange(of, ranges[of.block.crossbar]);
  }

  function setRange({ block, strips }: BlockPlan, fullScale: number) {
    if (adcBits === null) return;
    converters[block.crossbar] = converter(mode, adcBits, fullScale);
    const factors = columnFactors(converters[block.crossbar], scales[block.crossbar]);
    for (const strip of strips) place(strip.factors, factors, strip);
  }

  function run(
    layer: LayerMapping,
    bits: PackedBits,
    from: ConvertedVectors,
    y: Place,
    measured: Float64Array | null,
  ): number {
    const vectors = from.steps * from.prompts * from.perPrompt;
    const { blocks, offset } = layers.get(layer.name) as LayerPlan;
    let clipped = 0;
    for (const of of blocks) {
      const { block } = of;
      if (measured && !exact) {
        const range = measureRange(of, bits, vectors, from.perPrompt) || block.rows * chip.device.maxConductance;
        measured[block.crossbar] = range;
        setRange(of, range);
      }
      const last = block.rowStart + block.rows === layer.inputs;
      for (const strip of of.strips) {
        const column = 4 * (block.columnStart + strip.column);
        const added = last ? offset + column : null;
        ops.tabulateStrip({ matrix: strip.matrix, rows: of.rows, tables });
        for (let first = 0; first < vectors; first += CHUNK) {
          const count = Math.min(CHUNK, vectors - first);
          multiply(of, bits, first, count, 1);
          if (strip.errors) clipped += err(block, strip, strip.errors, first, count, from);
          const out = y + 4 * first * layer.outputs + column;
          clipped += convert(block, strip, count, added, out, layer.outputs);
        }
      }
    }
    return clipped;
  }

  // These run for every chunk of every strip. Arguments in a literal are free; spreading an object into it takes a microsecond.

  /** Currents in the tabulated strip of `vectors` vectors, every `every`-th from `first` on, to `lines`. */
  function multiply({ block, rows }: BlockPlan, bits: PackedBits, first: number, vectors: number, every: number) {
    const firstRow = block.rowStart & ~31;
    ops.stripCurrents({ bits, first, every, vectors, firstRow, rows, tables, lines });
  }

  /** Errors of the converters, on `lines`; returns the conversions that clip at 0 for them. */
  function err(
    { crossbar }: CrossbarBlock,
    { column }: StripPlan,
    { gains, offsets, deviations }: ErrorPlan,
    first: number,
    vectors: number,
    { prompts, perPrompt, firstPrompt }: ConvertedVectors,
  ): number {
    const { step } = converters[crossbar];
    const noise = normals === null ? null : { key: noiseKeys[crossbar], normals };
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
      scratch,
    });
  }

  /** From `lines` to the strip's columns of so many vectors at `out`; returns the clipped conversions. */
  function convert(
    { crossbar, rowStart }: CrossbarBlock,
    { columns, factors }: StripPlan,
    vectors: number,
    offset: Place | null,
    out: Place,
    outputs: number,
  ): number {
    const fresh = rowStart === 0;
    if (exact) {
      ops.passStrip({ lines, vectors, columns, fresh, offset, out, outputs });
      return 0;
    }
    const { step: fullStep, largest } = converters[crossbar];
    // Errors leave lines in code steps.
    const step = chip.converterErrors ? 1 : fullStep;
    return ops.convertStrip({ lines, vectors, columns, mode, step, largest, factors, fresh, offset, out, outputs });
  }

  /** As `measureRange` of the reference. */
  function measureRange(of: BlockPlan, bits: PackedBits, vectors: number, perPrompt: number): number {
    const { block, strips, rows } = of;
    const every = measuredEvery(vectors, perPrompt);
    const taken = Math.ceil(vectors / every);
    const seen = new Float32Array((mode === "pair" ? 2 : 1) * taken * block.columns);
    let i = 0;
    for (const strip of strips) {
      ops.tabulateStrip({ matrix: strip.matrix, rows, tables });
      for (let v = 0; v < taken; v += CHUNK) {
        const count = Math.min(CHUNK, taken - v);
        multiply(of, bits, v * every, count, every);
        const currents = ops.floats(lines, count * STRIP_LINES);
        for (let row = 0; row < currents.length; row += STRIP_LINES) {
          for (let c = row; c < row + strip.columns; c++) {
            const [plus, minus] = [currents[c], currents[c + STRIP_COLUMNS]];
            if (mode === "pair") {
              seen[i++] = plus;
              seen[i++] = minus;
            } else seen[i++] = Math.abs(plus - minus);
          }
        }
      }
    }
    return quantile(seen, rangeQuantile);
  }

  return { load, setConverters, run };
}
