/** Dense matrices, LayerNorm, activations, softmax attention, rounding and losses on a GPU. */
import type { DenseOps } from "../ops.ts";
import { activationOps } from "./activation.ts";
import { layerNormOps } from "./layer-norm.ts";
import { lossOps } from "./loss.ts";
import { multiply } from "./matrix.ts";
import type { Recorder } from "./recorder.ts";
import { roundingOps } from "./rounding.ts";
import { softmaxOps } from "./softmax.ts";

export const denseOps = (recorder: Recorder): DenseOps => ({
  product: ({ m, n, k, a, transposeA, b, transposeB, out, accumulate }) =>
    multiply(recorder, {
      ...{ m, n, k, transposeA, transposeB, accumulate },
      a: { at: a, stride: transposeA ? m : k },
      b: { at: b, stride: transposeB ? k : n },
      result: { at: out, stride: n },
    }),
  ...layerNormOps(recorder),
  ...activationOps(recorder),
  ...softmaxOps(recorder),
  ...roundingOps(recorder),
  ...lossOps(recorder),
});
