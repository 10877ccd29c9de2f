/**
 * Attention that weighs every pair of tokens, forward. Twins: `model/attention/` `stochastic.ts`, `lif.ts` and `pairs.ts`; on the CPU
 * `kernels/assembly/` `stochastic-attention.ts` and `pair-attention.ts`. The weights are in `pair-weights.ts`.
 *
 *   expected   A = min(1, valueGain / N sum_j w_ij V_j)     numbers
 *   firing     A = SN(scale sum_j w_ij V_j)                 spikes; for LIF attention after w_ij = SN(constant |Q_i and K_j|)
 *
 * Sums are in the order of j. Shapes: values [steps, prompts tokens, width]; out [steps][prompts tokens][outWords]; scores in the scratch
 * memory [steps][prompts][heads][tokens][maskWords].
 */
import type { Weighing } from "../weighing.ts";
import type { Summed } from "./firing-attention.ts";
import { HEAD_NUMBERS, HEADS } from "./heads.ts";
import { eachItem } from "./kernel.ts";
import type { GpuNeuron } from "./neurons.ts";
import { WEIGHTS } from "./pair-weights.ts";

/** A lane is a feature of one token at one step. */
export const EXPECTED_ATTENTION = eachItem(
  "expected attention",
  { ...HEAD_NUMBERS, scoreGain: "f32", valueGain: "f32", values: "place" },
  `
  let feature = at % widthOf();
  let row = at / widthOf();
  let i = row % call.tokens;
  let prompt = row / call.tokens % call.prompts;
  let t = row / (call.tokens * call.prompts);
  var sum = 0.0;
  for (var w = 0u; w < call.maskWords; w++) {
    var open = openKeys(i, w);
    while (open != 0u) {
      let j = 32u * w + firstTrailingBit(open);
      open &= open - 1u;
      if (bitAt(rowAt(t, prompt, j), 2u * widthOf() + feature)) {
        sum += weightOf(t, prompt, feature / call.dimension, i, j);
      }
    }
  }
  store(call.values + at, min(1.0, call.valueGain * sum / f32(call.tokens)));
`,
  `${HEADS}${WEIGHTS.expected.wgsl}`,
);

/** Neurons on scores: a lane makes the words of 32 keys of one token, at all steps. */
export const scoreNeuronsKernel = ({ numbers, wgsl }: GpuNeuron, steps: number) =>
  eachItem(
    `neurons on scores at ${steps} steps`,
    { ...HEAD_NUMBERS, ...numbers, constant: "f32" },
    `
  let i = at % call.tokens;
  let w = at / call.tokens % call.maskWords;
  let head = at / (call.tokens * call.maskWords) % call.heads;
  let prompt = at / (call.tokens * call.maskWords * call.heads);
  var fired: array<u32, ${steps}>;
  var open = openKeys(i, w);
  while (open != 0u) {
    let bit = firstTrailingBit(open);
    open &= open - 1u;
    var neuron = Neuron();
    for (var t = 0u; t < ${steps}u; t++) {
      let x = distance(&neuron, call.constant * f32(countOf(t, prompt, head, i, 32u * w + bit)));
      fired[t] |= u32(x >= 0.0) << bit;
      reset(&neuron, x >= 0.0);
    }
  }
  for (var t = 0u; t < ${steps}u; t++) {
    parts[(((t * call.prompts + prompt) * call.heads + head) * call.tokens + i) * call.maskWords + w] = fired[t];
  }
`,
    `${HEADS}${wgsl}`,
  );

/** `currentOf(t, prompt, i, feature)`: what the neuron of a feature of token i receives. */
export const PAIR_CURRENT = `
fn currentOf(t: u32, prompt: u32, i: u32, feature: u32) -> f32 {
  let head = feature / call.dimension;
  var sum = 0.0;
  for (var w = 0u; w < call.maskWords; w++) {
    var chosen = chosenKeys(t, prompt, head, i, w);
    while (chosen != 0u) {
      let j = 32u * w + firstTrailingBit(chosen);
      chosen &= chosen - 1u;
      if (bitAt(rowAt(t, prompt, j), 2u * widthOf() + feature)) {
        sum += call.scale * weightOf(t, prompt, head, i, j);
      }
    }
  }
  return sum;
}
`;

/** Sums of values by a weight. All of them reach the output. */
export const pairSummed = (weigh: Weighing): Summed => ({
  name: weigh,
  numbers: { ...WEIGHTS[weigh].numbers, scale: "f32" },
  wgsl: `${WEIGHTS[weigh].wgsl}${PAIR_CURRENT}
fn passes(t: u32, prompt: u32, i: u32, feature: u32) -> bool { return true; }
`,
});
