/**
 * The per-feature affine map after a linear layer, `I = scale y + shift`: BatchNorm with the statistics of this micro-batch in
 * training, or the folded offset (scale 1). Twin: `model/batch-norm.ts`.
 */
import { NORM_EPSILON } from "../model/operation.ts";
import type { Arena, Place } from "./arena.ts";
import type { ColumnMap, ColumnMoments, Ops } from "./ops.ts";
import type { ParameterOffsets } from "./pass.ts";

export interface NormalisedLayout {
  readonly name: string;
  readonly columns: number;
  /** Valid after `measure`. */
  readonly map: ColumnMap;
  /** Statistics of the last micro-batch; null when the layer has no BatchNorm. */
  readonly moments: ColumnMoments | null;
}

/** A linear layer between two places of the network: its normalisation and its raw output y [T B N, outputs]. */
export interface LayerLayout {
  readonly name: string;
  readonly index: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly norm: NormalisedLayout;
  readonly y: Place;
}

export interface Normalised {
  /** Sets the map from y [rows, columns]. */
  measure(y: Place, rows: number): void;
  /** Turns dI into dy, at `out` or in place, adding to the gradients of gain and offset. */
  backward(dI: Place, y: Place, rows: number, out: Place): void;
}

export function planNormalised(arena: Arena, name: string, columns: number, batch: boolean): NormalisedLayout {
  const row = () => arena.words(columns);
  const map = { scale: row(), shift: row() };
  return { name, columns, map, moments: batch ? { mean: row(), variance: row() } : null };
}

export function bindNormalised(
  ops: Ops,
  { name, columns, map, moments }: NormalisedLayout,
  { value, gradient }: ParameterOffsets,
  scratch: Place,
): Normalised {
  const [gain, offset] = [value[`${name}.gain`], value[`${name}.offset`]];
  const epsilon = NORM_EPSILON;
  return {
    measure: (y, rows) => {
      if (moments) {
        return ops.normaliseColumns({ source: y, rows, columns, gain, offset, epsilon, moments, map, scratch });
      }
      ops.fill(map.scale, columns, 1);
      ops.copy(offset, map.shift, columns);
    },
    backward: (dI, y, rows, out) => {
      const [dGain, dOffset] = [gradient![`${name}.gain`], gradient![`${name}.offset`]];
      if (moments) {
        const from = { d: dI, source: y, rows, columns, epsilon, moments, map };
        return ops.normaliseColumnsBackward({ ...from, dGain, dOffset, dSource: out, scratch });
      }
      ops.sumManyRows({ source: dI, rows, columns, target: dOffset, scratch });
      if (out !== dI) ops.copy(dI, out, rows * columns);
    },
  };
}
