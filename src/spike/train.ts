/**
 * A spike train: bits over time, packed 32 to a word, time-major `[T][row][feature]`.
 *
 * Feature f of a row is bit (f mod 32) of word floor(f / 32), least significant first; bits past the last feature are 0.
 * A row is one token of one prompt: row = prompt * tokens + token.
 */
import { ShapeError } from "../errors.ts";

export interface SpikeTrain {
  readonly steps: number;
  readonly rows: number;
  readonly features: number;
  /** `steps * rows * wordsPerRow(features)` words. */
  readonly words: Uint32Array;
}

export const wordsPerRow = (features: number): number => Math.ceil(features / 32);

export function emptySpikeTrain(steps: number, rows: number, features: number): SpikeTrain {
  return { steps, rows, features, words: new Uint32Array(steps * rows * wordsPerRow(features)) };
}

/** Packs 0/1 values of shape `[steps, rows, features]`. Throws ShapeError when the length does not fit. */
export function packSpikes(values: ArrayLike<number>, steps: number, rows: number, features: number): SpikeTrain {
  if (values.length !== steps * rows * features) {
    throw new ShapeError(
      "spikes",
      `${steps} steps x ${rows} rows x ${features} features are ${steps * rows * features} values, but ${values.length} were given.`,
    );
  }
  const train = emptySpikeTrain(steps, rows, features);
  const stride = wordsPerRow(features);
  for (let r = 0, i = 0; r < steps * rows; r++) {
    for (let f = 0; f < features; f++, i++) {
      if (values[i]) train.words[r * stride + (f >> 5)] |= 1 << (f & 31);
    }
  }
  return train;
}

/** The bits as 0/1 bytes of shape `[steps, rows, features]`. */
export function unpackSpikes(train: SpikeTrain): Uint8Array {
  const { steps, rows, features, words } = train;
  const stride = wordsPerRow(features);
  const values = new Uint8Array(steps * rows * features);
  for (let r = 0, i = 0; r < steps * rows; r++) {
    for (let f = 0; f < features; f++, i++) values[i] = (words[r * stride + (f >> 5)] >>> (f & 31)) & 1;
  }
  return values;
}

/** Number of bits that are 1. */
export function countSpikes(train: SpikeTrain): number {
  let count = 0;
  for (const word of train.words) count += popcount32(word);
  return count;
}

/** Share of bits that are 1, over all steps, rows and features. */
export function density(train: SpikeTrain): number {
  return countSpikes(train) / Math.max(1, train.steps * train.rows * train.features);
}

export function popcount32(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
