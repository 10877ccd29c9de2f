/** The contents of macros without converters, of one read of a chip: weights and columns in units of charge, and noise. */
import { invariant } from "../../errors.ts";
import { type ColumnConstants, type ColumnRun, LEAK_ONE } from "../../hardware/charge-neurons.ts";
import { normalTable } from "../../hardware/converter-errors.ts";
import type { CrossbarReading } from "../../hardware/crossbar.ts";
import { wholeConductances } from "../../hardware/integer-arithmetic.ts";
import { roundHalfEven } from "../../numeric/rounding.ts";
import type { Stream } from "../../numeric/stream.ts";
import type { Chip } from "../../simulation/chip.ts";
import { type ColumnTile, columnPlan, columnRun, columnTile } from "../../simulation/columns.ts";
import type { SourceFiles } from "../design.ts";
import * as sv from "../syntax.ts";
import { COLUMN_WORDS, type ColumnWord, WEIGHT_BITS, WORD_BITS } from "./column-macro.ts";
import { lines, wordText } from "./constants.ts";
import type { GroupPlan, LayerPlan, MachinePlan } from "./plan.ts";

/** The macro of a column group. */
export interface WholeColumns {
  readonly settings: Readonly<Record<string, sv.Expression>>;
  /** Contents of its memories, by file name. Macros with the same noise share a file. */
  readonly files: SourceFiles;
}

/** The macros of a machine without converters, by their first crossbar. */
export type ColumnsByCrossbar = readonly WholeColumns[];

/**
 * @param readings by crossbar, at least of layers without converters
 * Random   as `simulate`
 * Throws   as `columnTile`
 */
export function wholeColumns(
  chip: Chip,
  { layers, steps }: MachinePlan,
  readings: readonly CrossbarReading[],
  random: Stream,
): ColumnsByCrossbar {
  const whole: WholeColumns[] = [];
  /** Names of files by their text. */
  const noises = new Map<string, string>();
  for (const [l, layer] of layers.entries()) {
    const plan = columnPlan(chip, chip.mapping.layers[l]);
    if (plan === null) continue;
    const run = columnRun(plan, { steps, firstPrompt: 0, prompts: 1, perPrompt: layer.tokens.length }, random);
    for (const group of layer.groups) {
      const errors = chip.columnErrors!;
      const tile = columnTile(
        plan,
        group.blocks.map((block) => ({ block, reading: readings[block.crossbar], errors: errors[block.crossbar] })),
      );
      whole[group.blocks[0].crossbar] = columnsOf(layer, group, tile, run, noises);
    }
  }
  return whole;
}

function columnsOf(
  layer: LayerPlan,
  { columnStart, blocks: [{ crossbar }] }: GroupPlan,
  tile: ColumnTile,
  { key }: ColumnRun,
  noises: Map<string, string>,
): WholeColumns {
  const [cells, columns] = [`columns_${crossbar}_cells.hex`, `columns_${crossbar}.hex`];
  const settings = { Cells: sv.text(cells), Columns: sv.text(columns) };
  const files = { [cells]: cellText(tile), [columns]: columnText(tile) };
  if (key === null) return { settings, files };
  const text = noiseText(tile.constants);
  const noise = noises.get(text) ?? `columns_noise_${noises.size}.hex`;
  noises.set(text, noise);
  const [low, high] = key;
  return {
    settings: {
      ...settings,
      Noise: sv.text(noise),
      NoiseKey: sv.hex(64, (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)),
      Tokens: sv.decimal(layer.tokens.length),
      FirstColumn: sv.decimal(columnStart),
    },
    files: { ...files, [noise]: text },
  };
}

/** Weights of all row blocks, column after column. */
function cellText({ charges, offsets }: ColumnTile): string {
  const units = (of: Float32Array) => {
    const whole = new Float32Array(of.length);
    wholeConductances(of, 1, whole);
    return whole;
  };
  const blocks = charges.map(({ plus, minus }) => ({ plus: units(plus), minus: units(minus) }));
  const words: string[] = [];
  for (let c = 0; c < offsets.length; c++) {
    for (const { plus, minus } of blocks) {
      for (let i = c; i < plus.length; i += offsets.length) words.push(wordText([plus[i] - minus[i]], WEIGHT_BITS));
    }
  }
  return lines(words);
}

export function columnText({
  offsets,
  constants: { leaks, thresholds, levels },
}: Pick<ColumnTile, "offsets" | "constants">): string {
  const values: Readonly<Record<ColumnWord, ArrayLike<number>>> = {
    ...{ leak: leaks, offset: offsets, threshold: thresholds, level: levels },
  };
  invariant(
    leaks.every((leak) => leak <= LEAK_ONE),
    "a product of membrane and leak fits 32 bits",
  );
  const word = (c: number) =>
    wordText(
      COLUMN_WORDS.map((one) => values[one][c]),
      WORD_BITS,
    );
  return lines(Array.from(offsets, (_, c) => word(c)));
}

/** The charge of every draw, with that of the decision in the high half. Columns of a tile have the same noise. */
export function noiseText({ thermal, deciding }: ColumnConstants): string {
  const same = thermal.every((one) => one === thermal[0]) && deciding.every((one) => one === deciding[0]);
  invariant(same, "columns of a tile have the same noise");
  const charge = (deviation: number, normal: number) => roundHalfEven(Math.fround(deviation * normal));
  return lines(
    Array.from(normalTable(), (normal) =>
      wordText([charge(thermal[0], normal), charge(deciding[0], normal)], WORD_BITS),
    ),
  );
}
