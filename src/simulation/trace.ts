/** What a simulation hands over: answers, spikes and counted actions. Costs and reports read nothing else. */
import { type ActionCounts, sumActions } from "../hardware/actions.ts";
import { tokensPerAnswer, tokensRead } from "../model/geometry.ts";
import { logitsOf, type Network } from "../model/network.ts";
import type { SpikeTrain } from "../spike/train.ts";
import type { RegisterCounts } from "./registers.ts";

/** One operation of the network on the machine, in the order in which operations run. */
export interface OperationTrace {
  /**
   * Of a stem `stem.0`, `stem.0.map`, ...; `embed`, `blocks.0.input`, `blocks.0.qkv`, `blocks.0.attention`, ..., `head`; neurons after a
   * layer are their own operation.
   */
  readonly name: string;
  /** Crossbars with converters and adders; LIF units; SSA tiles; or, without a projection, the residual adders alone. */
  readonly kind: "linear" | "neurons" | "attention" | "residual";
  /**
   * Clocks that the operation is busy for all prompts, one after another: `vectorClocks` for each input vector, those of a tile for
   * each prompt. LIF updates hide behind the conversions and take 0. Overlap between operations is not modelled here.
   */
  readonly cycles: number;
  readonly actions: ActionCounts;
  /** Conversions that clipped, of `actions.conversions`. */
  readonly clipped: number;
}

/** How many of a train's bits are 1. */
export interface SpikeCount {
  readonly ones: number;
  readonly bits: number;
}

/** What a simulation is told beside its input. */
export interface TraceOptions {
  /** Position of the input's first prompt in the whole set: prompts draw by position. Default 0. */
  readonly firstPrompt?: number;
  /** Keep the spike trains of this many prompts in `trace.rasters`. Default 0. */
  readonly rasters?: number;
}

export interface Trace {
  readonly steps: number;
  readonly prompts: number;
  /** Mean over all steps, `[prompts, queries, C]`: C classes, or bits of a class. */
  readonly logits: Float32Array;
  /** Of each step, `[steps, prompts, queries, C]`; step t depends on inputs up to t only. */
  readonly stepLogits: Float32Array;
  readonly operations: readonly OperationTrace[];
  /** Sum over all operations. */
  readonly actions: ActionCounts;
  /**
   * Ones by spike train: `input`, `blocks.0.input`, `.qkv`, `.scores`, `.attention`, `.middle`, `.hidden`, ..., `output`. With a stem also
   * what its layers read and fire, `stem.0.windows`, `stem.0.map`, ..., `embed.windows`.
   */
  readonly spikes: Readonly<Record<string, SpikeCount>>;
  /** Share of ones of the same trains. */
  readonly densities: Readonly<Record<string, number>>;
  /** Numbers that stopped at an end of their register, by operation, where any did. Empty in floating point. */
  readonly saturated: Readonly<Record<string, number>>;
  /** Numbers that stream, membranes and logits took, and those that stopped. Null in floating point. */
  readonly registers: RegisterCounts | null;
  /** The trains above of the first prompts, where asked for; scores are left out. */
  readonly rasters: Readonly<Record<string, SpikeTrain>>;
}

/**
 * Logits after the first `steps` steps only: one run of T steps answers for every shorter run, because nothing looks ahead.
 *
 * Returns  [prompts, queries, C]
 */
export function meanLogits(stepLogits: Float32Array, totalSteps: number, steps: number): Float32Array {
  const size = stepLogits.length / totalSteps;
  const mean = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (let t = 0; t < steps; t++) sum += stepLogits[t * size + i];
    mean[i] = sum / steps;
  }
  return mean;
}

/**
 * The mean of the head's outputs over the tokens of each answer, `[rows, tokens read, C]` to `[rows, answers, C]`, in token order. The
 * outputs themselves where every answer has one token.
 */
export function meanOverTokens(outputs: Float32Array, network: Network): Float32Array {
  const perAnswer = tokensPerAnswer(network.geometry);
  if (!perAnswer) return outputs;
  const size = logitsOf(network);
  const logits = new Float32Array((outputs.length / tokensRead(network.geometry).length) * perAnswer.length);
  for (let first = 0, row = 0; row < logits.length / size; row++) {
    const tokens = perAnswer[row % perAnswer.length];
    for (let c = 0; c < size; c++) {
      let sum = 0;
      for (let n = 0; n < tokens; n++) sum += outputs[first + n * size + c];
      logits[row * size + c] = sum / tokens;
    }
    first += tokens * size;
  }
  return logits;
}

/** Share of ones of every train. */
export const densitiesOf = (spikes: Readonly<Record<string, SpikeCount>>): Record<string, number> =>
  Object.fromEntries(Object.entries(spikes).map(([name, { ones, bits }]) => [name, ones / Math.max(1, bits)]));

/** The sum of several runs of one network, operation by operation. */
export const sumOperations = (runs: readonly (readonly OperationTrace[])[]): OperationTrace[] =>
  runs[0].map((operation, i) => ({
    ...operation,
    cycles: runs.reduce((sum, run) => sum + run[i].cycles, 0),
    actions: sumActions(runs.map((run) => run[i].actions)),
    clipped: runs.reduce((sum, run) => sum + run[i].clipped, 0),
  }));

/** A trace from what a simulator keeps of its run: the rest follows from it. */
export const traceOf = (
  run: Pick<
    Trace,
    "steps" | "prompts" | "stepLogits" | "operations" | "spikes" | "saturated" | "registers" | "rasters"
  >,
): Trace => ({
  ...run,
  logits: meanLogits(run.stepLogits, run.steps, run.steps),
  actions: sumActions(run.operations.map((operation) => operation.actions)),
  densities: densitiesOf(run.spikes),
});

/** Share of conversions that clipped, over all operations; 0 when nothing was converted. */
export function clippedShare({ operations, actions }: Pick<Trace, "operations" | "actions">): number {
  const clipped = operations.reduce((sum, operation) => sum + operation.clipped, 0);
  return clipped / Math.max(1, actions.conversions);
}
