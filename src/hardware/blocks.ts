/** Blocks of a weight matrix, each at most as large as a crossbar. */
import type { CrossbarSpec } from "../experiment/hardware.ts";
import type { LayerRole } from "../model/layers.ts";
import { rowsFor } from "./crossbar.ts";

export interface MatrixBlock {
  readonly rowStart: number;
  readonly columnStart: number;
  /** Smaller than the crossbar at the edges of the matrix. */
  readonly rows: number;
  readonly columns: number;
}

/** The blocks of a layer's weights, `[inputs, outputs]`, row of blocks by row of blocks. */
export function matrixBlocks(role: LayerRole, inputs: number, outputs: number, crossbar: CrossbarSpec): MatrixBlock[] {
  const blocks: MatrixBlock[] = [];
  const most = rowsFor(role, crossbar);
  for (let rowStart = 0; rowStart < inputs; rowStart += most) {
    const rows = Math.min(most, inputs - rowStart);
    for (let columnStart = 0; columnStart < outputs; columnStart += crossbar.columns) {
      blocks.push({ rowStart, columnStart, rows, columns: Math.min(crossbar.columns, outputs - columnStart) });
    }
  }
  return blocks;
}

/** A copy of a block, `[rows, columns]`, of weights `[inputs, outputs]`. */
export function cutBlock(weights: Float32Array, outputs: number, block: MatrixBlock): Float32Array {
  const { rowStart, columnStart, rows, columns } = block;
  const cut = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    const from = (rowStart + r) * outputs + columnStart;
    cut.set(weights.subarray(from, from + columns), r * columns);
  }
  return cut;
}
