/** Records with an entry for each kind of attention. Apart from the specs, whose checks a thread that only computes does not load. */
import type { AttentionKind, AttentionOf, AttentionSpec, DrawKind } from "./attention.ts";

/** Something made of an attention, with an entry for each kind: a record without one of them does not compile. */
export type ByAttention<Made> = { readonly [Kind in AttentionKind]: (attention: AttentionOf<Kind>) => Made };

/** What the entry of an attention's kind makes of it. */
export function forAttention<Made, Kind extends AttentionKind = AttentionKind>(
  attention: AttentionOf<Kind>,
  entries: Pick<ByAttention<Made>, Kind>,
): Made {
  const make = entries[attention.kind as Kind] as (attention: AttentionSpec) => Made; // the entry of the kind takes the attention
  return make(attention);
}

/** Queries, keys and values: what the layer before attention computes, in this order. */
export type AttentionPart = "query" | "key" | "value";

export const QUERIES_KEYS_VALUES = ["query", "key", "value"] as const;

/** What each kind reads, with its exact parts for the types of `compose.ts`. */
const PARTS = {
  stochastic: QUERIES_KEYS_VALUES,
  lif: QUERIES_KEYS_VALUES,
  spikformer: QUERIES_KEYS_VALUES,
  "sdsa-1": QUERIES_KEYS_VALUES,
  "sdsa-3": QUERIES_KEYS_VALUES,
  "qk-token": ["query", "key"],
  "qk-channel": ["query", "key"],
  "alpha-xnor": QUERIES_KEYS_VALUES,
  "binary-map": QUERIES_KEYS_VALUES,
  random: QUERIES_KEYS_VALUES,
  none: ["value"],
} as const satisfies Readonly<Record<AttentionKind, readonly AttentionPart[]>>;

/** What each kind reads. A kind that `PARTS` lacks is an error there alone. */
export const ATTENTION_PARTS = PARTS as {
  readonly [K in AttentionKind]: K extends keyof typeof PARTS ? (typeof PARTS)[K] : typeof QUERIES_KEYS_VALUES;
};

/** Whether a kind computes with the network's neurons. */
export const FIRES: Readonly<Record<AttentionKind, boolean>> = {
  stochastic: false,
  lif: true,
  spikformer: true,
  "sdsa-1": true,
  "sdsa-3": true,
  "qk-token": true,
  "qk-channel": true,
  "alpha-xnor": true,
  "binary-map": true,
  random: true,
  none: false,
};

/** How random numbers of an attention vary over time steps; null for a kind that draws none. */
export const drawsOf = (attention: AttentionSpec): DrawKind | null =>
  attention.kind === "stochastic" ? attention.draws : null;
