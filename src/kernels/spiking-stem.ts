/**
 * The spiking pass from its input to the stream before the first block, and back: the embedding, preceded by the convolutions of
 * a stem. Twin: `model/spiking-stem.ts`. `spiking-stem-plan.ts` sets the memory layout; rows are `[T][B][pixels]`.
 */
import { pixels, type StemLayer } from "../model/stem.ts";
import type { PackedBits, Place } from "./arena.ts";
import { isPlain, mapGradient } from "./convolution.ts";
import type { Ops } from "./ops.ts";
import type { ParameterOffsets } from "./pass.ts";
import type { Layer, LayerPass } from "./spiking-layer.ts";
import type { SpikingLayout } from "./spiking-plan.ts";
import type { ConvolutionLayout, StemLayerLayout } from "./spiking-stem-plan.ts";

export interface StemPass {
  /** Writes the stream [T B N, width], including positions. */
  forward(prompts: number, target: Place): void;
  /** Starts from the gradient of the stream; `narrow` has the same size and is overwritten. */
  backward(prompts: number, dStream: Place, narrow: Place): void;
}

export function bindSpikingStem(
  ops: Ops,
  { network, options, input, stem, scratch }: SpikingLayout,
  { value, gradient }: ParameterOffsets,
  { bind, multiply, multiplyValues, fire, fireBackward, weightBackward, valuesBackward }: LayerPass,
): StemPass {
  const { width, steps, position } = network.model;
  const { tokens } = network.geometry;
  const { realInputs, recompute = false } = options;
  const layers = stem.layers.map((of): StemLayerLayout & Layer => ({ ...of, ...bind(of) }));
  const embed: ConvolutionLayout & Layer = { ...stem.embed, ...bind(stem.embed) };
  const rowsOf = ({ windows }: StemLayer, prompts: number) => steps * prompts * pixels(windows);

  /** Whether a layer reads real values: the first one may. */
  const readsValues = (i: number) => realInputs && i === 0;

  function gather(size: StemLayer, map: PackedBits, windows: PackedBits, prompts: number, isReal: boolean) {
    if (isPlain(size)) return;
    if (isReal) ops.gatherWindows({ map: map.at, images: prompts, size, windows: windows.at });
    else ops.gatherBitWindows({ map, images: steps * prompts, size, windows });
  }

  function product(i: number, of: ConvolutionLayout & Layer, prompts: number) {
    const rows = rowsOf(of.size, prompts);
    if (readsValues(i)) multiplyValues(of, of.windows.at, rows);
    else multiply(of, of.windows, rows);
  }

  function forward(prompts: number, target: Place) {
    let map = input;
    for (const [i, of] of layers.entries()) {
      const { size, windows, norm, y } = of;
      gather(size, map, windows, prompts, readsValues(i));
      product(i, of, prompts);
      of.normalised.measure(y, rowsOf(size, prompts));
      fire(y, prompts * pixels(size.windows), norm.map, of.map);
      if (size.pool > 1) ops.poolBits({ map: of.map, images: steps * prompts, size, pooled: of.pooled });
      map = of.pooled;
    }
    gather(embed.size, map, embed.windows, prompts, readsValues(layers.length));
    product(layers.length, embed, prompts);
    const rows = steps * prompts * tokens;
    embed.normalised.measure(embed.y, rows);
    ops.mapColumns({ base: null, source: embed.y, rows, columns: width, map: embed.norm.map, target });
    if (position !== "learned") return;
    ops.addPeriodic({ table: value.position, period: tokens, rows, columns: width, target });
  }

  function backward(prompts: number, dStream: Place, narrow: Place) {
    const rows = steps * prompts * tokens;
    if (position === "learned") {
      ops.sumPeriodic({ source: dStream, rows, columns: width, table: gradient!.position, period: tokens });
    }
    if (recompute) product(layers.length, embed, prompts);
    embed.normalised.backward(dStream, embed.y, rows, narrow);
    convolutionBackward(layers.length, embed, prompts, narrow);
    for (let i = layers.length - 1; i >= 0; i--) layerBackward(i, layers[i], prompts);
  }

  /** Starts from the gradient of the layer's pooled output. */
  function layerBackward(i: number, of: StemLayerLayout & Layer, prompts: number) {
    const { size, map, norm, y } = of;
    const { map: d, pooled: dPooled } = stem.gradients!;
    const images = steps * prompts;
    const rows = rowsOf(size, prompts);
    if (recompute) product(i, of, prompts);
    if (size.pool > 1) ops.poolBitsBackward({ map, images, size, dPooled, dMap: d });
    else ops.copy(dPooled, d, rows * size.outputs);
    fireBackward(map, d, y, prompts * pixels(size.windows), norm.map, d);
    of.normalised.backward(d, y, rows, d);
    convolutionBackward(i, of, prompts, d);
  }

  /** Adds to the weight gradient, and writes the gradient of the map that the layer reads, if an earlier layer produced it. */
  function convolutionBackward(i: number, of: ConvolutionLayout & Layer, prompts: number, dy: Place) {
    const { size, windows } = of;
    const rows = rowsOf(size, prompts);
    if (readsValues(i)) valuesBackward(of, windows.at, dy, rows);
    else weightBackward(of, windows, dy, rows);
    if (i === 0) return;
    const { pooled: dMap, work } = stem.gradients!;
    mapGradient(ops, size, { images: steps * prompts, weight: of.weight, dy, dMap, work, scratch });
  }

  return { forward, backward };
}
