/**
 * Windows, tiles and squares of maps, with the WebAssembly kernels of `assembly/windows.ts`, `assembly/winograd.ts` and
 * `assembly/max-pool.ts`.
 */
import type { KernelExports } from "../binary.generated.ts";
import type { MapOps, Squares, Windows } from "../ops.ts";

export function mapOps(run: KernelExports): MapOps {
  return {
    gatherBitWindows: ({ map, windows, ...of }) => run.gatherBitWindows(map.at, ...windowSizes(of), windows.at),
    wireBits: ({ source, rows, stride, repeats, target }) =>
      run.wireBits(source.at, source.features, rows, stride, repeats, target.at),
    gatherWindows: ({ map, windows, ...of }) => run.moveWindows(map, ...windowSizes(of), windows, 0),
    scatterWindows: ({ dWindows, dMap, ...of }) => run.moveWindows(dMap, ...windowSizes(of), dWindows, 1),
    winogradData: ({ map, images, grid, channels, target, scratch }) =>
      run.winogradData(map, images, grid.rows, grid.columns, channels, target, scratch),
    winogradKernel: ({ weight, count, turned, target }) => run.winogradKernel(weight, count, Number(turned), target),
    winogradMap: ({ source, images, grid, channels, map }) =>
      run.winogradMap(source, images, grid.rows, grid.columns, channels, map),
    winogradKernelBackward: ({ source, count, dWeight }) => run.winogradKernelBackward(source, count, dWeight),
    winogradMapBackward: ({ map, images, grid, channels, target }) =>
      run.winogradMapBackward(map, images, grid.rows, grid.columns, channels, target),
    poolBits: ({ map, pooled, ...of }) => {
      const { rows, columns, pool } = squareSizes(of);
      run.poolBits(map.at, map.words, rows, columns, pool, pooled.at);
    },
    poolBitsBackward: ({ map, dPooled, dMap, ...of }) => {
      const { rows, columns, channels, pool } = squareSizes(of);
      run.poolBitsBackward(map.at, map.words, rows, columns, channels, pool, dPooled, dMap);
    },
    maxPool: ({ map, pooled, ...of }) => {
      const { rows, columns, channels, pool } = squareSizes(of);
      run.maxPool(map, rows, columns, channels, pool, pooled);
    },
    maxPoolBackward: ({ map, dPooled, dMap, ...of }) => {
      const { rows, columns, channels, pool } = squareSizes(of);
      run.maxPoolBackward(map, rows, columns, channels, pool, dPooled, dMap);
    },
  };
}

/** In the kernels' argument order. */
const windowSizes = ({ images, size: { grid, channels, kernel, stride, windows } }: Windows) =>
  [channels, images, grid.rows, grid.columns, kernel, stride, windows.rows, windows.columns] as const;

/** Squares of all images, stacked vertically. */
const squareSizes = ({ images, size: { outputs: channels, pool, pooled } }: Squares) => {
  return { rows: images * pooled.rows, columns: pooled.columns, channels, pool };
};
