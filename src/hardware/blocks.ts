/** Blocks of a weight matrix, each at most as large as a crossbar. */
export interface MatrixBlock {
  readonly rowStart: number;
  readonly columnStart: number;
  /** Smaller than the crossbar at the edges of the matrix. */
  readonly rows: number;
  readonly columns: number;
}

/** The blocks of a layer's weights, `[inputs, outputs]`, row of blocks by row of blocks; each has at most `rows` and `columns`. */
export function matrixBlocks(inputs: number, outputs: number, rows: number, columns: number): MatrixBlock[] {
  const blocks: MatrixBlock[] = [];
  for (let rowStart = 0; rowStart < inputs; rowStart += rows) {
    for (let columnStart = 0; columnStart < outputs; columnStart += columns) {
      const size = { rows: Math.min(rows, inputs - rowStart), columns: Math.min(columns, outputs - columnStart) };
      blocks.push({ rowStart, columnStart, ...size });
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
