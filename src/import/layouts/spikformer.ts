/**
 * Spikformer (Zhou et al., "Spikformer: When Spiking Neural Network Meets Transformer", ICLR 2023), with the tensor names of
 * ZK-Zhou/spikformer: those of `cifar10`, with linear layers, and of `imagenet`, with convolutions of single pixels.
 *
 * Branches add their spikes to the stream, and layers read the sums. The two LayerNorms of a block are in the file and unused.
 */
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

export const spikformer: Layout = {
  title: "Spikformer",
  anchor: "patch_embed.rpe_conv.weight",
  tensors: (shapes) => {
    const isLinear = [...shapes.keys()].some((name) => name.endsWith("attn.q_linear.weight"));
    const kind = kindOf(isLinear);
    const [axes, ofBlock] = isLinear ? [0, 0] : [1, 2];
    return {
      required: {
        ...stemTable(),
        ...blockTable(
          "block.{i}",
          [
            ...LETTERS.map((letter) => [`attn.${letter}_${kind}`, `attn.${letter}_bn`, isLinear, axes] as const),
            [`attn.proj_${kind}`, "attn.proj_bn", true, axes],
          ],
          [1, 2].map((i) => [`mlp.fc${i}_${kind}`, `mlp.fc${i}_bn`, ofBlock] as const),
        ),
        "head.weight": "K, D",
        "head.bias": "K",
      },
      ignore: [COUNTERS, "block.*.norm1.*", "block.*.norm2.*"],
    };
  },
  read: (sizes, choices) => {
    const isLinear = sizes.has("block.0.attn.q_linear.weight");
    const published = isLinear ? "0011" : "1111";
    const { task, model, notes } = spikingTransformer(sizes, choices, (width) =>
      width % 12 === 0 && isLinear ? 12 : 8,
    );
    const pools = choices.pools ?? published;
    if (choices.pools === undefined) notes.push(`Max pooling ${published}, as published; the tensors do not tell.`);
    return {
      document: {
        task: { ...task, readOut: "mean" },
        model: {
          ...model,
          residual: "spikes",
          attention: { kind: "spikformer", scale: 0.125 },
          stem: stemOf(sizes, pools, "spikes"),
        },
      },
      mapping: { parameters: parametersOf(sizes, isLinear), ignore: [], approximations: [] },
      notes,
      refusals: [],
    };
  },
};

const kindOf = (isLinear: boolean): string => (isLinear ? "linear" : "conv");

function parametersOf(sizes: LayoutSizes, isLinear: boolean) {
  const [width, hidden] = ["D", "F"].map(sizes.size);
  const kind = kindOf(isLinear);
  const of = (name: string, outputs: number, bias = true) =>
    matrix(`block.{i}.${name}_${kind}`, `block.{i}.${name}_bn`, outputs, bias);
  return {
    ...stemFrom(sizes),
    ...layerFrom("blocks.{i}.qkv", ...LETTERS.map((letter) => of(`attn.${letter}`, width, isLinear))),
    ...layerFrom("blocks.{i}.projection", of("attn.proj", width)),
    ...layerFrom("blocks.{i}.up", of("mlp.fc1", hidden)),
    ...layerFrom("blocks.{i}.down", of("mlp.fc2", width)),
    ...headFrom(),
  };
}
