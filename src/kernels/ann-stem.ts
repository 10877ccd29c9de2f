/**
 * The conventional transformer's pass from its input to the stream before the first block, and back: the embedding, preceded by
 * the convolutions of a stem. Rows are `[B][pixels]`; training keeps the inputs of all convolutions.
 */
import type { Activation, AnnSpec } from "../experiment/model.ts";
import type { Geometry } from "../model/geometry.ts";
import { pixels, pools, type StemLayer, stemLayers } from "../model/stem.ts";
import type { Arena, Place } from "./arena.ts";
import {
  convolutionWords,
  convolve,
  isPlain,
  mapGradient,
  mapGradientWords,
  readWords,
  weightGradient,
} from "./convolution.ts";
import type { Ops } from "./ops.ts";

interface ConvolutionLayout {
  readonly size: StemLayer;
  /** The input of its products (`convolve`). */
  readonly read: Place;
  /** The map that it reads, and the same rounded, for a network with few bits. */
  readonly map: Place;
  readonly rounded: Place;
}

export interface AnnStemLayerLayout extends ConvolutionLayout {
  readonly y: Place;
  readonly statistics: Place;
  readonly normalised: Place;
  readonly activated: Place;
  readonly pooled: Place;
}

export interface AnnStemLayout {
  readonly layers: readonly AnnStemLayerLayout[];
  readonly embed: ConvolutionLayout;
  /** When a stem trains: gradients of the pooled map, of the pooling input, and of the norm's input. */
  readonly gradients: Readonly<Record<"pooled" | "activated" | "y", Place>> | null;
  /** For one convolution at a time. */
  readonly work: Place;
  readonly scratch: number;
}

/** @param inputs the pass's input, [B, pixels or tokens, inputs] */
export function planAnnStem(
  arena: Arena,
  { model, geometry }: { readonly model: AnnSpec; readonly geometry: Geometry },
  inputs: Place,
  { maxPrompts, training }: { readonly maxPrompts: number; readonly training: boolean },
): AnnStemLayout {
  const sizes = stemLayers(model, geometry);
  const inner = sizes.slice(0, -1);
  const outputs = ({ windows, outputs }: StemLayer) => maxPrompts * pixels(windows) * outputs;
  const left = ({ pooled, outputs }: StemLayer) => maxPrompts * pixels(pooled) * outputs;
  const most = (count: (size: StemLayer) => number, of: readonly StemLayer[]) => Math.max(0, ...of.map(count));
  /** A layer's own place when training, otherwise one that all layers share. */
  function places(count: (size: StemLayer) => number, of: readonly StemLayer[]): (size: StemLayer) => Place {
    if (training) return (size) => arena.words(count(size));
    const shared = arena.words(most(count, of));
    return () => shared;
  }
  const readAt = places((size) => readWords(size, maxPrompts), sizes);
  const mapWords = ({ grid, channels }: StemLayer) => maxPrompts * pixels(grid) * channels;
  const roundedAt = model.quantization ? places(mapWords, sizes) : null;
  const [yAt, normalisedAt, activatedAt] = [0, 1, 2].map(() => places(outputs, inner));
  const layers: AnnStemLayerLayout[] = [];
  const convolution = (size: StemLayer, map: Place): ConvolutionLayout => {
    const rounded = roundedAt?.(size) ?? map;
    return { size, map, rounded, read: isPlain(size) ? rounded : readAt(size) };
  };
  let map = inputs;
  for (const size of inner) {
    const layer = {
      ...convolution(size, map),
      y: yAt(size),
      statistics: arena.words(2 * maxPrompts * pixels(size.windows)),
      normalised: normalisedAt(size),
      activated: activatedAt(size),
    };
    map = pools(size) ? arena.words(left(size)) : layer.activated;
    layers.push({ ...layer, pooled: map });
  }
  const last = sizes[sizes.length - 1];
  const gradients =
    training && inner.length > 0
      ? {
          pooled: arena.words(most(left, inner)),
          activated: arena.words(most(outputs, inner)),
          y: arena.words(most(outputs, inner)),
        }
      : null;
  const workspaces = [
    ...sizes.map((size) => convolutionWords(size, maxPrompts)),
    ...(training ? sizes.slice(1).map((size) => mapGradientWords(size, maxPrompts)) : []),
  ];
  return {
    layers,
    embed: convolution(last, map),
    gradients,
    work: arena.words(Math.max(...workspaces.map(({ work }) => work))),
    scratch: Math.max(...workspaces.map(({ scratch }) => scratch)),
  };
}

/** Parameters, their gradients, and LayerNorm of the pass, by name. */
export interface AnnLayers {
  value(name: string): Place;
  gradient(name: string): Place;
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
  readonly activation: Activation;
  /** Where a layer's rounded input is: `target`, or the source itself in floating point. */
  roundInput(name: string, source: Place, count: number, target: Place): Place;
  /** From the gradient of a layer's rounded input to that of the input, in place. */
  roundInputBackward(name: string, source: Place, count: number, d: Place): void;
}

export function bindAnnStem(
  ops: Ops,
  { stem, scratch }: { readonly stem: AnnStemLayout; readonly scratch: Place },
  layers: AnnLayers,
) {
  const { work } = stem;
  const { activation } = layers;

  const mapValues = ({ grid, channels }: StemLayer, images: number): number => images * pixels(grid) * channels;

  function run({ size, read, map: exact, rounded }: ConvolutionLayout, images: number, y: Place) {
    const [weight, offset] = [layers.value(`${size.name}.weight`), layers.value(`${size.name}.offset`)];
    const map = layers.roundInput(size.name, exact, mapValues(size, images), rounded);
    convolve(ops, size, { images, map, read, weight, offset, y, work, scratch });
  }

  return {
    /** Writes the embedding [B N, width]. */
    forward: (images: number, target: Place) => {
      for (const layer of stem.layers) {
        const { size, y, statistics, normalised, activated, pooled } = layer;
        const rows = images * pixels(size.windows);
        run(layer, images, y);
        layers.norm(`${size.name}.norm`, rows, y, normalised, statistics, size.outputs);
        ops.activate({ activation, source: normalised, count: rows * size.outputs, target: activated });
        if (pools(size)) ops.maxPool({ map: activated, images, size, pooled });
      }
      run(stem.embed, images, target);
    },
    /** Starts from the gradient of the embedding. */
    backward: (images: number, dEmbedding: Place) => {
      let [of, dy]: [ConvolutionLayout, Place] = [stem.embed, dEmbedding];
      for (let i = stem.layers.length; ; i--) {
        const { size, read, map } = of;
        const [rows, columns] = [images * pixels(size.windows), size.outputs];
        ops.sumRows({ source: dy, rows, columns, target: layers.gradient(`${size.name}.offset`) });
        const dWeight = layers.gradient(`${size.name}.weight`);
        weightGradient(ops, size, { images, read, dy, dWeight, work, scratch });
        if (i === 0) return;
        const d = stem.gradients!;
        const before = stem.layers[i - 1];
        const dMap = pools(before.size) ? d.pooled : d.activated;
        const weight = layers.value(`${size.name}.weight`);
        mapGradient(ops, size, { images, weight, dy, dMap, work, scratch });
        layers.roundInputBackward(size.name, map, mapValues(size, images), dMap);
        layerBackward(before, images);
        [of, dy] = [before, d.y];
      }
    },
  };

  /** From the gradient of the layer's output to that of its norm's input. */
  function layerBackward({ size, y, statistics, normalised, activated }: AnnStemLayerLayout, images: number) {
    const { pooled: dPooled, activated: d, y: dy } = stem.gradients!;
    const rows = images * pixels(size.windows);
    const count = rows * size.outputs;
    if (pools(size)) ops.maxPoolBackward({ map: activated, images, size, dPooled, dMap: d });
    ops.activateBackward({ activation, source: normalised, count, dTarget: d, dSource: d });
    ops.fill(dy, count, 0);
    layers.normBackward(`${size.name}.norm`, rows, y, statistics, d, dy, size.outputs);
  }
}
