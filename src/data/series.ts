/**
 * Series of numbers, cut into a training, a validation and a test part in this order: 70, 15 and 15 %. A window and the samples that
 * it predicts lie in one part, so no sample of one part is seen in another. Windows for training start at every sample. Those for
 * validation and tests have no sample in common, so that their errors are nearly independent, as intervals assume. Mean and deviation
 * are those of the training part.
 */
import { ShapeError, ValueError } from "../errors.ts";

/** What a window holds, and what is predicted from it. */
export interface SeriesCut {
  readonly window: number;
  readonly horizon: number;
  readonly outputs: number;
}

export interface SeriesPart {
  /** Windows, and how many samples apart they start. */
  readonly count: number;
  readonly stride: number;
  /** Samples in their order, as deviations from the mean in standard deviations. */
  readonly samples: Float32Array;
}

export interface SeriesData {
  readonly name: string;
  readonly mean: number;
  readonly deviation: number;
  readonly train: SeriesPart;
  readonly validation: SeriesPart;
  readonly test: SeriesPart;
}

const SHARES = { train: 0.7, validation: 0.15 } as const;

/** Samples from the first of a window to the last that it predicts. */
export const spanOf = ({ window, horizon, outputs }: SeriesCut): number => window + horizon + outputs - 1;

/**
 * Cuts and normalises samples.
 * Throws  ShapeError when a part is shorter than a window with its answer; ValueError for a sample that is not finite, or a training
 *         part without variation
 */
export function seriesData(name: string, samples: ArrayLike<number>, cut: SeriesCut): SeriesData {
  const all = Float64Array.from(samples);
  const wrong = all.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new ValueError(`samples[${wrong}]`, `Sample ${wrong} of ${name} is ${all[wrong]}. Give finite numbers.`);
  const [first, second] = [SHARES.train, SHARES.train + SHARES.validation].map((share) =>
    Math.floor(share * all.length),
  );
  const span = spanOf(cut);
  const least = Math.min(first, second - first, all.length - second);
  if (least < span) {
    throw new ShapeError(
      "task.data",
      `${name} has ${all.length} samples, and its shortest part ${least} of them, but a window with its answer takes ${cut.window} + ` +
        `${cut.horizon} + ${cut.outputs} - 1 = ${span}. Give a longer series, or lower task.window or task.horizon.`,
    );
  }
  const seen = all.subarray(0, first);
  const mean = seen.reduce((sum, value) => sum + value, 0) / first;
  const deviation = Math.sqrt(seen.reduce((sum, value) => sum + (value - mean) ** 2, 0) / first);
  if (!(deviation > 0)) {
    throw new ValueError(
      "task.data",
      `The first ${first} samples of ${name} are all ${mean}: there is nothing to predict.`,
    );
  }
  const part = (from: number, to: number, stride: number): SeriesPart => ({
    count: Math.floor((to - from - span) / stride) + 1,
    stride,
    samples: Float32Array.from(all.subarray(from, to), (value) => (value - mean) / deviation),
  });
  return {
    name,
    mean,
    deviation,
    train: part(0, first, 1),
    validation: part(first, second, span),
    test: part(second, all.length, span),
  };
}

/**
 * Numbers of a text with one number per line; empty lines and a heading in the first line are skipped.
 * Throws  ValueError at `path` for a line that is not a number
 */
export function parseSeries(text: string, path: string): Float64Array {
  const lines = text.split(/\r?\n/);
  const samples: number[] = [];
  for (const [i, line] of lines.entries()) {
    const word = line.trim().replace(/,$/, "");
    if (word === "" || (i === 0 && Number.isNaN(Number(word)))) continue;
    const value = Number(word);
    if (!Number.isFinite(value)) {
      throw new ValueError(
        path,
        `Line ${i + 1} is not a number: "${word.slice(0, 40)}". Give one finite number per line.`,
      );
    }
    samples.push(value);
  }
  return Float64Array.from(samples);
}
