/**
 * Memory layout of the conventional transformer's pass (`ann.ts`), as numbers.
 *
 * Training keeps every activation of every block (16 D + H N words per token and block at expansion 4); inference reuses
 * the buffers of one block.
 */
import type { AnnSpec } from "../experiment/model.ts";
import { type Geometry, inputRows, tokensPerAnswer, tokensRead } from "../model/geometry.ts";
import { logitsOf } from "../model/read-out.ts";
import { type AnnStemLayout, planAnnStem } from "./ann-stem.ts";
import type { Arena, Place } from "./arena.ts";
import { maskStride } from "./masks.ts";
import type { ChosenTokens } from "./ops.ts";
import type { PassOptions, PassPlaces } from "./pass.ts";
import { productScratch, softmaxScratch } from "./wasm/dense-ops.ts";

/** One block's activations: stream, normalised, attention and feed-forward, in the order of the forward pass. */
export interface AnnBlockLayout {
  readonly x1: Place;
  readonly statistics1: Place;
  readonly y1: Place;
  readonly qkv: Place;
  readonly probabilities: Place;
  readonly attended: Place;
  readonly x2: Place;
  readonly statistics2: Place;
  readonly y2: Place;
  readonly hidden: Place;
  readonly activated: Place;
}

export interface AnnLayout extends PassPlaces {
  readonly kind: "ann";
  readonly network: { readonly model: AnnSpec; readonly geometry: Geometry };
  readonly options: PassOptions;
  readonly mask: Place;
  readonly stem: AnnStemLayout;
  /** The tokens that the head reads. */
  readonly chosen: ChosenTokens;
  readonly blocks: readonly AnnBlockLayout[];
  readonly last: Place;
  /** For a network with few bits: the rounded input of the layer that runs, or q, k and v of the block. */
  readonly rounded: Place | null;
  /** The stream at the tokens read, its statistics and its normalised values; and their mean if the head reads the mean. */
  readonly queried: Place;
  readonly queriedStatistics: Place;
  readonly queriedNorm: Place;
  readonly headInput: Place;
  /** Gradients, when training: of the logits, of the stream, and of a block's intermediate values. */
  readonly gradients: {
    readonly logits: Place;
    readonly stream: Place;
    readonly narrow: Place;
    readonly wide: Place;
    readonly headInput: Place;
  } | null;
  readonly scratch: Place;
}

export function planAnn(
  arena: Arena,
  network: { readonly model: AnnSpec; readonly geometry: Geometry },
  options: PassOptions,
): AnnLayout {
  const { model, geometry } = network;
  const { maxPrompts, training } = options;
  const { width, depth, heads } = model;
  const { inputs: features, tokens, queries } = geometry;
  const outputs = logitsOf(network);
  const inner = model.expansion * width;
  const stride = maskStride(tokens);
  const maxRows = maxPrompts * tokens;
  const answers = maxPrompts * queries.length;
  const read = tokensRead(geometry).length;
  const pooled = tokensPerAnswer(geometry) !== null;

  const inputs = arena.words(maxPrompts * inputRows(geometry) * features);
  const targets = arena.words(answers * outputs);
  const logits = arena.words(answers * outputs);
  const mask = arena.words((tokens * stride) / 4);
  const chosen = { at: arena.words(read), count: read };
  const planBlock = (): AnnBlockLayout => {
    const x1 = arena.words(maxRows * width);
    const y1 = arena.words(maxRows * width);
    return {
      x1,
      statistics1: arena.words(maxRows * 2),
      y1,
      qkv: arena.words(maxRows * 3 * width),
      probabilities: arena.words(maxPrompts * heads * tokens * stride),
      attended: arena.words(maxRows * width),
      x2: training ? arena.words(maxRows * width) : x1,
      statistics2: arena.words(maxRows * 2),
      y2: training ? arena.words(maxRows * width) : y1,
      hidden: arena.words(maxRows * inner),
      activated: arena.words(maxRows * inner),
    };
  };
  const shared = training ? null : planBlock();
  const blocks = Array.from({ length: depth }, () => shared ?? planBlock());
  const last = shared ? shared.x1 : arena.words(maxRows * width);
  const rounded = model.quantization
    ? arena.words(Math.max(maxRows * Math.max(inner, 3 * width), answers * width))
    : null;
  const queriedNorm = arena.words(maxPrompts * read * width);
  const planGradients = () => {
    const narrow = arena.words(maxRows * width);
    return {
      logits: arena.words(answers * outputs),
      stream: arena.words(maxRows * width),
      narrow,
      wide: arena.words(maxRows * Math.max(inner, 3 * width)),
      headInput: pooled ? arena.words(answers * width) : narrow,
    };
  };
  const stem = planAnnStem(arena, network, inputs, options);
  // Enough for every product, forward and backward: the largest panels of any of them.
  const widest = Math.max(features, outputs, inner, 3 * width, maxRows);
  return {
    kind: "ann",
    network,
    options,
    inputs,
    targets,
    logits,
    mask,
    stem,
    chosen,
    blocks,
    last,
    rounded,
    queried: arena.words(maxPrompts * read * width),
    queriedStatistics: arena.words(maxPrompts * read * 2),
    queriedNorm,
    headInput: pooled ? arena.words(answers * width) : queriedNorm,
    gradients: training ? planGradients() : null,
    scratch: arena.words(
      Math.max(productScratch(widest, widest, widest), softmaxScratch(tokens, width / heads), stem.scratch),
    ),
  };
}
