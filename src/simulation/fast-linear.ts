/**
 * Linear layers of a chip on the WebAssembly kernels: fast twin of `linear.ts`, bit for bit.
 *
 * The two matrices of a crossbar lie side by side, so that one product gives both lines of every pair:
 *
 *   matrix [lead + rows, 2 columns]     I+ of column c at c, I- at half + c, half = columns rounded up to 4
 *
 * The product adds the rows of set bits in ascending order, as `spikeProduct` does. (A look-up table over four inputs would be
 * faster above a density of 33 %, but adds in another order.) A block whose first row is not a multiple of 32 starts in the
 * middle of a word: its matrix then has `lead` rows of zeros in front, and zeros up to the end of its last word, so bits of
 * neighbouring blocks add 0. Vectors go through in chunks whose line currents stay in the cache.
 */
import { type Converter, converter } from "../hardware/adc.ts";
import { type ConvertedVectors, normalTable } from "../hardware/converter-errors.ts";
import type { CrossbarReading } from "../hardware/crossbar.ts";
import type { Arena, Kernels } from "../kernels/memory.ts";
import { type PackedBits, PRODUCT_SCRATCH } from "../kernels/spike-linear.ts";
import type { CrossbarBlock, LayerMapping } from "../mapping/mapping.ts";
import { quantile } from "../numeric/quantile.ts";
import type { Stream } from "../numeric/stream.ts";
import type { Chip } from "./chip.ts";
import { columnFactors, conversionKey, MEASURED_VECTORS } from "./linear.ts";

export interface CrossbarKernels {
  /** Puts the conductances of one read, and the converters' full scales, in place; `random` is that of conversion noise. */
  load(readings: readonly CrossbarReading[], ranges: Float64Array, random: Stream): void;
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
  /** Byte offset of the matrix. */
  readonly matrix: number;
  /** Floats from a plus line to its minus line, and from row to row. */
  readonly half: number;
  readonly stride: number;
  /** Rows of zeros in front. */
  readonly lead: number;
  /** Byte offset of what a code step is worth, by column. */
  readonly factors: number;
  readonly errors: ErrorPlan | null;
}

/** Byte offsets of `[2 half]`, `[2 half]` and `[half]` floats. */
interface ErrorPlan {
  readonly gains: number;
  readonly offsets: number;
  readonly deviations: number;
}

/** Vectors whose currents are held at a time. */
const CHUNK = 64;

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
  const lines = arena.words(CHUNK * Math.max(...allBlocks.map(({ stride }) => stride)));
  const scratch = arena.words(PRODUCT_SCRATCH);
  const noisy = chip.converterErrors !== null && errors.outputNoise > 0;
  const table = noisy ? arena.words(65536) : 0;
  if (kernels) {
    if (noisy) kernels.f32.set(normalTable(), table / 4);
    for (const plan of allBlocks) placeErrors(plan);
  }
  /** By crossbar number. */
  let noiseKeys: readonly (readonly [number, number])[] = [];
  /** By crossbar number; none when converters are exact. */
  const converters: Converter[] = [];
  let scales: readonly Float64Array[] = [];

  function planBlock(block: CrossbarBlock): BlockPlan {
    const lead = block.rowStart & 31;
    const half = Math.ceil(block.columns / 4) * 4;
    const stride = exact ? half : 2 * half;
    const matrix = arena.words(matrixRows(lead, block.rows) * stride);
    const factors = arena.words(block.columns);
    const planErrors = (): ErrorPlan => ({
      gains: arena.words(2 * half),
      offsets: arena.words(2 * half),
      deviations: arena.words(half),
    });
    return { block, matrix, half, stride, lead, factors, errors: chip.converterErrors && planErrors() };
  }

  function placeErrors({ block, half, errors: at }: BlockPlan) {
    if (at === null) return;
    const { f32 } = kernels!;
    const { plus, minus } = chip.converterErrors![block.crossbar];
    for (const [place, values] of [
      [at.gains, [plus.gains, minus.gains]],
      [at.offsets, [plus.offsets, minus.offsets]],
    ] as const) {
      f32.fill(0, place / 4, place / 4 + 2 * half);
      f32.set(values[0], place / 4);
      f32.set(values[1], place / 4 + half);
    }
    f32.fill(0, at.deviations / 4, at.deviations / 4 + half);
    f32.fill(errors.outputNoise, at.deviations / 4, at.deviations / 4 + block.columns);
  }

  function load(readings: readonly CrossbarReading[], ranges: Float64Array, random: Stream) {
    const { f32 } = kernels!;
    if (noisy) noiseKeys = readings.map((_, crossbar) => conversionKey(random, crossbar));
    scales = readings.map((reading) => reading.scales);
    for (const plan of allBlocks) {
      const { block, matrix, half, stride, lead } = plan;
      const { plus, minus, weights } = readings[block.crossbar];
      const start = matrix / 4;
      f32.fill(0, start, start + matrixRows(lead, block.rows) * stride);
      for (let r = 0; r < block.rows; r++) {
        const row = (values: Float32Array) => values.subarray(r * block.columns, (r + 1) * block.columns);
        const at = start + (lead + r) * stride;
        f32.set(row(exact ? weights : plus), at);
        if (!exact) f32.set(row(minus), at + half);
      }
      setRange(plan, ranges[block.crossbar]);
    }
  }

  function setRange({ block, factors }: BlockPlan, fullScale: number) {
    if (adcBits === null) return;
    converters[block.crossbar] = converter(mode, adcBits, fullScale);
    kernels!.f32.set(columnFactors(converters[block.crossbar], scales[block.crossbar]), factors / 4);
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
        const range = measureRange(plan, bits, vectors) || block.rows * chip.device.maxConductance;
        measured[block.crossbar] = range;
        setRange(plan, range);
      }
      const last = block.rowStart + block.rows === layer.inputs;
      const added = last ? offset + 4 * block.columnStart : 0;
      for (let first = 0; first < vectors; first += CHUNK) {
        const count = Math.min(CHUNK, vectors - first);
        multiply(plan, bits, first, count, 1);
        if (plan.errors) clipped += err(plan, plan.errors, first, count, from);
        clipped += convert(plan, count, added, y + 4 * (first * layer.outputs + block.columnStart), layer.outputs);
      }
    }
    return clipped;
  }

  /** Currents of `count` vectors, every `every`-th from `first` on, to `lines`. */
  function multiply(
    { block, matrix, stride, lead }: BlockPlan,
    bits: PackedBits,
    first: number,
    count: number,
    every: number,
  ) {
    const row = 4 * bits.words;
    const at = bits.at + first * row + 4 * (block.rowStart >> 5);
    const inputs = lead + block.rows;
    kernels!.run.gatherProduct(at, every * row, count, inputs, matrix, stride, lines, stride, stride, 0, scratch);
  }

  /** Errors of the converters, on `lines`; returns the conversions that clip at 0 for them. */
  function err(
    { block, half, stride }: BlockPlan,
    { gains, offsets, deviations }: ErrorPlan,
    first: number,
    count: number,
    { prompts, perPrompt, firstPrompt }: ConvertedVectors,
  ): number {
    const { step } = converters[block.crossbar];
    const differential = mode === "differential" ? 1 : 0;
    const [key0, key1] = noisy ? noiseKeys[block.crossbar] : [0, 0];
    const where = [first, prompts * perPrompt, perPrompt, firstPrompt] as const;
    const sizes = [gains, offsets, deviations, table] as const;
    const { applyConverterErrors } = kernels!.run;
    return applyConverterErrors(
      lines,
      count,
      stride,
      half,
      differential,
      step,
      ...sizes,
      key0,
      key1,
      ...where,
      scratch,
    );
  }

  /** From `lines` to the block's columns of `count` vectors at `y`; returns the clipped conversions. */
  function convert(
    { block, half, stride, factors }: BlockPlan,
    count: number,
    offset: number,
    y: number,
    outputs: number,
  ): number {
    const { run } = kernels!;
    const fresh = block.rowStart === 0 ? 1 : 0;
    if (exact) {
      run.passCurrents(lines, count, stride, block.columns, fresh, offset, y, outputs);
      return 0;
    }
    const { step: fullStep, largest } = converters[block.crossbar];
    // Errors leave lines in code steps.
    const step = chip.converterErrors ? 1 : fullStep;
    const kernel = mode === "pair" ? run.convertPairs : run.convertDifferences;
    return kernel(lines, count, stride, half, block.columns, step, largest, factors, fresh, offset, y, outputs);
  }

  /** As `measureRange` in `linear.ts`. */
  function measureRange(plan: BlockPlan, bits: PackedBits, vectors: number): number {
    const { half, stride, block } = plan;
    const every = Math.ceil(vectors / MEASURED_VECTORS);
    const taken = Math.ceil(vectors / every);
    const seen = new Float32Array((mode === "pair" ? 2 : 1) * taken * block.columns);
    let i = 0;
    for (let v = 0; v < taken; v += CHUNK) {
      const count = Math.min(CHUNK, taken - v);
      multiply(plan, bits, v * every, count, every);
      for (let row = 0; row < count; row++) {
        for (let c = 0, at = lines / 4 + row * stride; c < block.columns; c++, at++) {
          const [plus, minus] = [kernels!.f32[at], kernels!.f32[at + half]];
          if (mode === "pair") {
            seen[i++] = plus;
            seen[i++] = minus;
          } else seen[i++] = Math.abs(plus - minus);
        }
      }
    }
    return quantile(seen, rangeQuantile);
  }

  return { load, run };
}

/** Rows of a block's matrix: up to the end of the last word that its bits lie in. */
const matrixRows = (lead: number, rows: number): number => Math.ceil((lead + rows) / 32) * 32;
