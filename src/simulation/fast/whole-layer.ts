/**
 * A layer's crossbars in whole numbers, as `integer-linear.ts` left them in memory: for backends with a memory of their own. Every thread
 * can take them once all threads have read their parts of the chip.
 */
import { invariant } from "../../errors.ts";
import { INTEGER_LINES, INTEGER_PAIRS } from "../../kernels/integer-ops.ts";
import type { SimulationOps } from "../../kernels/simulation-ops.ts";
import type { LayerMapping } from "../../mapping/mapping.ts";
import type { MappedNetwork } from "../chip.ts";
import type { SimulatorPlan } from "./plan.ts";

export interface WholeLayer {
  /** Words of an input vector that each row block reads, `[rowBlocks][first, count]`. */
  readonly words: readonly (readonly [number, number])[];
  /** Rows of all row blocks, 32 for each word. */
  readonly rows: number;
  /** In units of current, `[signs][rows][outputs]`: differences, or plus lines and then minus lines. */
  readonly conductances: Int32Array;
  /** `[rowBlocks][outputs][factor, stepBits]` */
  readonly columns: Int32Array;
  /** `[outputs]` */
  readonly offsets: Int32Array;
  /** Of neurons that take the layer's codes, `[outputs]`; null if sums are scaled. */
  readonly thresholds: Int32Array | null;
}

export function wholeLayer(
  ops: Pick<SimulationOps, "words" | "integers" | "floats">,
  { integers, scratch }: SimulatorPlan,
  thread: number,
  { hardware }: Pick<MappedNetwork, "hardware">,
  { name, outputs, rowBlocks }: LayerMapping,
): WholeLayer {
  const blocks = integers?.layers.get(name);
  invariant(blocks !== undefined, "a chip in whole numbers has whole layers");
  const signs = hardware.adc.mode === "pair" ? 2 : 1;
  const words = blocks.slice(0, rowBlocks).map(({ block, rows }) => [block.rowStart >> 5, rows / 32] as const);
  const rows = 32 * words.reduce((sum, [, count]) => sum + count, 0);
  const conductances = new Int32Array(signs * rows * outputs);
  const columns = new Int32Array(rowBlocks * outputs * 2);
  for (let b = 0, firstRow = 0; b < blocks.length; b++) {
    const { block, rows: ofBlock, strips, stepBits } = blocks[b];
    const [first, count] = words[b % rowBlocks];
    invariant(block.rowStart >> 5 === first && ofBlock === 32 * count, "column groups are cut at the same rows");
    const [bits] = ops.floats(stepBits, 1);
    for (const { column, columns: width, matrix, factors } of strips) {
      const numbers = new Int16Array(ops.words(matrix, (ofBlock * INTEGER_LINES) / 2).buffer);
      const ofColumns = ops.integers(factors, width);
      for (let c = 0, n = block.columnStart + column; c < width; c++, n++) {
        columns.set([ofColumns[c], bits], 2 * ((b % rowBlocks) * outputs + n));
        for (let r = 0; r < ofBlock; r++) {
          const cell = (firstRow + r) * outputs + n;
          const line = r * INTEGER_LINES + c;
          // Lines of pairs have no sign.
          conductances[cell] = signs === 1 ? numbers[line] : numbers[line] & 0xffff;
          if (signs === 2) conductances[rows * outputs + cell] = numbers[line + INTEGER_PAIRS] & 0xffff;
        }
      }
    }
    firstRow = (b + 1) % rowBlocks === 0 ? 0 : firstRow + ofBlock;
  }
  const { taken } = blocks[0];
  const offsets = taken?.offsets ?? scratch[thread].crossbars.offsets.get(name);
  invariant(offsets !== undefined, "a layer has offsets");
  return {
    words,
    rows,
    conductances,
    columns,
    offsets: Int32Array.from(ops.integers(offsets, outputs)),
    thresholds: taken && Int32Array.from(ops.integers(taken.thresholds, outputs)),
  };
}
