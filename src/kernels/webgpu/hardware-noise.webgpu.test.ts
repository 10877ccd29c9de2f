import { describe, expect } from "vitest";
import { testOnGpu } from "../../../test/support/gpu.ts";
import { expectWithin, largest, normals, onBoth, unset } from "../../../test/support/gpu-ops.ts";
import { stream } from "../../numeric/stream.ts";
import type { Fault } from "../training-ops.ts";

/** A single weight, a block inside a wider matrix, and more rows than a group has lanes. */
const BLOCKS = [
  { rows: 1, columns: 1, stride: 1 },
  { rows: 37, columns: 20, stride: 30 },
  { rows: 300, columns: 7, stride: 9 },
];

describe.each(BLOCKS)("a block of $rows x $columns", ({ rows, columns, stride }) => {
  const matrix = normals(rows * stride, 1);

  testOnGpu("has the largest weights of WebAssembly, by quantile, with BatchNorm and a silenced column", async () => {
    // The second column is silent, and most weights of the third are 0.
    const source = matrix.map((weight, i) => (i % stride === 2 && i > 2 * stride ? 0 : weight));
    const arrays = {
      source,
      gain: normals(columns, 2).map((gain, c) => (c === 1 ? 0 : gain)),
      variance: normals(columns, 3).map(Math.abs),
    };
    const cases = [false, true].flatMap((shared) =>
      [1, 0.9].flatMap((quantile) => [false, true].map((normed) => ({ shared, quantile, normed }))),
    );
    const results = cases.map((_, i) => `largest ${i}`);
    const { wasm, gpu } = await onBoth<string>(
      { ...arrays, ...Object.fromEntries(results.map((name) => [name, unset(columns)])) },
      results,
      (ops, at) => {
        for (const [i, { shared, quantile, normed }] of cases.entries()) {
          const norm = normed ? { gain: at.gain, variance: at.variance, epsilon: 1e-5 } : null;
          const target = at[results[i]];
          ops.largestShown({ source: at.source, rows, columns, stride, norm, shared, quantile, target });
        }
      },
    );
    for (const [i, { normed }] of cases.entries()) {
      const [actual, expected] = [gpu.words[results[i]], wasm.words[results[i]]];
      // A selection of the same numbers; with BatchNorm, products and quotients by a factor that is rounded twice.
      if (!normed) expect(actual, results[i]).toEqual(expected);
      for (const [c, size] of wasm.numbers[results[i]].entries()) {
        expect(Math.abs(gpu.numbers[results[i]][c] / size - 1), `${results[i]}[${c}]`).toBeLessThan(8 * 2 ** -23);
      }
    }
    // Alone, a column's BatchNorm cancels, up to rounding.
    const different = new Set(results.map((name) => wasm.words[name].join())).size;
    if (columns > 2) expect(different).toBeGreaterThanOrEqual(6);
  });

  testOnGpu("has the stuck devices of WebAssembly", async () => {
    const random = stream(5);
    const parallel = 3;
    const faults = Array.from({ length: rows * columns }, (_, weight): Fault[] =>
      Array.from({ length: random.integer(1 + 2 * parallel) }, () => ({
        ...{ weight, sign: random.integer(2) ? 1 : -1, at: random.integer(3) ? "zero" : "maximum" },
      })),
    ).flat();
    const { wasm, gpu } = await onBoth(
      { target: matrix, largest: normals(columns, 4).map(Math.abs) },
      ["target"],
      (ops, at) => ops.stickDevices({ ...at, rows, columns, stride, faults, parallel }),
    );
    // At most six changes of up to 4 / 3, of which WebAssembly rounds each.
    expectWithin(gpu.numbers.target, wasm.numbers.target, 12 * 2 ** -23);
    if (rows > 1) expect(wasm.words.target).not.toEqual(new Uint32Array(matrix.buffer));
  });

  testOnGpu("has converters with the errors of WebAssembly, with BatchNorm and without", async () => {
    const arrays = {
      weight: normals(rows * columns, 1),
      ...{ exact: normals(columns, 2), mean: normals(columns, 3), variance: normals(columns, 4).map(Math.abs) },
      ...{ gain: unset(columns), offset: normals(columns, 5), plain: normals(columns, 6) },
    };
    const [offsets, gains] = [normals(columns, 7), normals(columns, 8, 0.1)];
    const changed = ["weight", "gain", "offset", "plain"] as const;
    const { wasm, gpu } = await onBoth(arrays, changed, (ops, at) => {
      const { exact, mean, variance, gain, weight } = at;
      const norm = { gain: exact, mean, variance, epsilon: 0.01 };
      ops.addColumnErrors({ columns, offsets, gains, offset: at.offset, on: { norm, gain } });
      const plain = { norm: null, weight, rows, threshold: 0.7 } as const;
      ops.addColumnErrors({ columns, offsets, gains, offset: at.plain, on: plain });
    });
    // Sums of three terms; a quotient by a deviation of at least 0.1 is up to 40.
    for (const name of changed) {
      expectWithin(gpu.numbers[name], wasm.numbers[name], 2 ** -21 * Math.max(1, largest(wasm.numbers[name])), name);
      expect(wasm.words[name], name).not.toEqual(new Uint32Array(arrays[name].slice().buffer));
    }
  });
});

for (const share of [0, 0.05, 0.5, 0.9]) {
  testOnGpu(`drops the weights of WebAssembly, ${share} of them`, async () => {
    const [count, key] = [10_001, [-123456789, 987654321] as const];
    const target = normals(count, 1);
    const { wasm, gpu } = await onBoth({ target }, ["target"], (ops, at) => ops.drop({ ...at, count, share, key }));
    expect(gpu.words.target).toEqual(wasm.words.target);
    const dropped = wasm.numbers.target.filter((weight) => weight === 0).length;
    // Four standard errors of a share.
    expect(Math.abs(dropped - share * count)).toBeLessThanOrEqual(4 * Math.sqrt(count * share * (1 - share)));
  });
}
