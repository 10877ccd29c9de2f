/** What a report says of equal accuracy: a claim only where non-inferiority is shown, otherwise the sample that did not show it. */
import type { Experiment } from "../experiment/experiment.ts";
import { type NonInferiority, nonInferiority } from "../numeric/non-inferiority.ts";
import { mean } from "../numeric/statistics.ts";
import { pairedDifference, type Sample, sameOnAllChips, sampleMean, sampleOf } from "../numeric/variance-components.ts";
import type { TaskErrors } from "../task/metrics.ts";
import type { FigureDraft } from "./build-report.ts";
import { formatNumber } from "./format.ts";
import { metricOf, ratesByPrompt, ratesOf } from "./study.ts";

/**
 * The error rates of chips, tested against a rival's on the same prompts.
 *
 * @param rates  by chip, read and prompt, of one read
 * @param rival  error rate of each prompt, the sample's first; further prompts are ignored
 * @param margin `evaluation.equalityMargin`
 */
export function testEquality(rates: Sample, rival: ArrayLike<number>, margin: number): NonInferiority {
  const { prompts } = rates;
  const row = Float64Array.from({ length: prompts }, (_, i) => rival[i]);
  const difference = sampleMean(pairedDifference(rates, sameOnAllChips(row, rates)));
  return nonInferiority({ rival: mean(row), difference, prompts, margin });
}

/** "5 %". */
export const marginText = (margin: number): string => `${Number((100 * margin).toPrecision(3))} %`;

/**
 * The verdict after a difference, without a full stop: "equal accuracy is not shown with 640 prompts".
 *
 * @param of what prompts are called
 */
export function equalityText({ verdict, prompts }: NonInferiority, margin: number, of = "prompts"): string {
  const sample = `${formatNumber(prompts, 0)} ${of}`;
  if (verdict === "shown")
    return `not worse by more than ${marginText(margin)} of its error rate, shown with ${sample}`;
  if (verdict === "worse") return `worse by more than ${marginText(margin)} of its error rate, shown with ${sample}`;
  return `equal accuracy is not shown with ${sample}`;
}

/** Whether equality is shown, 1 or 0, and whether it is shown not to hold. */
export function equalityFigures(
  id: string,
  rival: string,
  { verdict, prompts }: NonInferiority,
  margin: number,
): FigureDraft[] {
  const errors = `${marginText(margin)} more errors than ${rival}`;
  const either = (end: string, what: string, holds: boolean): FigureDraft => ({
    id: `${id}.${end}`,
    label: `Shown (1) or not (0): ${what}`,
    value: holds ? 1 : 0,
    unit: "1",
    trials: prompts,
  });
  return [
    either("shown", `at most ${errors}`, verdict === "shown"),
    either("exceeded", `over ${errors}`, verdict === "worse"),
  ];
}

/** The verdict that the figures of a test, below `id`, hold; undefined without a test. */
export function verdictIn(figures: readonly FigureDraft[], id: string): NonInferiority["verdict"] | undefined {
  const holds = (end: string) => figures.find((figure) => figure.id === `${id}.${end}`)?.value === 1;
  if (!figures.some((figure) => figure.id === `${id}.shown`)) return undefined;
  return holds("shown") ? "shown" : holds("exceeded") ? "worse" : "open";
}

/** The parts of a run's report that its test of equal accuracy needs. */
interface TestedRun {
  readonly experiment: Experiment;
  readonly chips: readonly { readonly errors: TaskErrors }[];
  readonly networks: { readonly ann?: { readonly errors: TaskErrors } | TaskErrors };
}

/** The chips' error rate at the T that they ran, tested against the ANN's; null without an ANN. */
function besideAnn({ experiment, chips, networks: { ann } }: TestedRun): NonInferiority | null {
  if (!ann) return null;
  const rates = ratesOf(sampleOf(chips.map(({ errors }) => errors.wrong)), experiment);
  const rival = ratesByPrompt("errors" in ann ? ann.errors : ann, experiment);
  return testEquality(rates, rival, experiment.evaluation.equalityMargin);
}

/** `equality.ann.…`: what a run shows of equal accuracy with the ANN; empty without an ANN. */
export function equalityOf(run: TestedRun): FigureDraft[] {
  const test = besideAnn(run);
  return test ? equalityFigures("equality.ann", "the ANN", test, run.experiment.evaluation.equalityMargin) : [];
}

/** The same as text behind the difference from the ANN, without a full stop; empty without an ANN. */
export function equalityWords(run: TestedRun): string {
  const test = besideAnn(run);
  const { experiment } = run;
  return test ? equalityText(test, experiment.evaluation.equalityMargin, `${metricOf(experiment).trial}s`) : "";
}
