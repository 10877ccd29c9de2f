/**
 * The conventional transformer that spiking ones are compared with: a pre-LayerNorm GPT block (paper, Table I, left column).
 *
 *   x = embed(values) + position[n]                     or, with a convolutional stem, see `ann-stem.ts`
 *   each block:   x = x + projection(softmax attention(qkv(LN1(x))))
 *                 x = x + down(GELU(up(LN2(x))))
 *   logits = head(LN(x)), read at the query tokens
 *
 * Rows are [B][N]. There is no time dimension: layers shared with the spiking network run with T = 1. There is no dropout.
 */
import type { AnnSpec } from "../spec/model.ts";
import { type AnnStemCache, annStemBackward, annStemForward } from "./ann-stem.ts";
import { type DenseCache, denseBackward, denseForward, type Gradients, parameter } from "./dense.ts";
import { geluBackward, geluForward } from "./gelu.ts";
import { inputRows } from "./geometry.ts";
import { type HeadLayout, multiHeadBackward, multiHeadForward } from "./heads.ts";
import { type LayerNormCache, layerNormBackward, layerNormForward } from "./layer-norm.ts";
import { logitsOf, type Network } from "./network.ts";
import { positionBackward, positionForward } from "./position.ts";
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

export interface AnnCache {
  readonly prompts: number;
  readonly stem: AnnStemCache;
  readonly blocks: readonly AnnBlockCache[];
  readonly norm: LayerNormCache;
  readonly head: DenseCache;
}

export interface AnnBlockCache {
  readonly norm1: LayerNormCache;
  readonly qkv: DenseCache;
  /** `[B][H]` */
  readonly attention: readonly SoftmaxAttentionCache[];
  readonly projection: DenseCache;
  readonly norm2: LayerNormCache;
  readonly up: DenseCache;
  /** Input of GELU, `[rows, F]`. */
  readonly hidden: Float64Array;
  readonly down: DenseCache;
}

/** Throws ShapeError when the input does not fit the geometry. */
export function annForward(network: Network<AnnSpec>, input: AnnInput): AnnForward {
  const { model, geometry } = network;
  const { prompts } = input;
  const { inputs, mask } = geometry;
  const rowName = geometry.grid ? "pixels" : "tokens";
  expectShape("input.values", input.values.length, { prompts, [rowName]: inputRows(geometry), inputs });
  const layout = headLayout(network, prompts);
  const dense = (name: string, rows: Float64Array) => denseForward(network, name, rows, "eval");
  const norm = (name: string, rows: Float64Array) =>
    layerNormForward(rows, parameter(network, `${name}.gain`), parameter(network, `${name}.offset`));

  const stem = annStemForward(stemLayers(model, geometry), Float64Array.from(input.values), prompts, { dense, norm });
  let stream = positionForward(network, stem.output);
  const blocks: AnnBlockCache[] = [];
  for (let i = 0; i < model.depth; i++) {
    const block = `blocks.${i}`;
    const norm1 = norm(`${block}.norm1`, stream);
    const qkv = dense(`${block}.qkv`, norm1.output);
    const attention = multiHeadForward(qkv.output, layout, (head) => softmaxAttentionForward(head, layout, mask));
    const projection = dense(`${block}.projection`, attention.output);
    stream = sum(stream, projection.output);

    const norm2 = norm(`${block}.norm2`, stream);
    const up = dense(`${block}.up`, norm2.output);
    const down = dense(`${block}.down`, geluForward(up.output));
    stream = sum(stream, down.output);
    blocks.push({
      norm1: norm1.cache,
      qkv: qkv.cache,
      attention: attention.caches,
      projection: projection.cache,
      norm2: norm2.cache,
      up: up.cache,
      hidden: up.output,
      down: down.cache,
    });
  }
  const last = norm("norm", stream);
  const head = dense("head", last.output);
  const logits = readOutForward(network, head.output, 1, prompts);
  return { logits, cache: { prompts, stem: stem.cache, blocks, norm: last.cache, head: head.cache } };
}

/** Gradients of all parameters, by name, from the gradient with respect to the logits, [B][queries][C]. */
export function annBackward(network: Network<AnnSpec>, logitGradient: Float64Array, cache: AnnCache): Gradients {
  const { model, geometry } = network;
  const { prompts } = cache;
  expectShape("logitGradient", logitGradient.length, {
    prompts,
    queries: geometry.queries.length,
    logits: logitsOf(network),
  });
  const layout = headLayout(network, prompts);
  const gradients: Gradients = {};
  const dense = (name: string, outputGradient: Float64Array, layer: DenseCache) =>
    denseBackward(network, name, outputGradient, layer, gradients);
  const norm = (name: string, outputGradient: Float64Array, layer: LayerNormCache) => {
    const gradient = layerNormBackward(outputGradient, parameter(network, `${name}.gain`), layer);
    gradients[`${name}.gain`] = gradient.gain;
    gradients[`${name}.offset`] = gradient.offset;
    return gradient.input;
  };

  const head = dense("head", readOutBackward(network, logitGradient, 1, prompts), cache.head);
  let stream = norm("norm", head, cache.norm);
  for (let i = model.depth - 1; i >= 0; i--) {
    const block = `blocks.${i}`;
    const layers = cache.blocks[i];
    const hidden = geluBackward(dense(`${block}.down`, stream, layers.down), layers.hidden);
    stream = sum(stream, norm(`${block}.norm2`, dense(`${block}.up`, hidden, layers.up), layers.norm2));

    const attention = dense(`${block}.projection`, stream, layers.projection);
    const qkv = multiHeadBackward(attention, layout, layers.attention, softmaxAttentionBackward);
    stream = sum(stream, norm(`${block}.norm1`, dense(`${block}.qkv`, qkv, layers.qkv), layers.norm1));
  }
  positionBackward(network, stream, gradients);
  annStemBackward(stemLayers(model, geometry), stream, prompts, cache.stem, { dense, norm });
  return gradients;
}

function headLayout({ model, geometry }: Network<AnnSpec>, prompts: number): HeadLayout {
  return { steps: 1, prompts, tokens: geometry.tokens, heads: model.heads, dimension: model.width / model.heads };
}

const sum = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, i) => x + b[i]);
