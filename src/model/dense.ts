/**
 * A named linear layer of a network: X W, followed by its BatchNorm or, if the network has none or it is folded, by the offset.
 *
 * Both networks are built from these layers; a crossbar holds the folded form (`fold.ts`). Parameters are read from the network
 * by name and widened to doubles; gradients are added to a record under the same names.
 */
import { SpecError } from "../errors.ts";
import { type BatchNormCache, type BatchStatistics, batchNormBackward, batchNormForward } from "./batch-norm.ts";
import { type LinearSize, linearBackward, linearForward } from "./linear.ts";
import type { Network } from "./network.ts";

/** Gradients by parameter name, in the parameters' shapes. */
export type Gradients = Record<string, Float64Array>;

/** `train` normalises with the statistics of the batch, `eval` with the running ones. */
export type ForwardMode = "train" | "eval";

export interface DenseCache {
  /** `[rows, inputs]` */
  readonly input: Float64Array;
  /** Null for a layer without (or with folded) BatchNorm. */
  readonly norm: BatchNormCache | null;
}

/** Shapes: input [rows, inputs]; returns [rows, outputs]. Throws SpecError when the network lacks the layer. */
export function denseForward(
  network: Network,
  name: string,
  input: Float64Array,
  mode: ForwardMode,
): { output: Float64Array; cache: DenseCache } {
  const weight = parameter(network, `${name}.weight`);
  const offset = parameter(network, `${name}.offset`);
  if (!isNormalised(network, name)) {
    const output = linearForward(input, weight, offset, linearSize(network, name));
    return { output, cache: { input, norm: null } };
  }
  const product = linearForward(input, weight, null, linearSize(network, name));
  const running = mode === "eval" ? runningStatistics(network, name) : null;
  const { output, cache: norm } = batchNormForward(product, parameter(network, `${name}.gain`), offset, running);
  return { output, cache: { input, norm } };
}

/**
 * Returns the gradient with respect to the input, [rows, inputs].
 *
 * State    adds the layer's entries to `gradients`
 */
export function denseBackward(
  network: Network,
  name: string,
  outputGradient: Float64Array,
  { input, norm }: DenseCache,
  gradients: Gradients,
): Float64Array {
  const weight = parameter(network, `${name}.weight`);
  if (!norm) {
    const linear = linearBackward(outputGradient, input, weight, linearSize(network, name));
    gradients[`${name}.weight`] = linear.weight;
    gradients[`${name}.offset`] = linear.offset;
    return linear.input;
  }
  const batchNorm = batchNormBackward(outputGradient, parameter(network, `${name}.gain`), norm);
  const linear = linearBackward(batchNorm.input, input, weight, linearSize(network, name));
  gradients[`${name}.weight`] = linear.weight;
  gradients[`${name}.gain`] = batchNorm.gain;
  gradients[`${name}.offset`] = batchNorm.offset;
  return linear.input;
}

export const isNormalised = (network: Network, name: string): boolean => `${name}.gain` in network.parameters;

/** The running mean and variance of a normalised layer. */
export function runningStatistics(network: Network, name: string): BatchStatistics {
  return { mean: parameter(network, `${name}.mean`), variance: parameter(network, `${name}.variance`) };
}

/** A parameter in double precision. Throws SpecError when the network has none of that name. */
export function parameter(network: Network, name: string): Float64Array {
  return new Float64Array(tensor(network, name).data);
}

function linearSize(network: Network, name: string): LinearSize {
  const [inputs, outputs] = tensor(network, `${name}.weight`).shape;
  return { inputs, outputs };
}

function tensor(network: Network, name: string) {
  const found = network.parameters[name];
  if (!found) {
    throw new SpecError(
      `parameters.${name}`,
      `The network has no parameter "${name}", which its model needs. Build it with initialise(), or load a checkpoint of the same model.`,
    );
  }
  return found;
}
