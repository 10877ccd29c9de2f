/**
 * The conventional transformer's pass from its input to the stream before the first block, and back: the embedding, with the convolutions of
 * a stem in front of it. Twin: `model/ann-stem.ts`. Rows are `[B][pixels]`; training keeps the windows of all layers, as numbers.
 */
import type { Geometry } from "../model/geometry.ts";
import { pixels, type StemLayer, stemLayers } from "../model/stem.ts";
import type { AnnSpec } from "../spec/model.ts";
import type { Arena, Place } from "./arena.ts";
import { isPlain, mapGradient, mapGradientWords } from "./convolution.ts";
import type { Ops } from "./ops.ts";
import { productScratch } from "./wasm/dense-ops.ts";

export interface AnnStemLayerLayout {
  readonly size: StemLayer;
  readonly windows: Place;
  readonly y: Place;
  readonly statistics: Place;
  readonly normalised: Place;
  readonly activated: Place;
  readonly pooled: Place;
}

export interface AnnStemLayout {
  readonly layers: readonly AnnStemLayerLayout[];
  readonly embed: { readonly size: StemLayer; readonly windows: Place };
  /** When a stem trains: of what a maximum leaves, of what it read, of what the norm read, and of windows. */
  readonly gradients: Readonly<Record<"pooled" | "activated" | "y" | "windows", Place>> | null;
  readonly scratch: number;
}

/** @param inputs what the pass reads, [B, pixels or tokens, inputs] */
export function planAnnStem(
  arena: Arena,
  { model, geometry }: { readonly model: AnnSpec; readonly geometry: Geometry },
  inputs: Place,
  { maxPrompts, training }: { readonly maxPrompts: number; readonly training: boolean },
): AnnStemLayout {
  const sizes = stemLayers(model, geometry);
  const inner = sizes.slice(0, -1);
  const outputs = ({ windows, outputs }: StemLayer) => maxPrompts * pixels(windows) * outputs;
  const windows = (size: StemLayer) => maxPrompts * pixels(size.windows) * size.inputs;
  const left = ({ pooled, outputs }: StemLayer) => maxPrompts * pixels(pooled) * outputs;
  const most = (count: (size: StemLayer) => number, of: readonly StemLayer[]) => Math.max(0, ...of.map(count));
  /** A place of the layer's own when training, else one that all layers share. */
  function places(count: (size: StemLayer) => number, of: readonly StemLayer[]): (size: StemLayer) => Place {
    if (training) return (size) => arena.words(count(size));
    const shared = arena.words(most(count, of));
    return () => shared;
  }
  const windowsAt = places((size) => (isPlain(size) ? 0 : windows(size)), sizes);
  const [yAt, normalisedAt, activatedAt] = [0, 1, 2].map(() => places(outputs, inner));
  const layers: AnnStemLayerLayout[] = [];
  let map = inputs;
  for (const size of inner) {
    const layer = {
      size,
      windows: isPlain(size) ? map : windowsAt(size),
      y: yAt(size),
      statistics: arena.words(2 * maxPrompts * pixels(size.windows)),
      normalised: normalisedAt(size),
      activated: activatedAt(size),
    };
    map = size.pool === 1 ? layer.activated : arena.words(left(size));
    layers.push({ ...layer, pooled: map });
  }
  const last = sizes[sizes.length - 1];
  const back = sizes.slice(1).map((size) => mapGradientWords(size, maxPrompts));
  const gradients =
    training && inner.length > 0
      ? {
          pooled: arena.words(most(left, inner)),
          activated: arena.words(most(outputs, inner)),
          y: arena.words(most(outputs, inner)),
          windows: arena.words(Math.max(...back.map((words) => words.windows))),
        }
      : null;
  const products = sizes.flatMap((size) => {
    const rows = maxPrompts * pixels(size.windows);
    return [productScratch(rows, size.outputs, size.inputs), productScratch(size.inputs, size.outputs, rows)];
  });
  return {
    layers,
    embed: { size: last, windows: isPlain(last) ? map : windowsAt(last) },
    gradients,
    scratch: Math.max(...products, ...back.map((words) => words.scratch)),
  };
}

/** A linear layer and LayerNorm of the pass, by name. */
export interface AnnLayers {
  weight(name: string): Place;
  linear(layer: StemLayer, rows: number, source: Place, target: Place): void;
  /** Adds dW and d offset. */
  linearBackward(layer: StemLayer, rows: number, source: Place, dTarget: Place): void;
  norm(name: string, rows: number, source: Place, target: Place, statistics: Place, width: number): void;
  /** Adds to dSource, d gain and d offset. */
  normBackward(
    name: string,
    rows: number,
    source: Place,
    statistics: Place,
    dTarget: Place,
    dSource: Place,
    width: number,
  ): void;
}

export function bindAnnStem(
  ops: Ops,
  { stem, inputs, scratch }: { readonly stem: AnnStemLayout; readonly inputs: Place; readonly scratch: Place },
  layers: AnnLayers,
) {
  function gather(size: StemLayer, map: Place, images: number, windows: Place) {
    if (!isPlain(size)) ops.gatherWindows({ map, images, size, windows });
  }

  return {
    /** Writes the embedding [B N, width]. */
    forward: (images: number, target: Place) => {
      let map = inputs;
      for (const { size, windows, y, statistics, normalised, activated, pooled } of stem.layers) {
        const rows = images * pixels(size.windows);
        gather(size, map, images, windows);
        layers.linear(size, rows, windows, y);
        layers.norm(`${size.name}.norm`, rows, y, normalised, statistics, size.outputs);
        ops.gelu({ source: normalised, count: rows * size.outputs, target: activated });
        if (size.pool > 1) ops.maxPool({ map: activated, images, size, pooled });
        map = pooled;
      }
      const { size, windows } = stem.embed;
      gather(size, map, images, windows);
      layers.linear(size, images * pixels(size.windows), windows, target);
    },
    /** From the gradient of the embedding. */
    backward: (images: number, dEmbedding: Place) => {
      let [of, dy]: [{ size: StemLayer; windows: Place }, Place] = [stem.embed, dEmbedding];
      for (let i = stem.layers.length; ; i--) {
        const { size, windows } = of;
        layers.linearBackward(size, images * pixels(size.windows), windows, dy);
        if (i === 0) return;
        const d = stem.gradients!;
        const before = stem.layers[i - 1];
        const dMap = before.size.pool > 1 ? d.pooled : d.activated;
        const weight = layers.weight(size.name);
        mapGradient(ops, size, { images, weight, dy, dWindows: d.windows, dMap, scratch });
        layerBackward(before, images);
        [of, dy] = [before, d.y];
      }
    },
  };

  /** From the gradient of what the layer leaves to that of what its norm read. */
  function layerBackward({ size, y, statistics, normalised, activated }: AnnStemLayerLayout, images: number) {
    const { pooled: dPooled, activated: d, y: dy } = stem.gradients!;
    const rows = images * pixels(size.windows);
    const count = rows * size.outputs;
    if (size.pool > 1) ops.maxPoolBackward({ map: activated, images, size, dPooled, dMap: d });
    ops.geluBackward({ source: normalised, count, dTarget: d, dSource: d });
    ops.fill(dy, count, 0);
    layers.normBackward(`${size.name}.norm`, rows, y, statistics, d, dy, size.outputs);
  }
}
