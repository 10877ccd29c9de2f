/** The operations of training in plain TypeScript: the optimiser's arithmetic and noise on weights (`src/kernels/training-ops.ts`). */
import type { Place } from "../../src/kernels/arena.ts";
import type { Ops } from "../../src/kernels/ops.ts";
import type { TrainingOps } from "../../src/kernels/training-ops.ts";
import { threefry2x32 } from "../../src/numeric/stream.ts";
import type { ReferenceMemory } from "./reference-memory.ts";

export function referenceTraining(memory: ReferenceMemory): Omit<TrainingOps, keyof Ops> {
  const { get, put, f32, f64, tally } = memory;
  const change = (at: Place, count: number, by: (value: number, i: number) => number) =>
    put(at, get(at, count).map(by));
  const largestOfColumns = (values: Float64Array, columns: number) =>
    Float64Array.from({ length: columns }, (_, n) =>
      values.reduce((most, value, i) => (i % columns === n ? Math.max(most, Math.abs(value)) : most), 0),
    );
  /** Close to a standard normal: the sum of the four half words of a pair, with variance 4 (2^32 - 1) / 12. */
  const pair = new Int32Array(2);
  const normal = (key: readonly [number, number], counter: number, i: number) => {
    threefry2x32(key[0], key[1], i, counter, pair);
    const halves = [...pair].flatMap((word) => [word & 0xffff, word >>> 16]);
    return (halves.reduce((sum, half) => sum + half, 0) - 131070) / Math.sqrt((4 * (2 ** 32 - 1)) / 12);
  };
  return {
    read: async (at, count) => f32.slice(at / 4, at / 4 + count),
    sums: async (at, count) => f64.slice(at / 8, at / 8 + count),
    clearTallies: (at, count) => void f64.fill(0, at / 8, at / 8 + count),
    sumOfSquares: (source, count, to) =>
      tally(
        to,
        get(source, count).reduce((sum, x) => sum + x * x, 0),
      ),
    clipNorm: ({ target, count, squares, clipNorm }) => {
      const norm = Math.sqrt(f64[squares / 8]);
      if (norm > clipNorm) change(target, count, (x) => (x * clipNorm) / norm);
    },
    divideByNorm: ({ target, count, squares, epsilon }) =>
      change(target, count, (x) => x / (Math.sqrt(f64[squares / 8]) + epsilon)),
    adamw: ({ parameter, gradient, first, second, count, ...of }) => {
      const { learningRate, beta1, beta2, epsilon, decay, correction1, correction2 } = of;
      const g = get(gradient, count);
      const m = get(first, count).map((x, i) => beta1 * x + (1 - beta1) * g[i]);
      const v = get(second, count).map((x, i) => beta2 * x + (1 - beta2) * g[i] * g[i]);
      put(first, m);
      put(second, v);
      change(
        parameter,
        count,
        (p, i) => p - learningRate * (m[i] / correction1 / (Math.sqrt(v[i] / correction2) + epsilon) + decay * p),
      );
    },
    moveMeans: ({ running, sources, columns, momentum }) => {
      const means = sources.map((source) => get(source, columns));
      change(running, columns, (value, n) => {
        const mean = means.reduce((sum, of) => sum + of[n], 0) / means.length;
        return value + momentum * (mean - value);
      });
    },
    clipColumns: ({ target, rows, columns, deviations }) => {
      const values = get(target, rows * columns);
      change(target, rows * columns, (value, i) => {
        const column = values.filter((_, j) => j % columns === i % columns);
        const limit = deviations * Math.sqrt(column.reduce((sum, x) => sum + x * x, 0) / rows);
        return Math.min(Math.max(value, -limit), limit);
      });
    },
    weightDeviations: ({ weight, rows, columns, share, most, fold, target }) => {
      const largest = largestOfColumns(get(weight, rows * columns), columns);
      const norm = fold?.norm;
      const [gains, variances] = norm ? [get(norm.gain, columns), get(norm.variance, columns)] : [];
      const folds = largest.map((_, n) => (norm ? Math.abs(gains![n]) / Math.sqrt(variances![n] + norm.epsilon) : 1));
      const full = Math.max(...largest.map((value, n) => value * folds[n]));
      put(
        target,
        largest.map((own, n) =>
          fold && folds[n] > 0 ? Math.min((share * full) / folds[n], most * own) : Math.min(share, most) * own,
        ),
      );
    },
    addNoise: ({ source, rows, columns, deviations, key, target }) => {
      const spread = get(deviations, columns);
      put(
        target,
        get(source, rows * columns).map((x, i) => x + spread[i % columns] * normal(key, 0, i)),
      );
    },
    addDeviceNoise: (of) => {
      const { source, rows, columns, stride, largest, levels, top, exact, key, counter, target } = of;
      const [means, deviations] = [get(levels, top + 1), get(levels + 4 * (top + 1), top + 1)];
      const full = get(largest, columns);
      for (let i = 0; i < rows * columns; i++) {
        const column = i % columns;
        const offset = 4 * (Math.floor(i / columns) * stride + column);
        const [weight] = get(source + offset, 1);
        const place = full[column] > 0 ? Math.min(Math.abs(weight) / full[column], 1) * top : 0;
        const level = nearest(place);
        const below = Math.min(Math.floor(place), top - 1);
        const size = exact ? means[below] + (place - below) * (means[below + 1] - means[below]) : means[level];
        const shown = (weight < 0 ? -size : size) + deviations[level] * normal(key, counter, i);
        put(target + offset, Float64Array.of(full[column] * shown));
      }
    },
  };
}

/** Ties go to the even number. */
const nearest = (x: number): number => {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
};
