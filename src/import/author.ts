/**
 * The layout of the network that the paper's first author published for CIFAR-10: szh1456/xpikeformer_cifar10 at commit 04df2f3,
 * `models/snn/transformer.py`. Names and shapes, with D the width, P the values of a shifted patch and N the tokens:
 *
 *   cls_token                                     [1, 1, 1, D]   stands before the patches as token 0
 *   to_patch_embedding.to_patch_tokens.1          LayerNorm(P)
 *   to_patch_embedding.to_patch_tokens.2          Linear(P -> D)
 *   _backbone.pos_embedding.weight                [N, D]
 *   _backbone.h.{i}.attn.c_attn, c_bn             Linear(D -> 3D) without bias, BatchNorm1d
 *   _backbone.h.{i}.attn.attn_output_bn, _linear  BatchNorm1d, then Linear(D -> D) without bias
 *   _backbone.h.{i}.attn.self_mask                a constant
 *   _backbone.h.{i}.ff.fc, proj, ln               Linear(D -> 4D) and back without bias, LayerNorm(D)
 *   _read_out                                     Linear(D -> classes)
 *
 * BatchNorm in use is an affine map, so it folds into the adjacent layer. LayerNorm divides by the deviation of each token, which
 * no fixed weight can do: only its gain and offset are kept, and the mapping reports this, along with everything else that
 * differs from the network here.
 */
import { SpecError } from "../errors.ts";
import type { TensorExpression, TensorMapping, TensorNormalisation } from "../experiment/tensor-mapping.ts";
import type { Network } from "../model/network.ts";

const APPROXIMATIONS = [
  "to_patch_embedding.to_patch_tokens.1 is a LayerNorm over the values of each patch, which no fixed weight computes; its gain and offset are folded into embed.",
  "_backbone.h.{i}.ff.ln is a LayerNorm over the features of each token, which no fixed weight computes; its gain and offset are folded into blocks.{i}.down.",
  "In the source the residual stream enters c_attn and fc as real numbers; here LIF neurons stand before qkv and up, so that crossbars read bits.",
  "In the source a neuron stands behind attn_output_linear and none before its BatchNorm; here attention emits bits and projection adds currents.",
  "The source closes the diagonal of the scores (attn.self_mask), and its feed-forward neurons leak by 0.167 (tau 1.2); here the task's mask and model.neuron hold.",
];

const NORM = (module: string): TensorNormalisation => ({
  gain: `${module}.weight`,
  offset: `${module}.bias`,
  mean: `${module}.running_mean`,
  variance: `${module}.running_var`,
  epsilon: 1e-5,
});

/** Throws SpecError for a model without learned positions or output projection, or a conventional one. */
export function authorMapping({ model, geometry }: Pick<Network, "model" | "geometry">): TensorMapping {
  if (model.kind !== "spiking") {
    throw new SpecError("model.kind", 'The author\'s layout needs a spiking network. Set model.kind to "spiking".');
  }
  if (model.position !== "learned") {
    throw new SpecError(
      "model.position",
      'The author\'s network has learned positions. Set model.position to "learned".',
    );
  }
  if (!model.outputProjection) {
    throw new SpecError("model.outputProjection", "The author's network has an output projection. Set it to true.");
  }
  if (model.stem) {
    throw new SpecError("model.stem", "The author's network embeds patches. Leave model.stem out.");
  }
  const embedding = "to_patch_embedding.to_patch_tokens";
  const affine = (module: string): TensorNormalisation => ({
    gain: `${module}.weight`,
    offset: `${module}.bias`,
    epsilon: 1e-5,
  });
  const embed = { weight: `${embedding}.2.weight`, bias: `${embedding}.2.bias`, before: affine(`${embedding}.1`) };
  const block = "_backbone.h.{i}";
  const projection = {
    weight: `${block}.attn.attn_output_linear.weight`,
    before: NORM(`${block}.attn.attn_output_bn`),
  };
  const down = { weight: `${block}.ff.proj.weight`, after: affine(`${block}.ff.ln`) };
  const parameters: Record<string, TensorExpression> = {
    "embed.weight": { linear: { part: "weight", ...embed }, steps: [TRANSPOSE] },
    "embed.offset": { linear: { part: "offset", ...embed } },
    position: positions(embed, [geometry.tokens, model.width]),
    "blocks.{i}.projection.weight": { linear: { part: "weight", ...projection }, steps: [TRANSPOSE] },
    "blocks.{i}.projection.offset": { linear: { part: "offset", ...projection } },
    "blocks.{i}.up.weight": { tensor: `${block}.ff.fc.weight`, steps: [TRANSPOSE] },
    "blocks.{i}.up.offset": { constant: 0 },
    "blocks.{i}.down.weight": { linear: { part: "weight", ...down }, steps: [TRANSPOSE] },
    "blocks.{i}.down.offset": { linear: { part: "offset", ...down } },
    "head.weight": { tensor: "_read_out.weight", steps: [TRANSPOSE] },
    "head.offset": "_read_out.bias",
  };
  const [weight, norm] = [`${block}.attn.c_attn.weight`, NORM(`${block}.attn.c_bn`)];
  if (model.normalisation === "batch") {
    Object.assign(parameters, {
      "blocks.{i}.qkv.weight": { tensor: weight, steps: [TRANSPOSE] },
      "blocks.{i}.qkv.gain": norm.gain,
      "blocks.{i}.qkv.offset": norm.offset,
      "blocks.{i}.qkv.mean": norm.mean,
      "blocks.{i}.qkv.variance": norm.variance,
    });
    for (const layer of ["embed", "blocks.{i}.projection", "blocks.{i}.up", "blocks.{i}.down"]) {
      Object.assign(parameters, neutral(layer));
    }
  } else {
    const qkv = { weight, after: norm };
    Object.assign(parameters, {
      "blocks.{i}.qkv.weight": { linear: { part: "weight", ...qkv }, steps: [TRANSPOSE] },
      "blocks.{i}.qkv.offset": { linear: { part: "offset", ...qkv } },
    });
  }
  return {
    parameters,
    ignore: ["*.num_batches_tracked", "_backbone.h.*.attn.self_mask"],
    approximations: APPROXIMATIONS,
  };
}

/**
 * One position per token; token 0 is the class token. Its input lines are 0, so it would get only embed.offset, which is
 * therefore subtracted.
 */
function positions(
  embed: { weight: string; bias: string; before: TensorNormalisation },
  shape: [tokens: number, width: number],
): TensorExpression {
  const [tokens] = shape;
  const table = { tensor: "_backbone.pos_embedding.weight", shape };
  const row: TensorExpression = { ...table, steps: [{ slice: { axis: 0, begin: 0, end: 1 } }] };
  const width = { reshape: [1, -1] };
  const offset: TensorExpression = { linear: { part: "offset", ...embed }, steps: [{ scale: -1 }, width] };
  const classToken: TensorExpression = { sum: [row, { tensor: "cls_token", steps: [width] }, offset] };
  if (tokens === 1) return classToken;
  return { concatenate: [classToken, { ...table, steps: [{ slice: { axis: 0, begin: 1, end: tokens } }] }] };
}

/** A BatchNorm that changes nothing: 1 / sqrt(variance + 1e-5) is 1 to within 1e-8. */
const neutral = (layer: string): Record<string, TensorExpression> => ({
  [`${layer}.gain`]: { constant: 1 },
  [`${layer}.mean`]: { constant: 0 },
  [`${layer}.variance`]: { constant: 1 - 1e-5 },
});

const TRANSPOSE = { transpose: [1, 0] };
