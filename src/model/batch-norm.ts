/**
 * Batch normalisation (Ioffe and Szegedy, ICML 2015) of a linear layer's output, per feature:
 *
 *   y = gain x^ + offset,   x^ = (x - mean) / sqrt(variance + 1e-5)
 *
 * In training, the mean and (biased) variance are those of the batch, over all M = T B N rows. Otherwise the running statistics
 * are used; they are constants and fold into the layer (`fold.ts`). The paper's hardware has no normalisation (Table I), so
 * BatchNorm is folded before mapping.
 *
 * Backward through batch statistics, with sums over the M rows:
 *   dx = gain / sqrt(variance + 1e-5) (dy - (sum dy) / M - x^ (sum dy x^) / M),   d gain = sum dy x^,   d offset = sum dy.
 * With running statistics, dx = dy gain / sqrt(variance + 1e-5).
 */
import { NORM_EPSILON } from "./network.ts";
import { expectMultiple } from "./shape.ts";

export interface BatchStatistics {
  /** `[features]` */
  readonly mean: Float64Array;
  /** `[features]`, biased: the mean square deviation. */
  readonly variance: Float64Array;
}

export interface BatchNormCache {
  /** x^, `[rows, features]`. */
  readonly normalised: Float64Array;
  readonly statistics: BatchStatistics;
  /** Whether batch statistics were used, so that gradients flow through them. */
  readonly ofBatch: boolean;
}

export interface BatchNormGradient {
  readonly input: Float64Array;
  readonly gain: Float64Array;
  readonly offset: Float64Array;
}

/** Shapes: input [rows, features]; gain, offset [features]. Batch statistics are used where `running` is null. */
export function batchNormForward(
  input: Float64Array,
  gain: Float64Array,
  offset: Float64Array,
  running: BatchStatistics | null,
): { output: Float64Array; cache: BatchNormCache } {
  const features = gain.length;
  expectMultiple("input", input.length, features);
  const statistics = running ?? measureStatistics(input, features);
  const normalised = input.map((x, i) => {
    const f = i % features;
    return (x - statistics.mean[f]) / Math.sqrt(statistics.variance[f] + NORM_EPSILON);
  });
  const output = normalised.map((x, i) => gain[i % features] * x + offset[i % features]);
  return { output, cache: { normalised, statistics, ofBatch: running === null } };
}

export function batchNormBackward(
  outputGradient: Float64Array,
  gain: Float64Array,
  { normalised, statistics, ofBatch }: BatchNormCache,
): BatchNormGradient {
  const features = gain.length;
  const rows = expectMultiple("outputGradient", outputGradient.length, features);
  const gradient = { gain: new Float64Array(features), offset: new Float64Array(features) };
  for (let i = 0; i < outputGradient.length; i++) {
    gradient.gain[i % features] += outputGradient[i] * normalised[i];
    gradient.offset[i % features] += outputGradient[i];
  }
  const input = outputGradient.map((dy, i) => {
    const f = i % features;
    const centred = ofBatch ? dy - (gradient.offset[f] + normalised[i] * gradient.gain[f]) / rows : dy;
    return (gain[f] / Math.sqrt(statistics.variance[f] + NORM_EPSILON)) * centred;
  });
  return { input, ...gradient };
}

/** Mean and biased variance of each feature over the rows of `[rows, features]`. */
export function measureStatistics(input: Float64Array, features: number): BatchStatistics {
  const rows = expectMultiple("input", input.length, features);
  const mean = new Float64Array(features);
  const variance = new Float64Array(features);
  for (let i = 0; i < input.length; i++) mean[i % features] += input[i] / rows;
  for (let i = 0; i < input.length; i++) variance[i % features] += (input[i] - mean[i % features]) ** 2 / rows;
  return { mean, variance };
}
