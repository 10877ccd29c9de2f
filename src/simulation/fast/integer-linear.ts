/**
 * Linear layers of a chip in whole numbers of 16 bits, with the WebAssembly kernels: fast twin of `reference/linear.ts`, bit for bit.
 *
 * Crossbars are read and measured as in floating point (`linear.ts`), in strips of 8 columns. Once the converters are set, each
 * strip of 32 lines (both lines of 16 columns or the differences of 32) replaces the first of the strips it is made of. Lines
 * are then tabulated and summed with an added half code step, and a code is a shift.
 */

import { invariant } from "../../errors.ts";
import type { ArithmeticSpec } from "../../experiment/arithmetic.ts";
import { hasConverterErrors } from "../../experiment/erring-converters.ts";
import type { AdcSpec } from "../../experiment/hardware.ts";
import { converter } from "../../hardware/adc.ts";
import { CHARGE_RANGE } from "../../hardware/charge-neurons.ts";
import type { ConvertedVectors, ConverterErrors, LineErrors } from "../../hardware/converter-errors.ts";
import type { CrossbarReading } from "../../hardware/crossbar.ts";
import { type LineTotals, unitOf, wholeFactors } from "../../hardware/integer-arithmetic.ts";
import type { ThresholdColumns } from "../../hardware/threshold-scaling.ts";
import type { Arena, PackedBits, Place } from "../../kernels/arena.ts";
import { type ErrorPlaces, INTEGER_LINES, INTEGER_PAIRS } from "../../kernels/integer-ops.ts";
import { type SimulationOps, STRIP_COLUMNS } from "../../kernels/simulation-ops.ts";
import type { LayerMapping, Mapping } from "../../mapping/mapping.ts";
import type { Stream } from "../../numeric/stream.ts";
import type { MappedNetwork } from "../chip.ts";
import {
  type ColumnRegisters,
  columnRegisters,
  fittingStepBits,
  integerOffsets,
  requireLayerSums,
} from "../integers.ts";
import { columnFactors, conversionKey } from "../reference/linear.ts";
import { bindColumns, type ColumnLayers, planColumns } from "./columns.ts";
import {
  type BlockPlan,
  CHUNK,
  type CrossbarPlan,
  type CrossbarScratch,
  planErrors,
  type StripPlan,
} from "./crossbar-plan.ts";
import { bindCrossbars, type CrossbarKernels } from "./linear.ts";

export interface IntegerPlan {
  /** Blocks by layer, in the order of the mapping. */
  readonly layers: ReadonlyMap<string, readonly IntegerBlockPlan[]>;
  readonly columns: ColumnLayers;
}

export interface IntegerBlockPlan extends Pick<BlockPlan, "block" | "lead" | "rows"> {
  readonly strips: readonly IntegerStripPlan[];
  /** Bits of a code step, a number that every thread reads. */
  readonly stepBits: Place;
  /** Of the whole layer, for every thread, if neurons take its codes; null if sums are scaled. */
  readonly taken: ColumnPlaces | null;
}

/** Offsets and thresholds of a layer's neurons, by output. */
interface ColumnPlaces {
  readonly offsets: Place;
  readonly thresholds: Place;
}

interface IntegerStripPlan {
  /** First column within the block. */
  readonly column: number;
  readonly columns: number;
  /** The strips of 8 columns that it is made of; its matrix [lead + rows, 32] is stored at the address of the first. */
  readonly parts: readonly StripPlan[];
  readonly matrix: Place;
  /** Whole numbers, by column. */
  readonly factors: Place;
  /** Converter errors by line; null when converters are exact. */
  readonly errors: ErrorPlaces | null;
}

/** Thresholds of neurons that take codes, by the train they fire. */
export const thresholdPlaces = ({ layers }: Pick<Mapping, "layers">, plan: IntegerPlan): ReadonlyMap<string, Place> =>
  new Map(
    layers.flatMap(({ name, trainOut }) => {
      const taken = plan.layers.get(name)?.[0].taken ?? null;
      return trainOut === null || taken === null ? [] : [[trainOut, taken.thresholds] as const];
    }),
  );

/** Words per row of sums: 32 numbers of 16 bits. */
const INTEGER_SUMS = INTEGER_LINES / 2;

/** Columns per strip. */
const columnsOf = (mode: AdcSpec["mode"]): number => (mode === "pair" ? INTEGER_PAIRS : INTEGER_LINES);

export function planIntegers(arena: Arena, { layers }: CrossbarPlan, chip: MappedNetwork): IntegerPlan {
  const columns = planColumns(arena, chip);
  const planBlock = (
    { strips: floats, ...block }: BlockPlan,
    decides: boolean,
    taken: ColumnPlaces | null,
  ): IntegerBlockPlan => {
    const width = columnsOf(decides ? "differential" : chip.hardware.adc.mode);
    const strips: IntegerStripPlan[] = [];
    for (let column = 0; column < block.block.columns; column += width) {
      const parts = floats.filter((strip) => strip.column >= column && strip.column < column + width);
      strips.push({
        column,
        columns: Math.min(width, block.block.columns - column),
        parts,
        matrix: parts[0].matrix,
        factors: arena.words(INTEGER_SUMS),
        errors: decides ? null : planErrors(arena, chip, INTEGER_LINES, INTEGER_LINES),
      });
    }
    return { ...block, strips, stepBits: arena.words(1), taken };
  };
  const planned = chip.mapping.layers.map((layer) => {
    const { name, outputs } = layer;
    // A strip may begin at any output and reads 32 numbers.
    const words = Math.ceil(outputs / 2) + INTEGER_SUMS;
    const takes = columnRegisters(chip, layer, chip.hardware.arithmetic as ArithmeticSpec) !== null;
    const taken = takes ? { offsets: arena.words(words), thresholds: arena.words(words) } : null;
    const blocks = layers.get(name) as readonly BlockPlan[];
    return [name, blocks.map((block) => planBlock(block, columns.has(name), taken))] as const;
  });
  return { layers: new Map(planned), columns };
}

/** State: writes offsets and normals. Throws ValueError for an offset that does not fit. */
export function bindIntegerCrossbars(
  ops: SimulationOps,
  plan: CrossbarPlan,
  { layers, columns }: IntegerPlan,
  scratch: CrossbarScratch,
  chip: MappedNetwork,
): CrossbarKernels {
  const tiles = bindColumns(ops, columns, scratch.normals, scratch.columns);
  const { adc } = chip.hardware;
  const { mode, errors: spread } = adc;
  const arithmetic = chip.hardware.arithmetic as ArithmeticSpec;
  const { offsets, lines } = scratch;
  const floats = bindCrossbars(ops, plan, scratch, chip);
  /** A crossbar's block, and the row blocks of its tile that it is summed with. */
  const byCrossbar: {
    layer: LayerMapping;
    of: IntegerBlockPlan;
    tile: LayerMapping["blocks"];
    registers: ColumnRegisters | null;
  }[] = [];
  const offsetsOf = new Map<string, Float32Array>();
  for (const layer of chip.mapping.layers) {
    const { rowBlocks } = layer;
    const registers = columnRegisters(chip, layer, arithmetic);
    for (const [i, of] of (layers.get(layer.name) as readonly IntegerBlockPlan[]).entries()) {
      const first = i - (i % rowBlocks);
      byCrossbar[of.block.crossbar] = { layer, of, tile: layer.blocks.slice(first, first + rowBlocks), registers };
    }
    if (columns.has(layer.name) || registers !== null) continue;
    const whole = integerOffsets(chip, layer.name, arithmetic);
    offsetsOf.set(layer.name, whole);
    ops.write(offsets.get(layer.name) as Place, Int16Array.from(whole));
  }
  /** By crossbar, for those that this thread sets. */
  const factorsOf: Float32Array[] = [];
  const errorsOf: ConverterErrors[] = [];
  const loaded = new Set<number>();

  function placeErrors(crossbar: number, errors: ConverterErrors) {
    if (columns.has(byCrossbar[crossbar].layer.name)) return;
    errorsOf[crossbar] = errors;
    // Ranges are measured in floating point.
    if (chip.hardware.calibration === "codes") floats.placeErrors(crossbar, errors);
    for (const strip of byCrossbar[crossbar].of.strips) {
      if (strip.errors === null) continue;
      const write = (at: Place, of: (line: LineErrors) => Float32Array) => {
        const values = new Float32Array(INTEGER_LINES);
        const cut = (line: LineErrors) => of(line).subarray(strip.column, strip.column + strip.columns);
        values.set(cut(errors.plus));
        if (mode === "pair") values.set(cut(errors.minus), INTEGER_PAIRS);
        ops.write(at, values);
      };
      write(strip.errors.gains, ({ gains }) => gains);
      write(strip.errors.offsets, (line) => line.offsets);
      write(strip.errors.deviations, ({ gains }) => new Float32Array(gains.length).fill(spread.outputNoise));
    }
  }

  function setRange(crossbar: number, fullScale: number, scales: Float64Array) {
    const { layer, of, tile, registers } = byCrossbar[crossbar];
    if (columns.has(layer.name)) return;
    invariant(loaded.delete(crossbar), "a crossbar is loaded anew before its converters are set anew");
    const converters = converter(mode, adc.bits as number, fullScale);
    const stepBits = fittingStepBits(
      (unit) => totalsOf(of, unit),
      converters.step,
      errorsOf[crossbar] ?? null,
      adc,
      arithmetic,
    );
    ops.write(of.stepBits, Float32Array.of(stepBits));
    const values = columnFactors(converters, scales);
    const own = registers?.(of.block, values) ?? null;
    const factors = own?.multipliers ?? wholeFactors(values, crossbar, arithmetic);
    if (own !== null) placeColumns(of, own);
    else {
      factorsOf[crossbar] = factors;
      const ofTile = { ...layer, blocks: tile };
      const { integers } = chip.hardware.crossbar;
      requireLayerSums(ofTile, offsetsOf.get(layer.name) as Float32Array, factorsOf, { adc, arithmetic, integers });
    }
    const unit = unitOf(converters.step, stepBits);
    for (const strip of of.strips) {
      const strips = strip.parts.map(({ matrix }) => matrix);
      ops.wholeStrip({ strips, rows: of.rows, unit, mode, target: strip.matrix });
      ops.write(strip.factors, Int16Array.from(factors.subarray(strip.column, strip.column + strip.columns)));
    }
  }

  function placeColumns({ block: { columnStart }, taken }: IntegerBlockPlan, own: ThresholdColumns) {
    invariant(taken !== null, "a layer with neurons that take its codes has their registers");
    ops.write(taken.offsets + 2 * columnStart, Int16Array.from(own.offsets));
    ops.write(taken.thresholds + 2 * columnStart, Int16Array.from(own.thresholds));
  }

  /** Columns without converters: once a tile is read, its charges go to its strips. */
  function loadColumns(crossbar: number, reading: CrossbarReading) {
    const { layer, tile } = byCrossbar[crossbar];
    for (const { crossbar: of, charges } of tiles.load(layer.name, tile, crossbar, reading) ?? []) {
      floats.load(of, charges);
      const { strips, rows } = byCrossbar[of].of;
      for (const strip of strips) {
        const parts = strip.parts.map(({ matrix }) => matrix);
        ops.wholeStrip({ strips: parts, rows, unit: 1, mode: "differential", target: strip.matrix });
        ops.write(strip.factors, new Int16Array(INTEGER_LINES).fill(1));
      }
    }
  }

  /** For the conductances that `load` put into strips of 8 columns. */
  function totalsOf({ block: { columns }, rows, strips }: IntegerBlockPlan, unit: number): LineTotals {
    const totals = { plus: new Float64Array(columns), minus: new Float64Array(columns) };
    for (const part of strips.flatMap(({ parts }) => parts)) {
      ops.totalLines({ strip: part.matrix, rows, unit, mode, totals: lines });
      const ofPart = new Float64Array(ops.words(lines, 4 * STRIP_COLUMNS).buffer);
      totals.plus.set(ofPart.subarray(0, part.columns), part.column);
      totals.minus.set(ofPart.subarray(STRIP_COLUMNS, STRIP_COLUMNS + part.columns), part.column);
    }
    return totals;
  }

  return {
    takeWeights: false,
    placeErrors,
    columns: tiles,
    load: (crossbar, reading) => {
      if (columns.has(byCrossbar[crossbar].layer.name)) return loadColumns(crossbar, reading);
      loaded.add(crossbar);
      floats.load(crossbar, reading);
    },
    setRange,
    run: bindRunning(ops, { layers, columns }, scratch, chip),
    measure: floats.measure,
  };
}

function bindRunning(
  ops: SimulationOps,
  { layers, columns }: IntegerPlan,
  { offsets, zeros, normals, lines, noise: noiseScratch, tables, sums }: CrossbarScratch,
  chip: MappedNetwork,
): CrossbarKernels["run"] {
  const { adc } = chip.hardware;
  const converting = {
    mode: adc.mode,
    largest: converter(adc.mode, adc.bits as number, 1).largest,
    erring: hasConverterErrors(adc.errors),
  };
  /** Charge is passed on as it is. */
  const passing = { mode: "differential", largest: CHARGE_RANGE.high, erring: false } as const;

  function run(layer: LayerMapping, bits: PackedBits, from: ConvertedVectors, y: Place, random: Stream): number {
    const { perPrompt, firstPrompt } = from;
    const perStep = from.prompts * perPrompt;
    const vectors = from.steps * perStep;
    const blocks = layers.get(layer.name) as readonly IntegerBlockPlan[];
    const decided = columns.get(layer.name);
    const { mode, largest, erring } = decided ? passing : converting;
    const own = layer.reads > 1 ? zeros : (offsets.get(layer.name) as Place);
    const offset = decided?.offsets16 ?? blocks[0].taken?.offsets ?? own;
    const { rowBlocks } = layer;
    let clipped = 0;
    for (let g = 0; g < blocks.length; g += rowBlocks) {
      const group = blocks.slice(g, g + rowBlocks);
      for (let s = 0; s < group[0].strips.length; s++) {
        for (const [i, of] of group.entries()) {
          const { block, rows } = of;
          const strip = of.strips[s];
          const { matrix, columns, factors } = strip;
          const column = block.columnStart + strip.column;
          const [first, last] = [i === 0, i === rowBlocks - 1];
          const firstRow = block.rowStart & ~31;
          const [stepBits] = decided ? [0] : ops.floats(of.stepBits, 1);
          const shift = erring ? 0 : stepBits;
          const bias = erring ? 0 : (1 << stepBits) >> 1;
          const noise = normals === null ? null : { key: conversionKey(random, block.crossbar), normals };
          ops.tabulateIntegers({ matrix, rows, bias, mode, tables });
          for (let v = 0; v < vectors; v += CHUNK) {
            const count = Math.min(CHUNK, vectors - v);
            ops.integerCurrents({ bits, first: v, vectors: count, firstRow, rows, mode, tables, lines });
            if (strip.errors !== null) {
              clipped += ops.errIntegers({
                lines,
                vectors: count,
                mode,
                unit: 2 ** -stepBits,
                largest,
                errors: strip.errors,
                noise,
                strip: strip.column / STRIP_COLUMNS,
                first: v,
                perStep,
                perPrompt,
                firstPrompt,
                scratch: noiseScratch,
              });
            }
            const held = sums + 4 * INTEGER_SUMS * v;
            clipped += ops.convertIntegers({
              lines,
              vectors: count,
              columns,
              mode,
              shift,
              largest,
              factors,
              sums: first ? null : held,
              offset: last ? offset + 2 * column : null,
              out: last ? y + 2 * (v * layer.outputs + column) : held,
              outputs: last ? layer.outputs : INTEGER_LINES,
            });
          }
        }
      }
    }
    return clipped;
  }

  return run;
}
