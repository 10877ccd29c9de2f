/** Error rates against the number of time steps. */
import { type ChipEvaluation, evaluateChips } from "../evaluation/chips.ts";
import { keeperOf, NO_KEEPER } from "../evaluation/keeper.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import type { TaskSpec } from "../experiment/task.ts";
import type { Network } from "../model/network.ts";
import { mean } from "../numeric/statistics.ts";
import { type Sample, sampleOf } from "../numeric/variance-components.ts";
import { rateFigure, ratesOf } from "../report/study.ts";
import type { ErrorsOf } from "../task/catalogue.ts";
import type { TaskErrors } from "../task/metrics.ts";
import { type Given, reopened } from "../task/open.ts";
import type { RunOptions } from "./prepare.ts";
import type { CostRun } from "./price.ts";

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

/**
 * Mean error rate by time steps, ascending, with the rates behind it: after each of the steps that all chips ran, and after the requested
 * ones beyond, on fewer chips.
 */
export function errorCurve<T extends TaskSpec>(
  experiment: Experiment<T>,
  chips: readonly ChipEvaluation<ErrorsOf<T>>[],
  { steps, errors }: { readonly steps: readonly number[]; readonly errors: readonly (readonly ErrorsOf<T>[])[] },
): CostRun["curve"] & { readonly samples: readonly Sample[] } {
  const own = chips[0].bySteps.length;
  const rows = new Map(chips[0].bySteps.map((_, t) => [t + 1, chips.map(({ bySteps }) => bySteps[t])]));
  for (const [i, t] of steps.entries()) {
    if (t > own)
      rows.set(
        t,
        errors.map((row) => row[i]),
      );
  }
  const sorted = [...rows].sort(([a], [b]) => a - b);
  const samples = sorted.map(([, row]) => ratesOf(sampleOf(row.map((one) => (one as TaskErrors).wrong)), experiment));
  return { steps: sorted.map(([t]) => t), rates: samples.map(({ values }) => mean(values)), samples };
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
