/**
 * Windows, tiles and squares of maps, with the WebAssembly kernels of `assembly/windows.ts`, `assembly/winograd.ts` and
 * `assembly/max-pool.ts`.
 */

import { poolEdge } from "../../model/max-pool.ts";
import type { PoolSize } from "../../model/stem.ts";
import type { KernelExports } from "../binary.generated.ts";
import type { MapOps, Windows } from "../ops.ts";

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
    poolBits: ({ map, pooled, images, size }) =>
      run.poolBits(map.at, map.words, images, ...mapSizes(size), ...squareSizes(size), pooled.at),
    poolBitsBackward: ({ map, dPooled, dMap, images, size }) => {
      const { outputs } = size;
      run.poolBitsBackward(map.at, map.words, images, ...mapSizes(size), outputs, ...squareSizes(size), dPooled, dMap);
    },
    maxPool: ({ map, pooled, images, size }) =>
      run.maxPool(map, images, ...mapSizes(size), size.outputs, ...squareSizes(size), pooled),
    maxPoolBackward: ({ map, dPooled, dMap, images, size }) =>
      run.maxPoolBackward(map, images, ...mapSizes(size), size.outputs, ...squareSizes(size), dPooled, dMap),
  };
}

/** In the kernels' argument order. */
const windowSizes = ({ images, size: { grid, channels, kernel, stride, windows } }: Windows) =>
  [channels, images, grid.rows, grid.columns, kernel, stride, windows.rows, windows.columns] as const;

const mapSizes = ({ windows, pooled }: PoolSize) =>
  [windows.rows, windows.columns, pooled.rows, pooled.columns] as const;

const squareSizes = (size: PoolSize) => [size.pool, size.poolWindow ?? size.pool, poolEdge(size)] as const;
