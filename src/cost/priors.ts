/**
 * How far each number may be off, as a factor about the user's own: what tornado and Monte Carlo have in common.
 *
 * The ends of a receipt are what the literature leaves open. Half of their ratio, in logarithms, goes to either side of the price that
 * the user has, at the user's node: so a draw is as likely above as below it. A number that was set by hand, or that the experiment fixes,
 * is known.
 */
import { PARAMETER_IDS, type ParameterId } from "./parameters.ts";
import type { ResolvedTechnology } from "./resolve.ts";

export interface Prior {
  readonly id: ParameterId;
  /** More than 1: the number lies between it and its inverse times the user's. */
  readonly factor: number;
}

/** Time steps may halve or double; all densities may be off by 1.6, about what networks of one family differ by. */
export const STEPS_FACTOR = 2;
export const DENSITY_FACTOR = 1.6;

/** Of every price of a technology that is not 0 and whose receipt leaves a range. */
export const pricePriors = ({ prices }: Pick<ResolvedTechnology, "prices">): Prior[] =>
  PARAMETER_IDS.flatMap((id) => {
    const { low, high, value } = prices[id];
    return low === high || value === 0 ? [] : [{ id, factor: Math.sqrt(high / low) }];
  });
