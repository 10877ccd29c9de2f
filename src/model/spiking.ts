/**
 * The whole spiking transformer in exact arithmetic: the reference for the fast kernels, the simulators and the RTL.
 *
 * Every linear layer reads bits. The residual stream R carries currents; a branch reads LIF(R) and adds its currents to R:
 *
 *   R = embed(x_t) + position[n]                        or, with a convolutional stem, see `spiking-stem.ts`
 *   each block:   s = LIF(R);    q, k, v = LIF(qkv(s));   A = attention(q, k, v);   R = R + projection(A)
 *                 s2 = LIF(R);   h = LIF(up(s2));                                   R = R + down(h)
 *   logits = mean over t of head(LIF(R)), read at the query tokens
 *
 * Without `outputProjection`, A itself is added as 0 and 1; without `residual`, the branch replaces R. With the residual `spikes`,
 * branches and the embedding end in neurons, and layers read R itself, a sum of spikes (`residual.ts`).
 * `docs/model.md` explains these choices; the paper leaves the residual, the projection and the gains open.
 *
 * Rows are [T][B][N] throughout. Membranes start at 0 for every prompt and token. Nothing here is optimised for speed.
 */
import { ShapeError, ValueError } from "../errors.ts";
import { drawsOf } from "../experiment/by-attention.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import type { Stream } from "../numeric/stream.ts";
import { type SpikeTrain, unpackSpikes } from "../spike/train.ts";
import { type AttentionDraws, drawAttention } from "./attention/draws.ts";
import { type SpikingAttentionCache, spikingAttentionBackward, spikingAttentionForward } from "./attention/spiking.ts";
import type { BatchStatistics } from "./batch-norm.ts";
import { type DenseCache, denseBackward, denseForward, type ForwardMode, type Gradients, parameter } from "./dense.ts";
import { answerGeometry, inputRows } from "./geometry.ts";
import type { HeadLayout } from "./heads.ts";
import { logitsOf, type Network } from "./network.ts";
import { learnedName, neuronModel, neuronOf } from "./neuron/catalogue.ts";
import type { NeuronCache, NeuronModel } from "./neuron/neuron.ts";
import { positionBackward, positionForward } from "./position.ts";
import { readOutBackward, readOutForward } from "./read-out.ts";
import { RESIDUALS } from "./residual.ts";
import { expectMultiple, expectShape } from "./shape.ts";
import { type SpikingStemCache, spikingStemBackward, spikingStemForward } from "./spiking-stem.ts";
import { stemLayers } from "./stem.ts";
import { sumTrains, sumTrainsBackward, tokenMean, tokenMeanBackward } from "./stream.ts";

export interface SpikingInput {
  readonly steps: number;
  readonly prompts: number;
  /** `[T][B][N][inputs]`, or `[T][B][pixels][inputs]` for a stem: 0 and 1 for binary coding, reals for `repeat`. */
  readonly values: Float64Array;
}

export interface SpikingOptions {
  readonly mode: ForwardMode;
  /** Stochastic attention only: `sampled` draws bits, `expected` passes the probabilities on. Default `sampled`. */
  readonly attention?: "sampled" | "expected";
  /** One entry per block; needed by sampled stochastic attention (see `drawBlocks`). */
  readonly draws?: readonly AttentionDraws[];
  /** Gradient checks only: LIF neurons emit the surrogate's integral instead of bits (see `neuron/surrogate.ts`). */
  readonly smooth?: boolean;
}

export interface SpikingForward {
  /** `[B][queries][C]` */
  readonly logits: Float64Array;
  /** Logits of each step, `[T][B][queries][C]`; `logits` is their mean. */
  readonly stepLogits: Float64Array;
  /**
   * Bits by layer, each `[T][B][N][features]`: `blocks.0.input` (s), `.qkv`, `.attention` (A), `.middle` (s2),
   * `.hidden` (h), ..., `output`, and for a stem `stem.0.map`, ...; and `blocks.0.scores` (S), `[T][B][H][N][N]`. Expected
   * attention has neither S nor A bits. With the residual `spikes`, the bits that are added are `embed`, `blocks.0.projection` and
   * `blocks.0.down`, and `.input`, `.middle` and `output` are their sums, whole numbers.
   */
  readonly trace: Record<string, Uint8Array>;
  /** Mean output of each layer of LIF neurons outside attention, by the names of `trace`: the share of spikes. */
  readonly rates: Record<string, number>;
  /** Statistics of this batch for each normalised layer, for the running averages; empty in `eval`. */
  readonly statistics: Record<string, BatchStatistics>;
  readonly cache: SpikingCache;
}

export interface SpikingCache {
  readonly steps: number;
  readonly prompts: number;
  readonly stem: SpikingStemCache;
  /** Neurons behind the embedding, if the residual adds spikes; null otherwise, as for every branch. */
  readonly embedded: NeuronCache | null;
  readonly blocks: readonly SpikingBlockCache[];
  /** Null where a layer reads the stream itself. */
  readonly output: NeuronCache | null;
  readonly head: DenseCache;
}

export interface SpikingBlockCache {
  readonly input: NeuronCache | null;
  readonly qkv: DenseCache;
  readonly qkvNeurons: NeuronCache;
  readonly attention: SpikingAttentionCache;
  readonly projection: DenseCache | null;
  readonly projected: NeuronCache | null;
  readonly middle: NeuronCache | null;
  readonly up: DenseCache;
  readonly hidden: NeuronCache;
  readonly down: DenseCache;
  readonly ended: NeuronCache | null;
}

/** Throws ShapeError when the input does not fit the geometry, ValueError when draws are missing. */
export function spikingForward(
  network: Network<SpikingSpec>,
  input: SpikingInput,
  options: SpikingOptions,
): SpikingForward {
  const { model, geometry } = network;
  const { steps, prompts } = input;
  const { inputs } = geometry;
  const rowName = geometry.grid ? "pixels" : "tokens";
  expectShape("input.values", input.values.length, { steps, prompts, [rowName]: inputRows(geometry), inputs });
  const draws = blockDraws(model, options);
  const trace: Record<string, Uint8Array> = {};
  const rates: Record<string, number> = {};
  const statistics: Record<string, BatchStatistics> = {};

  const dense = (name: string, rows: Float64Array) => {
    const layer = denseForward(network, name, rows, options.mode);
    if (layer.cache.norm?.ofBatch) statistics[name] = layer.cache.norm.statistics;
    return layer;
  };
  const fire = (name: string, current: Float64Array) => {
    const neurons = neuronsOf(network, name).forward(current, steps, options.smooth ? model.surrogate : null);
    trace[name] = neurons.fired;
    rates[name] = neurons.output.reduce((sum, spike) => sum + spike, 0) / neurons.output.length;
    return neurons;
  };
  const { adds, neurons } = RESIDUALS[model.residual];
  const join = (stream: Float64Array, branch: Float64Array) => (adds ? stream.map((r, i) => r + branch[i]) : branch);
  /** What a layer reads from the stream: the spikes of neurons on it, or its sums. */
  const read = (name: string, stream: Float64Array) => {
    if (neurons === "stream") return fire(name, stream);
    trace[name] = Uint8Array.from(stream);
    return { output: stream, ...NO_NEURONS };
  };
  /** What a branch adds. */
  const end = (name: string, currents: Float64Array) =>
    neurons === "branch" ? fire(name, currents) : { output: currents, ...NO_NEURONS };

  const stem = spikingStemForward(stemLayers(model, geometry), input.values, steps * prompts, dense, fire);
  const embedded = end("embed", positionForward(network, stem.output));
  let stream = sumTrains(embedded.output, model.stem?.embedding.trains ?? 1, model.width);
  if (model.stem?.embedding.shortcut) {
    stream = join(stream, neurons === "branch" ? stem.last!.map : stem.last!.currents);
  }
  const blocks: SpikingBlockCache[] = [];
  for (let i = 0; i < model.depth; i++) {
    const block = `blocks.${i}`;
    const s = read(`${block}.input`, stream);
    const qkv = dense(`${block}.qkv`, s.output);
    const bits = fire(`${block}.qkv`, qkv.output);
    const attention = spikingAttentionForward(bits.output, headLayout(network, input), network, {
      draws: draws?.[i] ?? null,
      smooth: options.smooth ?? false,
    });
    if (attention.scores) trace[`${block}.scores`] = attention.scores;
    if (attention.fired) trace[`${block}.attention`] = attention.fired;
    const projection = model.outputProjection ? dense(`${block}.projection`, attention.output) : null;
    const projected = projection && end(`${block}.projection`, projection.output);
    stream = join(stream, projected?.output ?? attention.output);

    const middle = read(`${block}.middle`, stream);
    const up = dense(`${block}.up`, middle.output);
    const hidden = fire(`${block}.hidden`, up.output);
    const down = dense(`${block}.down`, hidden.output);
    const ended = end(`${block}.down`, down.output);
    stream = join(stream, ended.output);
    blocks.push({
      input: kept(s),
      qkv: qkv.cache,
      qkvNeurons: bits,
      attention: attention.cache,
      projection: projection?.cache ?? null,
      projected: projected && kept(projected),
      middle: kept(middle),
      up: up.cache,
      hidden,
      down: down.cache,
      ended: kept(ended),
    });
  }
  const output = read("output", tokenMean(geometry, stream, model.width));
  const head = dense("head", output.output);
  const answers = { ...network, geometry: answerGeometry(geometry) };
  const logits = readOutForward(answers, head.output, steps, prompts);
  // A single step: the read-out of T x B prompts with one step each.
  const stepLogits = readOutForward(answers, head.output, 1, steps * prompts);
  const caches = { stem: stem.cache, embedded: kept(embedded), blocks, output: kept(output), head: head.cache };
  const cache = { steps, prompts, ...caches };
  return { logits, stepLogits, trace, rates, statistics, cache };
}

/** Stands for neurons where there are none. */
const NO_NEURONS = { membrane: null, fired: null };

/** The cache of neurons, or null if there are none. */
const kept = (neurons: NeuronCache | typeof NO_NEURONS): NeuronCache | null =>
  neurons.membrane && neurons.fired ? neurons : null;

/** The neurons of a layer, by the name of their spikes. */
const neuronsOf = (network: Network<SpikingSpec>, name: string): NeuronModel =>
  neuronModel(neuronOf(network.model.neuron, name, (of) => parameter(network, of)));

/** What a loss may depend on besides the logits: its gradients with respect to step logits and rates. */
export interface FurtherGradients {
  /** `[T][B][queries][C]` */
  readonly stepLogits?: Float64Array;
  /** By the names of `SpikingForward.rates`; 0 for a layer that is left out. */
  readonly rates?: Readonly<Record<string, number>>;
}

/**
 * Gradients of all learned parameters, by name, from the gradient with respect to the logits, [B][queries][C]. Uses the surrogate
 * through LIF neurons, the straight-through estimator through stochastic attention, and a detached reset.
 */
export function spikingBackward(
  network: Network<SpikingSpec>,
  logitGradient: Float64Array,
  cache: SpikingCache,
  further: FurtherGradients = {},
): Gradients {
  const { model, geometry } = network;
  const { steps, prompts } = cache;
  expectShape("logitGradient", logitGradient.length, {
    prompts,
    queries: geometry.queries.length,
    logits: logitsOf(network),
  });
  const gradients: Gradients = {};
  const dense = (name: string, outputGradient: Float64Array, layer: DenseCache) =>
    denseBackward(network, name, outputGradient, layer, gradients);
  /** Through neurons, if there are any. */
  const fire = (name: string, outputGradient: Float64Array, neurons: NeuronCache | null) => {
    if (neurons === null) return outputGradient;
    // Every spike is one term of its layer's rate, which is a mean.
    const share = (further.rates?.[name] ?? 0) / outputGradient.length;
    const gradient = share === 0 ? outputGradient : outputGradient.map((ds) => ds + share);
    const { current, learned } = neuronsOf(network, name).backward(gradient, neurons, steps, model.surrogate);
    for (const [of, slope] of Object.entries(learned)) gradients[learnedName(name, of)] = slope;
    return current;
  };
  /** Gradient of the stream before a branch: around the branch (if there is a shortcut) plus through it. */
  const { adds, neurons } = RESIDUALS[model.residual];
  const join = (stream: Float64Array, branch: Float64Array) => (adds ? stream.map((r, i) => r + branch[i]) : branch);

  const answers = { ...network, geometry: answerGeometry(geometry) };
  const headGradient = readOutBackward(answers, logitGradient, steps, prompts);
  if (further.stepLogits) {
    const ofSteps = readOutBackward(answers, further.stepLogits, 1, steps * prompts);
    for (let i = 0; i < headGradient.length; i++) headGradient[i] += ofSteps[i];
  }
  const head = dense("head", headGradient, cache.head);
  let stream = tokenMeanBackward(geometry, fire("output", head, cache.output), model.width);
  for (let i = model.depth - 1; i >= 0; i--) {
    const block = `blocks.${i}`;
    const layers = cache.blocks[i];
    const hidden = dense(`${block}.down`, fire(`${block}.down`, stream, layers.ended), layers.down);
    const middle = dense(`${block}.up`, fire(`${block}.hidden`, hidden, layers.hidden), layers.up);
    stream = join(stream, fire(`${block}.middle`, middle, layers.middle));

    const projected = fire(`${block}.projection`, stream, layers.projected);
    const attention = layers.projection ? dense(`${block}.projection`, projected, layers.projection) : stream;
    const bits = spikingAttentionBackward(attention, headLayout(network, cache), model, layers.attention);
    const input = dense(`${block}.qkv`, fire(`${block}.qkv`, bits, layers.qkvNeurons), layers.qkv);
    stream = join(stream, fire(`${block}.input`, input, layers.input));
  }
  const embedded = fire(
    "embed",
    sumTrainsBackward(stream, model.stem?.embedding.trains ?? 1, model.width),
    cache.embedded,
  );
  positionBackward(network, embedded, gradients);
  const around = neurons === "branch" ? { map: stream } : { currents: stream };
  const shortcut = model.stem?.embedding.shortcut ? around : {};
  spikingStemBackward(stemLayers(model, geometry), embedded, shortcut, steps * prompts, cache.stem, dense, fire);
  return gradients;
}

/**
 * A packed spike train as input; its rows are prompts x `rows`, where `rows` counts the tokens of a prompt or the pixels that a
 * stem reads.
 */
export function spikeInput(train: SpikeTrain, rows: number): SpikingInput {
  const prompts = expectMultiple("train.rows", train.rows, rows);
  return { steps: train.steps, prompts, values: Float64Array.from(unpackSpikes(train)) };
}

/** Real values `[B][N][inputs]`, repeated at each of `steps` time steps (coding `repeat`). */
export function repeatInput(values: ArrayLike<number>, steps: number, prompts: number): SpikingInput {
  const repeated = new Float64Array(steps * values.length);
  for (let t = 0; t < steps; t++) repeated.set(values, t * values.length);
  return { steps, prompts, values: repeated };
}

/**
 * Words for the attention of every block, drawn as the model requires; block i uses `random.fork("attention", i)`. None for attention
 * that draws no bits.
 */
export function drawBlocks(
  network: Network<SpikingSpec>,
  sizes: Pick<SpikingInput, "steps" | "prompts">,
  random: Stream,
): AttentionDraws[] {
  const { depth, attention } = network.model;
  const kind = drawsOf(attention);
  if (kind === null) return [];
  return Array.from({ length: depth }, (_, i) =>
    drawAttention(random.fork("attention", i), headLayout(network, sizes), kind),
  );
}

function headLayout(
  { model, geometry }: Network<SpikingSpec>,
  { steps, prompts }: Pick<SpikingInput, "steps" | "prompts">,
): HeadLayout {
  return { steps, prompts, tokens: geometry.tokens, heads: model.heads, dimension: model.width / model.heads };
}

/** The draws that this run uses, or null where nothing is drawn. */
function blockDraws(model: SpikingSpec, options: SpikingOptions): readonly AttentionDraws[] | null {
  if (drawsOf(model.attention) === null || options.attention === "expected") return null;
  if (!options.draws) {
    throw new ValueError(
      "options.draws",
      `Sampled stochastic attention needs random words. Pass drawBlocks(network, input, random), or attention: "expected".`,
    );
  }
  if (options.draws.length !== model.depth) {
    throw new ShapeError(
      "options.draws",
      `The network has ${model.depth} blocks, but draws for ${options.draws.length} were given.`,
    );
  }
  return options.draws;
}
