/**
 * Shared parts of reports on images and recordings: accuracies of the ANN, the digital spiking network and Xpikeformer on simulated
 * chips, with intervals and gaps, over time steps, and the confusion matrix.
 */
import { deviceOfCrossbar } from "../device/catalogue.ts";
import type { ChipEvaluation } from "../evaluation/chips.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { TaskSpec } from "../experiment/task.ts";
import type { Mapping } from "../mapping/mapping.ts";
import { deviation } from "../numeric/statistics.ts";
import { type Sample, sameOnAllChips, sampleOf } from "../numeric/variance-components.ts";
import type { SpikeTrain } from "../spike/train.ts";
import { kitOf } from "../task/catalogue.ts";
import type { ClassificationErrors, ErrorRate, TaskErrors } from "../task/metrics.ts";
import { type BriefDraft, buildReport, type ChartDraft, type ClaimDraft, type FigureDraft } from "./build-report.ts";
import { type CostSection, costHighlights, costRows } from "./cost-run.ts";
import { equalityOf, equalityWords } from "./equality.ts";
import { exitFigures, exitShares } from "./exit.ts";
import { formatNumber, formatQuantity } from "./format.ts";
import { densitiesChart, layoutChart, machineFigures, rasterChart } from "./machine.ts";
import { MOST_TICKS, type Report } from "./report.ts";
import { sourcesOf } from "./sources.ts";
import {
  changeFigure,
  chipsOf,
  pointAt,
  rateFigure,
  sizeWithHeads,
  spikingName,
  stepsOnChips,
  timeSteps,
} from "./study.ts";

/** `ann` and `spiking` are baselines; `digital` is the Xpikeformer network before it is mapped on hardware. */
export type ClassifierRole = "ann" | "spiking" | "digital";

/** Networks and chips on the same test prompts of data in parts. */
export interface PartsRun<T extends TaskSpec = TaskSpec, E extends TaskErrors = TaskErrors> {
  readonly experiment: Experiment<T>;
  /** Where the data comes from. */
  readonly data: { readonly name: string };
  /** Names of the networks in reports. */
  readonly names: Readonly<Record<ClassifierRole, string>>;
  /** Test prompts that every network answered. */
  readonly prompts: number;
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
  readonly networks: Readonly<Partial<Record<ClassifierRole, E>>>;
  /** The digital spiking baseline, if any: after 1 .. T time steps. */
  readonly spikingBySteps?: readonly E[];
  /** One entry per programmed chip, all on the same prompts. */
  readonly chips: readonly ChipEvaluation<E>[];
  /** After each of `evaluation.steps` time steps, one row per chip. */
  readonly chipBySteps: {
    readonly steps: readonly number[];
    readonly errors: readonly (readonly E[])[];
  };
  readonly mapping: Mapping;
  readonly cost: CostSection;
  /** Spike trains of the first prompt on the first chip, by layer. */
  readonly rasters: Readonly<Record<string, SpikeTrain>>;
}

export interface ClassificationRun<T extends TaskSpec = TaskSpec> extends PartsRun<T, ClassificationErrors> {
  readonly data: { readonly name: string; readonly classes: readonly string[] };
}

/** The name of prompts: images, recordings. */
export const thingsOf = ({ experiment }: Pick<PartsRun, "experiment">): string =>
  `${kitOf(experiment.task).metric.trial}s`;

/** Words and charts of one kind of task. */
export interface ClassificationWords {
  /** The network under test, as in "the spiking vision transformer". */
  readonly network: string;
  /** The tokens and their coding, in one or two sentences. */
  readonly tokens: string;
  /** Additional charts, after accuracy and confusion. */
  readonly charts: readonly ChartDraft[];
  readonly claims: readonly ClaimDraft[];
}

export function classificationReport(run: ClassificationRun, words: ClassificationWords): Report {
  const { data, chips, cost } = run;
  const hardware = chipFigure(run);
  const tests = equalityOf(run);
  const gap = gapFigures(run).find(({ id }) => id === "gap.ann");
  const against = gap ? ` The difference from ${cost.annName} is ${points(gap)}: ${equalityWords(run)}.` : "";
  return buildReport({
    ...aboutRun(run),
    summary:
      `On ${chipsOf(chips)} the ${spikingName(run.experiment.model, words.network)} classifies ${percentOf(hardware)} of ` +
      `${run.prompts} test ${thingsOf(run)} of ${data.name} correctly.${against}`,
    description: describe(run, words),
    highlights: highlights(run),
    brief: brief(run, tests),
    figures: [
      ...accuracyFigures(run, hardware),
      ...tests,
      ...stepFigures(run),
      ...equalStepFigures(run),
      ...exitFigures(chips, exitShares(chips), (errors) =>
        meanAccuracy(run, "accuracy.xpikeformer.exit", "Accuracy on chips, exit by margin", errors),
      ),
      ...machineFigures(run),
      ...cost.figures,
    ],
    charts: [
      stepsChart(run),
      ...(run.data.classes.length <= MOST_TICKS ? [confusionChart(run)] : []),
      ...words.charts,
      ...chipCharts(run),
    ],
    claims: [...words.claims, ...cost.claims],
  });
}

/** What a report tells of its run, whatever it measures. */
export const aboutRun = ({ experiment, data, command, versions, notes, cost }: PartsRun) => ({
  title: `${experiment.name}: ${data.name} on simulated Xpikeformer hardware`,
  experiment,
  command,
  seed: experiment.seed,
  versions: { ...versions },
  notes: [...notes, ...cost.notes],
  sources: [...sourcesOf(experiment), ...cost.sources],
});

/** Charts of the chips and of their price. */
export const chipCharts = ({ chips, rasters, mapping, cost }: PartsRun): ChartDraft[] => [
  densitiesChart(chips),
  ...(Object.keys(rasters).length > 0 ? [rasterChart(rasters)] : []),
  layoutChart(mapping),
  ...cost.charts,
];

export function describe(run: PartsRun, { tokens }: Pick<ClassificationWords, "tokens">): string {
  const { model, hardware } = run.experiment;
  const steps = model.kind !== "ann" ? `, T = ${model.steps}` : "";
  const { scope } = hardware.compensation;
  const compensated = scope === "none" ? "" : `, drift compensated by ${scope}`;
  return (
    `${tokens} The network on chips has ${sizeWithHeads(model)}${steps}. Hardware: ` +
    `${hardware.crossbar.rows} x ${hardware.crossbar.columns} crossbars of ${deviceOfCrossbar(hardware.crossbar).name}, ` +
    `${hardware.crossbar.conductanceBits ?? "continuous"}-bit conductances, ${hardware.adc.bits ?? "exact"}-bit converters, read ` +
    `${hardware.readTime} s after programming${compensated}. Every network and every chip sees the same ${run.prompts} test ` +
    `${thingsOf(run)}, none of them used to train or choose a network, or to calibrate converters.`
  );
}

/** The accuracy of independent decisions, with Wilson's interval. */
function accuracyFigure(id: string, label: string, { rate, low, high, trials }: ErrorRate): FigureDraft {
  return {
    id,
    label,
    value: 1 - rate,
    unit: "1",
    interval: { low: 1 - high, high: 1 - low, kind: "95 % Wilson" },
    trials,
  };
}

/** For every chip and prompt, 1 if wrong. */
const wrongOnChips = (errors: readonly ClassificationErrors[]): Sample => sampleOf(errors.map(({ wrong }) => wrong));

/** The mean accuracy over chips; chips and prompts both are samples. */
function meanAccuracy(
  run: Pick<ClassificationRun, "experiment">,
  id: string,
  label: string,
  errors: readonly ClassificationErrors[],
): FigureDraft {
  const wrong = rateFigure(id, label, wrongOnChips(errors), thingsOf(run));
  const { low, high, kind } = wrong.interval!;
  return { ...wrong, value: 1 - wrong.value, interval: { low: 1 - high, high: 1 - low, kind } };
}

export const chipFigure = (run: Pick<ClassificationRun, "experiment" | "chips">): FigureDraft =>
  meanAccuracy(
    run,
    "accuracy.xpikeformer",
    `Accuracy: Xpikeformer on hardware, mean of ${chipsOf(run.chips)}`,
    run.chips.map(({ errors }) => errors),
  );

/** The accuracy on chips after each number of time steps. */
function stepFigures(run: ClassificationRun): FigureDraft[] {
  const { steps, errors } = run.chipBySteps;
  return steps.flatMap((step, i, all) => {
    if (all.indexOf(step) < i) return [];
    const atStep = errors.map((row) => row[i]);
    const label = `Accuracy on chips after ${timeSteps(step)}`;
    return meanAccuracy(run, `accuracy.xpikeformer.steps.${step}`, label, atStep);
  });
}

/** The digital spiking baseline at the chips' T, if it ran that many steps, and the chips minus the baseline. */
function equalStepFigures({ chips, experiment, names, spikingBySteps = [], ...run }: ClassificationRun): FigureDraft[] {
  const steps = stepsOnChips(experiment);
  const errors = spikingBySteps[steps - 1];
  if (!errors) return [];
  const onChips = wrongOnChips(chips.map(({ errors }) => errors));
  const label = `Accuracy: Xpikeformer on hardware minus ${names.spiking}, both after ${timeSteps(steps)}`;
  const name = `Accuracy: ${names.spiking} after ${timeSteps(steps)}`;
  const trials = thingsOf({ experiment, ...run });
  return [
    accuracyFigure(`accuracy.spiking.steps.${steps}`, name, errors.answers),
    changeFigure(`gap.spiking.steps.${steps}`, label, sameOnAllChips(errors.wrong, onChips), onChips, trials),
  ];
}

/** The ANN's accuracy on the prompts of chips, and the chips' minus it, as in a report. */
export function annFigures({
  ann,
  ...run
}: Pick<ClassificationRun, "chips" | "experiment" | "names"> & { readonly ann: ClassificationErrors }): FigureDraft[] {
  return [
    accuracyFigure("accuracy.ann", `Accuracy: ${run.names.ann}`, ann.answers),
    ...gapFigures({ ...run, networks: { ann } }),
  ];
}

/** The accuracy of chips minus that of the same chips on another machine, from wrong decisions by chip and prompt. */
export function chipChange(
  after: readonly ArrayLike<number>[],
  before: typeof after,
  experiment: Experiment,
): FigureDraft {
  // Differences in accuracy are those in error rate with the opposite sign.
  const [more, less] = [sampleOf(before), sampleOf(after)];
  return changeFigure("change.accuracy", "Change of the accuracy", more, less, thingsOf({ experiment }));
}

/** The accuracy lost to hardware and spikes relative to each network, paired by prompt. */
function gapFigures(
  run: Pick<ClassificationRun, "chips" | "experiment" | "names" | "networks" | "spikingBySteps">,
): FigureDraft[] {
  const onChips = wrongOnChips(run.chips.map(({ errors }) => errors));
  return roles(run).map(([role, { wrong }]) => {
    // The digital spiking network's T may differ from the chips'.
    const steps = role === "spiking" && run.spikingBySteps ? ` at its T = ${run.spikingBySteps.length}` : "";
    const label = `Accuracy: Xpikeformer on hardware minus ${run.names[role]}${steps}`;
    // Differences in accuracy are those in error rate with the opposite sign.
    return changeFigure(`gap.${role}`, label, sameOnAllChips(wrong, onChips), onChips, thingsOf(run));
  });
}

function accuracyFigures(run: ClassificationRun, hardware: FigureDraft): FigureDraft[] {
  const figures = roles(run).map(([role, errors]) =>
    accuracyFigure(`accuracy.${role}`, `Accuracy: ${run.names[role]}`, errors.answers),
  );
  figures.push(hardware);
  const rates = run.chips.map(({ errors }) => errors.answers.rate);
  if (rates.length > 1) {
    const label = "Standard deviation of the accuracy between chips";
    figures.push({
      id: "accuracy.xpikeformer.deviation",
      label,
      value: deviation(rates),
      unit: "1",
      trials: rates.length,
    });
  }
  return [...figures, ...gapFigures(run)];
}

/** The machine's accuracy, that of its reference, and the energy ratios. */
export function highlights(run: PartsRun, id = "accuracy"): string[] {
  const against = roles(run)[0]?.[0];
  const costs = costHighlights(run.cost);
  const baseline = against ? [`${id}.${against}`] : costs.slice(0, 1);
  return [...new Set([`${id}.xpikeformer`, ...baseline, ...costs])];
}

/**
 * All rows are at the T that the chips ran; a digital spiking network that runs fewer steps has no row. The difference from the ANN is in
 * the summary.
 */
function brief(run: ClassificationRun, tests: readonly FigureDraft[]): BriefDraft {
  const { names, networks } = run;
  const steps = stepsOnChips(run.experiment);
  const row = (figure: string, label: string) => ({ figure, label });
  const atSteps = `accuracy.spiking.steps.${steps}`;
  return {
    heading: `At T = ${timeSteps(steps)}`,
    rows: [
      row("accuracy.xpikeformer", `Accuracy: Xpikeformer on ${chipsOf(run.chips)}`),
      ...(networks.ann ? [row("accuracy.ann", `Accuracy: ${names.ann}`)] : []),
      ...(run.spikingBySteps?.[steps - 1] ? [row(atSteps, `Accuracy: ${names.spiking}`)] : []),
      ...costRows(run.cost, tests),
    ],
    remark: run.cost.remark,
  };
}

function stepsChart(run: ClassificationRun): ChartDraft {
  const { steps, errors } = run.chipBySteps;
  const points = steps.map((step, i) => {
    const accuracy = meanAccuracy(
      run,
      "accuracy",
      "chips",
      errors.map((row) => row[i]),
    );
    return pointAt(step, accuracy);
  });
  return {
    kind: "lines",
    id: "accuracy-steps",
    title: "Accuracy against time steps",
    caption: `The same network on chips, read out after T steps. Bars: 95 % interval over chips and ${thingsOf(run)}.`,
    x: { label: "Time steps T", ticks: [...steps] },
    y: { label: "Accuracy" },
    series: [{ name: "Xpikeformer on hardware", points }],
    rules: (["ann", "spiking"] as const).flatMap((role) => {
      const errors = run.networks[role];
      // A rule holds for one T: the one at which the network was evaluated.
      const steps = role === "spiking" && run.spikingBySteps ? `, T = ${run.spikingBySteps.length}` : "";
      return errors ? [{ label: `${run.names[role]}${steps}`, y: 1 - errors.answers.rate }] : [];
    }),
  };
}

/** For each class, the share of each decision, over all chips. */
function confusionChart(run: ClassificationRun): ChartDraft {
  const { chips, data } = run;
  const { classes } = data;
  const things = thingsOf(run);
  const values = classes.map((_, label) => {
    const row = classes.map((_, decision) =>
      chips.reduce((sum, { errors }) => sum + errors.confusion[label][decision], 0),
    );
    const total = Math.max(
      1,
      row.reduce((sum, count) => sum + count, 0),
    );
    return row.map((count) => count / total);
  });
  return {
    kind: "heat",
    id: "confusion",
    title: "Confusion matrix",
    caption: `Share of each class's ${things} by decision, over all chips. Correct answers are on the diagonal.`,
    x: { label: "Decision", ticks: [...classes] },
    y: { label: "Class", ticks: [...classes] },
    label: `Share of the class's ${things}`,
    values,
  };
}

export const roles = <E extends TaskErrors>({ networks }: Pick<PartsRun<TaskSpec, E>, "networks">) =>
  (["ann", "spiking", "digital"] as const).flatMap((role) => {
    const errors = networks[role];
    return errors ? [[role, errors] as const] : [];
  });

/** With the digits of its interval. */
const percentOf = ({ value, interval }: FigureDraft): string => {
  const [all, low, high] = [value, interval!.low, interval!.high].map((share) => 100 * share);
  return `${formatQuantity({ value: all, unit: "1", interval: { low, high } }).value} %`;
};

/** `−0.74 (−1.21 to −0.27) percentage points`. */
function points({ value, interval }: FigureDraft): string {
  const hundredfold = (x: number) => formatNumber(100 * x, 2);
  const range = interval ? ` (${hundredfold(interval.low)} to ${hundredfold(interval.high)})` : "";
  return `${value > 0 ? "+" : ""}${hundredfold(value)}${range} percentage points`;
}
