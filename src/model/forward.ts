/**
 * A whole network in exact arithmetic, operation by operation: the reference for the fast kernels, the simulators and the RTL. Each
 * operation computes as its file says (`operations.ts`); the backward pass goes through them in reverse, adding the gradients of a value
 * that several operations read.
 *
 * Rows are [T][B][N] throughout; a conventional network has T = 1. Membranes start at 0 for every prompt and token. Nothing here is
 * optimised for speed.
 */
import { ShapeError, ValueError } from "../errors.ts";
import { drawsOf } from "../experiment/by-attention.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import type { Stream } from "../numeric/stream.ts";
import { type SpikeTrain, unpackSpikes } from "../spike/train.ts";
import { type AttentionDraws, drawAttention } from "./attention/draws.ts";
import { type AttentionOperation, besideAttention, layoutOf } from "./attention/operation.ts";
import { inputRows } from "./geometry.ts";
import { type Graph, givenValues, INPUT, operationsOf, readersOf } from "./graph.ts";
import { type Network, parameterOf } from "./network.ts";
import type { Back, BatchStatistics, Forward, ForwardMode, Gradients, Run } from "./operation.ts";
import { type Operation, operationKit } from "./operations.ts";
import { backThroughRounding, passParameters } from "./quantization.ts";
import { logitsOf } from "./read-out.ts";
import { expectMultiple, expectShape } from "./shape.ts";
import { type Described, graphOf } from "./transformer.ts";

export interface NetworkInput {
  /** Default 1, as in an ANN. */
  readonly steps?: number;
  readonly prompts: number;
  /** `[T][B][N][inputs]`, or `[T][B][pixels][inputs]` for a stem: 0 and 1 for binary coding, reals for an ANN and for `repeat`. */
  readonly values: ArrayLike<number>;
}

/** Over several time steps. */
export interface SteppedInput extends NetworkInput {
  readonly steps: number;
  readonly values: Float64Array;
}

export interface ForwardOptions {
  readonly mode: ForwardMode;
  /** Stochastic attention only: `sampled` draws bits, `expected` passes the probabilities on. Default `sampled`. */
  readonly attention?: "sampled" | "expected";
  /** One entry per block; needed by sampled stochastic attention (see `drawBlocks`). */
  readonly draws?: readonly AttentionDraws[];
  /** Gradient checks only: neurons emit the surrogate's integral instead of bits (see `neuron/surrogate.ts`). */
  readonly smooth?: boolean;
}

export interface NetworkForward {
  /** `[B][queries][C]` */
  readonly logits: Float64Array;
  /** Logits of each step, `[T][B][queries][C]`; `logits` is their mean. */
  readonly stepLogits: Float64Array;
  /** All values of the graph by name. */
  readonly values: ReadonlyMap<string, Float64Array>;
  /**
   * Bits by value, each `[T][B][N][features]`: of neurons, such as `blocks.0.qkv`, and of attention; `blocks.0.scores` (S),
   * `[T][B][H][N][N]`; and sums of spikes that layers read, whole numbers. Expected attention has neither S nor A bits.
   */
  readonly trace: Readonly<Record<string, Uint8Array>>;
  /** Mean output of neurons outside attention, by the names of `trace`: the share of spikes. */
  readonly rates: Readonly<Record<string, number>>;
  /** Their membranes before the reset, `[T][n]`. */
  readonly membranes: Readonly<Record<string, Float64Array>>;
  /** Statistics of this batch for each normalised layer, for the running averages; empty in `eval`. */
  readonly statistics: Readonly<Record<string, BatchStatistics>>;
  /** For the backward pass. */
  readonly tape: readonly Taped[];
}

interface Taped {
  readonly operation: Operation;
  readonly backward: Forward["backward"];
}

/**
 * Throws ShapeError when the input does not fit the geometry, ValueError when draws are missing, SpecError when the network lacks a
 * parameter.
 */
export function networkForward(
  network: Network,
  input: NetworkInput,
  options: ForwardOptions = { mode: "eval" },
): NetworkForward {
  const { geometry } = network;
  const { steps = 1, prompts } = input;
  const rowName = geometry.grid ? "pixels" : "tokens";
  const rows = { [rowName]: inputRows(geometry), inputs: geometry.inputs };
  expectShape("input.values", input.values.length, { ...(input.steps && { steps }), prompts, ...rows });
  const graph = graphOf(network);
  const { operations } = graph;
  const draws = drawsByAttention(network, options);
  const parameters = passParameters(network);
  const run: Run = {
    steps,
    prompts,
    mode: options.mode,
    smooth: options.smooth ?? false,
    parameter: (name) => parameterOf(parameters, name),
    draws: (attention) => draws?.get(attention) ?? null,
  };
  const values = new Map<string, Float64Array>([[INPUT, Float64Array.from(input.values)]]);
  const trace: Record<string, Uint8Array> = {};
  const rates: Record<string, number> = {};
  const membranes: Record<string, Float64Array> = {};
  const statistics: Record<string, BatchStatistics> = {};
  const tape: Taped[] = [];
  let stepLogits: Float64Array | undefined;
  for (const operation of operations) {
    const { name, reads, writes } = operation;
    const done = operationKit(operation).forward(
      operation,
      reads.map((value) => values.get(value)!),
      run,
    );
    values.set(writes, done.output);
    tape.push({ operation, backward: done.backward });
    stepLogits = done.stepLogits;
    if (done.statistics) statistics[name] = done.statistics;
    if (done.neurons) {
      trace[name] = done.neurons.fired;
      rates[name] = done.output.reduce((sum, spike) => sum + spike, 0) / done.output.length;
      membranes[name] = done.neurons.membrane;
    }
    if (done.attended?.scores) trace[besideAttention(name, "scores")] = done.attended.scores;
    if (done.attended?.fired) trace[name] = done.attended.fired;
    if (isSumOfSpikes(graph, writes)) trace[writes] = Uint8Array.from(done.output);
  }
  const logits = values.get(operations[operations.length - 1].writes)!;
  return { logits, stepLogits: stepLogits ?? logits, values, trace, rates, membranes, statistics, tape };
}

const isSumOfSpikes = (graph: Graph, value: string): boolean =>
  graph.values.get(value)!.domain.kind === "integers" && readersOf(graph, value).some(({ kind }) => kind === "linear");

/**
 * Gradients of all learned parameters, by name, from the gradient with respect to the logits, [B][queries][C]. Uses the surrogate
 * through neurons, the straight-through estimator through stochastic attention and rounding, and a detached reset. The step and shift of
 * an ANN's own input have no gradient: they stay as they are.
 */
export function networkBackward(
  network: Network,
  logitGradient: Float64Array,
  { tape, values }: Pick<NetworkForward, "tape" | "values">,
  further: Omit<Back, "gradients"> = {},
): Gradients {
  const answer = tape[tape.length - 1].operation.writes;
  const logits = logitsOf(network);
  const queries = network.geometry.queries.length;
  expectShape("logitGradient", logitGradient.length, {
    prompts: values.get(answer)!.length / (queries * logits),
    queries,
    logits,
  });
  const gradients: Gradients = {};
  const given = givenValues(graphOf(network));
  const gradientOf = new Map([[answer, logitGradient]]);
  for (const { operation, backward } of tape.toReversed()) {
    if (given.has(operation.writes)) continue;
    const back = backward(gradientOf.get(operation.writes)!, { ...further, gradients });
    for (const [i, value] of operation.reads.entries()) {
      const sum = gradientOf.get(value);
      gradientOf.set(value, sum ? sum.map((d, at) => d + back[i][at]) : back[i]);
    }
  }
  if (network.model.kind === "ann" && network.model.quantization) {
    for (const [name, { data }] of Object.entries(network.parameters))
      gradients[name] ??= new Float64Array(data.length);
    backThroughRounding(network, gradients);
  }
  return gradients;
}

/**
 * A packed spike train as input; its rows are prompts x `rows`, where `rows` counts the tokens of a prompt or the pixels that a
 * stem reads.
 */
export function spikeInput(train: SpikeTrain, rows: number): SteppedInput {
  const prompts = expectMultiple("train.rows", train.rows, rows);
  return { steps: train.steps, prompts, values: Float64Array.from(unpackSpikes(train)) };
}

/** Real values `[B][N][inputs]`, repeated at each of `steps` time steps (coding `repeat`). */
export function repeatInput(values: ArrayLike<number>, steps: number, prompts: number): SteppedInput {
  const repeated = new Float64Array(steps * values.length);
  for (let t = 0; t < steps; t++) repeated.set(values, t * values.length);
  return { steps, prompts, values: repeated };
}

/**
 * Words for the attention of every block, drawn as the model requires; block i uses `random.fork("attention", i)`. None for attention
 * that draws no bits.
 */
export function drawBlocks(
  network: Described<SpikingSpec>,
  { steps = 1, prompts }: Pick<NetworkInput, "steps" | "prompts">,
  random: Stream,
): AttentionDraws[] {
  return operationsOf(graphOf(network), "attention").flatMap((operation, i) => {
    const kind = drawKindOf(operation);
    return kind === null
      ? []
      : [drawAttention(random.fork("attention", i), layoutOf(operation, { steps, prompts }), kind)];
  });
}

const drawKindOf = ({ how }: AttentionOperation) => ("attention" in how ? drawsOf(how.attention) : null);

/** The draws that this run uses, by attention; null where nothing is drawn. */
function drawsByAttention(
  network: Network,
  { attention, draws }: ForwardOptions,
): ReadonlyMap<string, AttentionDraws> | null {
  const drawing = operationsOf(graphOf(network), "attention").filter((operation) => drawKindOf(operation) !== null);
  if (drawing.length === 0 || attention === "expected") return null;
  if (!draws) {
    throw new ValueError(
      "options.draws",
      `Sampled stochastic attention needs random words. Pass drawBlocks(network, input, random), or attention: "expected".`,
    );
  }
  if (draws.length !== drawing.length) {
    throw new ShapeError(
      "options.draws",
      `The network has ${drawing.length} blocks, but draws for ${draws.length} were given.`,
    );
  }
  return new Map(drawing.map(({ name }, i) => [name, draws[i]]));
}
