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
import type { ModelSpec, SpikingSpec } from "../experiment/model.ts";
import type { Stream } from "../numeric/stream.ts";
import type { Geometry } from "./geometry.ts";
import { operationsOf, readsOf } from "./graph.ts";
import { type LinearLayer, layersOf } from "./layers.ts";
import { neurons } from "./neuron/operation.ts";
import type { OperationParameter } from "./operation.ts";
import { operationKit } from "./operations.ts";
import { graphOf } from "./transformer.ts";

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface Network<M extends ModelSpec = ModelSpec> {
  readonly model: M;
  readonly geometry: Geometry;
  readonly parameters: Readonly<Record<string, Tensor>>;
}

export interface ParameterLayout extends Omit<OperationParameter, "layer"> {
  /** The linear layer of which it is a part; null for others. */
  readonly layer: LinearLayer | null;
}

/** Whether a network (or an experiment's network) is spiking; otherwise it is the conventional transformer. */
export function isSpiking<V extends { readonly model: ModelSpec }>(
  described: V,
): described is V & { readonly model: SpikingSpec } {
  return described.model.kind !== "ann";
}

/** Names, shapes and initial values of all parameters, in the order of the graph. */
export function parameterLayout(model: ModelSpec, geometry: Geometry): ParameterLayout[] {
  const graph = graphOf({ model, geometry });
  const layers = new Map(linearLayers(model, geometry).map((layer) => [layer.name, layer]));
  return graph.operations
    .flatMap((operation) => operationKit(operation).parameters(operation, readsOf(graph, operation)))
    .map((parameter) => ({ ...parameter, layer: layers.get(parameter.layer ?? "") ?? null }));
}

/** Whether a parameter holds the weights of a layer. */
export const isWeight = ({ part }: Pick<ParameterLayout, "part">): boolean => part === "weight";

/** Whether a parameter holds the weights of a layer that does not answer: its columns are features, not classes. */
export const isFeatureWeight = ({ part, layer }: Pick<ParameterLayout, "part" | "layer">): boolean =>
  part === "weight" && !layer?.answers;

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

/** Linear layers of a network in the order in which they run. */
export const linearLayers = (model: ModelSpec, geometry: Geometry): readonly LinearLayer[] =>
  layersOf(graphOf({ model, geometry }));

/** What a network's neurons learn. */
export function neuronParameters(model: SpikingSpec, geometry: Geometry): OperationParameter[] {
  const graph = graphOf({ model, geometry });
  return operationsOf(graph, "neurons").flatMap((operation) =>
    neurons.parameters(operation, readsOf(graph, operation)),
  );
}

/** A parameter in double precision. Throws SpecError when there is none of that name. */
export function parameterOf(parameters: Readonly<Record<string, Tensor>>, name: string): Float64Array {
  const found = parameters[name];
  if (found) return new Float64Array(found.data);
  throw new SpecError(
    `parameters.${name}`,
    `The network has no parameter "${name}", which its model needs. Build it with initialise(), or load a checkpoint of the same model.`,
  );
}
