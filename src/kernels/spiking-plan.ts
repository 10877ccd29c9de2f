/**
 * Memory layout of the spiking transformer's pass (`spiking.ts`), as numbers.
 *
 * Rows are time-major `[T][B][N]`. The backward pass reads every layer's spikes, raw output and stream. Spikes are small and always
 * kept; outputs and streams are kept when training, and shared between layers otherwise. A pass that recomputes keeps only the stream
 * before each block, and computes outputs again, one after another, in the backward pass: from the same spikes, so with the same bits.
 */
import type { SpikingSpec } from "../experiment/model.ts";
import type { SpikeRateSpec } from "../experiment/training.ts";
import { answerGeometry, type Geometry, inputRows } from "../model/geometry.ts";
import { surrogateReach } from "../model/neuron/surrogate.ts";
import { RESIDUALS } from "../model/residual.ts";
import { type Arena, type PackedBits, type Place, reserveBits } from "./arena.ts";
import { type AttentionLayout, type AttentionMode, attentionScratch, partsOf, planAttention } from "./attention.ts";
import { maskWords } from "./masks.ts";
import { type LayerLayout, planNormalised } from "./normalised.ts";
import type { PassOptions } from "./pass.ts";
import { planSpikingReadOut, readOutScratch, type SpikingReadOutLayout } from "./spiking-read-out.ts";
import { planSpikingStem, type SpikingStemLayout, stemExtent, stemScratch } from "./spiking-stem-plan.ts";
import { productScratch } from "./wasm/dense-ops.ts";
import { neuronKernels } from "./wasm/neuron-kernels.ts";
import { NOISE_SCRATCH, normalisationScratch } from "./wasm/neuron-ops.ts";
import { inputGradientScratch, SPIKE_SCRATCH, spikeGradientScratch } from "./wasm/spike-ops.ts";

export interface SpikingPassOptions extends PassOptions {
  /** `expected` uses unsampled attention probabilities. */
  readonly attention: AttentionMode;
  /** Standard deviation of the noise on pre-activations, relative to the spread of their column. Default 0. */
  readonly outputNoise?: number | "by column";
  /** Inputs are real values [B N, inputs], the same at every step, instead of packed spikes. */
  readonly realInputs: boolean;
  /** Share of the loss that is taken at each time step instead of at the mean over them. Default 0. */
  readonly stepLoss?: number;
  /** Trains with less memory and more computation. Default false. */
  readonly recompute?: boolean;
  /** A penalty on firing rates. Default none. */
  readonly spikeRate?: SpikeRateSpec | undefined;
}

export interface BlockLayout {
  readonly stream: Place;
  readonly input: PackedBits;
  /** Where a neuron's membrane is within the surrogate's compact support. Elsewhere its spikes need no gradient. */
  readonly inputGate: PackedBits | null;
  readonly qkv: LayerLayout;
  readonly qkvBits: PackedBits;
  readonly attention: AttentionLayout;
  readonly projection: LayerLayout | null;
  /** Spikes that the branches add; null where their currents are added. */
  readonly projected: PackedBits | null;
  readonly middleStream: Place;
  readonly middle: PackedBits;
  readonly middleGate: PackedBits | null;
  readonly up: LayerLayout;
  readonly hidden: PackedBits;
  readonly hiddenGate: PackedBits | null;
  readonly down: LayerLayout;
  readonly ended: PackedBits | null;
}

export interface SpikingLayout {
  readonly kind: "spiking";
  readonly network: { readonly model: SpikingSpec; readonly geometry: Geometry };
  readonly options: SpikingPassOptions;
  readonly mask: Place;
  /** For real-valued inputs `[B N, inputs]`, which have no words. With a stem, its rows are pixels. */
  readonly input: PackedBits;
  readonly stem: SpikingStemLayout;
  readonly blocks: readonly BlockLayout[];
  readonly lastStream: Place;
  /** With the read-out `stream-mean`: the means [T B, width] and, when training, their gradients; null otherwise. */
  readonly mean: { readonly stream: Place; readonly gradients: Place } | null;
  readonly output: PackedBits;
  readonly readOut: SpikingReadOutLayout;
  /** Gradients, when training: of the stream, and work areas as wide as the widest layer and as the stream. */
  readonly gradients: { readonly stream: Place; readonly wide: Place; readonly narrow: Place } | null;
  /** A row of the widest layer: for the penalty on rates, and for the noise on outputs. */
  readonly penaltyRow: Place | null;
  readonly noiseDeviations: Place | null;
  readonly scratch: Place;
}

export function planSpiking(
  arena: Arena,
  network: { readonly model: SpikingSpec; readonly geometry: Geometry },
  options: SpikingPassOptions,
): SpikingLayout {
  const { model, geometry } = network;
  const { training, recompute = false, maxPrompts, realInputs, outputNoise = 0, spikeRate } = options;
  const { width, depth, expansion, steps } = model;
  const { tokens, inputs } = geometry;
  const inner = expansion * width;
  const maxRows = steps * maxPrompts * tokens;
  const vectors = partsOf(model.attention) * width;
  const widest = Math.max(vectors, inner);
  const extent = stemExtent(network);
  const widestRow = Math.max(widest, extent.widest);

  const shared = new Map<string, Place>();
  function shareable(kind: string, count: number): Place {
    if (!shared.has(kind)) shared.set(kind, arena.words(count));
    return shared.get(kind)!;
  }
  const keepsOutputs = training && !recompute;
  const mostOutputs = Math.max(maxRows * widest, steps * maxPrompts * extent.most);
  const outputs = (rows: number, columns: number) =>
    keepsOutputs ? arena.words(rows * columns) : shareable("y", mostOutputs);
  const streams = (kind: "stream" | "middle", isKept: boolean) =>
    isKept ? arena.words(maxRows * width) : shareable(kind, maxRows * width);
  let layers = 0;
  function layer(name: string, from: number, to: number, rows = maxRows): LayerLayout {
    const norm = planNormalised(arena, name, to, model.normalisation === "batch");
    return { name, index: layers++, inputs: from, outputs: to, norm, y: outputs(rows, to) };
  }
  const bits = (features: number) => reserveBits(arena, maxRows, features);
  const gate = (features: number) => (training && surrogateReach(model.surrogate) !== null ? bits(features) : null);

  const mask = arena.words(tokens * maskWords(tokens));
  const read = maxPrompts * inputRows(geometry);
  const input = realInputs
    ? { at: arena.words(read * inputs), words: 0, features: inputs }
    : reserveBits(arena, steps * read, inputs);
  const stem = planSpikingStem(arena, network, input, { maxPrompts, training, realInputs, layer });
  const ends = RESIDUALS[model.residual].neurons === "branch";
  const blocks = Array.from({ length: depth }, (_, i): BlockLayout => {
    const name = `blocks.${i}`;
    return {
      stream: streams("stream", training),
      input: bits(width),
      inputGate: gate(width),
      qkv: layer(`${name}.qkv`, width, vectors),
      qkvBits: bits(vectors),
      attention: planAttention(arena, network, { maxPrompts, mode: options.attention }),
      projection: model.outputProjection ? layer(`${name}.projection`, width, width) : null,
      projected: ends ? bits(width) : null,
      middleStream: streams("middle", keepsOutputs),
      middle: bits(width),
      middleGate: gate(width),
      up: layer(`${name}.up`, width, inner),
      hidden: bits(inner),
      hiddenGate: gate(inner),
      down: layer(`${name}.down`, inner, width),
      ended: ends ? bits(width) : null,
    };
  });
  const lastStream = streams("stream", training);
  const output = bits(width);
  const means = steps * maxPrompts * width;
  const mean =
    geometry.readOut === "stream-mean"
      ? { stream: arena.words(means), gradients: training ? arena.words(means) : 0 }
      : null;
  const readOut = planSpikingReadOut(arena, answersOf(network), options);
  const gradients = training
    ? {
        stream: arena.words(maxRows * width),
        wide: arena.words(maxRows * widest),
        narrow: arena.words(maxRows * width),
      }
    : null;
  return {
    kind: "spiking",
    network,
    options,
    mask,
    input,
    stem,
    blocks,
    lastStream,
    mean,
    output,
    readOut,
    gradients,
    penaltyRow: training && spikeRate && spikeRate.weight > 0 ? arena.words(widestRow) : null,
    noiseDeviations: outputNoise === "by column" || outputNoise > 0 ? arena.words(widestRow) : null,
    scratch: arena.words(scratchWords(network, options)),
  };
}

/** A network as its head sees it. */
export const answersOf = <N extends { readonly geometry: Geometry }>(network: N): N => ({
  ...network,
  geometry: answerGeometry(network.geometry),
});

/** One scratch place for every operation of a pass, of the largest size needed. */
function scratchWords(
  network: { readonly model: SpikingSpec; readonly geometry: Geometry },
  options: SpikingPassOptions,
): number {
  const { model, geometry } = network;
  const { training, maxPrompts } = options;
  const { width, expansion, steps } = model;
  const inner = expansion * width;
  const maxRows = steps * maxPrompts * geometry.tokens;
  const vectors = partsOf(model.attention) * width;
  const widest = Math.max(vectors, inner);
  const forward = [
    SPIKE_SCRATCH,
    NOISE_SCRATCH,
    stemScratch(network, training, maxPrompts),
    productScratch(maxRows, width, width),
    productScratch(maxRows, widest, width),
    normalisationScratch(widest),
    attentionScratch(network, training),
    readOutScratch(answersOf(network), options),
  ];
  if (!training) return Math.max(...forward);
  return Math.max(
    ...forward,
    neuronKernels(model.neuron).scratch(steps),
    productScratch(width, width, maxRows),
    ...(RESIDUALS[model.residual].neurons === "branch"
      ? [vectors, inner].map((n) => Math.max(productScratch(width, n, maxRows), productScratch(maxRows, width, n)))
      : []),
    spikeGradientScratch(inner, maxRows),
    inputGradientScratch(maxRows, inner, width),
    inputGradientScratch(maxRows, width, widest),
  );
}
