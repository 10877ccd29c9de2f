/**
 * A vision transformer for classification of Hugging Face (`transformers`, class ViTForImageClassification): pre-LN blocks, exact GELU,
 * LayerNorm with epsilon 1e-12, and a class token that the head reads. A model without a classifier, and its pooler, have no place.
 */
import type { TensorExpression } from "../../experiment/tensor-mapping.ts";
import type { Layout } from "./layout.ts";
import { layerRules, layerShapes, normRules, normShapes, TRANSPOSE } from "./rules.ts";
import { embeddingOf, streamScale, visionTransformer } from "./vision-transformer.ts";

const EPSILON = 1e-12;
const EMBEDDINGS = "vit.embeddings";
const PATCHES = `${EMBEDDINGS}.patch_embeddings.projection`;
const BLOCK = "vit.encoder.layer.{i}";
const ATTENTION = `${BLOCK}.attention.attention`;

export const huggingFaceVit: Layout = {
  title: "a vision transformer of Hugging Face",
  anchor: `${PATCHES}.weight`,
  tensors: () => ({
    required: {
      [`${EMBEDDINGS}.cls_token`]: "1, 1, D",
      [`${EMBEDDINGS}.position_embeddings`]: "1, T, D",
      ...layerShapes(PATCHES, "D, C, P, P"),
      ...layerShapes(`${ATTENTION}.query`, "D, D"),
      ...layerShapes(`${ATTENTION}.key`, "D, D"),
      ...layerShapes(`${ATTENTION}.value`, "D, D"),
      ...layerShapes(`${BLOCK}.attention.output.dense`, "D, D"),
      ...layerShapes(`${BLOCK}.intermediate.dense`, "F, D"),
      ...layerShapes(`${BLOCK}.output.dense`, "D, F"),
      ...normShapes(`${BLOCK}.layernorm_before`),
      ...normShapes(`${BLOCK}.layernorm_after`),
      ...normShapes("vit.layernorm"),
      ...layerShapes("classifier", "K, D"),
    },
  }),
  read: (sizes, choices) => {
    const { size } = sizes;
    const scale = streamScale(EPSILON);
    const positions = { vectors: size("T"), classToken: true };
    const names = {
      weight: `${PATCHES}.weight`,
      bias: `${PATCHES}.bias`,
      positions: `${EMBEDDINGS}.position_embeddings`,
      classToken: `${EMBEDDINGS}.cls_token`,
    };
    const packed = (part: string): TensorExpression[] =>
      ["query", "key", "value"].map((name) => `${ATTENTION}.${name}.${part}`);
    return {
      ...visionTransformer(sizes, choices, positions),
      mapping: {
        parameters: {
          ...embeddingOf(names, { ...positions, width: size("D"), scale }),
          ...normRules("blocks.{i}.norm1", `${BLOCK}.layernorm_before`),
          "blocks.{i}.qkv.weight": { concatenate: packed("weight"), steps: [TRANSPOSE] },
          "blocks.{i}.qkv.offset": { concatenate: packed("bias") },
          ...layerRules("blocks.{i}.projection", `${BLOCK}.attention.output.dense`, [{ scale }]),
          ...normRules("blocks.{i}.norm2", `${BLOCK}.layernorm_after`),
          ...layerRules("blocks.{i}.up", `${BLOCK}.intermediate.dense`),
          ...layerRules("blocks.{i}.down", `${BLOCK}.output.dense`, [{ scale }]),
          ...normRules("norm", "vit.layernorm"),
          ...layerRules("head", "classifier"),
        },
        ignore: [],
        approximations: [],
      },
      refusals: [],
    };
  },
};
