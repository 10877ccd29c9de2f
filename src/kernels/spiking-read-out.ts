/**
 * The read-out of the spiking transformer and its loss: logits are the head of the mean over T of the output spikes at the query
 * tokens, or over all tokens too. Twins: `model/read-out.ts` and, where a share of the loss is taken at each step,
 * `model/step-loss.ts`.
 *
 * The logits of single steps are those of T B prompts of one step, whose spikes lie in memory in just this order.
 */
import type { SpikingSpec } from "../spec/model.ts";
import { type Geometry, tokensRead } from "../task/task.ts";
import { gemmScratchWords } from "./gemm.ts";
import type { Arena, Kernels } from "./memory.ts";
import type { ParameterOffsets, PassOptions } from "./pass.ts";
import type { PackedBits } from "./spike-linear.ts";
import { tokenMean, tokenMeanBackward } from "./token-mean.ts";

export interface SpikingReadOut {
  /** As in `Pass`. */
  readonly logits: number;
  readonly targets: number;
  /** Byte offset of the logits of each step, `[T, prompts, queries, classes]`; null without a loss at each step. */
  readonly stepLogits: number | null;
  /** Logits from the packed spikes of the last neurons, `[T, prompts N, D]`. */
  forward(output: PackedBits, prompts: number): void;
  /**
   * The loss summed over prompts and queries. Adds the gradients of the head, and writes that of the output spikes,
   * `[T, prompts N, D]`; both of `scale` times the sum.
   */
  backward(prompts: number, scale: number, dOutput: number): number;
}

/** The head at `prompts` rates of spikes over `steps` time steps: its input, its logits, and the gradients of both. */
interface Head {
  readonly steps: number;
  readonly rates: number;
  readonly input: number;
  readonly logits: number;
  readonly dLogits: number;
  readonly dRates: number;
  readonly dInput: number;
}

interface ReadOutOptions extends PassOptions {
  readonly stepLoss: number;
}

const takesSteps = ({ training, stepLoss }: ReadOutOptions): boolean => training && stepLoss > 0;

/** Words of scratch that the products with the head need. */
export function readOutScratchWords(
  { model, geometry }: { model: SpikingSpec; geometry: Geometry },
  options: ReadOutOptions,
): number {
  const [D, C] = [model.width, geometry.classes];
  const rows = (takesSteps(options) ? model.steps : 1) * options.maxPrompts * geometry.queries.length;
  return Math.max(gemmScratchWords(rows, Math.max(C, D), Math.max(C, D)), gemmScratchWords(D, C, rows));
}

/** Plans the read-out; `scratch` is a place for `readOutScratchWords`, which nobody else uses meanwhile. */
export function createSpikingReadOut(
  kernels: Kernels | null,
  arena: Arena,
  { model, geometry }: { model: SpikingSpec; geometry: Geometry },
  offsets: ParameterOffsets,
  options: ReadOutOptions,
  scratch: number,
): SpikingReadOut {
  const { maxPrompts, training, stepLoss } = options;
  const { width: D, steps: T } = model;
  const { tokens: N, classes: C } = geometry;
  const Q = geometry.queries.length;
  const read = tokensRead(geometry);
  const pooled = geometry.readOut === "mean";

  const readAt = arena.words(read.length);
  kernels?.i32.set(read, readAt / 4);
  const targets = training ? arena.words(maxPrompts * Q * C) : 0;
  const ofMean = reserveHead(T, maxPrompts);
  const ofSteps = takesSteps(options) ? reserveHead(1, T * maxPrompts) : null;

  function reserveHead(steps: number, most: number): Head {
    const rates = arena.words(most * read.length * D);
    const input = pooled ? arena.words(most * D) : rates;
    const logits = arena.words(most * Q * C);
    const dLogits = training ? arena.words(most * Q * C) : 0;
    const dRates = training ? arena.words(most * read.length * D) : 0;
    const dInput = training && pooled ? arena.words(most * D) : dRates;
    return { steps, rates, input, logits, dLogits, dRates, dInput };
  }

  function headForward({ steps, rates, input, logits }: Head, output: PackedBits, prompts: number) {
    const { f32, run } = kernels!;
    run.spikeRates(output.at, output.words, steps, prompts, N, readAt, read.length, D, rates);
    if (pooled) tokenMean(run, rates, prompts, N, D, input);
    const offset = f32.subarray(offsets.value["head.offset"] / 4, offsets.value["head.offset"] / 4 + C);
    for (let row = 0; row < prompts * Q; row++) f32.set(offset, logits / 4 + row * C);
    run.gemm(0, 0, prompts * Q, C, D, input, D, offsets.value["head.weight"], C, logits, C, 1, scratch);
  }

  function headBackward({ steps, input, dLogits, dRates, dInput }: Head, prompts: number, dOutput: number) {
    const { f32, run } = kernels!;
    const count = prompts * Q;
    const { "head.weight": dWeight, "head.offset": dOffset } = offsets.gradient!;
    run.gemm(1, 0, D, C, count, input, D, dLogits, C, dWeight, C, 1, scratch);
    for (let row = 0; row < count; row++) {
      for (let c = 0; c < C; c++) f32[dOffset / 4 + c] += f32[dLogits / 4 + row * C + c];
    }
    run.gemm(0, 1, count, D, C, dLogits, C, offsets.value["head.weight"], C, dInput, D, 0, scratch);
    if (pooled) tokenMeanBackward(run, dInput, prompts, N, D, dRates);
    run.spikeRatesBackward(dRates, steps, prompts, N, readAt, read.length, D, dOutput);
  }

  function forward(output: PackedBits, prompts: number) {
    headForward(ofMean, output, prompts);
    if (ofSteps) headForward(ofSteps, output, T * prompts);
  }

  function backward(prompts: number, scale: number, dOutput: number): number {
    const { run } = kernels!;
    const rows = prompts * Q;
    if (!ofSteps) {
      const loss = run.crossEntropy(ofMean.logits, targets, rows, C, ofMean.dLogits, scale);
      headBackward(ofMean, prompts, dOutput);
      return loss;
    }
    const meanLoss = run.crossEntropy(ofMean.logits, targets, rows, C, ofMean.dLogits, scale * (1 - stepLoss));
    let stepSum = 0;
    for (let t = 0; t < T; t++) {
      const at = t * rows * C * 4;
      const dLogits = ofSteps.dLogits + at;
      stepSum += run.crossEntropy(ofSteps.logits + at, targets, rows, C, dLogits, (scale * stepLoss) / T);
      // The mean's logits depend on those of each step, too, by 1 / T: one way back serves both.
      run.axpy(dLogits, ofMean.dLogits, rows * C, 1 / T);
    }
    headBackward(ofSteps, T * prompts, dOutput);
    return (1 - stepLoss) * meanLoss + (stepLoss * stepSum) / T;
  }

  return { logits: ofMean.logits, targets, stepLogits: ofSteps ? ofSteps.logits : null, forward, backward };
}
