/**
 * Columns without converters on the WebAssembly kernels: fast twin of `reference/columns.ts`, bit for bit.
 *
 * Charges of a layer are sums of strips in whole numbers (`integer-linear.ts`), with a factor of 1. The constants of its columns lie
 * in memory that all threads read, each tile's written by the thread that reads its crossbars.
 */
import { type ColumnConstants, columnConstants } from "../../hardware/charge-neurons.ts";
import type { ConvertedVectors } from "../../hardware/converter-errors.ts";
import type { CrossbarReading } from "../../hardware/crossbar.ts";
import type { ColumnErrors } from "../../hardware/read-out.ts";
import type { Arena, PackedBits, Place } from "../../kernels/arena.ts";
import type { ColumnPlaces } from "../../kernels/integer-ops.ts";
import type { SimulationOps } from "../../kernels/simulation-ops.ts";
import type { CrossbarBlock, LayerMapping } from "../../mapping/mapping.ts";
import type { Stream } from "../../numeric/stream.ts";
import type { MappedNetwork } from "../chip.ts";
import { type ColumnPlan, columnPlan, columnRun, columnTile } from "../columns.ts";

/** A layer's columns in memory, 4 bytes each; their offsets in 2. */
export interface ColumnMemory extends ColumnPlan {
  readonly offsets16: Place;
  readonly places: ColumnPlaces;
}

/** By layer, those without converters. */
export type ColumnLayers = ReadonlyMap<string, ColumnMemory>;

export function planColumns(arena: Arena, chip: MappedNetwork): ColumnLayers {
  const layers = chip.mapping.layers.flatMap((layer): [string, ColumnMemory][] => {
    const plan = columnPlan(chip, layer);
    if (plan === null) return [];
    const { outputs } = layer;
    const names = Object.keys(columnConstants(0)) as (keyof ColumnConstants)[];
    const places = Object.fromEntries(names.map((name) => [name, arena.words(outputs)])) as Record<
      keyof ColumnConstants,
      Place
    >;
    return [[layer.name, { ...plan, offsets16: arena.words(outputs / 2), places }]];
  });
  return new Map(layers);
}

export interface ColumnKernels {
  /** Writes the errors of one crossbar's columns. */
  placeErrors(crossbar: number, errors: ColumnErrors): void;
  /** Spikes of a layer's neurons, from its charges `[steps prompts perPrompt, outputs]`. Returns the number of saturated membranes. */
  decide(layer: LayerMapping, charges: Place, vectors: ConvertedVectors, random: Stream, spikes: PackedBits): number;
}

/** What integer strips need to hold tiles. */
export interface ColumnTiles extends ColumnKernels {
  /**
   * Takes a crossbar's reading. With the last of its tile, returns the charges of all of the tile's blocks, and writes the constants of
   * its columns; null before.
   */
  load(
    layer: string,
    tile: readonly CrossbarBlock[],
    crossbar: number,
    reading: CrossbarReading,
  ): { readonly crossbar: number; readonly charges: CrossbarReading }[] | null;
}

/** @param normals standard normals; null where no columns are noisy. `scratch` has `COLUMN_SCRATCH` words */
export function bindColumns(
  ops: SimulationOps,
  layers: ColumnLayers,
  normals: Place | null,
  scratch: Place,
): ColumnTiles {
  const errorsOf: ColumnErrors[] = [];
  /** By crossbar, until the rest of their tile is read. */
  const waiting = new Map<number, CrossbarReading>();

  function load(layer: string, blocks: readonly CrossbarBlock[], crossbar: number, reading: CrossbarReading) {
    waiting.set(crossbar, reading);
    const readings = blocks.map((block) => waiting.get(block.crossbar));
    if (readings.some((one) => one === undefined)) return null;
    const memory = layers.get(layer) as ColumnMemory;
    const read = blocks.map((block, b) => ({
      block,
      reading: readings[b] as CrossbarReading,
      errors: errorsOf[block.crossbar],
    }));
    const { charges, offsets, constants } = columnTile(memory, read);
    const { columnStart } = blocks[0];
    ops.write(memory.offsets16 + 2 * columnStart, Int16Array.from(offsets));
    for (const name of Object.keys(constants) as (keyof ColumnConstants)[]) {
      ops.write(memory.places[name] + 4 * columnStart, constants[name]);
    }
    for (const block of blocks) waiting.delete(block.crossbar);
    return read.map(({ block, reading }, b) => ({ crossbar: block.crossbar, charges: { ...reading, ...charges[b] } }));
  }

  function decide(layer: LayerMapping, charges: Place, vectors: ConvertedVectors, random: Stream, spikes: PackedBits) {
    const memory = layers.get(layer.name) as ColumnMemory;
    const { reset, key } = columnRun(memory, vectors, random);
    const { steps, prompts, perPrompt, firstPrompt } = vectors;
    return ops.decideColumns({
      charges,
      steps,
      rows: prompts * perPrompt,
      constants: memory.places,
      reset,
      noise: key === null || normals === null ? null : { key, normals },
      perPrompt,
      firstPrompt,
      spikes,
      scratch,
    });
  }

  return {
    placeErrors: (crossbar, errors) => {
      errorsOf[crossbar] = errors;
    },
    load,
    decide,
  };
}
