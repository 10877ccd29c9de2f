/**
 * The spiking pass from its input to the stream before the first block, and back: the embedding, preceded by the convolutions of
 * a stem. `spiking-stem-plan.ts` sets the memory layout; rows are `[T][B][pixels]`.
 */
import { RESIDUALS } from "../model/residual.ts";
import { pixels, type StemLayer } from "../model/stem.ts";
import type { PackedBits, Place } from "./arena.ts";
import { isPlain, mapGradient } from "./convolution.ts";
import type { Ops } from "./ops.ts";
import type { ParameterOffsets } from "./pass.ts";
import type { Layer, LayerPass } from "./spiking-layer.ts";
import type { SpikingLayout } from "./spiking-plan.ts";
import type { ConvolutionLayout, EmbeddedLayout, StemLayerLayout } from "./spiking-stem-plan.ts";

export interface StemPass {
  /** Writes the stream [T B N, width], including positions. */
  forward(prompts: number, target: Place): void;
  /** Starts from the gradient of the stream; `narrow` has the same size and is overwritten. */
  backward(prompts: number, dStream: Place, narrow: Place): void;
}

export function bindSpikingStem(
  ops: Ops,
  { network, options, input, stem, gradients, scratch }: SpikingLayout,
  { value, gradient }: ParameterOffsets,
  { bind, multiply, multiplyValues, fire, fireBackward, weightBackward, valuesBackward }: LayerPass,
): StemPass {
  const { width, steps, position } = network.model;
  const { tokens } = network.geometry;
  const { realInputs, recompute = false } = options;
  const layers = stem.layers.map((of): StemLayerLayout & Layer => ({ ...of, ...bind(of) }));
  const embed: ConvolutionLayout & Layer = { ...stem.embed, ...bind(stem.embed) };
  const { embedded } = stem;
  const last = layers.at(-1);
  const around = network.model.stem?.embedding.shortcut ? RESIDUALS[network.model.residual].neurons : null;
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
      if (of.kept) {
        keepCurrents(of, prompts);
        fire(`${of.name}.map`, of.kept.currents, prompts * pixels(firedGrid(of)), null, of.map);
      } else fire(`${of.name}.map`, y, prompts * pixels(size.windows), norm.map, of.map);
      if (of.pooled !== of.map) ops.poolBits({ map: of.map, images: steps * prompts, size, pooled: of.pooled });
      map = of.pooled;
    }
    gather(embed.size, map, embed.windows, prompts, readsValues(layers.length));
    product(layers.length, embed, prompts);
    const rows = steps * prompts * tokens;
    embed.normalised.measure(embed.y, rows);
    const [currents, columns] = [embedded?.currents ?? target, embed.outputs];
    ops.mapColumns({ base: null, source: embed.y, rows, columns, map: embed.norm.map, target: currents });
    if (position === "learned") {
      ops.addPeriodic({ table: value.position, period: tokens, rows, columns: width, target: currents });
    }
    if (embedded) {
      fire("embed", currents, prompts * tokens, null, embedded.spikes);
      sumTrains(embedded, rows, target);
    }
    if (around === "branch") ops.addBits({ bits: last!.pooled, rows, target });
    if (around === "stream") ops.add(target, last!.kept!.currents, rows * width);
  }

  /** A layer's currents as its neurons read them, and those of all pixels. */
  function keepCurrents({ size, norm, y, kept }: StemLayerLayout, prompts: number) {
    const { currents, unpooled } = kept!;
    const [rows, columns] = [rowsOf(size, prompts), size.outputs];
    ops.mapColumns({ base: null, source: y, rows, columns, map: norm.map, target: unpooled });
    if (unpooled !== currents) ops.maxPool({ map: unpooled, images: steps * prompts, size, pooled: currents });
  }

  /** The stream as the sum of the embedding's spike trains. */
  function sumTrains({ trains, spikes, values, one, chosen }: EmbeddedLayout, rows: number, target: Place) {
    if (trains === 1) {
      ops.fill(target, rows * width, 0);
      return ops.addBits({ bits: spikes, rows, target });
    }
    ops.fill(values, rows * trains * width, 0);
    ops.addBits({ bits: spikes, rows, target: values });
    ops.write(
      chosen,
      Int32Array.from({ length: trains }, (_, train) => train),
    );
    const from = { source: values, prompts: rows, tokens: trains, width };
    for (let train = 0; train < trains; train++) {
      const to = train === 0 ? target : one;
      ops.gatherTokens({ ...from, chosen: { at: chosen + 4 * train, count: 1 }, target: to });
      if (train > 0) ops.add(target, one, rows * width);
    }
  }

  /** From the gradient of the sum to that of the embedding's currents, at a place of its own. */
  function embeddedBackward(of: EmbeddedLayout, prompts: number, dStream: Place): Place {
    const { trains, spikes, currents, one, chosen } = of;
    const rows = steps * prompts * tokens;
    const d = gradients!.wide;
    if (trains === 1) ops.copy(dStream, d, rows * width);
    else {
      const to = { source: dStream, prompts: rows, tokens: trains, width };
      for (let train = 0; train < trains; train++) {
        ops.scatterTokens({ ...to, chosen: { at: chosen + 4 * train, count: 1 }, target: train === 0 ? d : one });
        if (train > 0) ops.add(d, one, rows * trains * width);
      }
    }
    fireBackward("embed", spikes, d, currents, prompts * tokens, null, d);
    return d;
  }

  function backward(prompts: number, dStream: Place, narrow: Place) {
    const rows = steps * prompts * tokens;
    const d = embedded ? embeddedBackward(embedded, prompts, dStream) : dStream;
    if (position === "learned") {
      ops.sumPeriodic({ source: d, rows, columns: width, table: gradient!.position, period: tokens });
    }
    if (recompute) product(layers.length, embed, prompts);
    const dy = embedded ? d : narrow;
    embed.normalised.backward(d, embed.y, rows, dy);
    convolutionBackward(layers.length, embed, prompts, dy);
    if (around === "branch") ops.add(stem.gradients!.pooled, dStream, rows * width);
    for (let i = layers.length - 1; i >= 0; i--) {
      const dCurrents = around === "stream" && i === layers.length - 1 ? dStream : null;
      layerBackward(i, layers[i], prompts, dCurrents);
    }
  }

  /** Starts from the gradient of the layer's pooled output, and of its currents if they go around the embedding. */
  function layerBackward(i: number, of: StemLayerLayout & Layer, prompts: number, dCurrents: Place | null) {
    const { size, map, norm, y, kept } = of;
    const { map: d, pooled: dPooled } = stem.gradients!;
    const images = steps * prompts;
    const rows = rowsOf(size, prompts);
    if (recompute) product(i, of, prompts);
    if (kept) {
      const fired = pixels(firedGrid(of));
      fireBackward(`${of.name}.map`, map, dPooled, kept.currents, prompts * fired, null, dPooled);
      if (dCurrents !== null) ops.add(dPooled, dCurrents, images * fired * size.outputs);
      if (kept.unpooled === kept.currents) ops.copy(dPooled, d, rows * size.outputs);
      else ops.maxPoolBackward({ map: kept.unpooled, images, size, dPooled, dMap: d });
    } else {
      if (of.pooled !== map) ops.poolBitsBackward({ map, images, size, dPooled, dMap: d });
      else ops.copy(dPooled, d, rows * size.outputs);
      fireBackward(`${of.name}.map`, map, d, y, prompts * pixels(size.windows), norm.map, d);
    }
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

/** The map of a layer's neurons. */
export const firedGrid = ({ size, kept }: StemLayerLayout) =>
  kept && kept.unpooled !== kept.currents ? size.pooled : size.windows;
