/**
 * The Spike-driven Transformer (Yao et al., NeurIPS 2023), with the tensor names of BICLab/Spike-Driven-Transformer.
 *
 * Its shortcuts carry membranes, as ours do, also around the convolution for relative positions. The last neurons read the mean of the
 * stream over all tokens. `talking_heads` is in the file and unused.
 */
import { SpecError } from "../../errors.ts";
import type { Layout, LayoutSizes } from "./layout.ts";
import {
  blockTable,
  COUNTERS,
  headFrom,
  layerFrom,
  matrix,
  spikingTransformer,
  stemFrom,
  stemOf,
  stemTable,
} from "./spiking-transformer.ts";

const LETTERS = ["q", "k", "v"];
/** Most classes of the sets of small images, where only the last two layers are max-pooled. */
const SMALL_IMAGES = 100;

export const spikeDriven: Layout = {
  title: "the Spike-driven Transformer (SDT)",
  anchor: "block.0.attn.talking_heads.weight",
  tensors: () => ({
    required: {
      ...stemTable(),
      ...blockTable(
        "block.{i}",
        [
          ...LETTERS.map((letter) => [`attn.${letter}_conv`, `attn.${letter}_bn`, false, 2] as const),
          ["attn.proj_conv", "attn.proj_bn", true, 2],
        ],
        [1, 2].map((i) => [`mlp.fc${i}_conv`, `mlp.fc${i}_bn`, 2] as const),
      ),
      "head.weight": "K, D",
      "head.bias": "K",
    },
    ignore: [COUNTERS, "block.*.attn.talking_heads.*"],
  }),
  read: (sizes, choices) => {
    requireHidden(sizes);
    const { task, model, notes } = spikingTransformer(sizes, choices, () => 8);
    const published = sizes.size("K") <= SMALL_IMAGES ? "0011" : "1111";
    const pools = choices.pools ?? published;
    if (choices.pools === undefined) notes.push(`Max pooling ${published}, as published; the tensors do not tell.`);
    return {
      document: {
        task: { ...task, readOut: "stream-mean" },
        model: {
          ...model,
          residual: "membrane",
          attention: { kind: "sdsa-1", scale: 1 },
          stem: stemOf(sizes, pools, "currents"),
        },
      },
      mapping: { parameters: parametersOf(sizes), ignore: [], approximations: [] },
      notes,
      refusals: [],
    };
  },
};

/** Where both layers of a feed-forward pair have the width of the stream, each has a shortcut of its own. */
function requireHidden({ size }: LayoutSizes): void {
  if (size("F") !== size("D")) return;
  throw new SpecError(
    "block.0.mlp.fc1_conv.weight",
    `The feed-forward layers have ${size("F")} hidden features, as many as the stream, which the source also adds to the stream. No network here does.`,
  );
}

function parametersOf(sizes: LayoutSizes) {
  const [width, hidden] = ["D", "F"].map(sizes.size);
  const of = (name: string, outputs: number, bias = true) =>
    matrix(`block.{i}.${name}_conv`, `block.{i}.${name}_bn`, outputs, bias);
  return {
    ...stemFrom(sizes),
    ...layerFrom("blocks.{i}.qkv", ...LETTERS.map((letter) => of(`attn.${letter}`, width, false))),
    ...layerFrom("blocks.{i}.projection", of("attn.proj", width)),
    ...layerFrom("blocks.{i}.up", of("mlp.fc1", hidden)),
    ...layerFrom("blocks.{i}.down", of("mlp.fc2", width)),
    ...headFrom(),
  };
}
