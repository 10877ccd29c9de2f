/**
 * The loss of a pass's step, from the tallies that it adds to: at the mean over time steps, then, if a share of the loss is taken there, at
 * the steps, then the penalty on firing rates.
 */
import type { PassLoss } from "./pass.ts";
import type { PassLayout } from "./pass-plan.ts";

/** Most tallies of any pass. */
export const MOST_TALLIES = 3;

export function passLoss({ network, options, steps, head, penaltyRow }: PassLayout): PassLoss {
  const { stepLoss = 0 } = options;
  const answers = (prompts: number) => prompts * network.geometry.queries.length;
  const takesSteps = head?.places.ofSteps != null;
  const answered = ([atMean, atSteps]: Float64Array) =>
    takesSteps ? (1 - stepLoss) * atMean + (stepLoss * atSteps) / steps : atMean;
  const ofAnswers = takesSteps ? 2 : 1;
  if (penaltyRow === null) return { tallies: ofAnswers, loss: answered };
  return {
    tallies: ofAnswers + 1,
    loss: (sums, prompts) => answered(sums) + answers(prompts) * sums[ofAnswers],
  };
}
