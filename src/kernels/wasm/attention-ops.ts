/** Attention on packed spikes with the WebAssembly kernels: sampled, expected, with neurons, and with LFSR bytes. */

import type { DrawKind } from "../../experiment/attention.ts";
import type { KernelExports } from "../binary.generated.ts";
import { scoreRow } from "../draws.ts";
import { maskWords } from "../masks.ts";
import type { AttentionOps, SampledAttention } from "../ops.ts";
import type { SimulationOps } from "../simulation-ops.ts";
import { bitAttentionInputs as inputs } from "./bit-attention.ts";
import { firingAttentionOps } from "./firing-attention.ts";
import { SPIKE_SCRATCH } from "./spike-ops.ts";

/** Most features per head that the kernels support: one word. */
export const LARGEST_DIMENSION = 64;

/** Words of scratch for sampling: draws, keys, values, levels and counts. */
export function sampledScratch(tokens: number): number {
  const padded = Math.ceil(tokens / 64) * 64;
  return tokens * scoreRow(tokens) + 64 * padded + 20 * tokens + 4 * padded + 256;
}

/** Words of scratch for unsampled probabilities: queries, keys and values as floats, and a row of sums. */
export const expectedScratch = (tokens: number, dimension: number): number =>
  (3 * tokens + 1) * ceilFour(dimension) + 16;

/** Words of scratch for the backward pass of stochastic attention. */
export function stochasticBackwardScratch(tokens: number, dimension: number): number {
  const longWords = maskWords(tokens) / 2;
  const bits = 6 * tokens + longWords * (2 * tokens + 258) + 68;
  return bits + ceilFour(tokens) * (3 * tokens + 3 * ceilFour(dimension) + 1) + SPIKE_SCRATCH;
}

const ceilFour = (count: number): number => 4 * Math.ceil(count / 4);

export function attentionOps(
  run: KernelExports,
): AttentionOps & Pick<SimulationOps, "sampledAttention" | "lfsrAttention"> {
  return {
    sampledAttention: (of) => {
      const { scoreNormaliser, valueNormaliser, scoreGain, valueGain, key, firstPrompt } = of;
      const gains = [scoreNormaliser, scoreGain, valueNormaliser, valueGain] as const;
      return run.stochasticAttention(...inputs(of), ...gains, key[0], key[1], firstPrompt, ...outputs(of));
    },
    lfsrAttention: (of) => {
      const { scoreNormaliser, valueNormaliser, scoreGain, valueGain, registers } = of;
      const gains = [scoreNormaliser, scoreGain, valueNormaliser, valueGain] as const;
      return run.lfsrAttention(...inputs(of), ...gains, registers, ...outputs(of));
    },
    expectedAttention: (of) => run.expectedAttention(...inputs(of), of.scoreGain, of.valueGain, of.out, of.scratch),
    stochasticAttentionBackward: (of) => {
      const { scoreGain, valueGain, scores, dOut, dQkv, scratch } = of;
      run.stochasticAttentionBackward(dOut, ...inputs(of), scoreGain, valueGain, scores ?? 0, dQkv, scratch);
    },
    ...firingAttentionOps(run),
  };
}

/** In the kernels' numbering. */
export const DRAW_KINDS: Readonly<Record<DrawKind, number>> = { independent: 0, stratified: 1, ordered: 2 };

const outputs = ({ draws, scores, out, scratch }: SampledAttention) =>
  [DRAW_KINDS[draws], scores, out.at, out.words, scratch] as const;
