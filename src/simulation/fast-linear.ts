/**
 * Linear layers of a chip on the WebAssembly kernels: fast twin of `linear.ts`, bit for bit.
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
import { type Converter, converter } from "../hardware/adc.ts";
import { type ConvertedVectors, NORMALS, normalTable } from "../hardware/converter-errors.ts";
import type { CrossbarReading } from "../hardware/crossbar.ts";
import type { Arena, Kernels } from "../kernels/memory.ts";
import type { PackedBits } from "../kernels/spike-linear.ts";
import type { CrossbarBlock, LayerMapping } from "../mapping/mapping.ts";
import { quantile } from "../numeric/quantile.ts";
import type { Stream } from "../numeric/stream.ts";
import type { Chip } from "./chip.ts";
import { columnFactors, conversionKey, measuredEvery } from "./linear.ts";

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
    y: number,
    measured: Float64Array | null,
  ): number;
}

/** Where a block of weights lies in memory. */
interface BlockPlan {
  readonly block: CrossbarBlock;
  /** Rows of zeros in front. */
  readonly lead: number;
  /** Rows of the matrix: up to the end of the last word that the block's bits lie in. */
  readonly rows: number;
  readonly strips: readonly StripPlan[];
}

/** Byte offsets. */
interface StripPlan {
  /** First column within the block. */
  readonly column: number;
  readonly columns: number;
  readonly matrix: number;
  /** What a code step is worth, by column. */
  readonly factors: number;
  readonly errors: ErrorPlan | null;
}

/** Byte offsets of 16, 16 and 8 floats. */
interface ErrorPlan {
  readonly gains: number;
  readonly offsets: number;
  readonly deviations: number;
}

/** Lines of a strip, and lines from a plus line to its minus line. */
const LINES = 16;
const HALF = 8;
/** Vectors whose currents are held at a time. */
const CHUNK = 256;
/** Floats of the look-up table of 8 rows of a strip. */
const TABLE = 256 * LINES;

/** Plans memory for the crossbars of a chip; with `kernels` null it only plans. */
export function planCrossbars(kernels: Kernels | null, arena: Arena, chip: Chip): CrossbarKernels {
  const { bits: adcBits, mode, rangeQuantile, errors } = chip.hardware.adc;
  const exact = adcBits === null;
  const plans = new Map<string, { readonly blocks: BlockPlan[]; readonly offset: number }>();
  for (const layer of chip.mapping.layers) {
    const offset = arena.words(layer.outputs);
    kernels?.f32.set(chip.network.parameters[`${layer.name}.offset`].data, offset / 4);
    plans.set(layer.name, { blocks: layer.blocks.map(planBlock), offset });
  }
  const allBlocks = [...plans.values()].flatMap(({ blocks }) => blocks);
  const byCrossbar: BlockPlan[] = [];
  for (const plan of allBlocks) byCrossbar[plan.block.crossbar] = plan;
  const lines = arena.words(CHUNK * LINES);
  const scratch = arena.words(CHUNK * HALF);
  const mostRows = Math.max(...allBlocks.map(({ rows }) => rows));
  // Entries are lines of the cache.
  const tables = Math.ceil(arena.words((mostRows / 8) * TABLE + LINES) / 64) * 64;
  const noisy = chip.converterErrors !== null && errors.outputNoise > 0;
  const normals = noisy ? arena.words(NORMALS) : 0;
  if (kernels) {
    if (noisy) kernels.f32.set(normalTable(), normals / 4);
    for (const plan of allBlocks) placeErrors(plan);
  }
  /** By crossbar number. */
  let noiseKeys: readonly (readonly [number, number])[] = [];
  /** By crossbar number; none when converters are exact. */
  const converters: Converter[] = [];
  const scales: Float64Array[] = [];

  function planBlock(block: CrossbarBlock): BlockPlan {
    const lead = block.rowStart & 31;
    const rows = Math.ceil((lead + block.rows) / 32) * 32;
    const width = exact ? LINES : HALF;
    const strips: StripPlan[] = [];
    for (let column = 0; column < block.columns; column += width) {
      strips.push({
        column,
        columns: Math.min(width, block.columns - column),
        matrix: arena.words(rows * LINES),
        factors: arena.words(width),
        errors: chip.converterErrors && {
          gains: arena.words(LINES),
          offsets: arena.words(LINES),
          deviations: arena.words(HALF),
        },
      });
    }
    return { block, lead, rows, strips };
  }

  /** Copies a strip's columns of one sign, zeros behind them. */
  function place(at: number, values: Float32Array, { column, columns }: StripPlan) {
    kernels!.f32.fill(0, at / 4, at / 4 + HALF);
    kernels!.f32.set(values.subarray(column, column + columns), at / 4);
  }

  function placeErrors({ block, strips }: BlockPlan) {
    if (chip.converterErrors === null) return;
    const { plus, minus } = chip.converterErrors[block.crossbar];
    const deviations = new Float32Array(block.columns).fill(errors.outputNoise);
    for (const strip of strips) {
      const at = strip.errors as ErrorPlan;
      place(at.gains, plus.gains, strip);
      place(at.gains + 4 * HALF, minus.gains, strip);
      place(at.offsets, plus.offsets, strip);
      place(at.offsets + 4 * HALF, minus.offsets, strip);
      place(at.deviations, deviations, strip);
    }
  }

  function load(crossbar: number, { plus, minus, weights, scales: read }: CrossbarReading) {
    const { f32 } = kernels!;
    const { block, lead, rows, strips } = byCrossbar[crossbar];
    scales[crossbar] = read;
    for (const { column, columns, matrix } of strips) {
      const start = matrix / 4;
      f32.fill(0, start, start + rows * LINES);
      for (let r = 0; r < block.rows; r++) {
        const from = r * block.columns + column;
        const at = start + (lead + r) * LINES;
        f32.set((exact ? weights : plus).subarray(from, from + columns), at);
        if (!exact) f32.set(minus.subarray(from, from + columns), at + HALF);
      }
    }
  }

  function setConverters(ranges: Float64Array, random: Stream) {
    if (noisy) noiseKeys = byCrossbar.map((_, crossbar) => conversionKey(random, crossbar));
    for (const plan of allBlocks) setRange(plan, ranges[plan.block.crossbar]);
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
    y: number,
    measured: Float64Array | null,
  ) {
    const vectors = from.steps * from.prompts * from.perPrompt;
    const { blocks, offset } = plans.get(layer.name)!;
    let clipped = 0;
    for (const plan of blocks) {
      const { block } = plan;
      if (measured && !exact) {
        const range = measureRange(plan, bits, vectors, from.perPrompt) || block.rows * chip.device.maxConductance;
        measured[block.crossbar] = range;
        setRange(plan, range);
      }
      const last = block.rowStart + block.rows === layer.inputs;
      for (const strip of plan.strips) {
        const column = 4 * (block.columnStart + strip.column);
        const added = last ? offset + column : 0;
        tabulate(plan, strip);
        for (let first = 0; first < vectors; first += CHUNK) {
          const count = Math.min(CHUNK, vectors - first);
          multiply(plan, bits, first, count, 1);
          if (strip.errors) clipped += err(block, strip, strip.errors, first, count, from);
          clipped += convert(block, strip, count, added, y + 4 * first * layer.outputs + column, layer.outputs);
        }
      }
    }
    return clipped;
  }

  function tabulate({ rows }: BlockPlan, { matrix }: StripPlan) {
    kernels!.run.tabulateBytes(matrix, rows / 8, tables);
  }

  /** Currents in the tabulated strip of `count` vectors, every `every`-th from `first` on, to `lines`. */
  function multiply({ block, rows }: BlockPlan, bits: PackedBits, first: number, count: number, every: number) {
    const row = 4 * bits.words;
    const at = bits.at + first * row + 4 * (block.rowStart >> 5);
    kernels!.run.byteProduct(at, every * row, count, rows / 8, tables, lines);
  }

  /** Errors of the converters, on `lines`; returns the conversions that clip at 0 for them. */
  function err(
    { crossbar }: CrossbarBlock,
    { column }: StripPlan,
    { gains, offsets, deviations }: ErrorPlan,
    first: number,
    count: number,
    { prompts, perPrompt, firstPrompt }: ConvertedVectors,
  ): number {
    const { step } = converters[crossbar];
    const differential = mode === "differential" ? 1 : 0;
    const [key0, key1] = noisy ? noiseKeys[crossbar] : [0, 0];
    const currents = [lines, count, differential, step] as const;
    const arrays = [gains, offsets, deviations, normals] as const;
    const places = [column / HALF, first, prompts * perPrompt, perPrompt, firstPrompt] as const;
    return kernels!.run.applyConverterErrors(...currents, ...arrays, key0, key1, ...places, scratch);
  }

  /** From `lines` to the strip's columns of `count` vectors at `y`; returns the clipped conversions. */
  function convert(
    { crossbar, rowStart }: CrossbarBlock,
    { columns, factors }: StripPlan,
    count: number,
    offset: number,
    y: number,
    outputs: number,
  ): number {
    const { run } = kernels!;
    const fresh = rowStart === 0 ? 1 : 0;
    if (exact) {
      run.passCurrents(lines, count, LINES, columns, fresh, offset, y, outputs);
      return 0;
    }
    const { step: fullStep, largest } = converters[crossbar];
    // Errors leave lines in code steps.
    const step = chip.converterErrors ? 1 : fullStep;
    const kernel = mode === "pair" ? run.convertPairs : run.convertDifferences;
    return kernel(lines, count, LINES, HALF, columns, step, largest, factors, fresh, offset, y, outputs);
  }

  /** As `measureRange` in `linear.ts`. */
  function measureRange(plan: BlockPlan, bits: PackedBits, vectors: number, perPrompt: number): number {
    const { block, strips } = plan;
    const every = measuredEvery(vectors, perPrompt);
    const taken = Math.ceil(vectors / every);
    const seen = new Float32Array((mode === "pair" ? 2 : 1) * taken * block.columns);
    let i = 0;
    for (const strip of strips) {
      tabulate(plan, strip);
      for (let v = 0; v < taken; v += CHUNK) {
        const count = Math.min(CHUNK, taken - v);
        multiply(plan, bits, v * every, count, every);
        for (let row = 0; row < count; row++) {
          for (let c = 0, at = lines / 4 + row * LINES; c < strip.columns; c++, at++) {
            const [plus, minus] = [kernels!.f32[at], kernels!.f32[at + HALF]];
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
