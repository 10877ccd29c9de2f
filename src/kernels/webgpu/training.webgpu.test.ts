import { describe, expect } from "vitest";
import { testOnGpu } from "../../../test/support/gpu.ts";
import { expectWithin, largest, normals, onBoth, talliesOf, unset } from "../../../test/support/gpu-ops.ts";
import { NOISE_SCRATCH, normalisationScratch } from "../wasm/neuron-ops.ts";

/** A part of one group; several groups; more parts than a group folds at once. */
const COUNTS = [3, 5000, 530_001];

describe("norms", () => {
  for (const count of COUNTS) {
    testOnGpu(`of ${count} numbers add to a tally, clip and divide as in WebAssembly`, async () => {
      const arrays = {
        source: normals(count, 1),
        clipped: normals(count, 1),
        short: normals(count, 1),
        divided: normals(count, 1),
        tally: new Uint32Array(2),
      };
      const both = await onBoth(arrays, ["clipped", "divided", "tally"], (ops, at) => {
        const squares = at.tally;
        for (let i = 0; i < 3; i++) ops.sumOfSquares(at.source, count, squares);
        ops.clipNorm({ target: at.clipped, count, squares, clipNorm: 0.5 });
        ops.clipNorm({ target: at.short, count, squares, clipNorm: 1e6 });
        ops.divideByNorm({ target: at.divided, count, squares, epsilon: 1e-3 });
      });
      const { wasm, gpu } = both;
      const tally = talliesOf(both, "tally");
      // Each square rounds once, by half of 2^-23 of itself at most; the sum of the two floats rounds no further.
      expect(Math.abs(tally.gpu - tally.wasm)).toBeLessThan(2 ** -24 * tally.wasm);
      expect(tally.wasm).toBeGreaterThan(count / 2);
      for (const name of ["clipped", "divided"] as const) {
        // A quotient, a root and a product: some units of 2^-24 of the largest number.
        expectWithin(gpu.numbers[name], wasm.numbers[name], 6 * 2 ** -24 * largest(wasm.numbers[name]), name);
      }
    });
  }
});

testOnGpu("two floats keep what one loses: 30,000 times 0.1 next to 2^24", async () => {
  const arrays = { source: Float32Array.of(4096, ...new Float32Array(30_000).fill(0.1)), tally: new Uint32Array(2) };
  const both = await onBoth(arrays, ["tally"], (ops, at) => ops.sumOfSquares(at.source, 30_001, at.tally));
  const { wasm, gpu } = talliesOf(both, "tally");
  expect(wasm).toBeCloseTo(2 ** 24 + 300, 3);
  expect(Math.abs(gpu - wasm)).toBeLessThan(1e-4);
});

testOnGpu("three steps of AdamW are those of WebAssembly", async () => {
  const count = 1003;
  const arrays = {
    parameter: normals(count, 1),
    gradient: normals(count, 2),
    first: new Float32Array(count),
    second: new Float32Array(count),
  };
  const { wasm, gpu } = await onBoth(arrays, ["parameter", "first", "second"], (ops, at) => {
    const of = { ...at, count, learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, decay: 0.1 };
    for (let t = 1; t <= 3; t++) ops.adamw({ ...of, correction1: 1 - 0.9 ** t, correction2: 1 - 0.99 ** t });
  });
  // Parameters reach 4, moments 3 and 10 (0.03 of the squares): a few roundings each.
  expectWithin(gpu.numbers.parameter, wasm.numbers.parameter, 4 * 2 ** -22, "parameter");
  expectWithin(gpu.numbers.first, wasm.numbers.first, 2 ** -22, "first");
  expectWithin(gpu.numbers.second, wasm.numbers.second, 2 ** -22, "second");
});

describe.each([
  { rows: 1, columns: 4 },
  { rows: 40, columns: 68 },
  { rows: 1000, columns: 64 },
])("columns", ({ rows, columns }) => {
  const size = `${rows} x ${columns}`;
  const count = rows * columns;

  testOnGpu(`${size}: means move, values are clipped, deviations are those of WebAssembly`, async () => {
    const arrays = {
      running: normals(columns, 1),
      a: normals(columns, 2),
      b: normals(columns, 3),
      c: normals(columns, 4),
      weight: normals(count, 5),
      clipped: normals(count, 5),
      gain: normals(columns, 6).map((g, i) => (i === 1 ? 0 : g)),
      variance: normals(columns, 7).map(Math.abs),
      plain: unset(columns),
      folded: unset(columns),
      unfolded: unset(columns),
    };
    const changed = ["running", "clipped", "plain", "folded", "unfolded"] as const;
    const { wasm, gpu } = await onBoth(arrays, changed, (ops, at) => {
      ops.moveMeans({ running: at.running, sources: [at.a, at.b, at.c], columns, momentum: 0.05 });
      ops.clipColumns({ target: at.clipped, rows, columns, deviations: 0.9 });
      const of = { weight: at.weight, rows, columns, share: 0.06, most: 0.2 };
      ops.weightDeviations({ ...of, fold: null, target: at.plain });
      ops.weightDeviations({ ...of, fold: { norm: null }, target: at.unfolded });
      const norm = { gain: at.gain, variance: at.variance, epsilon: 1e-5 };
      ops.weightDeviations({ ...of, fold: { norm }, target: at.folded });
    });
    for (const name of changed) {
      // Quotients, roots and products of numbers up to 5.
      expectWithin(gpu.numbers[name], wasm.numbers[name], 5 * 2 ** -21, name);
    }
    expect(wasm.numbers.clipped).not.toEqual(arrays.weight);
  });

  testOnGpu(`${size}: BatchNorm is that of WebAssembly, forward and backward`, async () => {
    const arrays = {
      source: normals(count, 1, 2).map((x, i) => x + (i % columns) / 20),
      base: normals(count, 2),
      gain: normals(columns, 3),
      offset: normals(columns, 4),
      mean: unset(columns),
      variance: unset(columns),
      scale: unset(columns),
      shift: unset(columns),
      spreads: unset(columns),
      mapped: unset(count),
      added: unset(count),
      d: normals(count, 5),
      dSource: unset(count),
      dGain: normals(columns, 6),
      dOffset: normals(columns, 7),
    };
    const changed = ["mean", "variance", "scale", "shift", "spreads", "mapped", "added"] as const;
    const gradients = ["dSource", "dGain", "dOffset"] as const;
    const epsilon = 0.01;
    const { wasm, gpu } = await onBoth(
      arrays,
      [...changed, ...gradients],
      (ops, at, scratch) => {
        const map = { scale: at.scale, shift: at.shift };
        const moments = { mean: at.mean, variance: at.variance };
        const of = { source: at.source, rows, columns, epsilon, moments, map, scratch };
        ops.normaliseColumns({ ...of, gain: at.gain, offset: at.offset });
        ops.mapColumns({ base: null, source: at.source, rows, columns, map, target: at.mapped });
        ops.mapColumns({ base: at.base, source: at.source, rows, columns, map, target: at.added });
        ops.columnSpreads({ variance: at.variance, columns, epsilon, factor: 0.3, target: at.spreads });
        ops.normaliseColumnsBackward({ ...of, d: at.d, dGain: at.dGain, dOffset: at.dOffset, dSource: at.dSource });
      },
      normalisationScratch(columns),
    );
    // Values reach 10; with one row the deviation is 0.1, so that a map multiplies by up to 30.
    for (const name of changed) expectWithin(gpu.numbers[name], wasm.numbers[name], 30 * 2 ** -21, name);
    // Sums over rows of products up to 20; partial sums reach 5 sqrt(rows).
    for (const name of gradients)
      expectWithin(gpu.numbers[name], wasm.numbers[name], 2e-6 * (10 + Math.sqrt(rows)), name);
  });

  testOnGpu(`${size}: noise is that of WebAssembly`, async () => {
    const top = 15;
    const arrays = {
      source: normals(count, 1),
      deviations: normals(columns, 2).map(Math.abs),
      largest: Float32Array.from({ length: columns }, (_, i) => (i === 2 ? 0 : 1 + i / columns)),
      levels: normals(2 * (top + 1), 3, 0.1).map((x, i) => (i <= top ? i / top + x : Math.abs(x))),
      noisy: unset(count),
      output: normals(count, 4),
      coarse: unset(count),
      exact: unset(count),
    };
    const changed = ["noisy", "output", "coarse", "exact"] as const;
    const { wasm, gpu } = await onBoth(
      arrays,
      changed,
      (ops, at, scratch) => {
        const key = [-123456789, 987654321] as const;
        const of = { source: at.source, rows, columns, key, scratch };
        ops.addNoise({ ...of, deviations: at.deviations, target: at.noisy });
        ops.addOutputNoise({ ...of, target: at.output, deviations: at.deviations, counter: 0x80000005 });
        const { largest, levels } = at;
        const devices = { ...of, stride: columns, largest, levels, top, counter: 7 };
        ops.addDeviceNoise({ ...devices, exact: false, target: at.coarse });
        ops.addDeviceNoise({ ...devices, exact: true, target: at.exact });
      },
      NOISE_SCRATCH,
    );
    // Values reach 10 and round a few times. No weight is in the middle between two levels.
    for (const name of changed) expectWithin(gpu.numbers[name], wasm.numbers[name], 10 * 2 ** -22, name);
    expect(largest(wasm.numbers.noisy.map((x, i) => x - arrays.source[i]))).toBeGreaterThan(0.1);
  });
});
