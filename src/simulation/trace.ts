/** The result of a simulation: answers, spikes and counted actions. Costs and reports read nothing else. */
import { type ActionCounts, sumActions } from "../hardware/actions.ts";
import { tokensPerAnswer, tokensRead } from "../model/geometry.ts";
import type { ReadOutOperation } from "../model/read-out.ts";
import type { SpikeTrain } from "../spike/train.ts";
import type { MappedNetwork } from "./chip.ts";
import type { RegisterCounts } from "./registers.ts";

/** One operation of the network on the machine, in the order in which operations run. */
export interface OperationTrace {
  /**
   * Of a stem `stem.0`, `stem.0.map`, ...; `embed`, `blocks.0.input`, `blocks.0.qkv`, `blocks.0.attention`, ..., `head`; neurons after a
   * layer are their own operation.
   */
  readonly name: string;
  /** Crossbars with converters and adders; LIF units; SSA tiles; or the adders alone, behind no layer. */
  readonly kind: "linear" | "neurons" | "attention" | "residual";
  /**
   * Clocks that the operation is busy for all prompts, one after another: `vectorClocks` per input vector, or the clocks of a
   * tile per prompt. LIF updates are hidden behind the conversions and take 0. Overlap between operations is not modelled here.
   */
  readonly cycles: number;
  readonly actions: ActionCounts;
  /** Conversions that clipped, of `actions.conversions`. */
  readonly clipped: number;
}

/** Number of ones in a train. */
export interface SpikeCount {
  readonly ones: number;
  readonly bits: number;
}

/** Options of a simulation besides its input. */
export interface TraceOptions {
  /** Index of the input's first prompt in the whole set: prompts draw random numbers by index. Default 0. */
  readonly firstPrompt?: number;
  /** Keep the spike trains of this many prompts in `trace.rasters`. Default 0. */
  readonly rasters?: number;
  /**
   * The same network as attention serves it in this run: with another mask of as many tokens, or other gains. Default: the chip's own.
   */
  readonly attention?: MappedNetwork;
}

export interface Trace {
  readonly steps: number;
  readonly prompts: number;
  /** Mean over all steps, `[prompts, queries, C]`: C classes, or bits of a class. */
  readonly logits: Float32Array;
  /** By step, `[steps, prompts, queries, C]`; step t depends only on inputs up to t. */
  readonly stepLogits: Float32Array;
  readonly operations: readonly OperationTrace[];
  /** Sum over all operations. */
  readonly actions: ActionCounts;
  /**
   * Ones by spike train: `input`, `blocks.0.input`, `.qkv`, `.scores`, `.attention`, `.middle`, `.hidden`, ..., `output`. With
   * a stem also what its layers read and fire: `stem.0.windows`, `stem.0.map`, ..., `embed.windows`.
   */
  readonly spikes: Readonly<Record<string, SpikeCount>>;
  /** Fraction of ones in the same trains. */
  readonly densities: Readonly<Record<string, number>>;
  /** Saturated numbers by operation, where there are any. Empty in floating point. */
  readonly saturated: Readonly<Record<string, number>>;
  /** Numbers written to stream, membranes and logits, and those that saturated. Null in floating point. */
  readonly registers: RegisterCounts | null;
  /** The trains above for the first prompts, if requested; without scores. */
  readonly rasters: Readonly<Record<string, SpikeTrain>>;
}

/**
 * Logits after only the first `steps` steps: one run of T steps answers for every shorter run, because no step depends on later
 * ones.
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
 * The mean of the head's outputs over the tokens of each answer, `[rows, tokens read, C]` to `[rows, answers, C]`, in token
 * order. With one token per answer, the outputs themselves.
 */
export function meanOverTokens(
  outputs: Float32Array,
  { geometry, columns: size }: Pick<ReadOutOperation, "geometry" | "columns">,
): Float32Array {
  const perAnswer = tokensPerAnswer(geometry);
  if (!perAnswer) return outputs;
  const logits = new Float32Array((outputs.length / tokensRead(geometry).length) * perAnswer.length);
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

/** Fraction of ones in every train. */
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

/** A trace from the data that a simulator keeps of its run; the rest is derived. */
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

/** Fraction of conversions that clipped, over all operations; 0 when nothing was converted. */
export function clippedShare({ operations, actions }: Pick<Trace, "operations" | "actions">): number {
  const clipped = operations.reduce((sum, operation) => sum + operation.clipped, 0);
  return clipped / Math.max(1, actions.conversions);
}
