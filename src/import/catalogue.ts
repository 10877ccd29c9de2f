/**
 * Built-in mappings, which need no file.
 *
 * `xpikeformer`  this program's names: its own safetensors files unchanged, and PyTorch modules with the same names, where
 * nn.Linear weights
 *                are [outputs, inputs]. A layer `name` is `name.weight` and `name.bias` (optional); its BatchNorm1d is
 *                `name_norm`; q, k and v
 *                are one layer `qkv` or three, `q`, `k`, `v`. Layers of a stem, including the embedding, are nn.Conv2d, [outputs,
 *                channels,
 *                kernel, kernel], with BatchNorm2d. `author`       the CIFAR-10 network of Song's code
 *                (szh1456/xpikeformer_cifar10, commit 04df2f3); its BatchNorms fold, its LayerNorms
 *                do not.
 */
import { didYouMean, SpecError } from "../errors.ts";
import type { TensorExpression, TensorMapping, TensorNormalisation } from "../experiment/tensor-mapping.ts";
import { convolutionsOf } from "../model/layers.ts";
import { type Network, neuronParameters, parameterLayout } from "../model/network.ts";
import { NORM_EPSILON } from "../model/operation.ts";
import { graphOf } from "../model/transformer.ts";
import { authorMapping } from "./author.ts";

export const TENSOR_MAPPING_NAMES = ["xpikeformer", "author"] as const;

/**
 * A named mapping for a network. `names` are those of the file's tensors, which distinguish forms of the same layout; without
 * them the mapping is that of an export.
 * Throws  SpecError for an unknown name, or a model that the layout cannot represent
 */
export function findTensorMapping(
  name: string,
  network: Pick<Network, "model" | "geometry">,
  names: ReadonlySet<string> | null,
): TensorMapping {
  if (name === "xpikeformer") return names?.has("embed.offset") ? ownMapping(network) : torchMapping(network, names);
  if (name === "author") return authorMapping(network);
  throw new SpecError(
    "mapping",
    `There is no mapping "${name}". Known: ${TENSOR_MAPPING_NAMES.join(", ")}; or name a .json file.${didYouMean(name, TENSOR_MAPPING_NAMES)}`,
  );
}

/** Every parameter from the tensor with its name. */
function ownMapping({ model, geometry }: Pick<Network, "model" | "geometry">): TensorMapping {
  const parameters = Object.fromEntries(parameterLayout(model, geometry).map(({ name }) => [name, name]));
  return { parameters, ignore: [], approximations: [] };
}

function torchMapping(
  { model, geometry }: Pick<Network, "model" | "geometry">,
  names: ReadonlySet<string> | null,
): TensorMapping {
  const has = (name: string): boolean => names?.has(name) ?? false;
  const parameters: Record<string, TensorExpression> = {};
  const convolutions = new Map(convolutionsOf(graphOf({ model, geometry })).map((layer) => [layer.name, layer]));
  const layout = parameterLayout(model, geometry).map(({ name }) => name);
  const owners = new Set(layout.map((name) => name.split(".").slice(0, -1).join(".")));
  for (const name of owners) {
    if (layout.includes(`${name}.weight`)) Object.assign(parameters, torchLayer(name));
    else if (layout.includes(`${name}.gain`)) {
      parameters[`${name}.gain`] = `${name}.weight`;
      parameters[`${name}.offset`] = `${name}.bias`;
    }
  }
  if (model.kind !== "ann") for (const { name } of neuronParameters(model, geometry)) parameters[name] = name;
  // nn.Embedding stores its vectors as `weight`.
  if (layout.includes("position")) parameters.position = has("position.weight") ? "position.weight" : "position";
  return { parameters, ignore: ["*.num_batches_tracked"], approximations: [] };

  /** A weight as [outputs, inputs]: for a convolution, with its channels innermost, as in windows. */
  function matrixOf(name: string, weight: TensorExpression): TensorExpression {
    const layer = convolutions.get(name);
    if (!layer || typeof weight !== "string") return weight;
    const { inputs, outputs, channels, kernel } = layer;
    return {
      tensor: weight,
      shape: [outputs, channels, kernel, kernel],
      steps: [{ transpose: [0, 2, 3, 1] }, { reshape: [outputs, inputs] }],
    };
  }

  /** A linear layer, with its BatchNorm kept if the model has one, and folded if only the file does. */
  function torchLayer(name: string): Record<string, TensorExpression> {
    const block = name.endsWith(".qkv") ? name.slice(0, -"qkv".length) : null;
    const separate = block !== null && has(`${block}q.weight`);
    const modules = separate ? ["q", "k", "v"].map((letter) => block + letter) : [name];
    const gather = (suffix: string): TensorExpression =>
      separate ? { concatenate: modules.map((module) => module + suffix) } : name + suffix;
    const weight = matrixOf(name, gather(".weight"));
    // Without names, an export writes the bias; in a BatchNorm layer it would be 0 and is left out.
    const normalised = layout.includes(`${name}.gain`);
    const biased = names ? modules.some((module) => has(`${module}.bias`)) : !normalised;
    const bias = biased ? gather(".bias") : null;
    const transposed: TensorExpression =
      typeof weight === "string"
        ? { tensor: weight, steps: [TRANSPOSE] }
        : { ...weight, steps: [...(weight.steps ?? []), TRANSPOSE] };
    const norm: TensorNormalisation = {
      gain: gather("_norm.weight"),
      offset: gather("_norm.bias"),
      mean: gather("_norm.running_mean"),
      variance: gather("_norm.running_var"),
      epsilon: NORM_EPSILON,
    };
    if (normalised) {
      // A bias before BatchNorm shifts the mean: (x W + c) - mean = x W - (mean - c).
      const mean: TensorExpression = bias ? { sum: [norm.mean!, { sum: [bias], steps: [{ scale: -1 }] }] } : norm.mean!;
      return {
        [`${name}.weight`]: transposed,
        [`${name}.offset`]: norm.offset!,
        [`${name}.gain`]: norm.gain!,
        [`${name}.mean`]: mean,
        [`${name}.variance`]: norm.variance!,
      };
    }
    if (modules.some((module) => has(`${module}_norm.weight`))) {
      const linear = { weight, ...(bias !== null && { bias }), after: norm };
      return {
        [`${name}.weight`]: { linear: { part: "weight", ...linear }, steps: [TRANSPOSE] },
        [`${name}.offset`]: { linear: { part: "offset", ...linear } },
      };
    }
    return { [`${name}.weight`]: transposed, [`${name}.offset`]: bias ?? { constant: 0 } };
  }
}

const TRANSPOSE = { transpose: [1, 0] };
