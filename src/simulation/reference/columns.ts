/**
 * A layer on crossbars without converters: the charges of its columns, on which `hardware/charge-neurons.ts` decides. `fast/columns.ts`
 * is the fast twin, bit for bit.
 */

import type { ActionTally } from "../../hardware/actions.ts";
import { type ColumnConstants, columnConstants } from "../../hardware/charge-neurons.ts";
import { type CrossbarReading, spikeProduct } from "../../hardware/crossbar.ts";
import { wholeConductances } from "../../hardware/integer-arithmetic.ts";
import type { ColumnErrors } from "../../hardware/read-out.ts";
import type { SpikeTrain } from "../../spike/train.ts";
import { type ColumnPlan, columnTile, placeConstants, tilesOf } from "../columns.ts";

/** What columns read with, shared by all layers of a simulation. */
export interface ColumnEngine {
  /** By crossbar. */
  readonly readings: readonly CrossbarReading[];
  readonly errors: readonly ColumnErrors[];
}

/**
 * Shapes   input: [T][rows][lines]; returns charges, `[T][rows][outputs]`
 * Counts   lineDrives, cellReads, chargeTransfers, bitsRead
 * Throws   as `columnTile`
 */
export function readColumns(
  plan: ColumnPlan,
  { readings, errors }: ColumnEngine,
  input: SpikeTrain,
  reading: ActionTally,
): { charges: Float32Array; constants: ColumnConstants } {
  const { layer, deciding } = plan;
  const { outputs } = layer;
  const count = input.steps * input.rows;
  const charges = new Float32Array(count * outputs);
  const constants = columnConstants(outputs);
  for (const blocks of tilesOf(layer)) {
    const tile = columnTile(
      plan,
      blocks.map((block) => ({ block, reading: readings[block.crossbar], errors: errors[block.crossbar] })),
    );
    placeConstants(tile.constants, constants, blocks[0].columnStart);
    for (const [b, { rowStart, rows, columns, columnStart }] of blocks.entries()) {
      const out = new Float32Array(count * columns);
      const driven = spikeProduct(input, rowStart, rows, columns, wholeDifferences(tile.charges[b]), out);
      for (let i = 0; i < out.length; i++) {
        const c = i % columns;
        charges[((i - c) / columns) * outputs + columnStart + c] += out[i] + (b === 0 ? tile.offsets[c] : 0);
      }
      reading.lineDrives += driven;
      reading.cellReads += driven * columns;
      if (deciding.keeps) reading.chargeTransfers += out.length;
    }
  }
  reading.bitsRead += count * layer.inputs;
  return { charges, constants };
}

function wholeDifferences({ plus, minus }: Pick<CrossbarReading, "plus" | "minus">): Float32Array {
  const [up, down] = [new Float32Array(plus.length), new Float32Array(minus.length)];
  wholeConductances(plus, 1, up);
  wholeConductances(minus, 1, down);
  return up.map((units, i) => units - down[i]);
}
