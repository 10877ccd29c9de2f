/** Stochastic attention on packed spikes on a GPU: twin of `../wasm/attention-ops.ts`. */
import type { DrawKind } from "../../experiment/attention.ts";
import { gridOf } from "../../webgpu/kernel.ts";
import { maskWords } from "../masks.ts";
import type { AttentionOps } from "../ops.ts";
import { headNumbers } from "./heads.ts";
import { kernelsBy } from "./kernels-by.ts";
import { EXPECTED_ATTENTION } from "./pair-attention.ts";
import { distributeGradients } from "./pair-gradient-ops.ts";
import { pairGradientsKernel, stochasticSumsKernel } from "./pair-gradients.ts";
import type { Recorder } from "./recorder.ts";
import { outputsKernel, scoresKernel } from "./sampled-attention.ts";

const SCORES = kernelsBy((kind: DrawKind, steps: number) => `${kind} ${steps}`, scoresKernel);
const OUTPUTS = kernelsBy((kind: DrawKind) => kind, outputsKernel);

type Sampling = "sampled" | "expected";
const SUMS = kernelsBy((of: Sampling) => of, stochasticSumsKernel);
const PAIRS = kernelsBy((of: Sampling) => of, pairGradientsKernel);

type StochasticOps = Pick<AttentionOps, "sampledAttention" | "expectedAttention" | "stochasticAttentionBackward">;

export function stochasticAttentionOps(recorder: Recorder, mostPairWords: number): StochasticOps {
  const { call, each } = recorder;
  return {
    sampledAttention: (of) => {
      const { steps, prompts, tokens, heads, draws, scores, out, key, firstPrompt } = of;
      const { scoreNormaliser, scoreGain, valueNormaliser, valueGain } = of;
      const drawn = { ...headNumbers(of), key0: key[0] >>> 0, key1: key[1] >>> 0, firstPrompt, scores };
      const encoder = (normaliser: number, gain: number) => ({ normaliser, gainShift: Math.log2(gain) });
      each(SCORES(draws, steps), prompts * heads * tokens * maskWords(tokens), {
        ...drawn,
        ...encoder(scoreNormaliser, scoreGain),
      });
      call(
        OUTPUTS(draws),
        { ...drawn, ...encoder(valueNormaliser, valueGain), out: out.at, outWords: out.words },
        gridOf(Math.ceil(out.words / 2), prompts * tokens),
      );
    },
    expectedAttention: (of) => {
      const { steps, prompts, tokens, width, scoreGain, valueGain, out } = of;
      each(EXPECTED_ATTENTION, steps * prompts * tokens * width, {
        ...headNumbers(of),
        scoreGain,
        valueGain,
        values: out,
      });
    },
    stochasticAttentionBackward: (of) => {
      const { steps, prompts, tokens, width, heads, scoreGain, valueGain, scores, dOut, dQkv } = of;
      const weights = scores === null ? "expected" : "sampled";
      const weighed = scores === null ? { scoreGain } : { scores };
      const sums = { ...headNumbers(of), ...weighed, scale: 1, valueGain, dOut, dQkv };
      each(SUMS(weights), steps * prompts * tokens * width, sums);
      const dimension = width / heads;
      distributeGradients(recorder, { ...of, weights, weighed, cold: 0 }, mostPairWords, (pairs, here) =>
        each(PAIRS(weights), steps * pairs, {
          ...here,
          slope: scoreGain / dimension,
          limit: Math.floor(dimension / scoreGain),
        }),
      );
    },
  };
}
