/** The optimiser's arithmetic and noise on weights, with the WebAssembly kernels, or in TypeScript where there are few numbers. */
import type { KernelExports } from "../binary.generated.ts";
import type { Ops } from "../ops.ts";
import type { TrainingOps } from "../training-ops.ts";
import { foldFactors, hardwareNoiseOps } from "./hardware-noise.ts";
import { talliesIn } from "./tallies.ts";

export function trainingOps(run: KernelExports, buffer: ArrayBufferLike): Omit<TrainingOps, keyof Ops> {
  const floats = new Float32Array(buffer);
  const tallies = talliesIn(buffer);
  const at = (place: number, count: number) => floats.subarray(place / 4, place / 4 + count);
  return {
    ...hardwareNoiseOps(buffer),
    read: async (place, count) => floats.slice(place / 4, place / 4 + count),
    sums: async (place, count) => tallies.slice(place, count),
    clearTallies: (place, count) => tallies.clear(place, count),
    clipNorm: ({ target, count, squares, clipNorm }) => {
      const norm = Math.sqrt(tallies.get(squares));
      if (norm > clipNorm) run.scale(target, count, clipNorm / norm);
    },
    divideByNorm: ({ target, count, squares, epsilon }) =>
      run.scale(target, count, 1 / (Math.sqrt(tallies.get(squares)) + epsilon)),
    adamw: (of) => {
      const { parameter, gradient, first, second, count } = of;
      const { learningRate, beta1, beta2, epsilon, decay, correction1, correction2 } = of;
      const rates = [learningRate, beta1, beta2, epsilon, decay, correction1, correction2] as const;
      run.adamw(parameter, gradient, first, second, count, ...rates);
    },
    moveMeans: ({ running: place, sources, columns, momentum }) => {
      const running = at(place, columns);
      const means = sources.map((source) => at(source, columns));
      for (let n = 0; n < columns; n++) {
        let sum = 0;
        for (const mean of means) sum += mean[n];
        running[n] += momentum * (sum / means.length - running[n]);
      }
    },
    clipColumns: ({ target, rows, columns, deviations }) => {
      const values = at(target, rows * columns);
      const squares = new Float64Array(columns);
      values.forEach((value, i) => {
        squares[i % columns] += value * value;
      });
      const limits = squares.map((sum) => deviations * Math.sqrt((sum * columns) / values.length));
      for (let i = 0; i < values.length; i++) {
        const limit = limits[i % columns];
        if (Math.abs(values[i]) > limit) values[i] = values[i] < 0 ? -limit : limit;
      }
    },
    weightDeviations: ({ weight, rows, columns, share, most, fold, target }) => {
      const largest = new Float32Array(columns);
      const values = at(weight, rows * columns);
      for (let row = 0; row < values.length; row += columns) {
        for (let n = 0; n < columns; n++) largest[n] = Math.max(largest[n], Math.abs(values[row + n]));
      }
      const relative = Math.min(share, most);
      const deviations = at(target, columns);
      if (!fold) return deviations.set(largest.map((own) => relative * own));
      const folds = foldFactors(at, fold.norm, columns);
      const full = largest.reduce((most, value, n) => Math.max(most, value * folds[n]), 0);
      deviations.set(
        largest.map((own, n) => (folds[n] > 0 ? Math.min((share * full) / folds[n], most * own) : relative * own)),
      );
    },
    addNoise: ({ source, rows, columns, deviations, key, target, scratch }) =>
      run.addNoise(source, rows, columns, deviations, key[0], key[1], target, scratch),
    addDeviceNoise: (of) => {
      const { source, rows, columns, stride, largest, levels, top, exact, key, counter, target, scratch } = of;
      const devices = [largest, levels, top, exact ? 1 : 0] as const;
      run.addDeviceNoise(source, rows, columns, stride, ...devices, key[0], key[1], counter, target, scratch);
    },
  };
}
