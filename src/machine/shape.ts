/**
 * The sizes of a spiking transformer: with the densities, all that the price of a published one depends on.
 *
 * Two kinds of embedding. `values`: 8-bit pixels or samples enter bit by bit, once per inference, as published models are
 * accounted for. `lines`: tokens are binary lines at every time step, as in our own networks.
 */
import type { AttentionSpec } from "../experiment/attention.ts";
import { ATTENTION_PARTS, type AttentionPart } from "../experiment/by-attention.ts";
import { type ModelSpec, requireTransformer, type StemSpec, type TransformerSpec } from "../experiment/model.ts";
import type { NeuronReset, NeuronSpec } from "../experiment/neuron.ts";
import { type Geometry, tokensRead } from "../model/geometry.ts";
import type { Graph } from "../model/graph.ts";
import { type LinearLayer, layersOf } from "../model/layers.ts";
import { neuronModel } from "../model/neuron/catalogue.ts";
import { logitsOf } from "../model/read-out.ts";
import { RESIDUALS } from "../model/residual.ts";
import { hasShortcut, type StemLayer, stemLayers } from "../model/stem.ts";
import { type Described, graphOf } from "../model/transformer.ts";
import { kept } from "./kept.ts";

export interface NetworkShape {
  readonly depth: number;
  readonly width: number;
  readonly heads: number;
  /** Feed-forward width divided by width; 0 for blocks without a feed-forward pair. */
  readonly expansion: number;
  /** Effect of a spike on the neuron's membrane; default `hard`. */
  readonly reset?: NeuronReset;
  /** Words of state of a neuron; default 1, its membrane. */
  readonly stateWords?: number;
  /** How it attends, and the neuron of kinds that have one; default stochastic attention with random numbers, and an ideal neuron. */
  readonly attention?: AttentionSpec;
  readonly neuron?: NeuronSpec;
  readonly tokens: number;
  /** Lines or values per token at the embedding. */
  readonly inputs: number;
  /** Convolutions before the first block, the embedding last; absent for networks that read tokens. */
  readonly stem?: readonly StemLayer[];
  /** Outputs of the head: one for each class, or for each bit of a class. */
  readonly classes: number;
  /** Tokens at which the head runs. */
  readonly queries: number;
  /** Indices of these tokens, ascending; default the last ones. */
  readonly tokensRead?: Int32Array;
  /** Whether the mean of the head's outputs at all tokens is the answer. */
  readonly meanReadOut?: boolean;
  /** Whether the last neurons read the mean of the stream over all tokens. */
  readonly meanStream?: boolean;
  /** Whether the currents of the last convolution are added to the stream, around the embedding. */
  readonly stemShortcut?: boolean;
  readonly embedding: "values" | "lines";
  /** Bits of the numbers that enter qkv and the first feed-forward layer, one read each; default 1: spikes. */
  readonly residualInputBits?: number;
  readonly outputProjection: boolean;
  /** Additions to the residual stream per block: 2, or 0 without a stream. */
  readonly residuals: number;
  /** A vector per token position is added to the embedding. */
  readonly positions: boolean;
  /** Scores of one head that the mask enables. */
  readonly scores: number;
  /** `[tokens, tokens]`, 1 where query token i may attend to key token j; default all pairs. */
  readonly mask?: Uint8Array;
  /** Time steps T. */
  readonly steps: number;
}

/** The sizes of a network and its task; a conventional network has the same layers and a single step. */
export function shapeOf(described: ModelSpec, geometry: Geometry): NetworkShape {
  const model = requireTransformer(described, "A machine");
  const { width, depth, heads, expansion } = model;
  const spiking = model.kind === "spiking" ? model : null;
  const read = tokensRead(geometry);
  const stem = stemLayers(model, geometry);
  return {
    depth,
    width,
    heads,
    expansion,
    steps: spiking?.steps ?? 1,
    ...(spiking && {
      reset: spiking.neuron.reset,
      stateWords: neuronModel(spiking.neuron).stateWords,
      attention: spiking.attention,
      neuron: spiking.neuron,
    }),
    tokens: geometry.tokens,
    inputs: stem[stem.length - 1].inputs,
    ...(geometry.grid && { stem }),
    classes: logitsOf({ model, geometry }),
    queries: read.length,
    tokensRead: read,
    meanReadOut: geometry.readOut === "mean",
    ...(geometry.readOut === "stream-mean" && { meanStream: true }),
    ...(hasShortcut(model) && { stemShortcut: true }),
    embedding: "lines",
    outputProjection: spiking?.outputProjection ?? true,
    residuals: spiking && !RESIDUALS[spiking.residual].adds ? 0 : 2,
    positions: model.position === "learned",
    scores: geometry.mask.reduce((sum, cell) => sum + cell, 0),
    mask: geometry.mask,
  };
}

/** Parts that attention reads, each as wide as the network: those of q, k and v. */
export const attentionParts = ({ attention }: Pick<NetworkShape, "attention">): readonly AttentionPart[] =>
  ATTENTION_PARTS[attention?.kind ?? "stochastic"];

/** Layers of weights, in the order in which they run. */
export const shapeLayers = (shape: NetworkShape): readonly LinearLayer[] => layersOf(graphOfShape(shape));

/** The graph of a network of these sizes. Kept, because draws of prices ask for the same ones thousands of times. */
export function graphOfShape(shape: NetworkShape): Graph {
  const known = graphs.get(shape);
  if (known) return known;
  const { width, depth, heads, expansion, tokens, inputs, classes, outputProjection, residuals, attention, stem } =
    shape;
  const sizes = [width, depth, heads, expansion, tokens, inputs, classes, outputProjection, residuals > 0];
  const { stemShortcut, positions, meanReadOut, meanStream, neuron, mask = openMask(tokens) } = shape;
  const read = [positions, meanReadOut, meanStream, headTokens(shape).join(), numberOf(mask)];
  const graph = keptGraphs([sizes, attention, neuron, stem, stemShortcut, read], () => graphOf(describedBy(shape)));
  graphs.set(shape, graph);
  return graph;
}

const graphs = new WeakMap<NetworkShape, Graph>();
const keptGraphs = kept<Graph>(64);

/** A mask stands for itself, not for its cells, of which there may be thousands. */
function numberOf(mask: Uint8Array): number {
  const number = numbers.get(mask) ?? ++masks;
  numbers.set(mask, number);
  return number;
}

const numbers = new WeakMap<Uint8Array, number>();
let masks = 0;

/** `[tokens, tokens]`, every pair open: one array for all questions about networks of this size. */
function openMask(tokens: number): Uint8Array {
  const mask = OPEN.get(tokens) ?? new Uint8Array(tokens ** 2).fill(1);
  OPEN.set(tokens, mask);
  return mask;
}

const OPEN = new Map<number, Uint8Array>();

/** A neuron that no published workload names. */
export const IDEAL_NEURON: NeuronSpec = { kind: "lif", beta: 0.5, threshold: 1, reset: "hard" };

const IDEAL_ATTENTION: AttentionSpec = { kind: "stochastic", scoreGain: 1, valueGain: 1, draws: "independent" };

/** A network of these sizes. */
function describedBy(shape: NetworkShape): Described<TransformerSpec> {
  const { width, depth, heads, expansion, steps, neuron = IDEAL_NEURON, attention = IDEAL_ATTENTION } = shape;
  const { tokens, inputs, classes, outputProjection, residuals, stem, positions, mask = openMask(tokens) } = shape;
  const residual = residuals > 0 ? "membrane" : "none";
  const kinds = { kind: "spiking", normalisation: "none", residual } as const;
  const position = positions ? "learned" : "none";
  const surrogate = { kind: "sigmoid", alpha: 4 } as const;
  const sizes = { width, depth, heads, expansion, steps, position } as const;
  const model = { ...kinds, ...sizes, neuron, attention, surrogate, outputProjection };
  const readOut = shape.meanStream ? ("stream-mean" as const) : shape.meanReadOut ? ("mean" as const) : null;
  const geometry = { inputs, tokens, classes, mask, queries: headTokens(shape), ...(readOut && { readOut }) };
  if (!stem) return { model, geometry };
  const { grid, channels } = stem[0];
  return { model: { ...model, stem: specOf(shape, stem) }, geometry: { ...geometry, inputs: channels, grid } };
}

/** What a stem was planned from. */
function specOf({ stemShortcut: shortcut }: NetworkShape, stem: readonly StemLayer[]): StemSpec {
  const stages = stem.map(({ kernel, stride }) => ({ kernel, stride }) as StemSpec["embedding"]);
  const layers = stemBefore({ stem }).map(({ outputs, pool, poolWindow, poolOf }, i) => {
    const pooling = { pool, ...(poolWindow && { poolWindow }), ...(poolOf && { poolOf }) };
    return { ...stages[i], channels: outputs, ...pooling } as StemSpec["layers"][number];
  });
  return { layers, embedding: { ...stages[layers.length], ...(shortcut && { shortcut }) } };
}

/** The layers of a stem before the embedding, with windows as vectors instead of tokens. */
export const stemBefore = ({ stem }: Pick<NetworkShape, "stem">): readonly StemLayer[] => stem?.slice(0, -1) ?? [];

/** Tokens at which the head runs, ascending. */
const headTokens = ({ tokens, queries, tokensRead }: NetworkShape): Int32Array =>
  tokensRead ?? Int32Array.from({ length: queries }, (_, i) => tokens - queries + i);
