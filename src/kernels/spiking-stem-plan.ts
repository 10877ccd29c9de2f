/**
 * Memory layout of the spiking pass before its first block (`spiking-stem.ts`): the embedding, preceded by the convolutions of a stem.
 *
 * Windows of spikes are kept: nine windows of bits take less than a third of one map of numbers.
 */
import type { SpikingSpec } from "../experiment/model.ts";
import type { Geometry, Grid } from "../model/geometry.ts";
import { RESIDUALS } from "../model/residual.ts";
import { pixels, pools, type StemLayer, stemLayers } from "../model/stem.ts";
import { type Arena, type PackedBits, type Place, reserveBits } from "./arena.ts";
import { isPlain, mapGradientWords } from "./convolution.ts";
import type { LayerLayout } from "./normalised.ts";
import { productScratch } from "./wasm/dense-ops.ts";
import { normalisationScratch } from "./wasm/neuron-ops.ts";
import { spikeGradientScratch } from "./wasm/spike-ops.ts";

export interface ConvolutionLayout extends LayerLayout {
  readonly size: StemLayer;
  /** Its input, [T B windows][words]; for the first layer on real values, [B windows, inputs] without words. */
  readonly windows: PackedBits;
}

export interface StemLayerLayout extends ConvolutionLayout {
  /** The spikes of its neurons. */
  readonly map: PackedBits;
  /** The map itself if squares are single pixels or currents are pooled. */
  readonly pooled: PackedBits;
  /**
   * The currents of its neurons, kept where they are pooled or go around the embedding; and the map of which they are the maxima,
   * or the same place. Null elsewhere.
   */
  readonly kept: { readonly currents: Place; readonly unpooled: Place } | null;
}

/** Neurons behind the embedding, where the residual adds spikes: their currents and, of several trains, all and one of them. */
export interface EmbeddedLayout {
  readonly trains: number;
  readonly currents: Place;
  readonly spikes: PackedBits;
  readonly values: Place;
  readonly one: Place;
  readonly chosen: Place;
}

export interface SpikingStemLayout {
  readonly layers: readonly StemLayerLayout[];
  readonly embed: ConvolutionLayout;
  readonly embedded: EmbeddedLayout | null;
  /** When a stem trains: gradients of a map and of its pooled version, and the work area of `mapGradient`. */
  readonly gradients: { readonly map: Place; readonly pooled: Place; readonly work: Place } | null;
}

/** Provided by the plan of the whole: a layer with its output, for this many rows. */
export interface StemSizes {
  readonly maxPrompts: number;
  readonly training: boolean;
  readonly realInputs: boolean;
  layer(name: string, inputs: number, outputs: number, rows: number): LayerLayout;
}

type Described = { readonly model: SpikingSpec; readonly geometry: Geometry };

/** @param input the pass's input: packed maps, or real-valued maps without words */
export function planSpikingStem(
  arena: Arena,
  { model, geometry }: Described,
  input: PackedBits,
  { maxPrompts, training, realInputs, layer }: StemSizes,
): SpikingStemLayout {
  const sizes = stemLayers(model, geometry);
  const images = model.steps * maxPrompts;
  let map = input;
  const convolution = (size: StemLayer): ConvolutionLayout => {
    const rows = images * pixels(size.windows);
    const layout = layer(size.name, size.inputs, size.outputs, rows);
    return { ...layout, size, windows: windowsOf(size, rows) };
  };
  function windowsOf(size: StemLayer, rows: number): PackedBits {
    if (isPlain(size)) return map;
    if (!realInputs || map !== input) return reserveBits(arena, rows, size.inputs);
    return { at: arena.words((rows / model.steps) * size.inputs), words: 0, features: size.inputs };
  }
  const { neurons } = RESIDUALS[model.residual];
  const layers = sizes.slice(0, -1).map((size, i): StemLayerLayout => {
    const of = convolution(size);
    const ofCurrents = size.poolOf === "currents" && pools(size);
    const around = i === sizes.length - 2 && neurons === "stream" && (model.stem?.embedding.shortcut ?? false);
    const fired = ofCurrents ? size.pooled : size.windows;
    const spikes = reserveBits(arena, images * pixels(fired), size.outputs);
    map = pools(size) && !ofCurrents ? reserveBits(arena, images * pixels(size.pooled), size.outputs) : spikes;
    const values = (grid: Grid) => arena.words(images * pixels(grid) * size.outputs);
    const currents = ofCurrents || around ? values(fired) : null;
    const kept = currents === null ? null : { currents, unpooled: ofCurrents ? values(size.windows) : currents };
    return { ...of, map: spikes, pooled: map, kept };
  });
  const embed = convolution(sizes[sizes.length - 1]);
  const embedded = neurons === "branch" ? planEmbedded(embed) : null;
  function planEmbedded({ outputs }: LayerLayout): EmbeddedLayout {
    const rows = images * geometry.tokens;
    const trains = outputs / model.width;
    const several = trains > 1;
    return {
      trains,
      currents: arena.words(rows * outputs),
      spikes: reserveBits(arena, rows, outputs),
      values: several ? arena.words(rows * outputs) : 0,
      one: several ? arena.words(rows * (training ? outputs : model.width)) : 0,
      chosen: several ? arena.words(trains) : 0,
    };
  }
  const most = (count: (size: StemLayer) => number, of = sizes.slice(0, -1)) => Math.max(...of.map(count));
  const gradients =
    training && layers.length > 0
      ? {
          map: arena.words(images * most(({ windows, outputs }) => pixels(windows) * outputs)),
          pooled: arena.words(images * most(({ pooled, outputs }) => pixels(pooled) * outputs)),
          work: arena.words(most((size) => mapGradientWords(size, images).work, sizes.slice(1))),
        }
      : null;
  return { layers, embed, embedded, gradients };
}

/** The widest layer of a stem before the embedding, 0 without a stem; and the largest output of one of them per image. */
export function stemExtent({ model, geometry }: Described): { readonly widest: number; readonly most: number } {
  const layers = stemLayers(model, geometry).slice(0, -1);
  return {
    widest: Math.max(0, ...layers.map(({ outputs }) => outputs)),
    most: Math.max(0, ...layers.map(({ windows, outputs }) => pixels(windows) * outputs)),
  };
}

/** Words of scratch for everything before the first block. */
export function stemScratch(network: Described, training: boolean, maxPrompts: number): number {
  const { steps } = network.model;
  const layers = stemLayers(network.model, network.geometry);
  const needs = layers.flatMap((size, i) => {
    const { inputs, outputs, windows } = size;
    const perStep = maxPrompts * pixels(windows);
    const forward = [productScratch(perStep, outputs, inputs), normalisationScratch(outputs)];
    if (!training) return forward;
    return [
      ...forward,
      productScratch(inputs, outputs, perStep),
      spikeGradientScratch(inputs, steps * perStep),
      ...(i > 0 ? [mapGradientWords(size, steps * maxPrompts).scratch] : []),
    ];
  });
  return Math.max(...needs);
}
