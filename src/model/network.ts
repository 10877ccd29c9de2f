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
 * In an ANN with few bits it also has steps and shifts (`quantization.ts`).
 */
import { SpecError } from "../errors.ts";
import type { AnnSpec, ModelSpec, SpikingSpec } from "../experiment/model.ts";
import type { Stream } from "../numeric/stream.ts";
import { stepLengths, widthsOf } from "./bit-widths.ts";
import type { Geometry } from "./geometry.ts";
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

/** Whether a parameter holds the weights of a layer other than the head: its columns are features, not classes. */
export const isFeatureWeight = (name: string): boolean => name.endsWith(".weight") && name !== "head.weight";

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

/** Linear layers of a spiking network in the order in which they run, with their numbers of inputs and outputs. */
export function linearLayers(
  model: SpikingSpec,
  geometry: Geometry,
): { name: string; inputs: number; outputs: number }[] {
  const { width, depth, expansion } = model;
  const layers = stemLayers(model, geometry).map(({ name, inputs, outputs }) => ({ name, inputs, outputs }));
  for (let i = 0; i < depth; i++) {
    layers.push({ name: `blocks.${i}.qkv`, inputs: width, outputs: 3 * width });
    if (model.outputProjection) layers.push({ name: `blocks.${i}.projection`, inputs: width, outputs: width });
    layers.push({ name: `blocks.${i}.up`, inputs: width, outputs: expansion * width });
    layers.push({ name: `blocks.${i}.down`, inputs: expansion * width, outputs: width });
  }
  layers.push({ name: "head", inputs: width, outputs: logitsOf({ model, geometry }) });
  return layers;
}

function spikingLayout(model: SpikingSpec, geometry: Geometry): ParameterLayout[] {
  const layout: ParameterLayout[] = [];
  for (const { name, inputs, outputs } of linearLayers(model, geometry)) {
    layout.push(matrix(`${name}.weight`, inputs, outputs), vector(`${name}.offset`, outputs, 0));
    if (model.normalisation === "batch" && name !== "head") {
      // Residual branches start at half strength, so that the stream's variance grows slowly with depth.
      const branch = name.endsWith(".projection") || name.endsWith(".down");
      layout.push(vector(`${name}.gain`, outputs, branch ? 0.5 : 1));
      layout.push(statistic(`${name}.mean`, outputs, 0), statistic(`${name}.variance`, outputs, 1));
    }
    if (name === "embed" && model.position === "learned") layout.push(positions(geometry.tokens, model.width));
  }
  return layout;
}

function annLayout(model: AnnSpec, geometry: Geometry): ParameterLayout[] {
  const { width, depth, expansion } = model;
  const linear = (name: string, inputs: number, outputs: number, scale = 1) => [
    matrix(`${name}.weight`, inputs, outputs, scale),
    vector(`${name}.offset`, outputs, 0),
    ...rounding(name, outputs),
  ];
  const rounding = (name: string, outputs: number) => {
    const widths = widthsOf(model, name);
    const lengths = widths ? stepLengths(widths, outputs) : {};
    return Object.entries(lengths).map(([part, length]) => vector(`${name}.${part}`, length, 0));
  };
  const norm = (name: string, features = width) => [
    vector(`${name}.gain`, features, 1),
    vector(`${name}.offset`, features, 0),
  ];
  const branch = 1 / Math.sqrt(2 * depth);
  const layout = stemLayers(model, geometry).flatMap(({ name, inputs, outputs }) => [
    ...linear(name, inputs, outputs),
    ...(name === "embed" ? [] : norm(`${name}.norm`, outputs)),
  ]);
  if (model.position === "learned") layout.push(positions(geometry.tokens, width));
  for (let i = 0; i < depth; i++) {
    layout.push(...norm(`blocks.${i}.norm1`), ...linear(`blocks.${i}.qkv`, width, 3 * width));
    layout.push(...linear(`blocks.${i}.projection`, width, width, branch));
    layout.push(...norm(`blocks.${i}.norm2`), ...linear(`blocks.${i}.up`, width, expansion * width));
    layout.push(...linear(`blocks.${i}.down`, expansion * width, width, branch));
  }
  layout.push(...norm("norm"), ...linear("head", width, logitsOf({ model, geometry })));
  return layout;
}

function matrix(name: string, inputs: number, outputs: number, scale = 1): ParameterLayout {
  return { name, shape: [inputs, outputs], init: { deviation: scale / Math.sqrt(inputs) }, learned: true };
}

function vector(name: string, length: number, constant: number): ParameterLayout {
  return { name, shape: [length], init: { constant }, learned: true };
}

function statistic(name: string, length: number, constant: number): ParameterLayout {
  return { name, shape: [length], init: { constant }, learned: false };
}

function positions(tokens: number, width: number): ParameterLayout {
  return { name: "position", shape: [tokens, width], init: { deviation: 0.02 }, learned: true };
}
