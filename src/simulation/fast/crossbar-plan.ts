/**
 * Memory layout of a chip's crossbars: what all threads share, and the working memory of one.
 *
 * A block with a first row that is not a multiple of 32 starts in the middle of a word. Its matrix then has `lead` rows of
 * zeros in front, and zeros up to the end of its last word, so bits of neighbouring blocks add 0.
 */
import { decidingOf } from "../../experiment/by-read-out.ts";
import { hasConverterErrors } from "../../experiment/erring-converters.ts";
import { NORMALS } from "../../hardware/converter-errors.ts";
import { MEASURED_VECTORS } from "../../hardware/own-calibration.ts";
import type { Arena, Place } from "../../kernels/arena.ts";
import type { ErrorPlaces } from "../../kernels/integer-ops.ts";
import { STRIP_COLUMNS, STRIP_LINES } from "../../kernels/simulation-ops.ts";
import { converterScratch, STRIP_TABLE, sampleWords } from "../../kernels/wasm/crossbar-ops.ts";
import { COLUMN_SCRATCH } from "../../kernels/wasm/integer-ops.ts";
import type { CrossbarBlock } from "../../mapping/mapping.ts";
import { quantileRank } from "../../numeric/quantile.ts";
import type { MappedNetwork } from "../chip.ts";
import { isNoisy as isNoisyColumn } from "../columns.ts";

/** Memory layout of a chip's crossbars. */
export interface CrossbarPlan {
  /** Blocks by layer, in the order of the mapping. */
  readonly layers: ReadonlyMap<string, readonly BlockPlan[]>;
  /** Full scales by crossbar, doubles. */
  readonly fullScales: Place;
}

/** Working memory in which a thread computes crossbars. */
export interface CrossbarScratch {
  /** Offsets by layer, and zeros for those that are read several times, where they follow the last read. */
  readonly offsets: ReadonlyMap<string, Place>;
  readonly zeros: Place;
  /** The normals of noise of conversions and of columns; null without noise. */
  readonly normals: Place | null;
  /** Currents of the vectors in progress, and the words of their noise. */
  readonly lines: Place;
  readonly noise: Place;
  readonly tables: Place;
  /** Noise and membranes of columns without converters. */
  readonly columns: Place;
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
  /** Null when converters are exact. */
  readonly errors: ErrorPlaces | null;
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
    zeros: arena.words(Math.max(0, ...chip.mapping.layers.map(({ reads, outputs }) => (reads > 1 ? outputs : 0)))),
    normals: isNoisy(chip) ? arena.words(NORMALS) : null,
    lines: arena.words(CHUNK * STRIP_LINES),
    noise: arena.words(converterScratch(CHUNK)),
    columns: arena.words(COLUMN_SCRATCH),
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
  const strips: StripPlan[] = [];
  for (let column = 0; column < block.columns; column += width) {
    strips.push({
      column,
      columns: Math.min(width, block.columns - column),
      matrix: arena.words(rows * STRIP_LINES),
      factors: arena.words(width),
      errors: planErrors(arena, chip, STRIP_LINES, STRIP_COLUMNS),
    });
  }
  return { block, lead, rows, strips };
}

/** Gains and offsets of so many lines, and so many noise deviations; null when converters are exact. */
export function planErrors(
  arena: Arena,
  { hardware: { adc } }: MappedNetwork,
  lines: number,
  deviations: number,
): ErrorPlaces | null {
  if (!hasConverterErrors(adc.errors)) return null;
  return { gains: arena.words(lines), offsets: arena.words(lines), deviations: arena.words(deviations) };
}

export const isExact = ({ hardware }: MappedNetwork): boolean => hardware.adc.bits === null;
const isNoisy = ({ hardware, mapping }: MappedNetwork): boolean =>
  hardware.adc.errors.outputNoise > 0 ||
  mapping.layers.some(({ readOut }) => {
    const deciding = decidingOf(readOut);
    return deciding !== null && isNoisyColumn(deciding);
  });
export const stripColumns = (chip: MappedNetwork): number => (isExact(chip) ? STRIP_LINES : STRIP_COLUMNS);

/** Of this many vectors' currents, those at or above the range's quantile. */
export function keptOf({ hardware: { adc } }: MappedNetwork, vectors: number, columns: number): number {
  const currents = (adc.mode === "pair" ? 2 : 1) * vectors * columns;
  return currents - quantileRank(currents, adc.rangeQuantile);
}
