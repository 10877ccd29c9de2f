/**
 * The linear layers of a network as data: the role of each, where it stands, what it reads and what follows. Training, mapping,
 * machine, schedule, counts and RTL iterate over this list; names only lead to parameters and results.
 *
 *   spiking network    convolution ... -> embedding -> [attention input -> attention -> attention output -> feed-forward up ->
 *                      feed-forward down] x depth -> head
 *
 * A block can lack layers. Without an attention output, attention itself joins the residual stream (a shortcut). With an
 * expansion of 0 there is no feed-forward pair, and the next block or the head follows attention. Where branches add spikes to
 * the stream, their last layers have neurons, and layers read sums of spikes.
 *
 * An ANN has the same layers, but GELU, LayerNorm or nothing where a spiking network has neurons, and no spike trains.
 */
import { ATTENTION_PARTS } from "../experiment/by-attention.ts";
import type { ModelSpec } from "../experiment/model.ts";
import { RESIDUALS } from "./residual.ts";

/** `attention input` computes q, k and v, or those that attention reads; `attention output` is the projection after attention. */
export type LayerRole =
  | "convolution"
  | "embedding"
  | "attention input"
  | "attention output"
  | "feed-forward up"
  | "feed-forward down"
  | "head";

export interface Layer {
  /** Its parameters are `name.weight`, `name.offset`, ... In a block it is the block's name and that of the part: `blocks.0.qkv`. */
  readonly name: string;
  readonly part: string;
  readonly role: LayerRole;
  /** Index of its block; null outside the blocks. */
  readonly block: number | null;
  /**
   * What it reads: the network's input, spikes of the neurons before it, attention, or, as a `shortcut`, neurons that attention
   * reaches without a layer in between.
   */
  readonly source: "input" | "spikes" | "attention" | "shortcut";
  /** Where its sums go: to neurons of its own, into the residual stream and the neurons on it, or to the answer. */
  readonly follows: "neurons" | "stream" | "read-out";
  /** Names of the spike trains on its lines and behind it, as in a trace; null for the head. */
  readonly trainIn: string;
  readonly trainOut: string | null;
}

/** With its numbers of inputs and outputs. */
export interface LinearLayer extends Layer {
  readonly inputs: number;
  readonly outputs: number;
}

/** All that the layers of a network depend on besides their sizes. */
export interface LayerPattern {
  readonly depth: number;
  /** Feed-forward width divided by width; 0 for blocks without a feed-forward pair. */
  readonly expansion: number;
  /** Whether a layer follows attention. */
  readonly outputProjection: boolean;
  /** Whether blocks add to a residual stream. */
  readonly hasStream: boolean;
  /** How many of queries, keys and values attention reads. */
  readonly parts: number;
  /** Whether they add spikes, so that the neurons are at the ends of branches. Default false. */
  readonly addsSpikes?: boolean;
  /** Convolutions before the embedding; null without a stem. */
  readonly convolutions: number | null;
}

export function patternOf(model: ModelSpec): LayerPattern {
  const { depth, expansion, stem } = model;
  const spiking = model.kind === "spiking" ? model : null;
  return {
    depth,
    expansion,
    outputProjection: spiking?.outputProjection ?? true,
    hasStream: RESIDUALS[spiking?.residual ?? "membrane"].adds,
    addsSpikes: spiking !== null && RESIDUALS[spiking.residual].neurons === "branch",
    parts: spiking ? ATTENTION_PARTS[spiking.attention.kind].length : 3,
    convolutions: stem?.layers.length ?? null,
  };
}

/** In the order in which they run. */
export function layersOf(pattern: LayerPattern): Layer[] {
  const { depth, expansion, outputProjection, hasStream, addsSpikes = false, convolutions } = pattern;
  const joins = hasStream && !addsSpikes ? "stream" : "neurons";
  /** How whatever comes next reads attention's results, and the end of a block. */
  const behindAttention = outputProjection ? "spikes" : "shortcut";
  const behindBlock = expansion > 0 ? "spikes" : behindAttention;
  const outside = (name: string) => ({ name, part: name, block: null });
  const stem = Array.from({ length: convolutions ?? 0 }, (_, i): Layer => {
    const name = `stem.${i}`;
    return {
      ...outside(name),
      role: "convolution",
      source: i === 0 ? "input" : "spikes",
      follows: "neurons",
      trainIn: `${name}.windows`,
      trainOut: `${name}.map`,
    };
  });
  const embedding: Layer = {
    ...outside("embed"),
    role: "embedding",
    source: stem.length > 0 ? "spikes" : "input",
    follows: joins,
    trainIn: convolutions === null ? "input" : "embed.windows",
    trainOut: addsSpikes ? "embed" : "blocks.0.input",
  };
  const blocks = Array.from({ length: depth }, (_, block): Layer[] => {
    const at = `blocks.${block}`;
    const inside = (part: string) => ({ name: `${at}.${part}`, part, block });
    const next = block + 1 < depth ? `blocks.${block + 1}.input` : "output";
    const middle = expansion > 0 ? `${at}.middle` : next;
    const qkv: Layer = {
      ...inside("qkv"),
      role: "attention input",
      source: block > 0 ? behindBlock : "spikes",
      follows: "neurons",
      trainIn: `${at}.input`,
      trainOut: `${at}.qkv`,
    };
    const projection: Layer = {
      ...inside("projection"),
      role: "attention output",
      source: "attention",
      follows: joins,
      trainIn: `${at}.attention`,
      trainOut: addsSpikes ? `${at}.projection` : middle,
    };
    const up: Layer = {
      ...inside("up"),
      role: "feed-forward up",
      source: behindAttention,
      follows: "neurons",
      trainIn: middle,
      trainOut: `${at}.hidden`,
    };
    const down: Layer = {
      ...inside("down"),
      role: "feed-forward down",
      source: "spikes",
      follows: joins,
      trainIn: `${at}.hidden`,
      trainOut: addsSpikes ? `${at}.down` : next,
    };
    return [qkv, ...(outputProjection ? [projection] : []), ...(expansion > 0 ? [up, down] : [])];
  });
  const head: Layer = {
    ...outside("head"),
    role: "head",
    source: behindBlock,
    follows: "read-out",
    trainIn: "output",
    trainOut: null,
  };
  return [...stem, embedding, ...blocks.flat(), head];
}

/**
 * The same with sizes.
 *
 * @param before sizes of the layers before the blocks, the embedding last
 */
export function sizedLayers(
  pattern: LayerPattern,
  {
    before,
    width,
    logits,
  }: {
    readonly before: readonly { readonly inputs: number; readonly outputs: number }[];
    readonly width: number;
    readonly logits: number;
  },
): LinearLayer[] {
  const hidden = pattern.expansion * width;
  const inside: Readonly<Record<Exclude<LayerRole, "convolution" | "embedding">, readonly [number, number]>> = {
    "attention input": [width, pattern.parts * width],
    "attention output": [width, width],
    "feed-forward up": [width, hidden],
    "feed-forward down": [hidden, width],
    head: [width, logits],
  };
  return layersOf(pattern).map((layer, i) => {
    const { role } = layer;
    if (role === "convolution" || role === "embedding") {
      const { inputs, outputs } = before[i];
      return { ...layer, inputs, outputs };
    }
    const [inputs, outputs] = inside[role];
    return { ...layer, inputs, outputs };
  });
}

/** Whether it is the first layer of attention or of a feed-forward pair, which reads the neurons on the stream. */
export const readsStream = ({ role }: Pick<Layer, "role">): boolean =>
  role === "attention input" || role === "feed-forward up";

/** Whether it is the last layer of attention or of a feed-forward pair, a branch beside the stream. */
export const endsBranch = ({ role }: Pick<Layer, "role">): boolean =>
  role === "attention output" || role === "feed-forward down";

/** The neurons behind one layer, by the name of their spikes in a trace. */
export interface Population extends Pick<Layer, "block"> {
  readonly name: string;
}

/** Neurons on the stream that a layer reads, if it reads any. */
export const neuronsBefore = (layer: Layer): Population[] =>
  readsStream(layer) || layer.role === "head" ? [{ name: layer.trainIn, block: layer.block }] : [];

/** Neurons of a layer's own. */
export const neuronsBehind = (layer: Layer): Population[] =>
  readsStream(layer) || layer.role === "convolution" ? [{ name: layer.trainOut as string, block: layer.block }] : [];
