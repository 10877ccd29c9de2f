/**
 * What training starts from when it is given a network: its parameters, deepened or folded where the experiment asks for that.
 */
import { ShapeError } from "../errors.ts";
import { foldNetwork } from "../model/fold.ts";
import { isSpiking, type Network, type ParameterLayout, type Tensor } from "../model/network.ts";
import type { ModelSpec } from "../spec/model.ts";

/** Layers whose output is what a block adds to the stream. */
const BRANCH_ENDS: ReadonlySet<string> = new Set(["projection", "down"]);

/**
 * The parameters to start from, in the shapes of `layout`. Throws ShapeError when `initial` is another network than `model`, or a deeper one.
 */
export function initialParameters(
  initial: Network,
  model: ModelSpec,
  layout: readonly Pick<ParameterLayout, "name" | "shape">[],
): Network["parameters"] {
  const { depth } = initial.model;
  if (depth > model.depth) {
    throw new ShapeError(
      "initial.model.depth",
      `The network to start from has ${depth} blocks, the experiment's model ${model.depth}. Start from one with as many or fewer.`,
    );
  }
  const { parameters } = asTrained(deepen(initial, model), model);
  for (const { name, shape } of layout) {
    const given = parameters[name]?.shape;
    if (given?.join() === shape.join()) continue;
    throw new ShapeError(
      `initial.${name}`,
      `The experiment's model has ${name} of shape [${shape}], but the network to start from has ` +
        `${given ? `shape [${given}]` : "none"}. Start from a network of the same model, or, where its blocks add to the stream (\`residual\`, \`outputProjection\`), from one with fewer.`,
    );
  }
  return parameters;
}

/** A sentence about blocks that are repeated; null where there are as many as `model` asks for. */
export const deepeningNote = ({ model: { depth } }: Network, model: ModelSpec): string | null =>
  depth < model.depth
    ? `The network to start from has ${depth} of ${model.depth} blocks: they are repeated, and a copy adds nothing until it has learned to.`
    : null;

/** Whether a block that adds nothing leaves the stream as it is. */
export const hasShortcut = (model: ModelSpec): boolean =>
  model.kind === "ann" || (model.residual === "membrane" && model.outputProjection);

/**
 * A network with as many blocks as `model` and, in exact arithmetic, the answers that its own blocks give: they are repeated in order, and every
 * copy adds nothing to the stream until it has learned to (after T. Chen et al., "Net2Net", ICLR 2016, section 2.3, and L. Gong et al., "Efficient
 * training of BERT by progressively stacking", ICML 2019). Left as it is where it has enough blocks, or where `model` lets a block that adds
 * nothing change the stream: without a residual, and without an output projection.
 */
export function deepen(network: Network, model: ModelSpec): Network {
  const { parameters } = network;
  const { depth } = model;
  const own = network.model.depth;
  if (own >= depth || !hasShortcut(model)) return network;
  const deeper: Record<string, Tensor> = { ...parameters };
  for (const [name, tensor] of Object.entries(parameters)) {
    const [, block, layer, part] = /^blocks\.(\d+)\.(\w+)\.(\w+)$/.exec(name) ?? [];
    if (block === undefined) continue;
    const scale = `blocks.${block}.${layer}.gain` in parameters ? "gain" : "weight";
    const isSilenced = BRANCH_ENDS.has(layer) && (part === scale || part === "offset");
    const data = isSilenced ? new Float32Array(tensor.data.length) : tensor.data;
    for (let i = Number(block) + own; i < depth; i += own) {
      deeper[`blocks.${i}.${layer}.${part}`] = { shape: tensor.shape, data };
    }
  }
  return { ...network, model: { ...network.model, depth }, parameters: deeper };
}

/** Folded where the experiment trains without BatchNorm: weight noise then acts as on a chip, whose offsets are fixed. */
function asTrained(initial: Network, model: ModelSpec): Network {
  const folds = isSpiking(initial) && model.kind === "spiking" && model.normalisation === "none";
  return folds ? foldNetwork(initial) : initial;
}
