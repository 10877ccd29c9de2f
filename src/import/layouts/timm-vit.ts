/**
 * A vision transformer of timm (Wightman, PyTorch Image Models, `timm/models/vision_transformer.py`, class VisionTransformer): pre-LN
 * blocks with one packed qkv, exact GELU, and LayerNorm with epsilon 1e-6.
 *
 * With a class token, the head reads it. Without one, timm averages the tokens and then normalises the mean (`fc_norm`), while a network
 * here normalises every token (`norm`) and averages then; only the second is exact. LayerScale (`ls1`, `ls2`) folds into the layers before
 * it. Tensors of other variants (registers, distillation, normalised q and k, gated feed-forward layers) have no place.
 */
import { SpecError } from "../../errors.ts";
import type { TensorExpression, TensorStep } from "../../experiment/tensor-mapping.ts";
import type { Layout, LayoutSizes } from "./layout.ts";
import { layerRules, layerShapes, normRules, normShapes, TRANSPOSE } from "./rules.ts";
import { embeddingOf, streamScale, visionTransformer } from "./vision-transformer.ts";

const EPSILON = 1e-6;

export const timmVit: Layout = {
  title: "a vision transformer of timm",
  anchor: "patch_embed.proj.weight",
  tensors: () => ({
    required: {
      ...layerShapes("patch_embed.proj", "D, C, P, P"),
      pos_embed: "1, T, D",
      ...normShapes("blocks.{i}.norm1"),
      "blocks.{i}.attn.qkv.weight": "3 D, D",
      ...layerShapes("blocks.{i}.attn.proj", "D, D"),
      ...normShapes("blocks.{i}.norm2"),
      ...layerShapes("blocks.{i}.mlp.fc1", "F, D"),
      ...layerShapes("blocks.{i}.mlp.fc2", "D, F"),
      ...layerShapes("head", "K, D"),
    },
    optional: {
      cls_token: "1, 1, D",
      "blocks.{i}.attn.qkv.bias": "3 D",
      "blocks.{i}.ls1.gamma": "D",
      "blocks.{i}.ls2.gamma": "D",
      ...normShapes("norm"),
      ...normShapes("fc_norm"),
    },
  }),
  read: (sizes, choices) => {
    const { size, has } = sizes;
    const positions = { vectors: size("T"), classToken: has("cls_token") };
    const scale = streamScale(EPSILON);
    const norm = has("norm.weight") ? "norm" : "fc_norm";
    if (!has(`${norm}.weight`))
      throw new SpecError("timm-vit", "The file has no tensor norm.weight [D], and no fc_norm.weight either.");
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
          ...normRules("blocks.{i}.norm1", "blocks.{i}.norm1"),
          "blocks.{i}.qkv.weight": { tensor: "blocks.{i}.attn.qkv.weight", steps: [TRANSPOSE] },
          "blocks.{i}.qkv.offset": has("blocks.0.attn.qkv.bias") ? "blocks.{i}.attn.qkv.bias" : { constant: 0 },
          ...branch("projection", "attn.proj", "ls1", sizes, scale),
          ...normRules("blocks.{i}.norm2", "blocks.{i}.norm2"),
          ...layerRules("blocks.{i}.up", "blocks.{i}.mlp.fc1"),
          ...branch("down", "mlp.fc2", "ls2", sizes, scale),
          ...normRules("norm", norm),
          ...layerRules("head", "head"),
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
    return layerRules(`blocks.{i}.${layer}`, `blocks.{i}.${source}`, [enlarge]);
  }
  const linear = { weight, bias, after: { gain: `blocks.{i}.${layerScale}.gamma`, epsilon: 0 } };
  return {
    [`blocks.{i}.${layer}.weight`]: { linear: { part: "weight", ...linear }, steps: [TRANSPOSE, enlarge] },
    [`blocks.{i}.${layer}.offset`]: { linear: { part: "offset", ...linear }, steps: [enlarge] },
  };
}
