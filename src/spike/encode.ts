/**
 * Conversion between values and spikes: Bernoulli rate coding (Xpikeformer, equation 1), repetition, and the rate decoder.
 *
 *   s[t] ~ Bern(x), t = 1 .. T, independent for every bit                                            (1)
 *
 * A bit is 1 if a 32-bit random word is below x 2^32 (rounded to an integer), so x = 0 never fires, x = 1 always fires, and any
 * other probability is met within 2^-33. One word is drawn for every bit, whatever its probability, so the word that decides a
 * bit depends only on the bit's position.
 */
import { ShapeError, ValueError } from "../errors.ts";
import type { Stream } from "../numeric/stream.ts";
import { emptySpikeTrain, type SpikeTrain, wordsPerRow } from "./train.ts";

/** Firing probabilities, or measured rates: `[rows, features]`, each in [0, 1]. */
export interface Rates {
  readonly rows: number;
  readonly features: number;
  readonly values: ArrayLike<number>;
}

/**
 * Draws a spike train of `steps` steps whose bits fire with the given probabilities.
 *
 * Random   one word per bit, in the order [step, row, feature]
 * Throws   ShapeError when the values are not rows x features; ValueError when one is outside [0, 1]
 */
export function bernoulliEncode(probabilities: Rates, steps: number, random: Stream): SpikeTrain {
  const train = emptySpikeTrain(steps, probabilities.rows, probabilities.features);
  bernoulliInto(train, 0, probabilities, random);
  return train;
}

/** As `bernoulliEncode`, into the rows of a train that start at `firstRow`; those rows must be empty. */
export function bernoulliInto(train: SpikeTrain, firstRow: number, probabilities: Rates, random: Stream): void {
  const { rows, features, values } = probabilities;
  if (values.length !== rows * features || features !== train.features || firstRow + rows > train.rows) {
    throw new ShapeError(
      "probabilities",
      `${values.length} values for ${rows} rows x ${features} features do not fit rows ${firstRow} .. ` +
        `${firstRow + rows - 1} of a train of ${train.rows} rows x ${train.features} features.`,
    );
  }
  const thresholds = Float64Array.from(values, (probability, i) => {
    if (!(probability >= 0 && probability <= 1)) {
      throw new ValueError(`probabilities[${i}]`, `${probability} is not a probability; it must lie in [0, 1].`);
    }
    return Math.round(probability * 4294967296);
  });
  const stride = wordsPerRow(features);
  for (let t = 0; t < train.steps; t++) {
    for (let r = 0, i = 0; r < rows; r++) {
      const base = (t * train.rows + firstRow + r) * stride;
      for (let f = 0; f < features; f++, i++) {
        if (random.word() < thresholds[i]) train.words[base + (f >>> 5)] |= 1 << (f & 31);
      }
    }
  }
}

/** The same bits at every one of `steps` steps. Throws ShapeError unless `bits` has exactly one step. */
export function repeatBits(bits: SpikeTrain, steps: number): SpikeTrain {
  if (bits.steps !== 1) {
    throw new ShapeError("bits", `Bits to repeat must have one time step, but these have ${bits.steps}.`);
  }
  const train = emptySpikeTrain(steps, bits.rows, bits.features);
  for (let t = 0; t < steps; t++) train.words.set(bits.words, t * bits.words.length);
  return train;
}

/** Decodes a train to its rates: the share of time steps at which each bit fired. */
export function decodeRates(train: SpikeTrain): Rates & { readonly values: Float64Array } {
  const { steps, rows, features, words } = train;
  const stride = wordsPerRow(features);
  const values = new Float64Array(rows * features);
  for (let t = 0; t < steps; t++) {
    for (let r = 0, i = 0; r < rows; r++) {
      const base = (t * rows + r) * stride;
      for (let f = 0; f < features; f++, i++) values[i] += (words[base + (f >>> 5)] >>> (f & 31)) & 1;
    }
  }
  for (let i = 0; i < values.length; i++) values[i] /= steps;
  return { rows, features, values };
}
