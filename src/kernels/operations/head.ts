/**
 * The read-out of a spiking network together with the head before it, and their loss. Logits are the head of the mean over T of the
 * output spikes at the query tokens, also averaged over the copies of a query or over all tokens. Twins: `model/read-out.ts` and, for
 * a share of the loss at each step, `model/step-loss.ts`.
 *
 * The logits of single steps are those of T B prompts of one step, whose spikes are in memory in exactly this order.
 */
import { type AnswerKind, tokensPerAnswer, tokensRead } from "../../model/geometry.ts";
import type { LinearOperation } from "../../model/linear.ts";
import type { ReadOutOperation } from "../../model/read-out.ts";
import { type Arena, type PackedBits, type Place, tallyAt } from "../arena.ts";
import { type ChosenTokens, lossOf, type Ops } from "../ops.ts";
import type { ParameterOffsets, PassOptions } from "../pass.ts";
import { tokenMean, tokenMeanBackward } from "../token-mean.ts";
import { productScratch } from "../wasm/dense-ops.ts";

/** A head and its read-out over time. */
export interface HeadShape {
  readonly head: LinearOperation;
  readonly readOut: ReadOutOperation;
  readonly steps: number;
  /** Whether the head reads numbers instead of packed spikes. */
  readonly readsNumbers: boolean;
}

/** The head on `prompts` rates of spikes over `steps` time steps: its input, its logits, and the gradients of both. */
interface HeadLayout {
  readonly steps: number;
  readonly rates: Place;
  readonly input: Place;
  readonly logits: Place;
  readonly gradients: { readonly logits: Place; readonly rates: Place; readonly input: Place } | null;
}

export interface HeadPlaces {
  /** The tokens that the head reads. */
  readonly chosen: ChosenTokens;
  /** Room for their values at a step, for a head that reads values. */
  readonly gathered: Place;
  /** Of the pass; 0 if it does not train. */
  readonly targets: Place;
  readonly ofMean: HeadLayout;
  /** Null without a loss at each step. Its logits are `[T, prompts, queries, C]`. */
  readonly ofSteps: HeadLayout | null;
}

export interface HeadPass {
  /** Logits from what the head reads, `[T, prompts N, D]`: the packed spikes of the last neurons, or values. */
  forward(output: PackedBits | Place, prompts: number): void;
  /** Replaces the logits of all time steps by those of the first `of`. Not for a pass that continues to train. */
  forwardFirst(of: number, output: PackedBits | Place, prompts: number): void;
  /**
   * Tallies the loss summed over prompts and queries: at the mean, then, if the loss is also taken there, at the steps (`pass-loss.ts`).
   * Adds the gradients of the head, and writes that of the output spikes, `[T, prompts N, D]`; both for `scale` times the sum.
   */
  backward(prompts: number, scale: number, dOutput: Place, tally: Place): void;
}

const takesSteps = ({ training, stepLoss = 0 }: PassOptions): boolean => training && stepLoss > 0;

/** Words of scratch that the products with the head need. */
export function headScratch({ head, readOut, steps }: HeadShape, options: PassOptions): number {
  const { inputs: width, outputs } = head;
  const rows = (takesSteps(options) ? steps : 1) * options.maxPrompts * readOut.geometry.queries.length;
  const widest = Math.max(outputs, width);
  return Math.max(productScratch(rows, widest, widest), productScratch(width, outputs, rows));
}

export function planHead(
  arena: Arena,
  { head, readOut, steps, readsNumbers }: HeadShape,
  options: PassOptions,
): HeadPlaces {
  const { geometry } = readOut;
  const { inputs: width, outputs } = head;
  const { maxPrompts, training } = options;
  const count = tokensRead(geometry).length;
  const pooled = tokensPerAnswer(geometry) !== null;
  const read = geometry.queries.length;
  const mostPrompts = (takesSteps(options) ? steps : 1) * maxPrompts;
  const answers = read * outputs;

  function over(ofSteps: number, prompts: number): HeadLayout {
    const rates = arena.words(prompts * count * width);
    const input = pooled ? arena.words(prompts * read * width) : rates;
    const logits = arena.words(prompts * answers);
    if (!training) return { steps: ofSteps, rates, input, logits, gradients: null };
    const dLogits = arena.words(prompts * answers);
    const dRates = arena.words(prompts * count * width);
    const dInput = pooled ? arena.words(prompts * read * width) : dRates;
    return { steps: ofSteps, rates, input, logits, gradients: { logits: dLogits, rates: dRates, input: dInput } };
  }

  return {
    chosen: { at: arena.words(count), count },
    gathered: readsNumbers ? arena.words(mostPrompts * count * width) : 0,
    targets: training ? arena.words(maxPrompts * answers) : 0,
    ofMean: over(steps, maxPrompts),
    ofSteps: takesSteps(options) ? over(1, steps * maxPrompts) : null,
  };
}

export function bindHead(
  ops: Ops,
  { chosen, gathered, targets, ofMean, ofSteps }: HeadPlaces,
  { head: layer, readOut, steps }: HeadShape,
  parameters: ParameterOffsets,
  { stepLoss, scratch, answers }: { readonly stepLoss: number; readonly scratch: Place; readonly answers: AnswerKind },
): HeadPass {
  const { geometry } = readOut;
  const { inputs: width, outputs } = layer;
  const { tokens } = geometry;
  const loss = lossOf(ops, answers);
  const queries = geometry.queries.length;
  const perAnswer = tokensPerAnswer(geometry);
  const [weight, offset] = [parameters.value[`${layer.name}.weight`], parameters.value[`${layer.name}.offset`]];
  const tokenNumbers = tokensRead(geometry);

  function headForward(head: HeadLayout, output: PackedBits | Place, prompts: number) {
    const { rates, input, logits } = head;
    const rows = prompts * queries;
    if (typeof output === "number") meanOverSteps(output, head.steps, prompts, rates);
    else ops.spikeRates({ bits: output, steps: head.steps, prompts, tokens, chosen, rates });
    if (perAnswer) tokenMean(ops, rates, { prompts, perAnswer, width }, input);
    ops.broadcastRow({ row: offset, rows, columns: outputs, target: logits });
    ops.product({ m: rows, n: outputs, k: width, a: input, b: weight, out: logits, accumulate: true, scratch });
  }

  /** The same as `spikeRates`, of values. */
  function meanOverSteps(values: Place, ofSteps: number, prompts: number, rates: Place) {
    const [all, count] = [prompts * tokens * width, prompts * chosen.count * width];
    ops.fill(rates, count, 0);
    for (let t = 0; t < ofSteps; t++) {
      const source = values + 4 * t * all;
      ops.gatherTokens({ source, prompts, tokens, width, chosen, target: gathered });
      ops.addScaled(rates, gathered, count, 1 / ofSteps);
    }
  }

  function headBackward({ steps: ofSteps, input, gradients }: HeadLayout, prompts: number, dOutput: Place) {
    const d = gradients!;
    const rows = prompts * queries;
    const gradient = parameters.gradient!;
    const [dWeight, dOffset] = [gradient[`${layer.name}.weight`], gradient[`${layer.name}.offset`]];
    const [m, n, k] = [width, outputs, rows];
    ops.product({ m, n, k, a: input, transposeA: true, b: d.logits, out: dWeight, accumulate: true, scratch });
    ops.sumRows({ source: d.logits, rows, columns: outputs, target: dOffset });
    ops.product({ m: rows, n: width, k: outputs, a: d.logits, b: weight, transposeB: true, out: d.input, scratch });
    if (perAnswer) tokenMeanBackward(ops, d.input, { prompts, perAnswer, width }, d.rates);
    const from = { steps: ofSteps, prompts, tokens, chosen };
    ops.spikeRatesBackward({ ...from, dRates: d.rates, features: width, dSpikes: dOutput });
  }

  function forward(output: PackedBits | Place, prompts: number) {
    ops.write(chosen.at, tokenNumbers);
    headForward(ofMean, output, prompts);
    if (ofSteps) headForward(ofSteps, output, steps * prompts);
  }

  const forwardFirst = (of: number, output: PackedBits | Place, prompts: number) =>
    headForward({ ...ofMean, steps: of }, output, prompts);

  function backward(prompts: number, scale: number, dOutput: Place, tally: Place): void {
    const rows = prompts * queries;
    const dLogits = ofMean.gradients!.logits;
    const mean = { logits: ofMean.logits, targets, rows, outputs, dLogits, tally };
    if (!ofSteps) {
      loss({ ...mean, scale });
      headBackward(ofMean, prompts, dOutput);
      return;
    }
    loss({ ...mean, scale: scale * (1 - stepLoss) });
    for (let t = 0; t < steps; t++) {
      const at = t * rows * outputs * 4;
      const own = { logits: ofSteps.logits + at, dLogits: ofSteps.gradients!.logits + at };
      loss({ ...own, targets, rows, outputs, scale: (scale * stepLoss) / steps, tally: tallyAt(tally, 1) });
      // The mean's logits also depend on those of each step, by 1 / T, so one backward pass serves both.
      ops.addScaled(own.dLogits, dLogits, rows * outputs, 1 / steps);
    }
    headBackward(ofSteps, steps * prompts, dOutput);
  }

  return { forward, forwardFirst, backward };
}
