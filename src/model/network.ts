/**
 * The network as plain data: an architecture and its named parameters. Training, folding, mapping and simulation pass this value
 * on; the rest of `model/` defines what it computes.
 *
 * Letters used throughout `model/` and `kernels/`:
 *   T steps, B prompts, N tokens, D width, H heads, d = D / H head dimension, F = expansion D, C logits, M = T B N rows.
 *
 * Weights are stored `[inputs, outputs]`, as on a crossbar, where inputs are rows. A linear layer `name` has
 *   name.weight [K, n], name.offset [n]
 * and, while BatchNorm is not folded, name.gain, name.mean, name.variance [n] with
 *   I = gain (x W - mean) / sqrt(variance + 1e-5) + offset.
 * In an ANN with few bits it also has steps and shifts (`quantization.ts`). Neurons that learn have parameters by the name of their
 * spikes, such as `blocks.0.hidden.leak` (`neuron/catalogue.ts`).
 */
import { SpecError } from "../errors.ts";
import type { AnnSpec, ModelSpec, SpikingSpec } from "../experiment/model.ts";
import type { Stream } from "../numeric/stream.ts";
import { stepLengths, widthsByLayer } from "./bit-widths.ts";
import type { Geometry } from "./geometry.ts";
import {
  endsBranch,
  type LinearLayer,
  neuronsBefore,
  neuronsBehind,
  type Population,
  patternOf,
  sizedLayers,
} from "./layers.ts";
import { learnedName, neuronModel } from "./neuron/catalogue.ts";
import { stemLayers } from "./stem.ts";

export const NORM_EPSILON = 1e-5;

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface Network<M extends ModelSpec = ModelSpec> {
  readonly model: M;
  readonly geometry: Geometry;
  readonly parameters: Readonly<Record<string, Tensor>>;
}

export interface ParameterLayout {
  readonly name: string;
  /** The linear layer whose `weight`, `offset`, ... it is; null for LayerNorm, positions and neurons, which have no part. */
  readonly layer: LinearLayer | null;
  readonly part: string | null;
  /** Index of its block; null outside the blocks. */
  readonly block: number | null;
  readonly shape: readonly number[];
  /** Standard deviation of the normal initial value, or a constant. */
  readonly init: { readonly deviation: number } | { readonly constant: number };
  /** False for running statistics, which training measures instead of learning. */
  readonly learned: boolean;
}

/** Whether a network (or an experiment's network) is spiking; otherwise it is the conventional transformer. */
export function isSpiking<V extends { readonly model: ModelSpec }>(
  described: V,
): described is V & { readonly model: SpikingSpec } {
  return described.model.kind === "spiking";
}

/** Names, shapes and initial values of all parameters, in a fixed order. */
export function parameterLayout(model: ModelSpec, geometry: Geometry): ParameterLayout[] {
  return model.kind === "ann" ? annLayout(model, geometry) : spikingLayout(model, geometry);
}

/** Whether a parameter holds the weights of a layer. */
export const isWeight = ({ part }: Pick<ParameterLayout, "part">): boolean => part === "weight";

/** Whether a parameter holds the weights of a layer other than the head: its columns are features, not classes. */
export const isFeatureWeight = ({ part, layer }: Pick<ParameterLayout, "part" | "layer">): boolean =>
  part === "weight" && layer?.role !== "head";

/** A fresh network; each parameter draws from `random.fork(name)`. */
export function initialise<M extends ModelSpec>(model: M, geometry: Geometry, random: Stream): Network<M> {
  const parameters: Record<string, Tensor> = {};
  for (const { name, shape, init } of parameterLayout(model, geometry)) {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    if ("constant" in init) data.fill(init.constant);
    else {
      const draws = random.fork(name);
      for (let i = 0; i < data.length; i++) data[i] = init.deviation * draws.normal();
    }
    parameters[name] = { shape, data };
  }
  return { model, geometry, parameters };
}

/**
 * Number of logits per answer: one per class, or one per bit of a class.
 * Throws  SpecError for a bit read-out when the classes are not all words of some number of bits
 */
export function logitsOf({ model, geometry }: Pick<Network, "model" | "geometry">): number {
  const { classes } = geometry;
  if (model.readOut !== "bits") return classes;
  const bits = 31 - Math.clz32(classes);
  if (classes > 1 && 2 ** bits === classes) return bits;
  throw new SpecError(
    "model.readOut",
    `A bit read-out needs 2, 4, 8, ... classes, but the task has ${classes}. Set model.readOut to \`joint\`.`,
  );
}

/** Linear layers of a network in the order in which they run. */
export function linearLayers(model: ModelSpec, geometry: Geometry): LinearLayer[] {
  const logits = logitsOf({ model, geometry });
  return sizedLayers(patternOf(model), { before: stemLayers(model, geometry), width: model.width, logits });
}

function spikingLayout(model: SpikingSpec, geometry: Geometry): ParameterLayout[] {
  const layout: ParameterLayout[] = [];
  const neurons = (of: Population) => learnedBy(model, of);
  for (const layer of linearLayers(model, geometry)) {
    layout.push(...neuronsBefore(layer).flatMap(neurons), matrix(layer), vector(layer, "offset", 0));
    if (model.normalisation === "batch" && layer.role !== "head") {
      // Residual branches start at half strength, so that the stream's variance grows slowly with depth.
      layout.push(vector(layer, "gain", endsBranch(layer) ? 0.5 : 1));
      layout.push(statistic(layer, "mean", 0), statistic(layer, "variance", 1));
    }
    layout.push(...neuronsBehind(layer).flatMap(neurons));
    if (layer.role === "embedding" && model.position === "learned") layout.push(positions(geometry, model));
  }
  return layout;
}

/** LayerNorm follows each convolution, and comes before attention, the feed-forward pair and the head. */
function annLayout(model: AnnSpec, geometry: Geometry): ParameterLayout[] {
  const widths = widthsByLayer(model);
  const branch = 1 / Math.sqrt(2 * model.depth);
  return linearLayers(model, geometry).flatMap((layer) => {
    const { name, role, block, inputs, outputs } = layer;
    const steps = widths ? stepLengths(widths.get(name)!, outputs) : {};
    const linear = [
      matrix(layer, endsBranch(layer) ? branch : 1),
      vector(layer, "offset", 0),
      ...Object.entries(steps).map(([part, length]) => vector(layer, part, 0, length)),
    ];
    if (role === "convolution") return [...linear, ...norm(`${name}.norm`, outputs, block)];
    if (role === "embedding") return model.position === "learned" ? [...linear, positions(geometry, model)] : linear;
    if (role === "attention input") return [...norm(`blocks.${block}.norm1`, inputs, block), ...linear];
    if (role === "feed-forward up") return [...norm(`blocks.${block}.norm2`, inputs, block), ...linear];
    return role === "head" ? [...norm("norm", inputs, block), ...linear] : linear;
  });
}

/** A parameter of a layer, under the name of both. */
const partOf = (layer: LinearLayer, part: string) => ({
  name: `${layer.name}.${part}`,
  layer,
  part,
  block: layer.block,
});

function matrix(layer: LinearLayer, scale = 1): ParameterLayout {
  const { inputs, outputs } = layer;
  const init = { deviation: scale / Math.sqrt(inputs) };
  return { ...partOf(layer, "weight"), shape: [inputs, outputs], init, learned: true };
}

function vector(layer: LinearLayer, part: string, constant: number, length = layer.outputs): ParameterLayout {
  return { ...partOf(layer, part), shape: [length], init: { constant }, learned: true };
}

function statistic(layer: LinearLayer, part: "mean" | "variance", constant: number): ParameterLayout {
  return { ...vector(layer, part, constant), learned: false };
}

/** A parameter of no layer. */
const ofItself = (name: string, block: number | null) => ({ name, layer: null, part: null, block });

/** What a network's neurons learn. */
export const neuronParameters = (model: SpikingSpec, geometry: Geometry): ParameterLayout[] =>
  linearLayers(model, geometry)
    .flatMap((layer) => [...neuronsBefore(layer), ...neuronsBehind(layer)])
    .flatMap((population) => learnedBy(model, population));

function learnedBy({ neuron }: SpikingSpec, { name, block }: Population): ParameterLayout[] {
  return Object.entries(neuronModel(neuron).learned).map(([learned, { shape, constant }]) => ({
    ...ofItself(learnedName(name, learned), block),
    shape,
    init: { constant },
    learned: true,
  }));
}

function norm(name: string, features: number, block: number | null): ParameterLayout[] {
  return [1, 0].map((constant) => ({
    ...ofItself(`${name}.${constant === 1 ? "gain" : "offset"}`, block),
    shape: [features],
    init: { constant },
    learned: true,
  }));
}

function positions({ tokens }: Geometry, { width }: ModelSpec): ParameterLayout {
  return { ...ofItself("position", null), shape: [tokens, width], init: { deviation: 0.02 }, learned: true };
}
