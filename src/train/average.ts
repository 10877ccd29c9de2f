/**
 * The mean of two networks that one training connects, the one that it started from and the one that it ended with: their loss is often
 * lower between them than at either end. After M. Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022, section 3.
 */
import type { Tensors } from "./state.ts";

/**
 * Of every parameter `share` of what it was and the rest of what it is; running means and variances of BatchNorm too.
 *
 * Shapes   those of `trained`, by name
 * Errors   each number is rounded to float32 once
 */
export function averaged(initial: Tensors, trained: Tensors, share: number): Tensors {
  const mean = ([name, { shape, data }]: [string, Tensors[string]]) => {
    const before = initial[name].data;
    return [name, { shape, data: data.map((value, i) => share * before[i] + (1 - share) * value) }];
  };
  return Object.fromEntries(Object.entries(trained).map(mean));
}
