/** The operations of training in plain TypeScript: the optimiser's arithmetic and noise on weights (`src/kernels/training-ops.ts`). */
import type { Place } from "../../src/kernels/arena.ts";
import type { Ops } from "../../src/kernels/ops.ts";
import type { TrainingOps } from "../../src/kernels/training-ops.ts";
import { streamOfKey, threefry2x32 } from "../../src/numeric/stream.ts";
import type { ReferenceMemory } from "./reference-memory.ts";

export function referenceTraining(memory: ReferenceMemory): Omit<TrainingOps, keyof Ops> {
  const { get, put, f32, f64 } = memory;
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
    largestShown: ({ source, rows, columns, stride, norm, shared, quantile, target }) => {
      const [gains, variances] = norm ? [get(norm.gain, columns), get(norm.variance, columns)] : [];
      const fold = (c: number) => (norm ? Math.abs(gains![c]) / Math.sqrt(variances![c] + norm.epsilon) : 1);
      const sizes = (c: number) =>
        Array.from({ length: rows }, (_, r) => Math.abs(get(source + 4 * (r * stride + c), 1)[0]));
      const all = Array.from({ length: columns }, (_, c) => c);
      const nearestRank = (values: readonly number[]) => {
        const sorted = values.toSorted((a, b) => a - b);
        return sorted[Math.ceil(quantile * sorted.length) - 1] || sorted[sorted.length - 1];
      };
      const ofBlock = nearestRank(all.flatMap((c) => sizes(c).map((size) => size * fold(c))));
      const ofColumn = (c: number) => (shared && fold(c) > 0 ? ofBlock / fold(c) : nearestRank(sizes(c)));
      put(target, Float64Array.from(all, ofColumn));
    },
    stickDevices: ({ target, columns, stride, faults, parallel, largest }) => {
      const full = get(largest, columns);
      for (const weight of new Set(faults.map((fault) => fault.weight))) {
        const place = target + 4 * (Math.floor(weight / columns) * stride + (weight % columns));
        const [shown] = get(place, 1);
        // Conductances of both signs, device by device.
        const changes = faults
          .filter((fault) => fault.weight === weight)
          .map(({ sign, at }) => sign * ((at === "maximum" ? full[weight % columns] : 0) - Math.max(0, sign * shown)));
        put(place, Float64Array.of(shown + changes.reduce((sum, change) => sum + change, 0) / parallel));
      }
    },
    drop: ({ target, count, share, key }) => {
      const random = streamOfKey(...key);
      change(target, count, (value) => (random.uniform() < share ? 0 : value));
    },
    addColumnErrors: ({ columns, offsets, gains, offset, on }) => {
      if (on.norm === null) {
        change(offset, columns, (value, c) => value + on.threshold * offsets[c]);
        change(on.weight, on.rows * columns, (value, i) => value * (1 + gains[i % columns]));
        return;
      }
      const { norm } = on;
      const [exact, mean, variance] = [norm.gain, norm.mean, norm.variance].map((at) => get(at, columns));
      const normalised = (c: number) => mean[c] / Math.sqrt(variance[c] + norm.epsilon);
      change(
        offset,
        columns,
        (value, c) => value + Math.abs(exact[c]) * offsets[c] + exact[c] * gains[c] * normalised(c),
      );
      put(
        on.gain,
        exact.map((gain, c) => gain * (1 + gains[c])),
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
