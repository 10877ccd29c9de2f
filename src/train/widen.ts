/**
 * Starts training from a network with fewer lines per value, or fewer channels in its stem.
 *
 * A spike carries one bit, an ANN activation many, so a spiking network wants more channels than the ANN that it is compared
 * with. A wider network need not start from scratch: its extra channels are copies of the existing ones, whose neurons fire at
 * other levels of the same current, alternately lower and higher. A channel and its copies then encode several levels of an
 * activation, like the lines of a thermometer code.
 *
 * Copying follows T. Chen et al., "Net2Net", ICLR 2016, section 2.2, where copies keep the level of the original.
 */
import {
  type AnnSpec,
  isTransformer,
  type ModelSpec,
  type SpikingSpec,
  type StemSpec,
  stemOf,
} from "../experiment/model.ts";
import { linearLayers, type Network, type Tensor } from "../model/network.ts";
import { stemLayers } from "../model/stem.ts";

/**
 * Lines that a network reads per value, if it lacks only the last of those in `shares` and those represent less than the first:
 * fewer thresholds would mean other levels. `inputs` has one line of every value for each share.
 */
export function fewerLines({ geometry }: Network, inputs: number, shares: readonly number[]): number | undefined {
  const own = (geometry.inputs / inputs) * shares.length;
  return Number.isInteger(own) && own < shares.length && shares[own] < shares[0] ? own : undefined;
}

/**
 * A network whose first layer reads one line of every value per share, instead of fewer: its own lines come first, and the added
 * ones have zero weight until trained. The network is unchanged if it does not have fewer such lines.
 */
export function withLines(
  network: Network<SpikingSpec>,
  inputs: number,
  shares: readonly number[],
): Network<SpikingSpec> {
  const own = fewerLines(network, inputs, shares);
  if (own === undefined) return network;
  const lines = shares.length;
  const name = `${linearLayers(network.model, network.geometry)[0].name}.weight`;
  const { shape, data } = network.parameters[name];
  const values = shape[0] / own;
  const [from, to] = [own * shape[1], lines * shape[1]];
  const weights = new Float32Array(values * to);
  for (let value = 0; value < values; value++) weights.set(data.subarray(value * from, (value + 1) * from), value * to);
  const parameters = { ...network.parameters, [name]: { shape: [values * lines, shape[1]], data: weights } };
  return { ...network, geometry: { ...network.geometry, inputs }, parameters };
}

/** Whether `wide` has the stem of `model` with at least as many channels in every layer, and more in one. */
export function isWider(wide: ModelSpec, model: ModelSpec): boolean {
  const [wider, stem] = [stemOf(wide), stemOf(model)];
  if (!stem || !wider || windowsOf(wider) !== windowsOf(stem)) return false;
  const more = wider.layers.map(({ channels }, i) => channels - stem.layers[i].channels);
  return more.every((further) => further >= 0) && more.some((further) => further > 0);
}

/** Everything in a stem except its channels, as text for comparison. */
const windowsOf = ({ layers, embedding }: StemSpec): string =>
  JSON.stringify({ layers: layers.map((layer) => ({ ...layer, channels: null })), embedding });

/**
 * A network with the channels of `model`'s stem; unchanged if `model`'s stem is not wider. Every reader of a channel reads all of
 * its copies, each with its share of the weight: a staircase instead of a step.
 */
export function widen(network: Network<SpikingSpec>, model: SpikingSpec): Network<SpikingSpec> {
  const stem = stemOf(model);
  if (!stem || !isTransformer(network.model) || !isWider(model, network.model)) return network;
  const parameters: Record<string, Tensor> = { ...network.parameters };
  const layers = stemLayers(network.model, network.geometry);
  for (const [i, { channels: outputs }] of stem.layers.entries()) {
    const { name, outputs: channels } = layers[i];
    if (outputs === channels) continue;
    for (const part of ["weight", "gain", "mean", "variance"]) {
      const given = parameters[`${name}.${part}`];
      if (given) parameters[`${name}.${part}`] = repeatColumns(given, outputs);
    }
    const offset = repeatColumns(parameters[`${name}.offset`], outputs);
    for (let column = channels; column < outputs; column++) {
      offset.data[column] += model.neuron.threshold * level(column % channels, Math.floor(column / channels));
    }
    parameters[`${name}.offset`] = offset;
    const reader = `${layers[i + 1].name}.weight`;
    parameters[reader] = rowsOfCopies(parameters[reader], channels, outputs);
  }
  return { ...network, model: { ...network.model, stem }, parameters };
}

/** Whether every layer of `wide`'s stem has a whole multiple of the channels of `model`'s, and `isWider` holds. */
export const isMultiple = (wide: ModelSpec, model: ModelSpec): boolean =>
  isWider(wide, model) &&
  stemOf(model)!.layers.every(({ channels }, i) => Number.isInteger(stemOf(wide)!.layers[i].channels / channels));

/**
 * An ANN with the channels of `model`'s stem and the answers of `network`; unchanged unless `isMultiple`, because LayerNorm
 * averages over all channels and so must see each of them equally often. Its readers weigh the two copies of a pair unlike (5 to 3
 * or 3 to 5, alternating over their columns): with equal weights the copies would learn the same forever.
 */
export function widenAnn(network: Network<AnnSpec>, model: AnnSpec): Network<AnnSpec> {
  const { stem } = model;
  if (!stem || !isMultiple(model, network.model)) return network;
  const parameters: Record<string, Tensor> = { ...network.parameters };
  const layers = stemLayers(network.model, network.geometry);
  for (const [i, { channels: outputs }] of stem.layers.entries()) {
    const { name, outputs: channels } = layers[i];
    if (outputs === channels) continue;
    for (const part of ["weight", "offset", "norm.gain", "norm.offset"]) {
      const given = parameters[`${name}.${part}`];
      if (given) parameters[`${name}.${part}`] = repeatColumns(given, outputs);
    }
    const reader = `${layers[i + 1].name}.weight`;
    parameters[reader] = rowsOfCopies(parameters[reader], channels, outputs, unlike);
  }
  return { ...network, model: { ...network.model, stem }, parameters };
}

/** Relative change of a copy's share: opposite for the two copies of a pair, none for a copy without a partner. */
function unlike({ channel, copy, copies, column }: CopiedWeight): number {
  if (copy === copies - 1 && copies % 2 === 1) return 1;
  return (channel + copy + column) % 2 === 0 ? 1.25 : 0.75;
}

/**
 * Offset of a channel's first, second, ... copy from its own, in thresholds: half of one up or down, then the same the
 * other way, then a whole one.
 */
const level = (channel: number, copy: number): number =>
  ((channel + copy) % 2 === 0 ? 0.5 : -0.5) * Math.ceil(copy / 2);

/** Repeats the columns of a matrix, or the numbers of a vector, from the first until this many are reached. */
function repeatColumns({ shape, data }: Tensor, to: number): Tensor {
  const columns = shape[shape.length - 1];
  const repeated = new Float32Array((data.length / columns) * to);
  for (let i = 0; i < repeated.length; i++) {
    repeated[i] = data[Math.floor(i / to) * columns + ((i % to) % columns)];
  }
  return { shape: [...shape.slice(0, -1), to], data: repeated };
}

interface CopiedWeight {
  readonly channel: number;
  readonly copy: number;
  readonly copies: number;
  /** Of the layer that reads the channel. */
  readonly column: number;
}

/**
 * Repeats the rows for channels, at every pixel of a window, from `from` to `to` channels, each scaled by its share, and by
 * `change`.
 */
function rowsOfCopies(
  { shape: [rows, columns], data }: Tensor,
  from: number,
  to: number,
  change: (weight: CopiedWeight) => number = () => 1,
): Tensor {
  const pixels = rows / from;
  const shared = new Float32Array(pixels * to * columns);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let wide = 0; wide < to; wide++) {
      const [channel, copy] = [wide % from, Math.floor(wide / from)];
      const copies = Math.ceil((to - channel) / from);
      const source = (pixel * from + channel) * columns;
      const target = (pixel * to + wide) * columns;
      for (let column = 0; column < columns; column++) {
        shared[target + column] = (data[source + column] / copies) * change({ channel, copy, copies, column });
      }
    }
  }
  return { shape: [pixels * to, columns], data: shared };
}
