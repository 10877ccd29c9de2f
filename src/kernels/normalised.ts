/**
 * The per-feature affine map behind a linear layer, `I = scale y + shift`: BatchNorm with the statistics of this
 * micro-batch while training, or the folded offset (scale 1). Twin: `model/batch-norm.ts`.
 */
import { NORM_EPSILON } from "../model/network.ts";
import type { Arena, Kernels } from "./memory.ts";
import type { ParameterOffsets } from "./pass.ts";

export interface Normalised {
  /** Byte offsets of scale and shift [n], valid after `measure`. */
  readonly scale: number;
  readonly shift: number;
  /** Statistics of the last micro-batch; null when the layer has no BatchNorm. */
  readonly statistics: { readonly mean: number; readonly variance: number } | null;
  /** Sets scale and shift from y [rows, n]. */
  measure(y: number, rows: number): void;
  /** Turns dI into dy in place (or to `out`), adding to the gradients of gain and offset. */
  backward(dI: number, y: number, rows: number, out: number): void;
}

export function createNormalised(
  kernels: Kernels | null,
  arena: Arena,
  offsets: ParameterOffsets,
  name: string,
  n: number,
  batch: boolean,
): Normalised {
  const [scale, shift, mean, variance, sum, product, slope, constant] = Array.from({ length: 8 }, () => arena.words(n));
  const scratch = arena.words(6 * n);
  const offsetAt = offsets.value[`${name}.offset`];
  const gainAt = offsets.value[`${name}.gain`] ?? 0;

  function measure(y: number, rows: number) {
    const { f32, run } = kernels!;
    if (batch) run.columnStatistics(y, rows, n, mean!, variance!, scratch);
    for (let i = 0; i < n; i++) {
      const factor = batch ? f32[gainAt / 4 + i] / Math.sqrt(f32[variance! / 4 + i] + NORM_EPSILON) : 1;
      f32[scale! / 4 + i] = factor;
      f32[shift! / 4 + i] = f32[offsetAt / 4 + i] - (batch ? factor * f32[mean! / 4 + i] : 0);
    }
  }

  /** With x^ = (y - mean) / deviation:  dy = scale (dI - mean(dI) - x^ mean(dI x^)),  dGain = sum dI x^,  dOffset = sum dI. */
  function backward(dI: number, y: number, rows: number, out: number) {
    const { f32, run, u8 } = kernels!;
    const dOffset = offsets.gradient![`${name}.offset`] / 4;
    if (!batch) {
      run.columnSums(dI, dI, rows, n, mean!, sum!, product!, scratch);
      for (let i = 0; i < n; i++) f32[dOffset + i] += f32[sum! / 4 + i];
      if (out !== dI) u8.copyWithin(out, dI, dI + rows * n * 4);
      return;
    }
    const dGain = offsets.gradient![`${name}.gain`] / 4;
    run.columnSums(dI, y, rows, n, mean!, sum!, product!, scratch);
    for (let i = 0; i < n; i++) {
      const inverse = 1 / Math.sqrt(f32[variance! / 4 + i] + NORM_EPSILON);
      const total = f32[sum! / 4 + i];
      const weighted = f32[product! / 4 + i] * inverse;
      f32[dOffset + i] += total;
      f32[dGain + i] += weighted;
      const factor = f32[scale! / 4 + i];
      const along = (factor * inverse * weighted) / rows;
      f32[slope! / 4 + i] = -along;
      f32[constant! / 4 + i] = along * f32[mean! / 4 + i] - (factor * total) / rows;
    }
    run.affinePair(dI, y, rows, n, scale!, slope!, constant!, out);
  }

  return {
    scale: scale!,
    shift: shift!,
    statistics: batch ? { mean: mean!, variance: variance! } : null,
    measure,
    backward,
  };
}
