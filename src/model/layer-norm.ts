/**
 * Layer normalisation (Ba, Kiros and Hinton, arXiv 1607.06450) of each row over its features. Used only by the ANN:
 *
 *   y = gain x^ + offset,   x^ = (x - mean) / sqrt(variance + 1e-5), with the row's own mean and biased variance
 *
 * Backward, with sums over the D features of the row and g = dy gain:
 *   dx = (g - (sum g) / D - x^ (sum g x^) / D) / sqrt(variance + 1e-5).
 */
import { NORM_EPSILON, type OperationKit, type OperationOf } from "./operation.ts";
import { expectMultiple } from "./shape.ts";

export type LayerNormOperation = OperationOf<"layer-normalisation">;

export interface LayerNormCache {
  /** x^, `[rows, features]`. */
  readonly normalised: Float64Array;
  /** sqrt(variance + 1e-5), `[rows]`. */
  readonly deviation: Float64Array;
}

export interface LayerNormGradient {
  readonly input: Float64Array;
  readonly gain: Float64Array;
  readonly offset: Float64Array;
}

/** Shapes: input [rows, features]; gain, offset [features]. */
export function layerNormForward(
  input: Float64Array,
  gain: Float64Array,
  offset: Float64Array,
): { output: Float64Array; cache: LayerNormCache } {
  const features = gain.length;
  const rows = expectMultiple("input", input.length, features);
  const normalised = new Float64Array(input.length);
  const deviation = new Float64Array(rows);
  for (let r = 0; r < rows; r++) {
    const row = input.subarray(r * features, (r + 1) * features);
    const mean = row.reduce((sum, x) => sum + x, 0) / features;
    const variance = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / features;
    deviation[r] = Math.sqrt(variance + NORM_EPSILON);
    for (let f = 0; f < features; f++) normalised[r * features + f] = (row[f] - mean) / deviation[r];
  }
  const output = normalised.map((x, i) => gain[i % features] * x + offset[i % features]);
  return { output, cache: { normalised, deviation } };
}

export function layerNormBackward(
  outputGradient: Float64Array,
  gain: Float64Array,
  { normalised, deviation }: LayerNormCache,
): LayerNormGradient {
  const features = gain.length;
  const gradient = {
    input: new Float64Array(outputGradient.length),
    gain: new Float64Array(features),
    offset: new Float64Array(features),
  };
  for (let r = 0; r < deviation.length; r++) {
    let sum = 0;
    let projected = 0;
    for (let f = 0, i = r * features; f < features; f++, i++) {
      sum += outputGradient[i] * gain[f];
      projected += outputGradient[i] * gain[f] * normalised[i];
      gradient.gain[f] += outputGradient[i] * normalised[i];
      gradient.offset[f] += outputGradient[i];
    }
    for (let f = 0, i = r * features; f < features; f++, i++) {
      const centred = outputGradient[i] * gain[f] - (sum + normalised[i] * projected) / features;
      gradient.input[i] = centred / deviation[r];
    }
  }
  return gradient;
}

export const layerNormalisation: OperationKit<LayerNormOperation> = {
  shape: (_, [{ name, ...same }]) => same,
  parameters: ({ name, block }, [{ features }]) =>
    Object.entries({ gain: 1, offset: 0 }).map(([part, constant]) => ({
      name: `${name}.${part}`,
      layer: null,
      part: null,
      block,
      shape: [features],
      init: { constant },
      learned: true,
    })),
  forward({ name }, [input], run) {
    const gain = run.parameter(`${name}.gain`);
    const { output, cache } = layerNormForward(input, gain, run.parameter(`${name}.offset`));
    return {
      output,
      backward(outputGradient, { gradients }) {
        const gradient = layerNormBackward(outputGradient, gain, cache);
        gradients[`${name}.gain`] = gradient.gain;
        gradients[`${name}.offset`] = gradient.offset;
        return [gradient.input];
      },
    };
  },
};
