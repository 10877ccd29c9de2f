/**
 * What timm's and Hugging Face's vision transformers have in common, from the sizes of their tensors.
 *
 *   D width, F hidden features, C channels, P side of a patch, T position vectors, K classes
 *
 * A class token stands first there and last here, where its input is 0: its position vector also holds the token itself, less the offset
 * of the embedding, and an encoder does not depend on the order of its tokens. LayerNorm adds another epsilon to the variance there.
 * A stream that is s times as large, with s^2 = our epsilon / theirs, gives the same: LN(s x) with s^2 epsilon is LN(x) with epsilon. So
 * whatever adds to the stream is scaled by s.
 *
 * Source: Dosovitskiy et al., "An image is worth 16x16 words", ICLR 2021, Table 1 for the heads of each width.
 */
import { SpecError } from "../../errors.ts";
import type { TensorExpression, TensorStep } from "../../experiment/tensor-mapping.ts";
import { NORM_EPSILON } from "../../model/operation.ts";
import type { LayoutChoices, LayoutReading, LayoutSizes } from "./layout.ts";
import { expansionOf, headsOf } from "./rules.ts";

/** Heads of published vision transformers by width: 64 features each, and 80 in the huge one. */
const PUBLISHED_HEADS: Readonly<Record<number, number>> = { 192: 3, 384: 6, 768: 12, 1024: 16, 1280: 16 };

/** The factor of the stream. */
export const streamScale = (epsilon: number): number => Math.sqrt(NORM_EPSILON / epsilon);

/** Position vectors, of which the class token's may be absent, and whether there is a class token. */
export interface Positions {
  readonly vectors: number;
  readonly classToken: boolean;
}

/** Patches along a side, and whether the class token has a position vector. Throws SpecError for an image that is no square. */
function sideOf({ vectors, classToken }: Positions): { readonly side: number; readonly placed: boolean } {
  for (const placed of classToken ? [true, false] : [false]) {
    const side = Math.sqrt(vectors - (placed ? 1 : 0));
    if (Number.isInteger(side) && side > 0) return { side, placed };
  }
  const patches = classToken ? `${vectors} - 1 = ${vectors - 1} patches and a class token` : `${vectors} patches`;
  throw new SpecError("task.data", `${vectors} position vectors are ${patches}, which fill no square image.`);
}

/** Names of the tensors before the blocks. */
export interface Embedding {
  readonly weight: string;
  readonly bias: string;
  readonly positions: string;
  readonly classToken: string;
}

/** `embed` and `position` of the network. */
export function embeddingOf(
  names: Embedding,
  { width, scale, ...positions }: Positions & { readonly width: number; readonly scale: number },
): Record<string, TensorExpression> {
  const enlarge: TensorStep = { scale };
  const rows: TensorStep = { reshape: [-1, width] };
  const row = (tensor: string, factor = 1): TensorExpression => ({ tensor, steps: [rows, { scale: factor }] });
  const between = (begin: number, end: number): TensorExpression => ({
    tensor: names.positions,
    steps: [rows, { slice: { axis: 0, begin, end } }],
  });
  const { placed } = sideOf(positions);
  const { vectors, classToken } = positions;
  const last: TensorExpression = {
    sum: [...(placed ? [between(0, 1)] : []), row(names.classToken), row(names.bias, -1)],
  };
  return {
    "embed.weight": {
      tensor: names.weight,
      steps: [{ transpose: [2, 3, 1, 0] }, rows, enlarge],
    },
    "embed.offset": { tensor: names.bias, steps: [enlarge] },
    position: {
      concatenate: [between(placed ? 1 : 0, vectors), ...(classToken ? [last] : [])],
      steps: [enlarge],
    },
  };
}

/** The experiment of a vision transformer: square images of its patches. */
export function visionTransformer(
  { depth, size }: LayoutSizes,
  choices: LayoutChoices,
  positions: Pick<Positions, "classToken">,
): Pick<LayoutReading, "document" | "notes"> {
  const [width, channels, patch, classes] = ["D", "C", "P", "K"].map(size);
  const { side } = sideOf({ vectors: size("T"), ...positions });
  const { heads, notes } = headsOf(width, choices, PUBLISHED_HEADS);
  const pixels = side * patch;
  return {
    document: {
      task: {
        kind: "image-classification",
        data: { name: "images", height: pixels, width: pixels, channels, classes },
        patch,
        readOut: positions.classToken ? "class-token" : "mean",
      },
      model: {
        kind: "ann",
        width,
        depth,
        heads,
        expansion: expansionOf(width, size("F")),
        position: "learned",
        activation: "gelu",
      },
    },
    notes: [
      ...notes,
      "Pixels enter as -1 (black) to 1 (white). A network trained on other values needs its first layer rescaled.",
    ],
  };
}
