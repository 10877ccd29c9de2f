/**
 * The report of a run on a time series: root mean square errors of the ANN, the digital spiking network and Xpikeformer on simulated
 * chips, in standard deviations of the training part (the normalised root mean square error, NRMSE), and the first predictions.
 *
 * Squared errors of prompts have no upper limit, so their mean has Student's interval, and the root is taken of the mean and of both ends.
 */
import type { Experiment } from "../experiment/experiment.ts";
import type { TimeSeriesSpec } from "../experiment/task.ts";
import { deviation } from "../numeric/statistics.ts";
import { type Sample, sameOnAllChips, sampleOf } from "../numeric/variance-components.ts";
import type { NumberErrors } from "../task/metrics.ts";
import { buildReport, type ChartDraft, type FigureDraft } from "./build-report.ts";
import {
  aboutRun,
  type ClassifierRole,
  chipCharts,
  describe,
  highlights,
  type PartsRun,
  roles,
  thingsOf,
} from "./classification.ts";
import { costRows } from "./cost-run.ts";
import { equalityOf, equalityWords } from "./equality.ts";
import { formatQuantity } from "./format.ts";
import { machineFigures } from "./machine.ts";
import type { Report } from "./report.ts";
import {
  changeFigure,
  chipsOf,
  pointAt,
  rateFigure,
  ratesOf,
  signedWithInterval,
  spikingName,
  stepsOnChips,
  timeSteps,
} from "./study.ts";

export interface TimeSeriesRun extends PartsRun<TimeSeriesSpec, NumberErrors> {
  readonly predictions: Predictions;
}

/** The first number of the answer to each of the first test windows, in the unit of the series. */
export interface Predictions {
  readonly series: readonly number[];
  /** Of the first chip. */
  readonly chip: readonly number[];
}

export const SERIES_NETWORKS: Readonly<Record<ClassifierRole, string>> = {
  ann: "ANN transformer",
  spiking: "Digital spiking transformer",
  digital: "Xpikeformer network, exact arithmetic",
};

type Chips = Pick<TimeSeriesRun, "experiment" | "chips">;

export function timeSeriesReport(run: TimeSeriesRun): Report {
  const { experiment, data, chips, cost } = run;
  const { window, patch, horizon, outputs, coding } = experiment.task;
  const hardware = chipFigure(run);
  const tests = equalityOf(run);
  const gap = gapFigures(run).find(({ id }) => id === "gap.ann");
  const against = gap
    ? ` Its squared error minus that of ${cost.annName} is ${signedWithInterval(gap)}: ${equalityWords(run)}.`
    : "";
  const { value, interval } = formatQuantity(hardware);
  const what = outputs === 1 ? "the sample" : `${outputs} samples from the one`;
  const tokens =
    `From ${window} samples, a network predicts ${what} that lies ${horizon} after the last. ${patch} consecutive samples are a token ` +
    `(coding ${coding}); the logits at the last token are the answer.`;
  return buildReport({
    ...aboutRun(run),
    summary:
      `On ${chipsOf(chips)} the ${spikingName(experiment.model)} predicts ${run.prompts} test windows of ${data.name} with a normalised root mean ` +
      `square error of ${value}${interval ? ` (${interval})` : ""}; always answering with the mean gives about 1.${against}`,
    description: describe(run, { tokens }),
    highlights: highlights(run, "nrmse"),
    brief: {
      heading: `At T = ${timeSteps(stepsOnChips(experiment))}`,
      rows: [
        { figure: "nrmse.xpikeformer", label: `NRMSE: Xpikeformer on ${chipsOf(chips)}` },
        ...(run.networks.ann ? [{ figure: "nrmse.ann", label: `NRMSE: ${run.names.ann}` }] : []),
        ...costRows(cost, tests),
      ],
      remark: cost.remark,
    },
    figures: [
      ...roles(run).map(([role, errors]) => networkFigure(`nrmse.${role}`, `NRMSE: ${run.names[role]}`, errors)),
      hardware,
      ...deviationFigure(run),
      ...gapFigures(run),
      ...tests,
      ...stepFigures(run),
      ...machineFigures(run),
      ...cost.figures,
    ],
    charts: [stepsChart(run), predictionsChart(run), ...chipCharts(run)],
    claims: cost.claims,
  });
}

/** The root of a mean squared error and of its interval. */
const rootOf = (squares: FigureDraft): FigureDraft => {
  const { value, interval } = squares;
  const ends = interval && { ...interval, low: Math.sqrt(interval.low), high: Math.sqrt(interval.high) };
  return { ...squares, value: Math.sqrt(value), ...(ends && { interval: ends }) };
};

const networkFigure = (id: string, label: string, { squares, prompts }: NumberErrors): FigureDraft => {
  const { rate, low, high } = squares;
  return rootOf({ id, label, value: rate, unit: "1", interval: { low, high, kind: "95 % Student" }, trials: prompts });
};

const squaresOf = (wrong: readonly ArrayLike<number>[], experiment: Experiment): Sample =>
  ratesOf(sampleOf(wrong), experiment);

/** The NRMSE over chips; chips and prompts both are samples. */
const rootFigure = (
  { experiment }: Pick<Chips, "experiment">,
  id: string,
  label: string,
  errors: readonly NumberErrors[],
): FigureDraft =>
  rootOf(
    rateFigure(
      id,
      label,
      squaresOf(
        errors.map(({ wrong }) => wrong),
        experiment,
      ),
      thingsOf({ experiment }),
    ),
  );

export const chipFigure = (run: Chips): FigureDraft =>
  rootFigure(
    run,
    "nrmse.xpikeformer",
    `NRMSE: Xpikeformer on hardware, mean of ${chipsOf(run.chips)}`,
    run.chips.map(({ errors }) => errors),
  );

/** The ANN's NRMSE on the prompts of chips, and the chips' squared error minus its own. */
export const annFigures = ({ ann, ...run }: Chips & { readonly ann: NumberErrors }): FigureDraft[] => [
  networkFigure("nrmse.ann", `NRMSE: ${SERIES_NETWORKS.ann}`, ann),
  ...gapFigures({ ...run, networks: { ann }, names: SERIES_NETWORKS }),
];

/** The squared error of chips minus that of the same chips on another machine. */
export const chipChange = (
  after: readonly ArrayLike<number>[],
  before: typeof after,
  experiment: Experiment,
): FigureDraft =>
  changeFigure(
    "change.squared-error",
    "Change of the normalised squared error",
    squaresOf(after, experiment),
    squaresOf(before, experiment),
    thingsOf({ experiment }),
  );

/** The chips' squared error minus each network's, paired by prompt. */
function gapFigures(run: Chips & Pick<TimeSeriesRun, "networks" | "names">): FigureDraft[] {
  const { experiment } = run;
  const onChips = squaresOf(
    run.chips.map(({ errors }) => errors.wrong),
    experiment,
  );
  return roles(run).map(([role, { wrong }]) => {
    const label = `Normalised squared error: Xpikeformer on hardware minus ${run.names[role]}`;
    return changeFigure(`gap.${role}`, label, onChips, sameOnAllChips(wrong, onChips), thingsOf(run));
  });
}

function deviationFigure({ chips }: Chips): FigureDraft[] {
  if (chips.length < 2) return [];
  const value = deviation(chips.map(({ errors }) => Math.sqrt(errors.squares.rate)));
  const label = "Standard deviation of the NRMSE between chips";
  return [{ id: "nrmse.xpikeformer.deviation", label, value, unit: "1", trials: chips.length }];
}

const atSteps = (run: TimeSeriesRun): [number, FigureDraft][] =>
  run.chipBySteps.steps.map((step, i) => {
    const errors = run.chipBySteps.errors.map((row) => row[i]);
    return [
      step,
      rootFigure(run, `nrmse.xpikeformer.steps.${step}`, `NRMSE on chips after ${timeSteps(step)}`, errors),
    ];
  });

const stepFigures = (run: TimeSeriesRun): FigureDraft[] => [...new Map(atSteps(run)).values()];

function stepsChart(run: TimeSeriesRun): ChartDraft {
  const { ann } = run.networks;
  return {
    kind: "lines",
    id: "nrmse-steps",
    title: "Error against time steps",
    caption: `The same network on chips, read out after T steps. Bars: 95 % interval over chips and ${thingsOf(run)}.`,
    x: { label: "Time steps T", ticks: [...run.chipBySteps.steps] },
    y: { label: "NRMSE" },
    series: [{ name: "Xpikeformer on hardware", points: atSteps(run).map(([step, figure]) => pointAt(step, figure)) }],
    rules: ann ? [{ label: run.names.ann, y: Math.sqrt(ann.squares.rate) }] : [],
  };
}

function predictionsChart({ predictions: { series, chip }, data }: TimeSeriesRun): ChartDraft {
  const points = (values: readonly number[]) => values.map((y, i) => ({ x: i + 1, y }));
  return {
    kind: "lines",
    id: "predictions",
    title: "Predictions of the first chip",
    caption: `The first number of the answer to each of the first test windows of ${data.name}, and what the series did.`,
    x: { label: "Test window", ticks: series.map((_, i) => i + 1).filter((k) => k % 10 === 0 || k === 1) },
    y: { label: "Value" },
    series: [
      { name: "Series", points: points(series) },
      { name: "First chip", points: points(chip) },
    ],
    rules: [],
  };
}
