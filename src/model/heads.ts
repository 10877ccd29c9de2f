/**
 * Attention heads: slicing them out of a layer's packed q, k, v, running attention on each head, and merging the outputs.
 *
 * A row of the qkv layer holds 3 D features: q, then k, then v, each D wide, of which head h owns features h d .. h d + d - 1.
 * Attention that reads fewer parts has fewer of them, in the same order. The merged output has D features, head after head. The
 * attention that runs in a head is passed in, so all kinds share these loops, and the products Q K^T and S V and their gradients.
 */
import { type AttentionPart, QUERIES_KEYS_VALUES } from "../experiment/by-attention.ts";
import { expectShape } from "./shape.ts";

/** Sizes of the rows `[T][B][N]` and of the heads in each; the width D is heads x dimension. */
export interface HeadLayout {
  readonly steps: number;
  readonly prompts: number;
  readonly tokens: number;
  readonly heads: number;
  readonly dimension: number;
}

export type HeadShape = Pick<HeadLayout, "steps" | "tokens" | "dimension">;

/**
 * Queries, keys and values of one head of one prompt (or the gradients with respect to them), each `[T][N][d]`; empty for a part that
 * the attention does not read.
 */
export type HeadVectors = Readonly<Record<AttentionPart, Float64Array>>;

/**
 * Runs `attend` on every head of every prompt. `caches[b H + h]` keeps what the backward pass of head h of prompt b needs.
 *
 * Shapes   qkv: [T][B][N][parts D]; returns [T][B][N][D]
 */
export function multiHeadForward<Cache>(
  qkv: Float64Array,
  layout: HeadLayout,
  attend: (head: HeadVectors, prompt: number, index: number) => { output: Float64Array; cache: Cache },
  parts: readonly AttentionPart[] = QUERIES_KEYS_VALUES,
): { output: Float64Array; caches: Cache[] } {
  const { steps, prompts, tokens, heads, dimension } = layout;
  const width = heads * dimension;
  expectShape("qkv", qkv.length, { steps, prompts, tokens, features: parts.length * width });
  const output = new Float64Array(steps * prompts * tokens * width);
  const caches: Cache[] = [];
  for (let b = 0; b < prompts; b++) {
    for (let h = 0; h < heads; h++) {
      const head: Record<AttentionPart, Float64Array> = { query: NOTHING, key: NOTHING, value: NOTHING };
      for (const [i, part] of parts.entries())
        head[part] = readHead(qkv, layout, b, parts.length * width, i * width + h * dimension);
      const one = attend(head, b, h);
      writeHead(one.output, output, layout, b, width, h * dimension);
      caches.push(one.cache);
    }
  }
  return { output, caches };
}

/** Shapes: outputGradient [T][B][N][D]; returns the gradient with respect to qkv, [T][B][N][parts D]. */
export function multiHeadBackward<Cache>(
  outputGradient: Float64Array,
  layout: HeadLayout,
  caches: readonly Cache[],
  attendBackward: (outputGradient: Float64Array, cache: Cache) => HeadVectors,
  parts: readonly AttentionPart[] = QUERIES_KEYS_VALUES,
): Float64Array {
  const { steps, prompts, tokens, heads, dimension } = layout;
  const width = heads * dimension;
  expectShape("outputGradient", outputGradient.length, { steps, prompts, tokens, width });
  const gradient = new Float64Array(parts.length * outputGradient.length);
  for (let b = 0; b < prompts; b++) {
    for (let h = 0; h < heads; h++) {
      const one = readHead(outputGradient, layout, b, width, h * dimension);
      const back = attendBackward(one, caches[b * heads + h]);
      for (const [i, part] of parts.entries())
        writeHead(back[part], gradient, layout, b, parts.length * width, i * width + h * dimension);
    }
  }
  return gradient;
}

const NOTHING = new Float64Array(0);

/** Features `offset .. offset + d - 1` of a prompt's rows, which are `width` long, as `[T][N][d]`. */
function readHead(rows: Float64Array, layout: HeadLayout, prompt: number, width: number, offset: number): Float64Array {
  const { steps, prompts, tokens, dimension } = layout;
  const head = new Float64Array(steps * tokens * dimension);
  for (let t = 0, to = 0; t < steps; t++) {
    for (let n = 0; n < tokens; n++, to += dimension) {
      const from = ((t * prompts + prompt) * tokens + n) * width + offset;
      head.set(rows.subarray(from, from + dimension), to);
    }
  }
  return head;
}

/** The inverse of `readHead`: writes `[T][N][d]` into the prompt's rows. */
function writeHead(
  head: Float64Array,
  rows: Float64Array,
  layout: HeadLayout,
  prompt: number,
  width: number,
  offset: number,
): void {
  const { steps, prompts, tokens, dimension } = layout;
  for (let t = 0, from = 0; t < steps; t++) {
    for (let n = 0; n < tokens; n++, from += dimension) {
      const to = ((t * prompts + prompt) * tokens + n) * width + offset;
      rows.set(head.subarray(from, from + dimension), to);
    }
  }
}

/** count_ij = sum_d Q_id K_jd at each step; on bits, the ones of Q_i and K_j. Returns [T][N][N]. */
export function scoreProduct(query: Float64Array, key: Float64Array, shape: HeadShape): Float64Array {
  const counts = new Float64Array(shape.steps * shape.tokens * shape.tokens);
  forEachPair(shape, (i, j, ij) => {
    for (let d = 0; d < shape.dimension; d++) counts[ij] += query[i + d] * key[j + d];
  });
  return counts;
}

/** dQ_id = sum_j dcount_ij K_jd and dK_jd = sum_i dcount_ij Q_id. */
export function scoreProductBackward(
  countGradient: Float64Array,
  query: Float64Array,
  key: Float64Array,
  shape: HeadShape,
): { query: Float64Array; key: Float64Array } {
  const gradient = { query: new Float64Array(query.length), key: new Float64Array(key.length) };
  forEachPair(shape, (i, j, ij) => {
    for (let d = 0; d < shape.dimension; d++) {
      gradient.query[i + d] += countGradient[ij] * key[j + d];
      gradient.key[j + d] += countGradient[ij] * query[i + d];
    }
  });
  return gradient;
}

/** c_id = sum_j S_ij V_jd at each step. Returns [T][N][d]. */
export function valueProduct(scores: Float64Array, value: Float64Array, shape: HeadShape): Float64Array {
  const sums = new Float64Array(value.length);
  forEachPair(shape, (i, j, ij) => {
    for (let d = 0; d < shape.dimension; d++) sums[i + d] += scores[ij] * value[j + d];
  });
  return sums;
}

/** dS_ij = sum_d dc_id V_jd and dV_jd = sum_i S_ij dc_id. */
export function valueProductBackward(
  sumGradient: Float64Array,
  scores: Float64Array,
  value: Float64Array,
  shape: HeadShape,
): { scores: Float64Array; value: Float64Array } {
  const gradient = { scores: new Float64Array(scores.length), value: new Float64Array(value.length) };
  forEachPair(shape, (i, j, ij) => {
    for (let d = 0; d < shape.dimension; d++) {
      gradient.scores[ij] += sumGradient[i + d] * value[j + d];
      gradient.value[j + d] += scores[ij] * sumGradient[i + d];
    }
  });
  return gradient;
}

/** Visits all (t, i, j) with the offsets of row (t, i), of row (t, j), and of pair (t, i, j). */
function forEachPair(
  { steps, tokens, dimension }: HeadShape,
  visit: (i: number, j: number, pair: number) => void,
): void {
  for (let t = 0, pair = 0; t < steps; t++) {
    for (let i = 0; i < tokens; i++) {
      for (let j = 0; j < tokens; j++, pair++) visit((t * tokens + i) * dimension, (t * tokens + j) * dimension, pair);
    }
  }
}
