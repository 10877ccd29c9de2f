/**
 * Networks that start from one with fewer lines per value, or fewer channels in its stem.
 *
 * A spike has one bit where the activation of an ANN has many, so a spiking network wants more channels than the ANN that it is compared
 * with. A wider one need not begin anew: its further channels are copies of those that it has, whose neurons fire at other levels of the
 * same current, the more easily and the less easily by turns. A channel and its copies then tell several levels of an activation, as the
 * lines of a thermometer do.
 *
 * Copies after T. Chen et al., "Net2Net", ICLR 2016, section 2.2, where they have the level of the original.
 */
import { linearLayers, type Network, type Tensor } from "../model/network.ts";
import { stemLayers } from "../model/stem.ts";
import type { ModelSpec, SpikingSpec, StemSpec } from "../spec/model.ts";

/**
 * Lines that a network reads of a value, where it lacks only the last of those that `shares` has, and they stand for less than the first:
 * fewer thresholds would mean other levels. `inputs` are as many lines of every value as there are shares.
 */
export function fewerLines({ geometry }: Network, inputs: number, shares: readonly number[]): number | undefined {
  const own = (geometry.inputs / inputs) * shares.length;
  return Number.isInteger(own) && own < shares.length && shares[own] < shares[0] ? own : undefined;
}

/**
 * A network whose first layer reads a line of every value for each of its shares in place of fewer: its own are the first, and the further
 * ones weigh nothing until they have learned to. Left as it is where it has no such fewer.
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
export function isWider(wide: ModelSpec, { stem }: ModelSpec): boolean {
  if (!stem || !wide.stem || windowsOf(wide.stem) !== windowsOf(stem)) return false;
  const more = wide.stem.layers.map(({ channels }, i) => channels - stem.layers[i].channels);
  return more.every((further) => further >= 0) && more.some((further) => further > 0);
}

/** All of a stem but its channels, as a text to compare. */
const windowsOf = ({ layers, embedding }: StemSpec): string =>
  JSON.stringify({ layers: layers.map((layer) => ({ ...layer, channels: null })), embedding });

/**
 * A network with the channels of `model`'s stem; left as it is where `model` has no wider one. What reads a channel reads all of its
 * copies, each with its share of the weight: a staircase in place of a step.
 */
export function widen(network: Network<SpikingSpec>, model: SpikingSpec): Network<SpikingSpec> {
  const { stem } = model;
  if (!stem || !isWider(model, network.model)) return network;
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

/**
 * Offset of a channel's first, second, ... copy from its own, in thresholds: half of one up or down, then as much the other way, then a
 * whole one.
 */
const level = (channel: number, copy: number): number =>
  ((channel + copy) % 2 === 0 ? 0.5 : -0.5) * Math.ceil(copy / 2);

/** The columns of a matrix, or the numbers of a vector, from the first again until there are so many. */
function repeatColumns({ shape, data }: Tensor, to: number): Tensor {
  const columns = shape[shape.length - 1];
  const repeated = new Float32Array((data.length / columns) * to);
  for (let i = 0; i < repeated.length; i++) {
    repeated[i] = data[Math.floor(i / to) * columns + ((i % to) % columns)];
  }
  return { shape: [...shape.slice(0, -1), to], data: repeated };
}

/**
 * Rows for `to` channels in place of `from` at every pixel of a window, from the first again until there are so many, and each with its
 * share.
 */
function rowsOfCopies({ shape: [rows, columns], data }: Tensor, from: number, to: number): Tensor {
  const pixels = rows / from;
  const shared = new Float32Array(pixels * to * columns);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let channel = 0; channel < to; channel++) {
      const first = channel % from;
      const copies = Math.ceil((to - first) / from);
      const source = (pixel * from + first) * columns;
      const shares = data.subarray(source, source + columns).map((weight) => weight / copies);
      shared.set(shares, (pixel * to + channel) * columns);
    }
  }
  return { shape: [pixels * to, columns], data: shared };
}
