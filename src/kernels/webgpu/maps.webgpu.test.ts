/** Windows and squares of maps against WebAssembly, bit for bit: values are copied, or added in the same order. Tiles within rounding. */
import { describe } from "vitest";
import { testOnGpu } from "../../../test/support/gpu.ts";
import { expectSameBits, expectWithin, normals, onBoth, unset } from "../../../test/support/gpu-ops.ts";
import { pixels } from "../../model/stem.ts";
import { stream } from "../../numeric/stream.ts";
import { packSpikes } from "../../spike/train.ts";

const IMAGES = 2;

/** Packed spikes of `rows` rows, and bits for as many that nothing has written. */
const spikes = (rows: number, features: number, seed: number): Uint32Array => {
  const draws = stream(seed);
  const values = Float64Array.from({ length: rows * features }, () => (draws.uniform() < 0.3 ? 1 : 0));
  return packSpikes(values, 1, rows, features).words;
};
const unsetBits = (rows: number, features: number) => new Uint32Array(rows * Math.ceil(features / 32)).fill(0xdeadbeef);
const packed = (at: number, features: number) => ({ at, words: Math.ceil(features / 32), features });

/** Rows, columns, channels, kernel, stride. Channels are below, at and above a word of bits. */
const WINDOWS = [
  [1, 1, 4, 1, 1],
  [5, 6, 12, 3, 1],
  [6, 5, 32, 3, 2],
  [4, 7, 40, 5, 3],
  [3, 2, 64, 7, 2],
] as const;

describe("windows", () => {
  for (const [rows, columns, channels, kernel, stride] of WINDOWS) {
    testOnGpu(`of ${kernel} x ${kernel}, ${stride} apart, on ${rows} x ${columns} x ${channels}`, async () => {
      const windows = { rows: Math.ceil(rows / stride), columns: Math.ceil(columns / stride) };
      const size = { grid: { rows, columns }, channels, kernel, stride, windows };
      const [read, written] = [IMAGES * rows * columns, IMAGES * pixels(windows)];
      const features = kernel ** 2 * channels;
      const arrays = {
        bits: spikes(read, channels, 1),
        bitWindows: unsetBits(written, features),
        map: normals(read * channels, 2),
        windows: unset(written * features),
        dWindows: normals(written * features, 3),
        dMap: normals(read * channels, 4),
      };
      const both = await onBoth(arrays, ["bitWindows", "windows", "dMap"], (ops, at) => {
        const [map, target] = [packed(at.bits, channels), packed(at.bitWindows, features)];
        ops.gatherBitWindows({ map, images: IMAGES, size, windows: target });
        ops.gatherWindows({ map: at.map, images: IMAGES, size, windows: at.windows });
        ops.scatterWindows({ dWindows: at.dWindows, images: IMAGES, size, dMap: at.dMap });
      });
      expectSameBits(both);
    });
  }
});

/** Rows, features, stride, repeats. */
const WIRES = [
  [1, 1, 1, 1],
  [3, 33, 4, 2],
  [2, 130, 7, 3],
  [5, 20, 50, 1],
] as const;

describe("lines", () => {
  for (const [rows, features, stride, repeats] of WIRES) {
    testOnGpu(`${repeats} times ${features} inputs, ${stride} apart`, async () => {
      const arrays = { source: spikes(rows, features, 1), wired: unsetBits(rows, repeats * features) };
      const both = await onBoth(arrays, ["wired"], (ops, at) => {
        const [source, target] = [packed(at.source, features), packed(at.wired, repeats * features)];
        ops.wireBits({ source, rows, stride, repeats, target });
      });
      expectSameBits(both);
    });
  }
});

/** Squares, their distance, their side where they overlap, pixels that the last ones miss, channels. */
const POOLS = [
  [2, 3, 2, null, 0, 24],
  [3, 2, 3, null, 0, 40],
  [3, 3, 2, 3, 1, 32],
  [2, 2, 1, 5, 0, 8],
] as const;

describe("squares", () => {
  for (const [rows, columns, pool, poolWindow, missing, outputs] of POOLS) {
    const side = poolWindow ?? pool;
    testOnGpu(`of ${side} x ${side}, ${pool} apart, ${rows} x ${columns} x ${outputs}`, async () => {
      const windows = { rows: rows * pool - missing, columns: columns * pool - missing };
      const size = { outputs, pool, pooled: { rows, columns }, windows, ...(poolWindow && { poolWindow }) };
      const [read, left] = [IMAGES * pixels(windows), IMAGES * pixels(size.pooled)];
      const draws = stream(2);
      const arrays = {
        bits: spikes(read, outputs, 1),
        pooledBits: unsetBits(left, outputs),
        // So few different numbers that squares contain the largest more than once.
        map: Float32Array.from({ length: read * outputs }, () => draws.integer(5) - 2),
        pooled: unset(left * outputs),
        dPooled: normals(left * outputs, 3),
        dBits: unset(read * outputs),
        dMap: unset(read * outputs),
      };
      const both = await onBoth(arrays, ["pooledBits", "pooled", "dBits", "dMap"], (ops, at) => {
        const [map, bits] = [packed(at.bits, outputs), packed(at.pooledBits, outputs)];
        const of = { images: IMAGES, size };
        ops.poolBits({ ...of, map, pooled: bits });
        ops.poolBitsBackward({ ...of, map, dPooled: at.dPooled, dMap: at.dBits });
        ops.maxPool({ ...of, map: at.map, pooled: at.pooled });
        ops.maxPoolBackward({ ...of, map: at.map, dPooled: at.dPooled, dMap: at.dMap });
      });
      expectSameBits(both);
    });
  }
});

describe("tiles", () => {
  for (const [rows, columns, channels] of [
    [1, 1, 4],
    [4, 6, 8],
    [5, 3, 12],
  ] as const) {
    testOnGpu(`of ${rows} x ${columns} x ${channels}, and their kernels`, async () => {
      const [read, tiles] = [IMAGES * rows * columns, IMAGES * Math.ceil(rows / 2) * Math.ceil(columns / 2)];
      const count = 4 * channels;
      const arrays = {
        map: normals(read * channels, 1),
        data: unset(16 * tiles * channels),
        weight: normals(9 * count, 2),
        kernel: unset(16 * count),
        turned: unset(16 * count),
        source: normals(16 * tiles * channels, 3),
        mapped: unset(read * channels),
        dKernel: normals(16 * count, 4),
        dWeight: normals(9 * count, 5),
        dMapped: unset(16 * tiles * channels),
      };
      const changed = ["data", "kernel", "turned", "mapped", "dWeight", "dMapped"] as const;
      const both = await onBoth(
        arrays,
        changed,
        (ops, at, scratch) => {
          const of = { images: IMAGES, grid: { rows, columns }, channels };
          ops.winogradData({ ...of, map: at.map, target: at.data, scratch });
          ops.winogradKernel({ weight: at.weight, count, turned: false, target: at.kernel });
          ops.winogradKernel({ weight: at.weight, count, turned: true, target: at.turned });
          ops.winogradMap({ ...of, source: at.source, map: at.mapped });
          ops.winogradKernelBackward({ source: at.dKernel, count, dWeight: at.dWeight });
          ops.winogradMapBackward({ ...of, map: at.map, target: at.dMapped });
        },
        16 * channels,
      );
      // Sums of up to 16 normals, with factors up to 1: a compiler may add them in another order.
      for (const name of changed) expectWithin(both.gpu.numbers[name], both.wasm.numbers[name], 2 ** -20, name);
    });
  }
});
