/**
 * The stem of the conventional transformer, with the same convolutions as its spiking twin. Every layer except the last, which is
 * the embedding:
 *
 *   map = maximum over squares of GELU(LN(layer(windows of the map)))          or another activation of the model
 *
 * LayerNorm normalises the channels of each pixel. Rows are [B][pixels].
 * Source: Liu et al., "A ConvNet for the 2020s", CVPR 2022, which also puts LayerNorm and GELU between convolutions.
 */
import type { ActivationKit } from "./activation.ts";
import { gatherWindows, scatterWindows } from "./convolution.ts";
import type { DenseCache } from "./dense.ts";
import type { LayerNormCache } from "./layer-norm.ts";
import { maxPoolBackward, maxPoolForward } from "./max-pool.ts";
import type { StemLayer } from "./stem.ts";

export interface AnnStemCache {
  readonly layers: readonly {
    /** The layer's input before rounding. */
    readonly map: Float64Array;
    readonly dense: DenseCache;
    readonly norm: LayerNormCache;
    /** The input of the activation. */
    readonly normalised: Float64Array;
    readonly chosen: Int32Array;
  }[];
  readonly embed: { readonly map: Float64Array; readonly dense: DenseCache };
}

type Run<Cache> = (name: string, rows: Float64Array) => { output: Float64Array; cache: Cache };
type Back<Cache> = (name: string, outputGradient: Float64Array, cache: Cache) => Float64Array;

/**
 * `dense` and `norm` run a layer of the network by its name, and `round` rounds its input; padding stays 0. Shapes: input
 * [images, pixels, inputs].
 */
export function annStemForward(
  layers: readonly StemLayer[],
  input: Float64Array,
  images: number,
  {
    round,
    dense,
    norm,
    activation,
  }: {
    round: (name: string, map: Float64Array) => Float64Array;
    dense: Run<DenseCache>;
    norm: Run<LayerNormCache>;
    activation: ActivationKit;
  },
): { output: Float64Array; cache: AnnStemCache } {
  const caches: AnnStemCache["layers"][number][] = [];
  let map = input;
  for (const layer of layers.slice(0, -1)) {
    const linear = dense(layer.name, gatherWindows(round(layer.name, map), layer, images));
    const { output: normalised, cache } = norm(`${layer.name}.norm`, linear.output);
    const pooled = maxPoolForward(activation.forward(normalised), layer, images);
    caches.push({ map, dense: linear.cache, norm: cache, normalised, chosen: pooled.chosen });
    map = pooled.output;
  }
  const last = layers[layers.length - 1];
  const embed = dense(last.name, gatherWindows(round(last.name, map), last, images));
  return { output: embed.output, cache: { layers: caches, embed: { map, dense: embed.cache } } };
}

/** Backward pass; `round`, `dense` and `norm` return the gradients with respect to their inputs. Nothing is passed on to the input. */
export function annStemBackward(
  layers: readonly StemLayer[],
  outputGradient: Float64Array,
  images: number,
  cache: AnnStemCache,
  {
    round,
    dense,
    norm,
    activation,
  }: { round: Back<Float64Array>; dense: Back<DenseCache>; norm: Back<LayerNormCache>; activation: ActivationKit },
): void {
  let windows = dense(layers[layers.length - 1].name, outputGradient, cache.embed.dense);
  for (let i = layers.length - 2; i >= 0; i--) {
    const layer = layers[i];
    const { dense: of, norm: normal, normalised, chosen } = cache.layers[i];
    const next = layers[i + 1];
    const { map } = cache.layers[i + 1] ?? cache.embed;
    const pooled = round(next.name, scatterWindows(windows, next, images), map);
    const activated = maxPoolBackward(pooled, chosen, layer, images);
    windows = dense(layer.name, norm(`${layer.name}.norm`, activation.backward(activated, normalised), normal), of);
  }
}
