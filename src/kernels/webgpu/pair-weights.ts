/**
 * WGSL of the weights with which attention adds values, c_if = sum over j of w_ij V_jf, by what decides them.
 *
 *   sampled   1 where the sampled score S_ij is 1                            in the memory
 *   neurons   1 where the neuron of a score fired                            in the scratch memory
 *   expected  min(1, scoreGain |Q_i and K_j| / d)
 *   ones      |Q_i and K_j|;  frozen is the same, without gradients
 *   equal     |Q_i and K_j| + constant |neither|
 *   cut       1 where |Q_i and K_j| >= constant
 */
import type { Weighing } from "../weighing.ts";
import type { NumberKind } from "./kernel.ts";

export type Weights = Weighing | "sampled" | "expected";

export interface WeightsText {
  readonly numbers: Readonly<Record<string, NumberKind>>;
  /**
   * `chosenKeys(t, prompt, head, i, w)`: those of the keys 32 w .. 32 w + 31 whose weight may not be 0, all of which the mask allows;
   * `weightOf(t, prompt, head, i, j)` of such a key.
   */
  readonly wgsl: string;
}

/** Words of scores [steps][prompts][heads][tokens][maskWords]. */
const fromScores = (word: string): string => `
fn chosenKeys(t: u32, prompt: u32, head: u32, i: u32, w: u32) -> u32 {
  let at = (((t * call.prompts + prompt) * call.heads + head) * call.tokens + i) * call.maskWords + w;
  return ${word};
}
fn weightOf(t: u32, prompt: u32, head: u32, i: u32, j: u32) -> f32 { return 1.0; }
`;

const fromCounts = (weight: string): string => `
fn chosenKeys(t: u32, prompt: u32, head: u32, i: u32, w: u32) -> u32 { return openKeys(i, w); }
fn weightOf(t: u32, prompt: u32, head: u32, i: u32, j: u32) -> f32 {
  let query = headAt(rowAt(t, prompt, i), head * call.dimension);
  let key = headAt(rowAt(t, prompt, j), widthOf() + head * call.dimension);
  let count = f32(onesOf(query & key));
  ${weight}
}
`;

const ONES = { numbers: {}, wgsl: fromCounts("return count;") };

export const WEIGHTS: Readonly<Record<Weights, WeightsText>> = {
  sampled: { numbers: { scores: "place" }, wgsl: fromScores("loadWord(call.scores + at)") },
  neurons: { numbers: { constant: "f32" }, wgsl: fromScores("parts[at]") },
  expected: {
    numbers: { scoreGain: "f32" },
    wgsl: fromCounts("return min(1.0, call.scoreGain * count / f32(call.dimension));"),
  },
  ones: ONES,
  frozen: ONES,
  equal: {
    numbers: { constant: "f32" },
    wgsl: fromCounts(
      "return count + call.constant * (f32(call.dimension) - f32(onesOf(query)) - f32(onesOf(key)) + count);",
    ),
  },
  cut: { numbers: { constant: "f32" }, wgsl: fromCounts("return select(0.0, 1.0, count >= call.constant);") },
};
