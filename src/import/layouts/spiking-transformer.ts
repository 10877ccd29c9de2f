/**
 * What Spikformer, the Spike-driven Transformer and QKFormer have in common, from the sizes of their tensors.
 *
 *   D width, F hidden features, C channels of the image, K classes
 *
 * Their neurons are SpikingJelly's LIF with tau 2 and decay_input, V = V / 2 + X / 2, ours are V = V / 2 + I: all currents are halved,
 * with the gain and offset of BatchNorm, which is exact. A bias before BatchNorm lowers its mean. In attention the threshold is 0.5,
 * which ours takes for 1 with all currents doubled: half of them again, so that only the published scale is left.
 *
 * A convolution reads values p / 255 of pixels there. Here it reads the 8 bits of p on lines of their own, with the weight of a line's
 * share of white, so that chips can read them; pixels outside the image are 0 in both.
 */
import { SpecError } from "../../errors.ts";
import type { ExperimentDocument } from "../../experiment/experiment.ts";
import type { TensorExpression, TensorStep } from "../../experiment/tensor-mapping.ts";
import type { LayoutChoices, LayoutSizes, LayoutTable } from "./layout.ts";
import { expansionOf, TRANSPOSE } from "./rules.ts";

type Parameters = Record<string, TensorExpression>;
type Table = Record<string, string>;

const HALF: TensorStep = { scale: 0.5 };
/** Bits of a pixel, the highest first, and the value of white. */
const PIXEL_BITS = 8;
const WHITE = 255;

/** Time steps of the networks published for images. */
const PUBLISHED_STEPS = 4;

/** The tensors of a BatchNorm. `num_batches_tracked` belongs to `COUNTERS`. */
export const normTable = (name: string, features: string): Table =>
  Object.fromEntries(["weight", "bias", "running_mean", "running_var"].map((part) => [`${name}.${part}`, features]));

export const COUNTERS = "*num_batches_tracked";

/** A layer with its BatchNorm, in the file. */
export interface SourceLayer {
  /** The module of its weight, and that of its BatchNorm. */
  readonly of: string;
  readonly norm: string;
  /** Its weight as [inputs, outputs]. */
  readonly weight: TensorExpression;
  readonly bias: boolean;
}

/** A matrix, [outputs, inputs], or a convolution with windows of one pixel. */
export const matrix = (of: string, norm: string, outputs: number, bias: boolean): SourceLayer => ({
  of,
  norm,
  weight: { tensor: `${of}.weight`, steps: [{ reshape: [outputs, -1] }, TRANSPOSE] },
  bias,
});

/** A convolution, [outputs, inputs, side, side], as windows of pixels with channels innermost. */
export const convolution = (of: string, norm: string, outputs: number): SourceLayer => ({
  of,
  norm,
  weight: windowRows(of, outputs),
  bias: false,
});

/** A convolution of single pixels, as the middle of windows of 3 x 3 that are 0 elsewhere. */
export const middleOfWindows = (of: string, norm: string, inputs: number, outputs: number): SourceLayer => {
  const around: TensorExpression = { constant: 0, shape: [4 * inputs, outputs] };
  return { of, norm, weight: { concatenate: [around, windowRows(of, outputs), around] }, bias: false };
};

const windowRows = (of: string, outputs: number): TensorExpression => ({
  tensor: `${of}.weight`,
  steps: [{ transpose: [2, 3, 1, 0] }, { reshape: [-1, outputs] }],
});

/** The first convolution, on the bits of pixels. */
export const firstConvolution = (of: string, norm: string, outputs: number): SourceLayer => ({
  of,
  norm,
  weight: {
    concatenate: Array.from({ length: PIXEL_BITS }, (_, bit) => ({
      tensor: `${of}.weight`,
      steps: [
        { transpose: [2, 3, 1, 0] },
        { reshape: [-1, 1, outputs] },
        { scale: 2 ** (PIXEL_BITS - 1 - bit) / WHITE },
      ],
    })),
    axis: 1,
    steps: [{ reshape: [-1, outputs] }],
  },
  bias: false,
});

/** A layer of the network from one of the file, or from several whose outputs stand side by side. */
export function layerFrom(name: string, ...sources: readonly SourceLayer[]): Parameters {
  const beside = (
    part: (source: SourceLayer) => TensorExpression,
    axis: number,
    steps: TensorStep[],
  ): TensorExpression => ({
    ...(sources.length === 1 ? { sum: [part(sources[0])] } : { concatenate: sources.map(part), axis }),
    steps,
  });
  const mean = ({ of, norm, bias }: SourceLayer): TensorExpression =>
    bias ? { sum: [`${norm}.running_mean`, { tensor: `${of}.bias`, steps: [{ scale: -1 }] }] } : `${norm}.running_mean`;
  return {
    [`${name}.weight`]: beside(({ weight }) => weight, 1, []),
    [`${name}.gain`]: beside(({ norm }) => `${norm}.weight`, 0, [HALF]),
    [`${name}.offset`]: beside(({ norm }) => `${norm}.bias`, 0, [HALF]),
    [`${name}.mean`]: beside(mean, 0, []),
    [`${name}.variance`]: beside(({ norm }) => `${norm}.running_var`, 0, []),
  };
}

export const headFrom = (): Parameters => ({
  "head.weight": { tensor: "head.weight", steps: [TRANSPOSE] },
  "head.offset": "head.bias",
});

/** Convolutions of a patch splitting module, with suffixes "", 1, 2 and 3, and the one for relative positions. */
const STEM = "patch_embed";
const STEM_LETTERS = ["C", "A", "B", "E", "D"];
const suffixOf = (layer: number): string => (layer === 0 ? "" : String(layer));
const STEM_LAYERS = 4;

export const stemTable = (): Table =>
  Object.assign(
    {},
    ...Array.from({ length: STEM_LAYERS }, (_, i) => ({
      [`${STEM}.proj_conv${suffixOf(i)}.weight`]: `${STEM_LETTERS[i + 1]}, ${STEM_LETTERS[i]}, 3, 3`,
      ...normTable(`${STEM}.proj_bn${suffixOf(i)}`, STEM_LETTERS[i + 1]),
    })),
    { [`${STEM}.rpe_conv.weight`]: "D, D, 3, 3", ...normTable(`${STEM}.rpe_bn`, "D") },
  );

export function stemFrom({ size }: LayoutSizes): Parameters {
  const layers = Array.from({ length: STEM_LAYERS }, (_, i) => {
    const modules = [
      `${STEM}.proj_conv${suffixOf(i)}`,
      `${STEM}.proj_bn${suffixOf(i)}`,
      size(STEM_LETTERS[i + 1]),
    ] as const;
    return layerFrom(`stem.${i}`, i === 0 ? firstConvolution(...modules) : convolution(...modules));
  });
  return Object.assign({}, ...layers, layerFrom("embed", convolution(`${STEM}.rpe_conv`, `${STEM}.rpe_bn`, size("D"))));
}

/**
 * The stem of the model. Layers with a 1 in `pools` are followed by max pooling of 3 x 3 pixels, 2 apart.
 *
 * @param lastPools what the last layer pools
 */
export function stemOf({ size }: LayoutSizes, pools: string, lastPools: "spikes" | "currents") {
  if (!/^[01]{4}$/.test(pools)) {
    throw new SpecError(
      "pools",
      `"${pools}" does not say which of 4 layers are max-pooled. Write a 0 or 1 for each: --pools 0011.`,
    );
  }
  const layers = Array.from({ length: STEM_LAYERS }, (_, i) => ({
    channels: size(STEM_LETTERS[i + 1]),
    ...(pools[i] === "1" && {
      pool: 2,
      poolWindow: 3 as const,
      ...(i === STEM_LAYERS - 1 && lastPools === "currents" && { poolOf: lastPools }),
    }),
  }));
  return { layers, embedding: { shortcut: true } };
}

/** The experiment's task and the fields of its model that all three share. */
export function spikingTransformer(
  { depth, size }: LayoutSizes,
  { heads, steps, side }: LayoutChoices,
  publishedHeads: (width: number) => number,
) {
  const [width, channels, classes] = ["D", "C", "K"].map(size);
  const notes: string[] = [];
  const assumed = <T>(given: T | undefined, published: T, what: string): T => {
    if (given === undefined) notes.push(`${what}, as published; the tensors do not tell.`);
    return given ?? published;
  };
  const task: ExperimentDocument["task"] = {
    kind: "image-classification",
    data: imagesOf(side, channels, classes, notes),
    patch: 1,
    coding: "bits",
    pixelBits: PIXEL_BITS,
  };
  const model = {
    kind: "spiking" as const,
    width,
    depth,
    heads: assumed(heads, publishedHeads(width), `${publishedHeads(width)} heads`),
    expansion: expansionOf(width, size("F")),
    steps: assumed(steps, PUBLISHED_STEPS, `${PUBLISHED_STEPS} time steps`),
  };
  notes.push(
    "Pixels enter as their 8 bits, from 0 (black) to 1 (white). A network trained on values with a mean and a deviation needs its first layer rescaled.",
  );
  return { task, model, notes };
}

/** CIFAR-10 for ten classes and three channels, if no side is given. */
function imagesOf(side: number | undefined, channels: number, classes: number, notes: string[]) {
  if (side !== undefined) return { name: "images", height: side, width: side, channels, classes };
  if (channels === 3 && classes === 10) {
    notes.push("Images are those of CIFAR-10; the tensors do not tell their side.");
    return "cifar-10" as const;
  }
  throw new SpecError(
    "side",
    `The tensors do not tell the side of an image with ${channels} channels. Give it: --side 224.`,
  );
}

/** Tables of the two modules of a block, with as many axes beyond two as weights have. */
export function blockTable(
  block: string,
  attention: readonly (readonly [conv: string, norm: string, bias: boolean, axes: number])[],
  feedForward: readonly (readonly [conv: string, norm: string, axes: number])[],
): LayoutTable["required"] {
  const shape = (outputs: string, inputs: string, axes: number) =>
    [outputs, inputs, ...Array(axes).fill("1")].join(", ");
  const table: Table = {};
  for (const [conv, norm, bias, axes] of attention) {
    table[`${block}.${conv}.weight`] = shape("D", "D", axes);
    if (bias) table[`${block}.${conv}.bias`] = "D";
    Object.assign(table, normTable(`${block}.${norm}`, "D"));
  }
  for (const [i, [conv, norm, axes]] of feedForward.entries()) {
    const [outputs, inputs] = i === 0 ? ["F", "D"] : ["D", "F"];
    table[`${block}.${conv}.weight`] = shape(outputs, inputs, axes);
    table[`${block}.${conv}.bias`] = outputs;
    Object.assign(table, normTable(`${block}.${norm}`, outputs));
  }
  return table;
}
