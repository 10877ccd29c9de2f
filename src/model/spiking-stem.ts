/**
 * The convolutional stem of the spiking network, from its input to the currents of the embedding. Every layer except the last computes
 *
 *   s = LIF(layer(windows of the map));   map = OR over squares of s
 *
 * or, where it pools currents, map = LIF(maximum over squares of layer(windows)). So all windows are binary, except those of a
 * real-valued input. A shortcut around the embedding starts at the last layer. Rows are [T][B][pixels].
 */
import { gatherWindows, scatterWindows } from "./convolution.ts";
import type { DenseCache } from "./dense.ts";
import { type MaxPoolForward, maxPoolBackward, maxPoolForward } from "./max-pool.ts";
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

export interface SpikingStemForward {
  /** Currents of the embedding, `[images, tokens, outputs]`. */
  readonly output: Float64Array;
  /** The last layer before it: its currents where its neurons read them, and the spikes that the embedding reads. */
  readonly last: { readonly currents: Float64Array; readonly map: Float64Array } | null;
  readonly cache: SpikingStemCache;
}

/** Gradients with respect to `SpikingStemForward.last`, from a shortcut. */
export type ShortcutGradient = Partial<NonNullable<SpikingStemForward["last"]>>;

/**
 * `dense` runs a linear layer of the network. `fire` runs its neurons, under the name of what they record: `stem.0.map`, before
 * the maximum over spikes.
 *
 * Shapes  input: [images, pixels, inputs], where images are T x B
 */
export function spikingStemForward(
  layers: readonly StemLayer[],
  input: Float64Array,
  images: number,
  dense: (name: string, rows: Float64Array) => { output: Float64Array; cache: DenseCache },
  fire: (name: string, current: Float64Array) => NeuronForward,
): SpikingStemForward {
  const caches: SpikingStemCache["layers"][number][] = [];
  let map = input;
  let before: SpikingStemForward["last"] = null;
  for (const layer of layers.slice(0, -1)) {
    const { output, cache } = dense(layer.name, gatherWindows(map, layer, images));
    let currents = output;
    let neurons: NeuronForward;
    let pooled: MaxPoolForward;
    if (layer.poolOf === "currents") {
      pooled = maxPoolForward(output, layer, images);
      currents = pooled.output;
      neurons = fire(`${layer.name}.map`, currents);
      map = neurons.output;
    } else {
      neurons = fire(`${layer.name}.map`, output);
      pooled = maxPoolForward(neurons.output, layer, images);
      map = pooled.output;
    }
    caches.push({ dense: cache, neurons, chosen: pooled.chosen });
    before = { currents, map };
  }
  const last = layers[layers.length - 1];
  const embed = dense(last.name, gatherWindows(map, last, images));
  return { output: embed.output, last: before, cache: { layers: caches, embed: embed.cache } };
}

/** Backward pass; `dense` and `fire` return the gradients with respect to their inputs. */
export function spikingStemBackward(
  layers: readonly StemLayer[],
  outputGradient: Float64Array,
  shortcut: ShortcutGradient,
  images: number,
  cache: SpikingStemCache,
  dense: (name: string, outputGradient: Float64Array, layer: DenseCache) => Float64Array,
  fire: (name: string, outputGradient: Float64Array, neurons: NeuronCache) => Float64Array,
): void {
  let windows = dense(layers[layers.length - 1].name, outputGradient, cache.embed);
  for (let i = layers.length - 2; i >= 0; i--) {
    const layer = layers[i];
    const { dense: of, neurons, chosen } = cache.layers[i];
    const around = i === layers.length - 2 ? shortcut : {};
    const map = added(scatterWindows(windows, layers[i + 1], images), around.map);
    const name = `${layer.name}.map`;
    const currents =
      layer.poolOf === "currents"
        ? maxPoolBackward(added(fire(name, map, neurons), around.currents), chosen, layer, images)
        : added(fire(name, maxPoolBackward(map, chosen, layer, images), neurons), around.currents);
    windows = dense(layer.name, currents, of);
  }
}

const added = (gradient: Float64Array, shortcut: Float64Array | undefined): Float64Array =>
  shortcut ? gradient.map((d, i) => d + shortcut[i]) : gradient;
