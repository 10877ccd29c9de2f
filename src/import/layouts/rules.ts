/** Parts that many layouts share: shapes and rules of PyTorch's linear layers and LayerNorms, and sizes that tensors do not tell. */
import { SpecError } from "../../errors.ts";
import type { TensorExpression, TensorStep } from "../../experiment/tensor-mapping.ts";
import type { LayoutChoices } from "./layout.ts";

export const TRANSPOSE: TensorStep = { transpose: [1, 0] };

/** Shapes of an nn.Linear or nn.Conv2d with a bias; the weight's shape begins with the outputs. */
export const layerShapes = (name: string, shape: string): Record<string, string> => ({
  [`${name}.weight`]: shape,
  [`${name}.bias`]: shape.split(",")[0],
});

export const normShapes = (name: string): Record<string, string> => ({
  [`${name}.weight`]: "D",
  [`${name}.bias`]: "D",
});

/** A linear layer of ours from an nn.Linear, and further steps for both of its parameters. */
export const layerRules = (
  layer: string,
  source: string,
  steps: TensorStep[] = [],
): Record<string, TensorExpression> => ({
  [`${layer}.weight`]: { tensor: `${source}.weight`, steps: [TRANSPOSE, ...steps] },
  [`${layer}.offset`]: { tensor: `${source}.bias`, steps },
});

export const normRules = (norm: string, source: string): Record<string, TensorExpression> => ({
  [`${norm}.gain`]: `${source}.weight`,
  [`${norm}.offset`]: `${source}.bias`,
});

/** Throws SpecError for heads that nothing says; `published` has those of widths. */
export function headsOf(
  width: number,
  { heads }: LayoutChoices,
  published: Readonly<Record<number, number>> = {},
): { readonly heads: number; readonly notes: readonly string[] } {
  if (heads !== undefined) return { heads, notes: [] };
  const known = published[width];
  if (known === undefined) {
    throw new SpecError(
      "heads",
      `The tensors do not tell the number of attention heads, and none is published for width ${width}. Give it: --heads N, where N divides ${width}.`,
    );
  }
  return {
    heads: known,
    notes: [`${known} heads, as published for width ${width}: the tensors do not tell. Others: --heads N.`],
  };
}

/** Throws SpecError for a hidden layer that is no multiple of the width. */
export function expansionOf(width: number, hidden: number): number {
  if (hidden % width === 0) return hidden / width;
  throw new SpecError(
    "model.expansion",
    `The feed-forward layers have ${hidden} hidden features, ${Number((hidden / width).toFixed(3))} times the width ${width}. ` +
      "Networks here have a whole multiple of it.",
  );
}
