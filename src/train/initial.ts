/**
 * The starting point of training when a network is given: its parameters, widened, deepened or folded if the experiment requires
 * it; or, for a spiking network that starts from an ANN, the ANN's weights.
 */
import { invariant, ShapeError, SpecError } from "../errors.ts";
import {
  type AnnSpec,
  depthOf,
  isTransformer,
  type ModelSpec,
  type SpikingSpec,
  type TransformerSpec,
} from "../experiment/model.ts";
import { foldNetwork } from "../model/fold.ts";
import type { Geometry } from "../model/geometry.ts";
import {
  initialise,
  isSpiking,
  isWeight,
  type Network,
  type ParameterLayout,
  parameterLayout,
  type Tensor,
} from "../model/network.ts";
import type { Stream } from "../numeric/stream.ts";
import { fewerLines, isMultiple, isWider, widen, widenAnn, withLines } from "./widen.ts";

/** The network to train: its model, its geometry, the names and shapes of its parameters, and the random stream for fresh ones. */
export interface Started {
  readonly model: ModelSpec;
  readonly geometry: Geometry;
  /** As in a task's geometry. */
  readonly lineShares?: readonly number[] | undefined;
  readonly layout: readonly Pick<ParameterLayout, "name" | "shape">[];
  readonly random: Stream;
  /** For an ANN with few bits: its steps, from one in floating point with the same layers. */
  readonly steps?: (network: Network) => Network["parameters"];
}

/** A fresh network, in floating point. */
export function freshNetwork({ model, geometry, random }: Started): Network {
  const { quantization: _, ...exact } = model as AnnSpec;
  return initialise(model.kind === "ann" ? exact : model, geometry, random);
}

/**
 * The parameters to start from. Throws ShapeError when `initial` does not fit `model` and is not an ANN of the same sizes, or has
 * more blocks or channels; SpecError as in `fromAnn`.
 */
export function initialParameters(initial: Network, started: Started): Network["parameters"] {
  const { model, layout } = started;
  const [depth, wanted] = [depthOf(initial.model), depthOf(model)];
  if (depth > wanted) {
    throw new ShapeError(
      "initial.model.depth",
      `The initial network has ${depth} blocks, but the experiment's model has ${wanted}. Start from a network with at most as many.`,
    );
  }
  const start = !isSpiking(initial) && model.kind !== "ann" ? fromAnn(initial, model, started) : initial;
  const { parameters } = asTrained(withSteps(deepen(widened(start, started), model), started), model);
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

/** With steps for the model's bits: its own if it has them already, and none for a model in floating point. */
function withSteps(network: Network, { model, geometry, steps }: Started): Network {
  if (network.model.kind !== "ann" || model.kind !== "ann") return network;
  const [given, wanted] = [network.model.quantization, model.quantization];
  if (given?.weights === wanted?.weights && given?.activations === wanted?.activations) return network;
  const exact = inFloatingPoint(network, geometry);
  invariant(!wanted || steps !== undefined, "an ANN with few bits gets steps");
  return wanted && steps ? { ...exact, parameters: { ...exact.parameters, ...steps(exact) } } : exact;
}

/** The network without steps, for as many bits as its numbers have. */
export function inFloatingPoint({ model, parameters }: Network, geometry: Geometry): Network {
  const { quantization: _, ...exact } = model as AnnSpec;
  const kept = parameterLayout(exact, geometry).flatMap(({ name }) =>
    parameters[name] ? [[name, parameters[name]]] : [],
  );
  return { model: exact, geometry, parameters: Object.fromEntries(kept) };
}

/** Widens a spiking network to the lines and channels of a spiking model, an ANN to the channels of an ANN. */
function widened(network: Network, { model, geometry, lineShares }: Started): Network {
  if (!isSpiking(network)) return model.kind === "ann" ? widenAnn(network as Network<AnnSpec>, model) : network;
  if (model.kind === "ann") return network;
  return widen(withLines(network, geometry.inputs, lineShares ?? []), model);
}

/**
 * A fresh spiking network with the weights and depth of an ANN, and with its channels, or more if `model` has more. Neurons after
 * BatchNorm fire when a column is one standard deviation above its mean, whatever the scale of its weights. If the spiking
 * network reads a real input as several lines, each line gets its share of the weights; a first layer with any other inputs stays
 * fresh. After N. Rathi et al., "Enabling deep spiking neural networks with hybrid conversion and spike timing dependent
 * backpropagation", ICLR 2020, who start from an ANN's weights but with measured thresholds.
 *
 * Throws  SpecError without BatchNorm, because currents would then have the scale of the ANN's weights
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
  const fresh = initialise(asSmallAs(model, ann.model), geometry, random);
  const parameters: Record<string, Tensor> = { ...fresh.parameters };
  for (const { name, layer } of parameterLayout(fresh.model, geometry).filter(isWeight)) {
    const given = ann.parameters[name];
    if (given === undefined) continue;
    if (!layer?.readsInput || ann.geometry.inputs === geometry.inputs) parameters[name] = given;
    else if (lineShares) parameters[name] = sharedRows(given, lineShares);
  }
  return { ...fresh, parameters };
}

/** The model with as many blocks as the other, and with its stem if that has fewer channels. */
function asSmallAs(model: SpikingSpec, other: ModelSpec): SpikingSpec {
  if (!isTransformer(model) || !isTransformer(other)) return model;
  return { ...model, depth: other.depth, stem: isWider(model, other) ? other.stem : model.stem };
}

/** Repeats all rows once per share, one copy below the other, each scaled by its share. */
function sharedRows({ shape: [rows, columns], data }: Tensor, shares: readonly number[]): Tensor {
  const shared = new Float32Array(shares.length * data.length);
  for (let row = 0; row < shares.length * rows; row++) {
    const source = Math.floor(row / shares.length) * columns;
    for (let c = 0; c < columns; c++) shared[row * columns + c] = data[source + c] * shares[row % shares.length];
  }
  return { shape: [shares.length * rows, columns], data: shared };
}

/**
 * Sentences about changes to the initial network: converted from an ANN, or with fewer blocks, lines or channels than `model` requires.
 */
export function startNotes(initial: Network, { model, geometry, lineShares }: Started): string[] {
  const [depth, wanted] = [depthOf(initial.model), depthOf(model)];
  const notes: string[] = [];
  if (!isSpiking(initial) && model.kind !== "ann") {
    notes.push("The network to start from is an ANN: the spiking one has its weights, and all else as a fresh one.");
  }
  if (depth < wanted) {
    notes.push(
      `The network to start from has ${depth} of ${wanted} blocks: they are repeated, and a copy adds nothing until it has learned to.`,
    );
  }
  const shares = lineShares ?? [];
  const own = isSpiking(initial) ? fewerLines(initial, geometry.inputs, shares) : undefined;
  if (own !== undefined) {
    notes.push(
      `The network to start from reads ${own} of ${shares.length} lines of a value: the others weigh nothing until they have learned to.`,
    );
  }
  if (model.kind !== "ann" && isWider(model, initial.model)) {
    notes.push(
      "The network to start from has fewer channels in its stem: they are repeated with neurons at other levels, and what reads a channel reads its copies, too, each with its share of the weight.",
    );
  }
  if (model.kind === "ann" && !isSpiking(initial) && isMultiple(model, initial.model)) {
    notes.push(
      "The network to start from has fewer channels in its stem: they are repeated, and its answers stay the same until it has learned more.",
    );
  }
  return notes;
}

/** Whether a block that adds nothing leaves the stream unchanged. */
export const hasShortcut = (model: ModelSpec): model is AnnSpec | TransformerSpec =>
  model.kind === "ann" || (model.kind === "spiking" && model.residual === "membrane" && model.outputProjection);

/**
 * A network with as many blocks as `model` that, in exact arithmetic, gives the same answers as before. Its blocks are repeated in
 * order, and every copy adds nothing to the stream until it has been trained (after T. Chen et al., "Net2Net", ICLR 2016, section
 * 2.3, and L. Gong et al., "Efficient training of BERT by progressively stacking", ICML 2019). The network is unchanged if it has
 * enough blocks, or if `model` has no residual and no output projection, because then a block that adds nothing changes the stream.
 */
export function deepen(network: Network, model: ModelSpec): Network {
  const { parameters } = network;
  const [own, depth] = [depthOf(network.model), depthOf(model)];
  if (own >= depth || !hasShortcut(model) || !isTransformer(network.model)) return network;
  const grown = { ...network.model, depth };
  const scale = grown.kind !== "ann" && grown.normalisation === "batch" ? "gain" : "weight";
  const layout = parameterLayout(grown, network.geometry);
  const ofBlock = (block: number) => layout.filter((parameter) => parameter.block === block);
  const deeper: Record<string, Tensor> = { ...parameters };
  for (let block = own; block < depth; block++) {
    const copied = ofBlock(block % own);
    for (const [i, { name, layer, part }] of ofBlock(block).entries()) {
      const { shape, data } = parameters[copied[i].name];
      const isSilenced = Boolean(layer?.joins) && (part === scale || part === "offset");
      deeper[name] = { shape, data: isSilenced ? new Float32Array(data.length) : data };
    }
  }
  return { ...network, model: grown, parameters: deeper };
}

/** Folded if the experiment trains without BatchNorm: weight noise then acts as on a chip, where offsets are fixed. */
function asTrained(initial: Network, model: ModelSpec): Network {
  const folds = isSpiking(initial) && model.kind !== "ann" && model.normalisation === "none";
  return folds ? foldNetwork(initial) : initial;
}
