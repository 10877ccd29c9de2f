/**
 * Weight averaging (WiSE-FT): the mean of the network that training started from and the network that it ended with. The loss between
 * the two is often lower than at either end. After M. Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022, section 3.
 */
import type { Tensors } from "./state.ts";

/**
 * For every parameter, including running means and variances of BatchNorm: `share` of the initial value plus the rest of the
 * trained one.
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
