import { expect, test } from "vitest";
import { standaloneKernels } from "../kernels/memory.ts";
import { threefry2x32 } from "../numeric/stream.ts";

const KEY = [0x12345678, -77] as const;

/** The kernel's reference: target = source + deviation z, with z from the four half words of pair i of the keyed stream. */
function addNoise(source: Float32Array, columns: number, deviation: Float32Array): Float32Array {
  const pair = new Int32Array(2);
  const scale = Math.fround(2.6428149e-5);
  return source.map((value, i) => {
    threefry2x32(KEY[0], KEY[1], i, 0, pair);
    const halves = [pair[0] & 0xffff, pair[0] >>> 16, pair[1] & 0xffff, pair[1] >>> 16];
    const z = Math.fround(scale * (halves.reduce((sum, half) => sum + half, 0) - 131070));
    return Math.fround(value + Math.fround(deviation[i % columns] * z));
  });
}

function runKernel(source: Float32Array, rows: number, columns: number, deviation: Float32Array): Float32Array {
  const { kernels, arena } = standaloneKernels(16 * source.length + 65536);
  const [from, spread, to, scratch] = [
    arena.words(source.length),
    arena.words(columns),
    arena.words(source.length),
    arena.words(32),
  ];
  kernels.f32.set(source, from / 4);
  kernels.f32.set(deviation, spread / 4);
  kernels.run.addNoise(from, rows, columns, spread, KEY[0], KEY[1], to, scratch);
  return kernels.f32.slice(to / 4, to / 4 + source.length);
}

test.each([
  [1, 1],
  [3, 5],
  [7, 16],
  [30, 33],
])("weight noise on a %i x %i matrix equals its twin bit for bit", (rows, columns) => {
  const source = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i));
  const deviation = Float32Array.from({ length: columns }, (_, n) => 0.01 * (n + 1));
  expect(runKernel(source, rows, columns, deviation)).toEqual(addNoise(source, columns, deviation));
});

test("weight noise has mean 0, variance 1, kurtosis 2.7 and no correlated neighbours", () => {
  const n = 200_000;
  const z = runKernel(new Float32Array(n), n / 100, 100, new Float32Array(100).fill(1));
  const moment = (power: number) => z.reduce((sum, x) => sum + x ** power, 0) / n;
  // Four standard errors. The variances of z, z^2 and z^4 are 1, 2.7 - 1 = 1.7 and E z^8 - 2.7^2 < 105 - 7 = 98 (105 is the
  // eighth moment of the normal, which the bounded sum does not reach). The key is fixed.
  expect(Math.abs(moment(1))).toBeLessThan(4 * Math.sqrt(1 / n));
  expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(1.7 / n));
  expect(Math.abs(moment(4) - 2.7)).toBeLessThan(4 * Math.sqrt(98 / n));
  const lag = z.subarray(1).reduce((sum, x, i) => sum + x * z[i], 0) / (n - 1);
  expect(Math.abs(lag)).toBeLessThan(4 * Math.sqrt(1 / n));
  // Four uniforms on 0 .. 65535 sum to at most 131070 from their mean, 131070 * 2.6428149e-5 = 3.464.
  expect(z.reduce((most, x) => Math.max(most, Math.abs(x)), 0)).toBeLessThan(3.4641);
});

/** The kernel's reference: x + deviation z, with z from the two half words of word i of the keyed stream. */
function addOutputNoise(x: Float32Array, columns: number, deviation: Float32Array, high: number): Float32Array {
  const pair = new Int32Array(2);
  const scale = Math.fround(3.7376247e-5);
  return x.map((value, i) => {
    threefry2x32(KEY[0], KEY[1], i >>> 1, high, pair);
    const word = pair[i & 1];
    const z = Math.fround(scale * ((word & 0xffff) + (word >>> 16) - 65535));
    return Math.fround(value + Math.fround(deviation[i % columns] * z));
  });
}

function runOutputKernel(x: Float32Array, columns: number, deviation: Float32Array, high: number): Float32Array {
  const { kernels, arena } = standaloneKernels(4 * x.length + 65536);
  const [at, spread, scratch] = [arena.words(x.length), arena.words(columns), arena.words(256)];
  kernels.f32.set(x, at / 4);
  kernels.f32.set(deviation, spread / 4);
  kernels.run.addOutputNoise(at, x.length / columns, columns, spread, KEY[0], KEY[1], high, scratch);
  return kernels.f32.slice(at / 4, at / 4 + x.length);
}

test.each([
  [1, 4],
  [5, 12],
  [3, 100],
  [40, 384],
])("noise on %i x %i pre-activations equals its twin bit for bit", (rows, columns) => {
  const x = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i));
  const deviation = Float32Array.from({ length: columns }, (_, n) => 0.01 * (n + 1));
  expect(runOutputKernel(x, columns, deviation, 7)).toEqual(addOutputNoise(x, columns, deviation, 7));
});

test("noise on pre-activations has mean 0, variance 1, the kurtosis of a triangle, 2.4, and its bounds", () => {
  const n = 200_000;
  const z = runOutputKernel(new Float32Array(n), 100, new Float32Array(100).fill(1), 0);
  const moment = (power: number) => z.reduce((sum, value) => sum + value ** power, 0) / n;
  // Four standard errors. The variances of z, z^2 and z^4 are 1, 1.4 and at most 2.45^8 = 1298. The key is fixed.
  expect(Math.abs(moment(1))).toBeLessThan(4 * Math.sqrt(1 / n));
  expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(1.4 / n));
  expect(Math.abs(moment(4) - 2.4)).toBeLessThan(4 * Math.sqrt(1298 / n));
  // 65535 * 3.7376247e-5 = 2.4495.
  expect(z.reduce((most, value) => Math.max(most, Math.abs(value)), 0)).toBeLessThan(2.4495);
});
