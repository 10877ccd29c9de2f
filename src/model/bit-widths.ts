/** Bit widths of an ANN's layers, with the codes of each. What is rounded, and how: `quantization.ts`. */
import type { BitWidth, ModelSpec } from "../experiment/model.ts";
import { type Layer, layersOf, patternOf } from "./layers.ts";

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

/** Widths of all linear layers by name; null for a model in floating point. */
export function widthsByLayer(model: ModelSpec): ReadonlyMap<string, LayerWidths> | null {
  if (model.kind !== "ann" || !model.quantization) return null;
  const { weights, activations } = model.quantization;
  const widths = ({ role, source }: Layer): LayerWidths => {
    if (source === "input" || role === "head") return OUTER;
    return { weights, activations, attention: role === "attention input" ? attentionWidth(activations) : null };
  };
  return new Map(layersOf(patternOf(model)).map((layer) => [layer.name, widths(layer)]));
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
