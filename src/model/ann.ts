/**
 * The conventional transformer that spiking ones are compared with: a pre-LayerNorm GPT block (paper, Table I, left column).
 *
 *   x = embed(values) + position[n]                     or, with a convolutional stem, see `ann-stem.ts`
 *   each block:   x = x + projection(softmax attention(qkv(LN1(x))))
 *                 x = x + down(GELU(up(LN2(x))))              GELU, or ReLU (`activation.ts`)
 *   logits = head(LN(x) at the query tokens, or its mean over the tokens of an answer)
 *
 * A network with few bits rounds its weights, the inputs of its linear layers and the operands of attention (`quantization.ts`).
 *
 * Rows are [B][N]. There is no time dimension: layers shared with the spiking network run with T = 1. There is no dropout.
 */
import type { AnnSpec } from "../experiment/model.ts";
import { ACTIVATIONS, activationOf } from "./activation.ts";
import { type AnnStemCache, annStemBackward, annStemForward } from "./ann-stem.ts";
import { codesOf, SHARE_CODES, widthsByLayer } from "./bit-widths.ts";
import { type DenseCache, denseBackward, denseForward, type Gradients, parameter } from "./dense.ts";
import { inputRows } from "./geometry.ts";
import { type HeadLayout, multiHeadBackward, multiHeadForward } from "./heads.ts";
import { type LayerNormCache, layerNormBackward, layerNormForward } from "./layer-norm.ts";
import { logitsOf, type Network } from "./network.ts";
import { positionBackward, positionForward } from "./position.ts";
import {
  backThroughRounding,
  passParameters,
  type Rounding,
  roundingBackward,
  roundingForward,
} from "./quantization.ts";
import { readOutBackward, readOutForward } from "./read-out.ts";
import { expectShape } from "./shape.ts";
import { type SoftmaxAttentionCache, softmaxAttentionBackward, softmaxAttentionForward } from "./softmax-attention.ts";
import { stemLayers } from "./stem.ts";

export interface AnnInput {
  readonly prompts: number;
  /** `[B][N][inputs]`, or `[B][pixels][inputs]` for a stem */
  readonly values: ArrayLike<number>;
}

export interface AnnForward {
  /** `[B][queries][C]` */
  readonly logits: Float64Array;
  readonly cache: AnnCache;
}

/** A layer's own cache, and its input before rounding, `[rows, inputs]`. */
export interface AnnDenseCache extends DenseCache {
  readonly unrounded: Float64Array;
}

export interface AnnCache {
  readonly prompts: number;
  readonly stem: AnnStemCache;
  readonly blocks: readonly AnnBlockCache[];
  readonly norm: LayerNormCache;
  readonly head: AnnDenseCache;
}

export interface AnnBlockCache {
  readonly norm1: LayerNormCache;
  readonly qkv: AnnDenseCache;
  /** Output of the layer before rounding, `[rows, 3 D]`. */
  readonly vectors: Float64Array;
  /** `[B][H]` */
  readonly attention: readonly SoftmaxAttentionCache[];
  readonly projection: AnnDenseCache;
  readonly norm2: LayerNormCache;
  readonly up: AnnDenseCache;
  /** Input of the activation, `[rows, F]`. */
  readonly hidden: Float64Array;
  readonly down: AnnDenseCache;
}

/** Throws ShapeError when the input does not fit the geometry. */
export function annForward(given: Network<AnnSpec>, input: AnnInput): AnnForward {
  const network = { ...given, parameters: passParameters(given) };
  const { model, geometry } = network;
  const { prompts } = input;
  const { inputs, mask } = geometry;
  const rowName = geometry.grid ? "pixels" : "tokens";
  expectShape("input.values", input.values.length, { prompts, [rowName]: inputRows(geometry), inputs });
  const layout = headLayout(network, prompts);
  const codes = model.quantization ? SHARE_CODES : null;
  const activation = ACTIVATIONS[activationOf(model)];
  const plain = (name: string, rows: Float64Array) => denseForward(network, name, rows, "eval");
  const round = (name: string, values: Float64Array) => rounded(values, inputRounding(network, name));
  const dense = (name: string, unrounded: Float64Array) => {
    const { output, cache } = plain(name, round(name, unrounded));
    return { output, cache: { ...cache, unrounded } };
  };
  const norm = (name: string, rows: Float64Array) =>
    layerNormForward(rows, parameter(network, `${name}.gain`), parameter(network, `${name}.offset`));

  const stem = annStemForward(stemLayers(model, geometry), Float64Array.from(input.values), prompts, {
    round,
    dense: plain,
    norm,
    activation,
  });
  let stream = positionForward(network, stem.output);
  const blocks: AnnBlockCache[] = [];
  for (let i = 0; i < model.depth; i++) {
    const block = `blocks.${i}`;
    const norm1 = norm(`${block}.norm1`, stream);
    const qkv = dense(`${block}.qkv`, norm1.output);
    const vectors = rounded(qkv.output, vectorRounding(network, `${block}.qkv`));
    const attention = multiHeadForward(vectors, layout, (head) => softmaxAttentionForward(head, layout, mask, codes));
    const projection = dense(`${block}.projection`, attention.output);
    stream = sum(stream, projection.output);

    const norm2 = norm(`${block}.norm2`, stream);
    const up = dense(`${block}.up`, norm2.output);
    const down = dense(`${block}.down`, activation.forward(up.output));
    stream = sum(stream, down.output);
    blocks.push({
      norm1: norm1.cache,
      qkv: qkv.cache,
      vectors: qkv.output,
      attention: attention.caches,
      projection: projection.cache,
      norm2: norm2.cache,
      up: up.cache,
      hidden: up.output,
      down: down.cache,
    });
  }
  const last = norm("norm", stream);
  // The head is linear: it reads the mean over the tokens of an answer, so that few bits round the mean.
  const head = dense("head", readOutForward(network, last.output, 1, prompts, model.width));
  const logits = head.output;
  return { logits, cache: { prompts, stem: stem.cache, blocks, norm: last.cache, head: head.cache } };
}

/**
 * Gradients of all parameters, by name, from the gradient with respect to the logits, [B][queries][C]; for a network with few
 * bits, straight-through estimates. The step and shift of the network's own input have none: they stay as they are.
 */
export function annBackward(given: Network<AnnSpec>, logitGradient: Float64Array, cache: AnnCache): Gradients {
  const network = { ...given, parameters: passParameters(given) };
  const { model, geometry } = network;
  const { prompts } = cache;
  expectShape("logitGradient", logitGradient.length, {
    prompts,
    queries: geometry.queries.length,
    logits: logitsOf(network),
  });
  const layout = headLayout(network, prompts);
  const activation = ACTIVATIONS[activationOf(model)];
  const gradients: Gradients = {};
  const plain = (name: string, outputGradient: Float64Array, layer: DenseCache) =>
    denseBackward(network, name, outputGradient, layer, gradients);
  const unround = (
    name: string,
    part: "input" | "output",
    d: Float64Array,
    unrounded: Float64Array,
    rounding: Rounding | null,
  ) => {
    if (!rounding) return d;
    const { input, steps, shifts } = roundingBackward(d, unrounded, rounding);
    gradients[`${name}.${part}LogStep`] = steps;
    gradients[`${name}.${part}Shift`] = shifts;
    return input;
  };
  const round = (name: string, d: Float64Array, unrounded: Float64Array) =>
    unround(name, "input", d, unrounded, inputRounding(network, name));
  const dense = (name: string, outputGradient: Float64Array, layer: AnnDenseCache) =>
    round(name, plain(name, outputGradient, layer), layer.unrounded);
  const norm = (name: string, outputGradient: Float64Array, layer: LayerNormCache) => {
    const gradient = layerNormBackward(outputGradient, parameter(network, `${name}.gain`), layer);
    gradients[`${name}.gain`] = gradient.gain;
    gradients[`${name}.offset`] = gradient.offset;
    return gradient.input;
  };

  const head = dense("head", logitGradient, cache.head);
  let stream = norm("norm", readOutBackward(network, head, 1, prompts, model.width), cache.norm);
  for (let i = model.depth - 1; i >= 0; i--) {
    const block = `blocks.${i}`;
    const layers = cache.blocks[i];
    const hidden = activation.backward(dense(`${block}.down`, stream, layers.down), layers.hidden);
    stream = sum(stream, norm(`${block}.norm2`, dense(`${block}.up`, hidden, layers.up), layers.norm2));

    const attention = dense(`${block}.projection`, stream, layers.projection);
    const vectors = multiHeadBackward(attention, layout, layers.attention, softmaxAttentionBackward);
    const name = `${block}.qkv`;
    const qkv = unround(name, "output", vectors, layers.vectors, vectorRounding(network, name));
    stream = sum(stream, norm(`${block}.norm1`, dense(name, qkv, layers.qkv), layers.norm1));
  }
  positionBackward(network, stream, gradients);
  annStemBackward(stemLayers(model, geometry), stream, prompts, cache.stem, { round, dense: plain, norm, activation });
  for (const [name, { data }] of Object.entries(given.parameters)) gradients[name] ??= new Float64Array(data.length);
  backThroughRounding(given, gradients);
  return gradients;
}

const rounded = (values: Float64Array, rounding: Rounding | null): Float64Array =>
  rounding ? roundingForward(values, rounding) : values;

/** How the input of a layer is rounded, from `passParameters`; null for a layer in floating point. */
function inputRounding(network: Network<AnnSpec>, layer: string): Rounding | null {
  const widths = widthsByLayer(network.model)?.get(layer);
  if (!widths) return null;
  return { ...codesOf(widths.activations), columns: 1, ...stepsOf(network, `${layer}.input`) };
}

/** The same for q, k and v, the outputs of a layer. */
function vectorRounding(network: Network<AnnSpec>, layer: string): Rounding | null {
  const width = widthsByLayer(network.model)?.get(layer)?.attention ?? null;
  if (width === null) return null;
  return { ...codesOf(width), columns: 3 * network.model.width, ...stepsOf(network, `${layer}.output`) };
}

const stepsOf = ({ parameters }: Network<AnnSpec>, name: string): Pick<Rounding, "steps" | "shifts"> => ({
  steps: parameters[`${name}LogStep`].data,
  shifts: parameters[`${name}Shift`].data,
});

function headLayout({ model, geometry }: Network<AnnSpec>, prompts: number): HeadLayout {
  return { steps: 1, prompts, tokens: geometry.tokens, heads: model.heads, dimension: model.width / model.heads };
}

const sum = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, i) => x + b[i]);
