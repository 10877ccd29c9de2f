/**
 * The loss of a pass's step, from the tallies that it adds to: at the mean over time steps, then, if a share of the loss is taken there, at
 * the steps, then the penalty on firing rates.
 */
import type { AnnLayout } from "./ann-plan.ts";
import type { PassLoss } from "./pass.ts";
import type { SpikingLayout } from "./spiking-plan.ts";

/** Most tallies of any pass. */
export const MOST_TALLIES = 3;

export function passLoss(layout: AnnLayout | SpikingLayout): PassLoss {
  if (layout.kind === "ann") return { tallies: 1, loss: ([sum]) => sum };
  const { network, options, readOut, penaltyRow } = layout;
  const { steps } = network.model;
  const { stepLoss = 0 } = options;
  const answers = (prompts: number) => prompts * network.geometry.queries.length;
  const answered = ([atMean, atSteps]: Float64Array) =>
    readOut.ofSteps ? (1 - stepLoss) * atMean + (stepLoss * atSteps) / steps : atMean;
  const ofAnswers = readOut.ofSteps ? 2 : 1;
  if (penaltyRow === null) return { tallies: ofAnswers, loss: answered };
  return {
    tallies: ofAnswers + 1,
    loss: (sums, prompts) => answered(sums) + answers(prompts) * sums[ofAnswers],
  };
}
