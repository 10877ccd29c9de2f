/**
 * Steps and shifts with which an ANN starts to learn few bits, from its weights and from the values of a few training prompts:
 *
 *   step = 2 mean |x - m| / sqrt(high), at most what its codes need to cover the range of the values
 *
 * (Esser et al., ICLR 2020, section 2.1). For weights m is 0. For activations it is their mean, and the shift puts the middle of the
 * codes there; with the largest step, it puts the codes' ends at the ends of the range.
 */
import { invariant } from "../errors.ts";
import type { AnnSpec } from "../experiment/model.ts";
import { type Codes, codesOf } from "../model/bit-widths.ts";
import { networkForward } from "../model/forward.ts";
import { operationsOf, writerOf } from "../model/graph.ts";
import { linearLayers, type Network, type Tensor } from "../model/network.ts";
import { pixels, stemLayers } from "../model/stem.ts";
import { graphOf, widthsByLayer } from "../model/transformer.ts";
import { naturalLog, stream } from "../numeric/stream.ts";
import { createTask } from "../task/create.ts";
import type { Given } from "../task/open.ts";

/** The least step: values that are all equal have none. */
const LEAST_STEP = 1e-6;

const MOST_PROMPTS = 16;
/** Budget of products for the choice of prompts: a few seconds. A large network runs one prompt. */
const MOST_PRODUCTS = 2 ** 30;

/**
 * The steps of the experiment's model, for a network in floating point.
 *
 * Random   `stream(seed).fork("starting steps")`
 */
export function calibratedSteps(network: Network, { experiment, data }: Given): Record<string, Tensor> {
  const { task, seed, model } = experiment;
  invariant(network.model.kind === "ann" && model.kind === "ann", "only an ANN has steps");
  const { tokens } = network.geometry;
  const windows = new Map(stemLayers(model, network.geometry).map(({ name, windows }) => [name, pixels(windows)]));
  const products = linearLayers(model, network.geometry).reduce(
    (sum, { name, inputs, outputs }) => sum + (windows.get(name) ?? tokens) * inputs * outputs,
    0,
  );
  const prompts = Math.max(1, Math.min(MOST_PROMPTS, Math.floor(MOST_PRODUCTS / products)));
  const root = stream(seed);
  const { values } = createTask({ task, model }, data).draw(prompts, root.fork("starting steps"), {
    spikes: false,
    from: { part: "training", position: 0, order: root.fork("epochs") },
  });
  return startingSteps(network as Network<AnnSpec>, model, { prompts, values });
}

/**
 * Quantities of `model`'s rounding by parameter name, for a network in floating point with the same layers.
 *
 * @param values of training prompts, `[prompts, tokens or pixels, inputs]`
 */
export function startingSteps(
  network: Network<AnnSpec>,
  model: AnnSpec,
  { prompts, values }: { readonly prompts: number; readonly values: Float32Array },
): Record<string, Tensor> {
  // In floating point nothing is rounded: windows are those of the value that few bits will round.
  const { values: given } = networkForward(network, { prompts, values });
  const graph = graphOf(network);
  const givenOf = (name: string) => given.get(name)!;
  const started: Record<string, Tensor> = {};
  const keep = (name: string, numbers: readonly number[]) => {
    started[name] = { shape: [numbers.length], data: Float32Array.from(numbers) };
  };
  const keepActivations = (name: string, parts: readonly Float64Array[], codes: Codes) => {
    const starts = parts.map((part) => activationStart(part, codes));
    keep(
      `${name}LogStep`,
      starts.map(({ step }) => naturalLog(step)),
    );
    keep(
      `${name}Shift`,
      starts.map(({ shift }) => shift),
    );
  };
  const widths = widthsByLayer({ ...network, model })!;
  for (const { name, reads, writes } of operationsOf(graph, "linear")) {
    const { weights, activations, attention } = widths.get(name)!;
    const { shape, data } = network.parameters[`${name}.weight`];
    if (weights !== "binary") keep(`${name}.weightLogStep`, weightSteps(data, shape[1], codesOf(weights)));
    const from = writerOf(graph, reads[0]);
    const unrounded = from?.kind === "windows" ? from.reads[0] : reads[0];
    keepActivations(`${name}.input`, [givenOf(unrounded)], codesOf(activations));
    if (attention === null) continue;
    const columns = 3 * network.model.width;
    const vectors = givenOf(writes);
    const parts = [0, 1, 2].map((part) =>
      vectors.filter((_, at) => Math.floor(((at % columns) * 3) / columns) === part),
    );
    keepActivations(`${name}.output`, parts, codesOf(attention));
  }
  return started;
}

/** Logarithms of the steps of columns. */
function weightSteps(weights: Float32Array, columns: number, { high }: Codes): number[] {
  const sums = new Float64Array(columns);
  for (let i = 0; i < weights.length; i++) sums[i % columns] += Math.abs(weights[i]);
  return Array.from(sums, (sum) => {
    const mean = (sum * columns) / weights.length;
    return naturalLog(Math.max(LEAST_STEP, (2 * mean) / Math.sqrt(high)));
  });
}

function activationStart(values: Float64Array, { low, high }: Codes): { step: number; shift: number } {
  let [sum, least, most] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const x of values) [sum, least, most] = [sum + x, Math.min(least, x), Math.max(most, x)];
  const mean = sum / values.length;
  let spread = 0;
  for (const x of values) spread += Math.abs(x - mean) / values.length;
  const wanted = (2 * spread) / Math.sqrt(Math.max(1, high));
  const covering = (most - least) / (high - low);
  const step = Math.max(LEAST_STEP, Math.min(wanted, covering));
  return { step, shift: wanted < covering ? mean - (step * (low + high)) / 2 : least - low * step };
}
