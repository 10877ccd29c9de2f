/** Error rates against the number of time steps. */
import { type ChipEvaluation, evaluateChips } from "../evaluation/chips.ts";
import { keeperOf, NO_KEEPER } from "../evaluation/keeper.ts";
import type { Network } from "../model/network.ts";
import { mean } from "../numeric/statistics.ts";
import { sampleOf } from "../numeric/variance-components.ts";
import { rateFigure, ratesOf } from "../report/study.ts";
import type { Experiment } from "../spec/experiment.ts";
import type { SpikingSpec } from "../spec/model.ts";
import type { TaskSpec } from "../spec/task.ts";
import { type ErrorsOf, kitOf } from "../task/catalogue.ts";
import type { TaskErrors } from "../task/metrics.ts";
import { type Given, reopened } from "../task/open.ts";
import type { RunOptions } from "./prepare.ts";

/** Chips for error rates at more time steps than the network's own. */
const STEP_CHIPS = 3;

/**
 * Errors after each of `evaluation.steps` time steps, one row per chip. One run of the longest T covers all shorter ones; without a longer
 * T, the chips' own runs are used.
 */
export async function runSteps<T extends TaskSpec>(
  given: Given<T>,
  network: Network<SpikingSpec>,
  chips: readonly ChipEvaluation<ErrorsOf<T>>[],
  { executor, keeper = NO_KEEPER }: Pick<RunOptions, "executor" | "keeper">,
  advance: (prompts: number, part: string) => void,
): Promise<{ steps: readonly number[]; errors: readonly (readonly ErrorsOf<T>[])[] }> {
  const { experiment } = given;
  const { steps, curvePrompts } = experiment.evaluation;
  const longest = Math.max(network.model.steps, ...steps);
  let measured = chips;
  if (longest > network.model.steps) {
    const model = { ...network.model, steps: longest };
    measured = await evaluateChips(
      executor,
      reopened(given, { ...experiment, model }),
      { ...network, model },
      {
        chips: Math.min(STEP_CHIPS, experiment.hardware.chips),
        prompts: curvePrompts,
        keeper: keeperOf(keeper, "steps"),
        onChip: () => advance(0, "steps"),
      },
    );
  }
  return { steps, errors: measured.map(({ bySteps }) => steps.map((t) => bySteps[t - 1])) };
}

/** Mean error rate by time steps, ascending: at the requested T, and at the network's own T, which all chips ran. */
export function errorCurve<T extends TaskSpec>(
  task: T,
  chips: readonly ChipEvaluation<ErrorsOf<T>>[],
  { steps, errors }: { readonly steps: readonly number[]; readonly errors: readonly (readonly ErrorsOf<T>[])[] },
): { steps: number[]; rates: number[] } {
  const rateOf = (errors: ErrorsOf<T>): number => kitOf(task).rate(errors).rate;
  const points = new Map(steps.map((t, i) => [t, mean(errors.map((row) => rateOf(row[i])))]));
  points.set(chips[0].bySteps.length, mean(chips.map(({ errors }) => rateOf(errors))));
  const sorted = [...points].sort(([a], [b]) => a - b);
  return { steps: sorted.map(([t]) => t), rates: sorted.map(([, rate]) => rate) };
}

/** The error rate of chips with the upper end of its 95 % interval, which holds for new chips and new prompts. */
export function chipRate<T extends TaskSpec>(
  experiment: Experiment<T>,
  chips: readonly ChipEvaluation<ErrorsOf<T>>[],
): { value: number; high: number } {
  const wrong = sampleOf(chips.map(({ errors }) => (errors as TaskErrors).wrong));
  const { value, interval } = rateFigure("rate", "chips", ratesOf(wrong, experiment));
  return { value, high: interval!.high };
}
