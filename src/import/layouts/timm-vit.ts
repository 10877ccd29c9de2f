/**
 * A vision transformer of timm (Wightman, PyTorch Image Models, `timm/models/vision_transformer.py`, class VisionTransformer): pre-LN
 * blocks with one packed qkv, exact GELU, and LayerNorm with epsilon 1e-6.
 *
 * With a class token, the head reads it. Without one, timm averages the tokens and then normalises the mean (`fc_norm`), while a network
 * here normalises every token (`norm`) and averages then; only the second is exact. LayerScale (`ls1`, `ls2`) folds into the layers before
 * it. Tensors of other variants (registers, distillation, normalised q and k, gated feed-forward layers) have no place.
 */
import type { TensorExpression, TensorStep } from "../../experiment/tensor-mapping.ts";
import type { Layout, LayoutSizes } from "./layout.ts";
import { embeddingOf, streamScale, TRANSPOSE, visionTransformer } from "./vision-transformer.ts";

const EPSILON = 1e-6;

export const timmVit: Layout = {
  title: "a vision transformer of timm",
  anchor: "patch_embed.proj.weight",
  tensors: () => ({
    required: {
      "patch_embed.proj.weight": "D, C, P, P",
      "patch_embed.proj.bias": "D",
      pos_embed: "1, T, D",
      "blocks.{i}.norm1.weight": "D",
      "blocks.{i}.norm1.bias": "D",
      "blocks.{i}.attn.qkv.weight": "3 D, D",
      "blocks.{i}.attn.proj.weight": "D, D",
      "blocks.{i}.attn.proj.bias": "D",
      "blocks.{i}.norm2.weight": "D",
      "blocks.{i}.norm2.bias": "D",
      "blocks.{i}.mlp.fc1.weight": "F, D",
      "blocks.{i}.mlp.fc1.bias": "F",
      "blocks.{i}.mlp.fc2.weight": "D, F",
      "blocks.{i}.mlp.fc2.bias": "D",
      "head.weight": "K, D",
      "head.bias": "K",
    },
    optional: {
      cls_token: "1, 1, D",
      "blocks.{i}.attn.qkv.bias": "3 D",
      "blocks.{i}.ls1.gamma": "D",
      "blocks.{i}.ls2.gamma": "D",
      "norm.weight": "D",
      "norm.bias": "D",
      "fc_norm.weight": "D",
      "fc_norm.bias": "D",
    },
  }),
  read: (sizes, choices) => {
    const { size, has } = sizes;
    const positions = { vectors: size("T"), classToken: has("cls_token") };
    const scale = streamScale(EPSILON);
    const norm = has("norm.weight") ? "norm" : "fc_norm";
    const names = {
      weight: "patch_embed.proj.weight",
      bias: "patch_embed.proj.bias",
      positions: "pos_embed",
      classToken: "cls_token",
    };
    return {
      ...visionTransformer(sizes, choices, positions),
      mapping: {
        parameters: {
          ...embeddingOf(names, { ...positions, width: size("D"), scale }),
          "blocks.{i}.norm1.gain": "blocks.{i}.norm1.weight",
          "blocks.{i}.norm1.offset": "blocks.{i}.norm1.bias",
          "blocks.{i}.qkv.weight": { tensor: "blocks.{i}.attn.qkv.weight", steps: [TRANSPOSE] },
          "blocks.{i}.qkv.offset": has("blocks.0.attn.qkv.bias") ? "blocks.{i}.attn.qkv.bias" : { constant: 0 },
          ...branch("projection", "attn.proj", "ls1", sizes, scale),
          "blocks.{i}.norm2.gain": "blocks.{i}.norm2.weight",
          "blocks.{i}.norm2.offset": "blocks.{i}.norm2.bias",
          "blocks.{i}.up.weight": { tensor: "blocks.{i}.mlp.fc1.weight", steps: [TRANSPOSE] },
          "blocks.{i}.up.offset": "blocks.{i}.mlp.fc1.bias",
          ...branch("down", "mlp.fc2", "ls2", sizes, scale),
          "norm.gain": `${norm}.weight`,
          "norm.offset": `${norm}.bias`,
          "head.weight": { tensor: "head.weight", steps: [TRANSPOSE] },
          "head.offset": "head.bias",
        },
        ignore: [],
        approximations:
          norm === "fc_norm"
            ? [
                "fc_norm normalises the mean over the tokens; here norm normalises every token before the mean. " +
                  "A timm network with fc_norm=False is read exactly.",
              ]
            : [],
      },
      refusals: [],
    };
  },
};

/** The last layer of a branch, with its LayerScale and the factor of the stream. */
function branch(
  layer: string,
  source: string,
  layerScale: string,
  { has }: LayoutSizes,
  scale: number,
): Record<string, TensorExpression> {
  const [weight, bias] = ["weight", "bias"].map((part) => `blocks.{i}.${source}.${part}`);
  const enlarge: TensorStep = { scale };
  if (!has(`blocks.0.${layerScale}.gamma`)) {
    return {
      [`blocks.{i}.${layer}.weight`]: { tensor: weight, steps: [TRANSPOSE, enlarge] },
      [`blocks.{i}.${layer}.offset`]: { tensor: bias, steps: [enlarge] },
    };
  }
  const linear = { weight, bias, after: { gain: `blocks.{i}.${layerScale}.gamma`, epsilon: 0 } };
  return {
    [`blocks.{i}.${layer}.weight`]: { linear: { part: "weight", ...linear }, steps: [TRANSPOSE, enlarge] },
    [`blocks.{i}.${layer}.offset`]: { linear: { part: "offset", ...linear }, steps: [enlarge] },
  };
}
