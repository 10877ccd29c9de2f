/**
 * Access to the WebAssembly memory, and operations on vectors and rows: kernels of `assembly/elementwise.ts` and
 * `assembly/batch-norm.ts`.
 */
import type { KernelExports } from "../binary.generated.ts";
import type { MemoryOps, ReadOps, RowOps } from "../ops.ts";

export function memoryOps(run: KernelExports, buffer: ArrayBufferLike): MemoryOps & ReadOps {
  const bytes = new Uint8Array(buffer);
  const floats = new Float32Array(buffer);
  const words = new Uint32Array(buffer);
  return {
    write: (at, values) => bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at),
    floats: (at, count) => floats.slice(at / 4, at / 4 + count),
    words: (at, count) => words.slice(at / 4, at / 4 + count),
    copy: (from, to, count) => void bytes.copyWithin(to, from, from + 4 * count),
    fill: (target, count, value) => run.fill(target, count, value),
  };
}

export function rowOps(run: KernelExports, buffer: ArrayBufferLike): RowOps {
  const floats = new Float32Array(buffer);
  return {
    add: (target, source, count) => run.add(target, source, count),
    addScaled: (target, source, count, factor) => run.axpy(target, source, count, factor),
    multiply: (target, source, count) => {
      for (let i = 0; i < count; i++) floats[target / 4 + i] *= floats[source / 4 + i];
    },
    scale: (target, count, factor) => run.scale(target, count, factor),
    sumRows: ({ source, rows, columns, target }) => run.sumRows(source, rows, columns, target),
    sumManyRows: ({ source, rows, columns, target, scratch }) => {
      // The kernel also sums products with a second matrix, which are not used here.
      const [sum, products, rest] = [0, 1, 2].map((part) => scratch + 4 * columns * part);
      run.columnSums(source, source, rows, columns, products, sum, products, rest);
      run.add(target, sum, columns);
    },
    broadcastRow: ({ row, rows, columns, target }) => run.broadcastRow(row, rows, columns, target),
    addRow: ({ source, row, rows, columns, target }) => run.addRow(source, row, rows, columns, target),
    addPeriodic: ({ table, period, rows, columns, target }) => run.addPeriodic(target, rows, period, columns, table),
    sumPeriodic: ({ source, rows, columns, table, period }) => run.sumPeriodic(source, rows, period, columns, table),
    gatherTokens: ({ source, prompts, tokens, width, chosen, target }) =>
      run.gatherTokens(source, prompts, tokens, width, chosen.at, chosen.count, target),
    scatterTokens: ({ source, prompts, tokens, width, chosen, target }) =>
      run.scatterTokens(source, prompts, tokens, width, chosen.at, chosen.count, target),
  };
}
