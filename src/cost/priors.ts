/**
 * How far each number may be off, as a factor around the user's own: shared by tornado and Monte Carlo.
 *
 * The ends of a receipt are what the literature leaves open. Half of their ratio, in logarithms, goes to either side of the
 * user's price at the user's node, so a draw is as likely above as below it. A number that was set by hand, or that the
 * experiment determines, is taken as known.
 */
import { PARAMETER_IDS, type ParameterId } from "./parameters.ts";
import type { ResolvedTechnology } from "./resolve.ts";

export interface Prior {
  readonly id: ParameterId;
  /** More than 1: the number lies between the user's value divided by it and multiplied by it. */
  readonly factor: number;
}

/** Time steps may halve or double; all densities may be off by 1.6, about the spread among networks of one family. */
export const STEPS_FACTOR = 2;
export const DENSITY_FACTOR = 1.6;

/** For every price of a technology that is not 0 and has a range in its receipt. */
export const pricePriors = ({ prices }: Pick<ResolvedTechnology, "prices">): Prior[] =>
  PARAMETER_IDS.flatMap((id) => {
    const { low, high, value } = prices[id];
    return low === high || value === 0 ? [] : [{ id, factor: Math.sqrt(high / low) }];
  });
