/** The errors of hardware on weights, in TypeScript next to the WebAssembly kernels: a training step does each once. */
import { quantileAboveZero } from "../../numeric/quantile.ts";
import { streamOfKey } from "../../numeric/stream.ts";
import type { Place } from "../arena.ts";
import type { FoldedNorm, TrainingOps } from "../training-ops.ts";

type HardwareNoiseOps = Pick<TrainingOps, "largestShown" | "stickDevices" | "drop" | "addColumnErrors">;

/** Factor by which folding BatchNorm multiplies each column; 1 without. */
export function foldFactors(
  at: (place: Place, count: number) => Float32Array,
  norm: FoldedNorm | null,
  columns: number,
): Float32Array {
  const folds = new Float32Array(columns).fill(1);
  if (norm === null) return folds;
  const [gains, variances] = [at(norm.gain, columns), at(norm.variance, columns)];
  return folds.map((_, n) => Math.abs(gains[n]) / Math.sqrt(variances[n] + norm.epsilon));
}

export function hardwareNoiseOps(buffer: ArrayBufferLike): HardwareNoiseOps {
  const floats = new Float32Array(buffer);
  const at = (place: Place, count: number) => floats.subarray(place / 4, place / 4 + count);
  return {
    largestShown: ({ source, rows, columns, stride, norm, shared, quantile, target }) => {
      const folds = foldFactors(at, norm, columns);
      /** Sizes of weights, row by row, each times its column's factor. */
      const sizes = (from: number, count: number, factor: (column: number) => number) => {
        const all = new Float32Array(rows * count);
        for (let r = 0; r < rows; r++) {
          const row = at(source + 4 * (r * stride + from), count);
          for (let c = 0; c < count; c++) all[r * count + c] = Math.abs(row[c]) * factor(from + c);
        }
        return quantileAboveZero(all, quantile);
      };
      const largest = shared ? sizes(0, columns, (c) => folds[c]) : 0;
      at(target, columns).set(
        folds.map((fold, c) => {
          if (!(fold > 0)) return sizes(c, 1, () => 1);
          return (shared ? largest : sizes(c, 1, () => fold)) / fold;
        }),
      );
    },
    stickDevices: ({ target, columns, stride, faults, parallel, largest }) => {
      const full = at(largest, columns);
      let faulty = { weight: -1, shown: 0 };
      for (const { weight, sign, at: stuckAt } of faults) {
        const column = weight % columns;
        const place = target / 4 + Math.floor(weight / columns) * stride + column;
        if (weight !== faulty.weight) faulty = { weight, shown: floats[place] };
        // A device stuck at zero removes what it held; one stuck at its largest leaves what the other device holds.
        const held = sign * faulty.shown > 0 ? faulty.shown : 0;
        const stuck = stuckAt === "maximum" ? sign * full[column] : 0;
        floats[place] += (stuck - held) / parallel;
      }
    },
    drop: ({ target, count, share, key }) => {
      const random = streamOfKey(key[0], key[1]);
      const values = at(target, count);
      for (let i = 0; i < count; i++) if (random.uniform() < share) values[i] = 0;
    },
    addColumnErrors: ({ columns, offsets, gains, offset, on }) => {
      const moved = at(offset, columns);
      if (on.norm === null) {
        const weights = at(on.weight, on.rows * columns);
        for (let c = 0; c < columns; c++) moved[c] += on.threshold * offsets[c];
        for (let i = 0; i < weights.length; i++) weights[i] *= 1 + gains[i % columns];
        return;
      }
      const { norm, gain } = on;
      const [exact, mean, variance] = [norm.gain, norm.mean, norm.variance].map((place) => at(place, columns));
      const scaled = at(gain, columns);
      for (let c = 0; c < columns; c++) {
        const share = mean[c] / Math.sqrt(variance[c] + norm.epsilon);
        moved[c] = moved[c] + Math.abs(exact[c]) * offsets[c] + exact[c] * gains[c] * share;
        scaled[c] = exact[c] * (1 + gains[c]);
      }
    },
  };
}
