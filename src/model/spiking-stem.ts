/**
 * The convolutional stem of the spiking network, from its input to the currents of the embedding. Every layer except the last computes
 *
 *   s = LIF(layer(windows of the map));   map = OR over squares of s
 *
 * so all windows are binary, except those of a real-valued input. Rows are [T][B][pixels].
 */
import { gatherWindows, scatterWindows } from "./convolution.ts";
import type { DenseCache } from "./dense.ts";
import { maxPoolBackward, maxPoolForward } from "./max-pool.ts";
import type { NeuronCache, NeuronForward } from "./neuron/neuron.ts";
import type { StemLayer } from "./stem.ts";

export interface SpikingStemCache {
  readonly layers: readonly {
    readonly dense: DenseCache;
    readonly neurons: NeuronCache;
    readonly chosen: Int32Array;
  }[];
  readonly embed: DenseCache;
}

/**
 * `dense` runs a linear layer of the network. `fire` runs its neurons, under the name of what they record: `stem.0.map`, before
 * the maximum.
 *
 * Shapes  input: [images, pixels, inputs], where images are T x B
 */
export function spikingStemForward(
  layers: readonly StemLayer[],
  input: Float64Array,
  images: number,
  dense: (name: string, rows: Float64Array) => { output: Float64Array; cache: DenseCache },
  fire: (name: string, current: Float64Array) => NeuronForward,
): { output: Float64Array; cache: SpikingStemCache } {
  const caches: SpikingStemCache["layers"][number][] = [];
  let map = input;
  for (const layer of layers.slice(0, -1)) {
    const { output, cache } = dense(layer.name, gatherWindows(map, layer, images));
    const neurons = fire(`${layer.name}.map`, output);
    const pooled = maxPoolForward(neurons.output, layer, images);
    caches.push({ dense: cache, neurons, chosen: pooled.chosen });
    map = pooled.output;
  }
  const last = layers[layers.length - 1];
  const embed = dense(last.name, gatherWindows(map, last, images));
  return { output: embed.output, cache: { layers: caches, embed: embed.cache } };
}

/** Backward pass; `dense` and `fire` return the gradients with respect to their inputs. */
export function spikingStemBackward(
  layers: readonly StemLayer[],
  outputGradient: Float64Array,
  images: number,
  cache: SpikingStemCache,
  dense: (name: string, outputGradient: Float64Array, layer: DenseCache) => Float64Array,
  fire: (name: string, outputGradient: Float64Array, neurons: NeuronCache) => Float64Array,
): void {
  let windows = dense(layers[layers.length - 1].name, outputGradient, cache.embed);
  for (let i = layers.length - 2; i >= 0; i--) {
    const layer = layers[i];
    const { dense: of, neurons, chosen } = cache.layers[i];
    const map = scatterWindows(windows, layers[i + 1], images);
    const spikes = maxPoolBackward(map, chosen, layer, images);
    windows = dense(layer.name, fire(`${layer.name}.map`, spikes, neurons), of);
  }
}
