/**
 * Energy of an answer on a machine that stops at the first time step at which it is confident (`evaluation/exit.ts`).
 *
 * Steps that are not run cost nothing. After each executed step, the two largest of the C sums of logits are found with 2 C
 * comparisons, and their difference is compared with the margin times the number of steps, which avoids a division: 2 C + 1
 * additions of 16 bits. The comparator is not a unit of the machine: its area and leakage are left out.
 */
import { xpikeformer } from "./architectures/xpikeformer.ts";
import type { Planner } from "./planned.ts";
import type { ResolvedTechnology } from "./resolve.ts";
import { totalOf } from "./unit-energies.ts";
import { type Workload, withSteps } from "./workload.ts";

/**
 * Joules of one inference, mean over prompts.
 *
 * @param shares fraction of prompts that take 1 .. T steps; they sum to 1
 */
export function exitEnergy(
  workload: Workload,
  resolved: ResolvedTechnology,
  shares: readonly number[],
  plan?: Planner,
): number {
  const look = (2 * workload.classes + 1) * resolved.technology.add16;
  return shares.reduce((sum, share, i) => {
    if (share === 0) return sum;
    const total = totalOf(xpikeformer(withSteps(workload, i + 1), resolved.technology, undefined, plan));
    return sum + share * (total + (i + 1) * look);
  }, 0);
}
