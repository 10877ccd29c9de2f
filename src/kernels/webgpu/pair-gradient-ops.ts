/**
 * Calls of the backward pass of attention that weighs pairs (`pair-gradients.ts`), once dc is known. The gradients of pairs of tokens take
 * more memory than anything else, so they are made for a few prompts at a time.
 */

import type { Place } from "../arena.ts";
import { maskWords } from "../masks.ts";
import type { BitAttention } from "../ops.ts";
import { headNumbers } from "./heads.ts";
import { kernelsBy } from "./kernels-by.ts";
import { keyGradientsKernel, type PairNumbers, QUERY_GRADIENTS } from "./pair-gradients.ts";
import type { Weights } from "./pair-weights.ts";
import type { Recorder } from "./recorder.ts";

/** Most words for gradients of pairs, 64 MiB, unless those of one prompt take more. */
export const MOST_PAIR_WORDS = 2 ** 24;

const KEYS = kernelsBy((weights: Weights) => weights, keyGradientsKernel);

export interface DistributedGradients extends BitAttention {
  readonly weights: Weights;
  /** The numbers of the weights. */
  readonly weighed: Readonly<Record<string, number>>;
  /** What a bit that is 0 counts in the gradients of queries and keys. */
  readonly cold: number;
  readonly dQkv: Place;
}

/** Words of the scores of neurons, which the gradients of pairs follow in the scratch memory. */
export const scoreWords = ({ steps, prompts, heads, tokens }: BitAttention): number =>
  steps * prompts * heads * tokens * maskWords(tokens);

const promptsAtATime = ({ steps, prompts, heads, tokens }: BitAttention, mostWords: number): number =>
  Math.max(1, Math.min(prompts, Math.floor(mostWords / (steps * heads * tokens * tokens))));

/** Words of scratch memory, which an operation reserves before it leaves anything there. */
export const pairWords = (of: BitAttention, mostWords: number): number =>
  scoreWords(of) + of.steps * promptsAtATime(of, mostWords) * of.heads * of.tokens * of.tokens;

/** @param pairGradients  calls the kernel that makes the gradients of so many pairs of tokens, at all steps, with these numbers */
export function distributeGradients(
  recorder: Recorder,
  of: DistributedGradients,
  mostWords: number,
  pairGradients: (pairs: number, here: PairNumbers) => void,
): void {
  const { steps, prompts, heads, tokens, width, weights, weighed, cold, dQkv } = of;
  recorder.reserve(pairWords(of, mostWords));
  const most = promptsAtATime(of, mostWords);
  for (let promptsBefore = 0; promptsBefore < prompts; promptsBefore += most) {
    const promptsHere = Math.min(most, prompts - promptsBefore);
    const here = { ...headNumbers(of), promptsBefore, promptsHere, pairsAt: scoreWords(of), dQkv };
    pairGradients(promptsHere * heads * tokens * tokens, here);
    const features = steps * promptsHere * tokens * width;
    recorder.each(KEYS(weights), features, { ...here, ...weighed, cold });
    recorder.each(QUERY_GRADIENTS, features, { ...here, cold });
  }
}
