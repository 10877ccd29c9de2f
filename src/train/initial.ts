/**
 * What training starts from when it is given a network: its parameters, widened, deepened or folded where the experiment asks for that; of
 * an ANN, for a spiking network, its weights.
 */
import { ShapeError, SpecError } from "../errors.ts";
import { foldNetwork } from "../model/fold.ts";
import type { Geometry } from "../model/geometry.ts";
import {
  initialise,
  isSpiking,
  linearLayers,
  type Network,
  type ParameterLayout,
  type Tensor,
} from "../model/network.ts";
import type { Stream } from "../numeric/stream.ts";
import type { ModelSpec, SpikingSpec } from "../spec/model.ts";
import { fewerLines, isWider, widen, withLines } from "./widen.ts";

/** Layers whose output is what a block adds to the stream. */
const BRANCH_ENDS: ReadonlySet<string> = new Set(["projection", "down"]);

/** What is trained: its model, what it is asked, the names and shapes of its parameters, and what fresh ones are drawn from. */
export interface Started {
  readonly model: ModelSpec;
  readonly geometry: Geometry;
  /** As a task's geometry says. */
  readonly lineShares?: readonly number[] | undefined;
  readonly layout: readonly Pick<ParameterLayout, "name" | "shape">[];
  readonly random: Stream;
}

/**
 * The parameters to start from. Throws ShapeError when `initial` is another network than `model` and no ANN of its sizes, or has more
 * blocks or channels; SpecError as `fromAnn`.
 */
export function initialParameters(initial: Network, started: Started): Network["parameters"] {
  const { model, layout } = started;
  const { depth } = initial.model;
  if (depth > model.depth) {
    throw new ShapeError(
      "initial.model.depth",
      `The initial network has ${depth} blocks, but the experiment's model has ${model.depth}. Start from a network with at most as many.`,
    );
  }
  const start = !isSpiking(initial) && model.kind === "spiking" ? fromAnn(initial, model, started) : initial;
  const { parameters } = asTrained(deepen(widened(start, started), model), model);
  for (const { name, shape } of layout) {
    const given = parameters[name]?.shape;
    if (given?.join() === shape.join()) continue;
    throw new ShapeError(
      `initial.${name}`,
      `The experiment's model has ${name} of shape [${shape}], but the initial network has ` +
        `${given ? `shape [${given}]` : "none"}. Start from a network of the same model, or, where its blocks add to the stream (\`residual\`, \`outputProjection\`), from one with fewer blocks.`,
    );
  }
  return parameters;
}

/** A spiking network with the lines and channels of a spiking model; any other as it is, since LayerNorm takes the mean of all channels. */
function widened(network: Network, { model, geometry, lineShares }: Started): Network {
  if (!isSpiking(network) || model.kind !== "spiking") return network;
  return widen(withLines(network, geometry.inputs, lineShares ?? []), model);
}

/**
 * A fresh spiking network that has the weights of an ANN, its depth, and its channels where `model` has more. Neurons behind BatchNorm
 * fire where a column is a standard deviation above its mean, whatever the scale of its weights. A real input that the spiking network
 * reads as a number of lines gives each its share of the weights; a first layer with any other inputs stays fresh. After N. Rathi et al.,
 * "Enabling deep spiking neural networks with hybrid conversion and spike timing dependent backpropagation", ICLR 2020, whose training
 * starts from an ANN's weights and thresholds that are measured instead.
 *
 * Throws  SpecError without BatchNorm, where currents would have the scale of the ANN's weights
 */
export function fromAnn(
  ann: Network,
  model: SpikingSpec,
  { geometry, lineShares, random }: Pick<Started, "geometry" | "lineShares" | "random">,
): Network<SpikingSpec> {
  if (model.normalisation !== "batch") {
    throw new SpecError(
      "model.normalisation",
      "An ANN's weights have another scale than spiking neurons need, which only BatchNorm corrects. Set model.normalisation to `batch` to start from an ANN.",
    );
  }
  const stem = isWider(model, ann.model) ? ann.model.stem : model.stem;
  const fresh = initialise({ ...model, depth: ann.model.depth, stem }, geometry, random);
  const parameters: Record<string, Tensor> = { ...fresh.parameters };
  const [first] = linearLayers(fresh.model, geometry);
  for (const name of Object.keys(fresh.parameters)) {
    const given = ann.parameters[name];
    if (!name.endsWith(".weight") || given === undefined) continue;
    if (name !== `${first.name}.weight` || ann.geometry.inputs === geometry.inputs) parameters[name] = given;
    else if (lineShares) parameters[name] = sharedRows(given, lineShares);
  }
  return { ...fresh, parameters };
}

/** Every row once for each share, one below the other, with that share of its weights. */
function sharedRows({ shape: [rows, columns], data }: Tensor, shares: readonly number[]): Tensor {
  const shared = new Float32Array(shares.length * data.length);
  for (let row = 0; row < shares.length * rows; row++) {
    const source = Math.floor(row / shares.length) * columns;
    for (let c = 0; c < columns; c++) shared[row * columns + c] = data[source + c] * shares[row % shares.length];
  }
  return { shape: [shares.length * rows, columns], data: shared };
}

/**
 * Sentences about what is not taken as it is: an ANN, and blocks, lines or channels of which there are fewer than `model` asks for.
 */
export function startNotes(initial: Network, { model, geometry, lineShares }: Started): string[] {
  const { depth } = initial.model;
  const notes: string[] = [];
  if (!isSpiking(initial) && model.kind === "spiking") {
    notes.push("The network to start from is an ANN: the spiking one has its weights, and all else as a fresh one.");
  }
  if (depth < model.depth) {
    notes.push(
      `The network to start from has ${depth} of ${model.depth} blocks: they are repeated, and a copy adds nothing until it has learned to.`,
    );
  }
  const shares = lineShares ?? [];
  const own = isSpiking(initial) ? fewerLines(initial, geometry.inputs, shares) : undefined;
  if (own !== undefined) {
    notes.push(
      `The network to start from reads ${own} of ${shares.length} lines of a value: the others weigh nothing until they have learned to.`,
    );
  }
  if (model.kind === "spiking" && isWider(model, initial.model)) {
    notes.push(
      "The network to start from has fewer channels in its stem: they are repeated with neurons at other levels, and what reads a channel reads its copies, too, each with its share of the weight.",
    );
  }
  return notes;
}

/** Whether a block that adds nothing leaves the stream as it is. */
export const hasShortcut = (model: ModelSpec): boolean =>
  model.kind === "ann" || (model.residual === "membrane" && model.outputProjection);

/**
 * A network with as many blocks as `model` and, in exact arithmetic, the answers that its own blocks give: they are repeated in order, and
 * every copy adds nothing to the stream until it has learned to (after T. Chen et al., "Net2Net", ICLR 2016, section 2.3, and L. Gong et
 * al., "Efficient training of BERT by progressively stacking", ICML 2019). Left as it is where it has enough blocks, or where `model` lets
 * a block that adds nothing change the stream: without a residual, and without an output projection.
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
