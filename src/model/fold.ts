/**
 * Folds BatchNorm into the layer before it, so that the hardware sees only Linear + LIF:
 *
 *   scale = gain / sqrt(variance + 1e-5),   W' = W scale (column by column),   offset' = offset - mean scale
 *
 * with the running statistics. The folded network computes the same currents as the unfolded one in `eval`, up to the
 * rounding of W' and offset' to single precision; spikes agree unless a membrane lies that close to the threshold
 * (`docs/model.md#ties`).
 */
import { invariant } from "../errors.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { operationsOf } from "./graph.ts";
import { type Network, parameterLayout, parameterOf, type Tensor } from "./network.ts";
import { NORM_EPSILON } from "./operation.ts";
import { graphOf } from "./transformer.ts";

/** The same network with normalisation "none". A network without normalisation is returned unchanged. */
export function foldNetwork(network: Network<SpikingSpec>): Network<SpikingSpec> {
  if (network.model.normalisation === "none") return network;
  const { geometry } = network;
  const model: SpikingSpec = { ...network.model, normalisation: "none" };
  const folded: Record<string, Tensor> = {};
  for (const { name } of operationsOf(graphOf(network), "batch-normalisation")) {
    Object.assign(folded, foldLayer(network, name));
  }
  const parameters: Record<string, Tensor> = {};
  for (const { name } of parameterLayout(model, geometry)) {
    const tensor = folded[name] ?? network.parameters[name];
    invariant(tensor !== undefined, `a folded network has the parameter ${name}`);
    parameters[name] = tensor;
  }
  return { model, geometry, parameters };
}

function foldLayer({ parameters }: Network, name: string): Record<string, Tensor> {
  const of = (part: string) => parameterOf(parameters, `${name}.${part}`);
  const [mean, variance] = [of("mean"), of("variance")];
  const scale = of("gain").map((gain, n) => gain / Math.sqrt(variance[n] + NORM_EPSILON));
  const { shape, data } = parameters[`${name}.weight`];
  const weight = new Float32Array(data.length);
  // The products are doubles, rounded where they are stored.
  for (let at = 0; at < data.length; at += scale.length) {
    for (let n = 0; n < scale.length; n++) weight[at + n] = data[at + n] * scale[n];
  }
  const offset = of("offset").map((b, n) => b - mean[n] * scale[n]);
  return {
    [`${name}.weight`]: { shape, data: weight },
    [`${name}.offset`]: { shape: [scale.length], data: new Float32Array(offset) },
  };
}
