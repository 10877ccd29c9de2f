/** Bit widths of an ANN's layers, with the codes of each. What is rounded, and how: `quantization.ts`. */
import type { AnnSpec, BitWidth } from "../experiment/model.ts";

/** Whole numbers from `low` to `high`. */
export interface Codes {
  readonly low: number;
  readonly high: number;
}

/** Widths of a layer; `attention` is that of q, k and v, for the layer that computes them. */
export interface LayerWidths {
  readonly weights: BitWidth;
  readonly activations: BitWidth;
  readonly attention: BitWidth | null;
}

/** Softmax weights are multiples of 1 / SHARE_CODES. */
export const SHARE_CODES = 255;

const OUTER: LayerWidths = { weights: 8, activations: 8, attention: null };

/**
 * Widths of a linear layer; null for a model in floating point.
 *
 * @param place whether it reads the input or answers, and whether attention reads it
 */
export function widthsOf(
  { quantization }: AnnSpec,
  place: { readonly isOuter: boolean; readonly isAttended: boolean },
): LayerWidths | null {
  if (!quantization) return null;
  const { weights, activations } = quantization;
  if (place.isOuter) return OUTER;
  return { weights, activations, attention: place.isAttended ? attentionWidth(activations) : null };
}

/** Width of q, k and v. */
export const attentionWidth = (activations: BitWidth): BitWidth => (activations === 8 ? 8 : 4);

/** Codes of activations; of weights, too, if they are not binary. */
export function codesOf(width: BitWidth): Codes {
  if (width === "binary") return { low: 0, high: 1 };
  if (width === "ternary") return { low: -1, high: 1 };
  return { low: -(2 ** (width - 1)), high: 2 ** (width - 1) - 1 };
}

/** Quantities of a layer besides its weight and offset, with their lengths. */
export function stepLengths({ weights, attention }: LayerWidths, outputs: number): Record<string, number> {
  return {
    ...(weights !== "binary" && { weightLogStep: outputs }),
    inputLogStep: 1,
    inputShift: 1,
    ...(attention !== null && { outputLogStep: 3, outputShift: 3 }),
  };
}
