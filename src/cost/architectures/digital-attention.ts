/**
 * What attention takes on a digital spiking engine, by kind: bits counted, values added, scores stored, neurons updated.
 *
 * Counting meets pairs of bits (or, where a count is of a single part, its bits). An engine that skips silent pairs pays for those that
 * meet. Kinds with numbers or bits for all pairs of tokens store a byte for each; those without a product of tokens store none.
 */
import type { AttentionKind, AttentionSpec } from "../../experiment/attention.ts";
import { maskRows } from "../../hardware/attention/mask-rows.ts";
import type { BlockDensities } from "../../machine/densities.ts";
import type { NetworkShape } from "../../machine/shape.ts";

/** Of one block, per time step. */
export interface DigitalAttention {
  /** Pairs of bits that a counter looks at, and the density that is the share of those that count. */
  readonly counted: number;
  readonly counts: "coincidences" | "query";
  /** Additions where a bit of this train is 1. */
  readonly added: number;
  readonly gatedBy: keyof Pick<BlockDensities, "value" | "query">;
  /** Scores that are stored. */
  readonly stored: number;
  /** Neurons. */
  readonly updates: number;
}

type Sizes = Pick<NetworkShape, "tokens" | "width" | "heads" | "scores" | "mask">;

/** Scores for all pairs, without neurons. */
const pairs = ({ scores, width, heads }: Sizes): DigitalAttention => ({
  counted: scores * width,
  counts: "coincidences",
  added: scores * width,
  gatedBy: "value",
  stored: scores * heads,
  updates: 0,
});
const firing = (sizes: Sizes) => ({ ...pairs(sizes), updates: sizes.tokens * sizes.width });
const NONE = { counted: 0, counts: "coincidences", added: 0, gatedBy: "value", stored: 0, updates: 0 } as const;

/** Distinct rows of a mask; one with all tokens, if no mask is known. */
const rowsOf = ({ mask, tokens }: Sizes) => (mask ? maskRows(mask, tokens) : { added: tokens, kept: 1 });

const channels = (counts: DigitalAttention["counts"]) => (sizes: Sizes) => {
  const { added, kept } = rowsOf(sizes);
  return { ...NONE, counted: added * sizes.width, counts, updates: kept * sizes.width };
};

const ATTENTIONS: Readonly<Record<AttentionKind, (sizes: Sizes) => DigitalAttention>> = {
  stochastic: pairs,
  lif: (sizes) => ({ ...pairs(sizes), updates: sizes.scores * sizes.heads + sizes.tokens * sizes.width }),
  spikformer: firing,
  "sdsa-1": channels("coincidences"),
  "sdsa-3": (sizes) => {
    const { tokens, width, heads } = sizes;
    const dimension = width / heads;
    const counted = rowsOf(sizes).added * width * dimension;
    return { ...NONE, counted, added: tokens * width * dimension, gatedBy: "query", updates: tokens * width };
  },
  "qk-token": ({ tokens, width, heads }) => ({
    ...NONE,
    counted: tokens * width,
    counts: "query",
    updates: tokens * heads,
  }),
  "qk-channel": channels("query"),
  "alpha-xnor": firing,
  "binary-map": firing,
  random: firing,
  none: () => NONE,
};

/** Of a workload's network; stochastic for a published one that names no kind. */
export const digitalAttention = (shape: Sizes & { readonly attention?: AttentionSpec | undefined }): DigitalAttention =>
  ATTENTIONS[shape.attention?.kind ?? "stochastic"](shape);
