/**
 * The report of an image-classification run: accuracies of the ANN, of the digital spiking network and of Xpikeformer on simulated
 * chips, set beside Table III of the paper, with a look at what single images do on their way through the machine.
 */
import { deviceOfSpec } from "../device/catalogue.ts";
import type { ChipEvaluation } from "../evaluation/chips.ts";
import type { Mapping } from "../mapping/mapping.ts";
import { deviation } from "../numeric/statistics.ts";
import { type Sample, sameOnAllChips, sampleOf } from "../numeric/variance-components.ts";
import type { Experiment } from "../spec/experiment.ts";
import type { ImageClassificationSpec } from "../spec/task.ts";
import type { SpikeTrain } from "../spike/train.ts";
import type { ClassificationErrors, ErrorRate } from "../task/metrics.ts";
import { type BriefDraft, buildReport, type ChartDraft, type ClaimDraft, type FigureDraft } from "./build-report.ts";
import { COST_REMARK, type CostSection, costRows } from "./cost-run.ts";
import { formatNumber, formatQuantity } from "./format.ts";
import { attentionChart, type ExampleImages, examplesChart } from "./images.ts";
import { densitiesChart, layoutChart, machineFigures, rasterChart } from "./machine.ts";
import type { Report } from "./report.ts";
import { sourcesOf } from "./sources.ts";
import { changeFigure, chipsOf, pointAt, rateFigure } from "./study.ts";

/** `ann` and `spiking` are baselines; `digital` is the Xpikeformer network before it is mapped on hardware. */
export type ImageRole = "ann" | "spiking" | "digital";

export interface ImageClassificationRun {
  readonly experiment: Experiment<ImageClassificationSpec>;
  /** Where the images come from, and their classes. */
  readonly data: { readonly name: string; readonly classes: readonly string[] };
  /** Test images that every network answered. */
  readonly images: number;
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
  readonly networks: Readonly<Partial<Record<ImageRole, ClassificationErrors>>>;
  /** One entry per programmed chip, all on the same images. */
  readonly chips: readonly ChipEvaluation<ClassificationErrors>[];
  /** After each of `evaluation.steps` time steps, one row per chip. */
  readonly chipBySteps: {
    readonly steps: readonly number[];
    readonly errors: readonly (readonly ClassificationErrors[])[];
  };
  readonly mapping: Mapping;
  readonly cost: CostSection;
  /** Spike trains of the first image on the first chip, by layer. */
  readonly rasters: Readonly<Record<string, SpikeTrain>>;
  readonly examples: ExampleImages;
}

const NAMES: Record<ImageRole, string> = {
  ann: "ANN vision transformer",
  spiking: "Digital spiking vision transformer",
  digital: "Xpikeformer network, exact arithmetic",
};

export function imageClassificationReport(run: ImageClassificationRun): Report {
  const { experiment, data } = run;
  const hardware = chipFigure(run);
  const gap = gapFigures(run).find(({ id }) => id === "gap.ann");
  const against = gap ? `, ${points(gap)} against ${run.cost.annName}` : "";
  return buildReport({
    title: `${experiment.name}: ${data.name} on simulated Xpikeformer hardware`,
    summary:
      `On ${chipsOf(run.chips)} the spiking vision transformer classifies ${percentOf(hardware)} of ` +
      `${run.images} test images of ${data.name} correctly${against}.`,
    description: describe(run),
    experiment,
    command: run.command,
    seed: experiment.seed,
    versions: { ...run.versions },
    notes: [...run.notes, ...run.cost.notes],
    sources: [...sourcesOf(experiment), ...run.cost.sources],
    highlights: highlights(run),
    brief: brief(run),
    figures: [...accuracyFigures(run, hardware), ...stepFigures(run), ...machineFigures(run), ...run.cost.figures],
    charts: [...charts(run), ...run.cost.charts],
    claims: [...claims(run), ...run.cost.claims],
  });
}

function describe({ experiment, images }: ImageClassificationRun): string {
  const { task, model, hardware } = experiment;
  const steps = model.kind === "spiking" ? `, T = ${model.steps}` : "";
  const { scope } = hardware.compensation;
  const compensated = scope === "none" ? "" : `, drift compensated by ${scope}`;
  const shifted = task.shift === 0 ? "" : ` with copies shifted by ${task.shift}`;
  return (
    `Patches of ${task.patch} x ${task.patch} pixels${shifted} are the tokens, which enter as ${task.coding} and are read out by ` +
    `${task.readOut}. Networks have ${model.depth} blocks of width ${model.width} with ${model.heads} heads${steps}. Hardware: ` +
    `${hardware.crossbar.rows} x ${hardware.crossbar.columns} crossbars of ${deviceOfSpec(hardware.crossbar.device).name}, ` +
    `${hardware.crossbar.conductanceBits ?? "continuous"}-bit conductances, ${hardware.adc.bits ?? "exact"}-bit converters, read ` +
    `${hardware.readTime} s after programming${compensated}. Every network and every chip sees the same ${images} test images, none ` +
    "of which was used in training, to choose a network, or to calibrate converters."
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

/** Of every chip and image, 1 where it is wrong. */
const wrongOnChips = (errors: readonly ClassificationErrors[]): Sample => sampleOf(errors.map(({ wrong }) => wrong));

/** The mean accuracy over chips; chips and images both are samples. */
function meanAccuracy(id: string, label: string, errors: readonly ClassificationErrors[]): FigureDraft {
  const wrong = rateFigure(id, label, wrongOnChips(errors), "images");
  const { low, high, kind } = wrong.interval!;
  return { ...wrong, value: 1 - wrong.value, interval: { low: 1 - high, high: 1 - low, kind } };
}

const chipFigure = ({ chips }: ImageClassificationRun): FigureDraft =>
  meanAccuracy(
    "accuracy.xpikeformer",
    `Accuracy: Xpikeformer on hardware, mean of ${chipsOf(chips)}`,
    chips.map(({ errors }) => errors),
  );

/** The accuracy on chips after each number of time steps. */
const stepFigures = ({ chipBySteps: { steps, errors } }: ImageClassificationRun): FigureDraft[] =>
  steps.flatMap((step, i, all) => {
    if (all.indexOf(step) < i) return [];
    const atStep = errors.map((row) => row[i]);
    return meanAccuracy(`accuracy.xpikeformer.steps.${step}`, `Accuracy on chips after ${step} time steps`, atStep);
  });

/** What hardware and spikes cost against each network: the same images, in pairs. */
function gapFigures(run: ImageClassificationRun): FigureDraft[] {
  const onChips = wrongOnChips(run.chips.map(({ errors }) => errors));
  return roles(run).map(([role, { wrong }]) => {
    const label = `Accuracy: Xpikeformer on hardware minus ${NAMES[role]}`;
    // Accuracies differ by as much as error rates, the other way round.
    return changeFigure(`gap.${role}`, label, sameOnAllChips(wrong, onChips), onChips, "images");
  });
}

function accuracyFigures(run: ImageClassificationRun, hardware: FigureDraft): FigureDraft[] {
  const figures = roles(run).map(([role, errors]) =>
    accuracyFigure(`accuracy.${role}`, `Accuracy: ${NAMES[role]}`, errors.answers),
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

/** What the machine reaches, what it is measured against, what it saves. */
function highlights(run: ImageClassificationRun): string[] {
  const against = roles(run)[0]?.[0];
  const baseline = against ? `accuracy.${against}` : "cost.xpikeformer.energy";
  return ["accuracy.xpikeformer", baseline, "cost.ratio.annDigital"];
}

function brief(run: ImageClassificationRun): BriefDraft {
  const compared = roles(run).filter(([role]) => role !== "digital");
  return {
    rows: [
      { figure: "accuracy.xpikeformer", label: `Accuracy: Xpikeformer on ${chipsOf(run.chips)}` },
      ...compared.map(([role]) => ({ figure: `accuracy.${role}`, label: NAMES[role] })),
      ...compared.slice(0, 1).map(([role]) => ({ figure: `gap.${role}`, label: `Chips minus ${NAMES[role]}` })),
      ...costRows(run.cost),
    ],
    remark: COST_REMARK,
  };
}

function charts(run: ImageClassificationRun): ChartDraft[] {
  const { mapping, rasters, chips, examples } = run;
  return [
    stepsChart(run),
    confusionChart(run),
    examplesChart(examples),
    attentionChart(examples),
    densitiesChart(chips),
    ...(Object.keys(rasters).length > 0 ? [rasterChart(rasters)] : []),
    layoutChart(mapping),
  ];
}

function stepsChart({ chipBySteps: { steps, errors }, networks }: ImageClassificationRun): ChartDraft {
  const points = steps.map((step, i) => {
    const accuracy = meanAccuracy(
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
    caption: "The same network read after T steps, on chips. Bars: 95 %, chips and images.",
    x: { label: "Time steps T", ticks: [...steps] },
    y: { label: "Accuracy" },
    series: [{ name: "Xpikeformer on hardware", points }],
    rules: (["ann", "spiking"] as const).flatMap((role) => {
      const errors = networks[role];
      return errors ? [{ label: NAMES[role], y: 1 - errors.answers.rate }] : [];
    }),
  };
}

/** Of each class, which share of its images is taken for which class: all chips together. */
function confusionChart({ chips, data: { classes } }: ImageClassificationRun): ChartDraft {
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
    title: "Which class is taken for which",
    caption: "Share of each class's images by decision, over all chips. The diagonal holds the right answers.",
    x: { label: "Decision", ticks: [...classes] },
    y: { label: "Class", ticks: [...classes] },
    label: "Share of the class's images",
    values,
  };
}

/** Table III of the paper, accuracy in %: size, data, ANN, then the spiking networks with their T. */
const TABLE_III: readonly (readonly [string, string, number, number, number, number, number])[] = [
  ["4-384", "CIFAR-10", 83.41, 82.83, 5, 82.66, 11],
  ["6-512", "CIFAR-10", 86.02, 85.68, 4, 84.74, 10],
  ["6-512", "ImageNet-1K", 65.58, 65.42, 6, 63.36, 8],
  ["8-768", "ImageNet-1K", 71.64, 71.13, 4, 70.5, 7],
];

/** On the paper's own data its accuracies; on other data the gap alone. */
function claims({ experiment, data, networks }: ImageClassificationRun): ClaimDraft[] {
  const { model } = experiment;
  const ours = `${model.depth}-${model.width}`;
  return TABLE_III.flatMap(([size, set, ann, spiking, spikingSteps, hardware, hardwareSteps]) => {
    const source = `Table III, ${set}, ${size}`;
    const id = `${size}-${set.toLowerCase()}`;
    const setting = `Ours is ${ours} on ${data.name}; the paper's is ${size} on ${set}.`;
    const claim = (role: string, words: string, paper: number): ClaimDraft[] =>
      role === "xpikeformer" || networks[role as ImageRole]
        ? [
            {
              id: `${role}-${id}`,
              source,
              claim: words,
              paper: fraction(paper),
              figure: `accuracy.${role}`,
              why: setting,
            },
          ]
        : [];
    const same = data.name === set.toLowerCase();
    const gap: ClaimDraft[] = networks.ann
      ? [
          {
            id: `gap-${id}`,
            source,
            claim: "Xpikeformer minus ANN, accuracy",
            paper: fraction(hardware - ann),
            figure: "gap.ann",
            why: `${setting} Only the gap can be compared, and it may differ from data to data.`,
          },
        ]
      : [];
    if (!same) return gap;
    return [
      ...claim("ann", "ANN vision transformer, accuracy", ann),
      ...claim("spiking", `Digital spiking vision transformer, T = ${spikingSteps}, accuracy`, spiking),
      ...claim("xpikeformer", `Xpikeformer on hardware, T = ${hardwareSteps}, accuracy`, hardware),
      ...gap,
    ];
  });
}

/** From per cent to a share, without the digits that binary fractions add. */
const fraction = (percent: number): number => Number((percent / 100).toFixed(4));

const roles = ({ networks }: ImageClassificationRun) =>
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
