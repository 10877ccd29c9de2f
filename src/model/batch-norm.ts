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
import { type LinearOperation, partOf } from "./linear.ts";
import { type BatchStatistics, NORM_EPSILON, type OperationKit, type OperationOf } from "./operation.ts";
import { expectMultiple } from "./shape.ts";

/** Follows `layer`, whose offset it has. Its gain starts at `initialGain`. */
export interface BatchNormOperation extends OperationOf<"batch-normalisation"> {
  readonly layer: LinearOperation;
  readonly initialGain: number;
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

export const batchNormalisation: OperationKit<BatchNormOperation> = {
  shape: (_, [{ name, ...same }]) => same,
  parameters({ layer, initialGain }) {
    const statistic = (part: string, constant: number) => ({ ...partOf(layer, part, { constant }), learned: false });
    return [
      partOf(layer, "offset", { constant: 0 }),
      partOf(layer, "gain", { constant: initialGain }),
      statistic("mean", 0),
      statistic("variance", 1),
    ];
  },
  forward({ name }, [input], run) {
    const [gain, offset] = [run.parameter(`${name}.gain`), run.parameter(`${name}.offset`)];
    const running = () => ({ mean: run.parameter(`${name}.mean`), variance: run.parameter(`${name}.variance`) });
    const { output, cache } = batchNormForward(input, gain, offset, run.mode === "eval" ? running() : null);
    return {
      output,
      ...(cache.ofBatch && { statistics: cache.statistics }),
      backward(outputGradient, { gradients }) {
        const gradient = batchNormBackward(outputGradient, gain, cache);
        gradients[`${name}.gain`] = gradient.gain;
        gradients[`${name}.offset`] = gradient.offset;
        return [gradient.input];
      },
    };
  },
};
