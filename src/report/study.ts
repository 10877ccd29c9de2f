/** Shared parts of reports on chips: a rate with its interval, paired changes and ratios, the spread of chips and reads. */
import type { Experiment } from "../experiment/experiment.ts";
import { isTransformer, type ModelSpec } from "../experiment/model.ts";
import {
  pairedDifference,
  ratioOfMeans,
  type Sample,
  sampleMean,
  sampleRate,
  sampleSpread,
  scaled,
} from "../numeric/variance-components.ts";
import { kitOf } from "../task/catalogue.ts";
import type { TaskMetric } from "../task/kit.ts";
import type { TaskErrors } from "../task/metrics.ts";
import type { FigureDraft } from "./build-report.ts";
import { formatQuantity } from "./format.ts";
import type { LinesChart } from "./report.ts";

/** Networks of a study: from hardware-aware and from conventional training. */
export type StudyRole = "hwat" | "ct";

/** How a curve names the network of a role; only a network from hardware-aware training is called HWAT. */
export const roleLabel = (role: StudyRole, { hardwareAware }: Pick<StudyRun, "hardwareAware">): string =>
  role === "ct" ? "CT" : hardwareAware ? "HWAT" : "Network";

/** The same in words, as in "HWAT: hardware-aware training". */
export const roleWords = (role: StudyRole, { hardwareAware }: Pick<StudyRun, "hardwareAware">): string =>
  role === "ct"
    ? "conventional training"
    : hardwareAware
      ? "hardware-aware training"
      : "trained without the noise of devices";

/** Common input of all study reports. */
export interface StudyRun {
  /** With the chips and prompts of the study. */
  readonly experiment: Experiment;
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
  /** Whether the network that curves call `hwat` was trained with device noise. */
  readonly hardwareAware: boolean;
  readonly chips: number;
  readonly reads: number;
  readonly prompts: number;
}

export const metricOf = ({ task }: Experiment): TaskMetric => kitOf(task).metric;

/** Error rates by chip, read and prompt, from the errors at the last query. */
export const ratesOf = (wrong: Sample, { task }: Experiment): Sample => {
  const { metric, trials } = kitOf(task);
  return { ...scaled(wrong, 1 / trials(task)), ...(metric.isUnbounded && { isUnbounded: true }) };
};

/** The error rate of each prompt. */
export const ratesByPrompt = ({ wrong }: TaskErrors, { task }: Pick<Experiment, "task">): Float64Array =>
  Float64Array.from(wrong, (count) => count / kitOf(task).trials(task));

/** The mean rate over chips, reads and prompts; its interval stays between 0 and 1. */
export function rateFigure(id: string, label: string, rates: Sample, of = "prompts"): FigureDraft {
  const { mean, low, high } = sampleRate(rates);
  return {
    id,
    label,
    value: mean,
    unit: "1",
    interval: { low, high, kind: intervalKind(rates, of) },
    trials: rates.chips,
  };
}

/** `after` minus `before`, chip by chip and prompt by prompt. */
export function changeFigure(id: string, label: string, after: Sample, before: Sample, of = "prompts"): FigureDraft {
  const difference = pairedDifference(after, before);
  const { mean, low, high } = sampleMean(difference);
  const kind = `${intervalKind(difference, of)}, in pairs`;
  return { id, label, value: mean, unit: "1", interval: { low, high, kind }, trials: after.chips };
}

/** Least wrong prompts in both parts of a ratio; with fewer, its interval means little. */
const LEAST_WRONG_PROMPTS = 10;

/** The rate of `after` over that of `before`, chip by chip and prompt by prompt; none where too few prompts went wrong. */
export function ratioFigure(id: string, label: string, after: Sample, before: Sample): FigureDraft[] {
  if (Math.min(wrongPrompts(after), wrongPrompts(before)) < LEAST_WRONG_PROMPTS) return [];
  const ratio = ratioOfMeans(after, before);
  if (ratio === null) return [];
  const { mean, low, high } = ratio;
  const kind = `${intervalKind(after, "prompts")}, in pairs`;
  return [{ id, label, value: mean, unit: "1", interval: { low, high, kind }, trials: after.chips }];
}

/** Standard deviations between chips and between reads, where the study can separate them. */
export function spreadFigures(id: string, label: string, rates: Sample): FigureDraft[] {
  if (rates.prompts < 2) return [];
  const { chips, reads } = sampleSpread(rates);
  const figures: FigureDraft[] = [];
  if (chips !== null) {
    const what = reads === null ? "chips, including their reads" : "chips";
    const text = `Standard deviation between ${what}: ${label}`;
    figures.push({ id: `${id}.chips`, label: text, value: chips, unit: "1", trials: rates.chips });
  }
  if (reads !== null) {
    const text = `Standard deviation between reads of a chip: ${label}`;
    figures.push({ id: `${id}.reads`, label: text, value: reads, unit: "1", trials: rates.chips * rates.reads });
  }
  return figures;
}

/** `+0.0012 (−0.0003 to 0.0027)`. */
export function signedWithInterval(figure: FigureDraft): string {
  const { value, interval } = formatQuantity(figure);
  return `${figure.value > 0 ? "+" : ""}${value}${interval ? ` (${interval})` : ""}`;
}

/** The time steps that an experiment's chips run; 1 for an ANN, which runs none. */
export const stepsOnChips = ({ model }: Pick<Experiment, "model">): number => (model.kind === "ann" ? 1 : model.steps);

/** "1 time step", "4 time steps". */
export const timeSteps = (steps: number): string => `${steps} time step${steps === 1 ? "" : "s"}`;

/** A figure as a point of a chart. */
export const pointAt = (
  x: number,
  { value, interval }: FigureDraft,
): LinesChart["series"][number]["points"][number] => ({
  x,
  y: value,
  ...(interval ? { low: interval.low, high: interval.high } : {}),
});

/** A logarithmic axis has no zero: without any error, half an error stands for it. */
export function onLogAxis({ x, y, low = y, high = y }: ReturnType<typeof pointAt>, trials: number) {
  const least = 0.5 / trials;
  return { x, y: Math.max(y, least), low: Math.max(low, least), high: Math.max(high, least) };
}

/** What of a model tells its size in a sentence. */
interface Sizes {
  readonly depth: number;
  readonly width: number;
  readonly stem?: { readonly layers: readonly { readonly channels: number }[] } | undefined;
}

/** "4 blocks of width 128", "1 block of width 128 after a stem of 64-128 channels", "a list of 9 operations". */
export function networkSize(of: Sizes | ModelSpec): string {
  if ("operations" in of) return `a list of ${of.operations.length} operations`;
  const { depth, width, stem } = of;
  const channels = stem?.layers.map((layer) => layer.channels).join("-");
  return `${depth} block${depth === 1 ? "" : "s"} of width ${width}${channels ? ` after a stem of ${channels} channels` : ""}`;
}

/** "4 blocks of width 128 with 8 heads". */
export const sizeWithHeads = (model: ModelSpec): string =>
  isTransformer(model) ? `${networkSize(model)} with ${model.heads} heads` : networkSize(model);

/** A size as the paper writes it, blocks and width: `4-256`. The paper has no networks of other forms. */
export const shortSize = (of: Pick<Sizes, "depth" | "width"> | ModelSpec): string =>
  "operations" in of ? `${of.operations.length} operations` : `${of.depth}-${of.width}`;

/** What a network on chips is called within a sentence; `transformer` names one with the blocks of a transformer. */
export const spikingName = (model: ModelSpec, transformer = "spiking transformer"): string =>
  isTransformer(model) ? transformer : "spiking network";

/** "1 chip", "20 chips". */
export const chipsOf = ({ length }: readonly unknown[]): string => `${length} chip${length === 1 ? "" : "s"}`;

/** "20 chips, 2 reads of each, 1024 prompts". */
export function describeSize({ experiment, chips, reads, prompts }: StudyRun): string {
  const of = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
  const each = reads === 1 ? "" : `${of(reads, "read")} of each, `;
  return `${of(chips, "chip")}, ${each}${of(prompts, metricOf(experiment).trial)}`;
}

/** Prompts that went wrong, on an average chip and read. */
function wrongPrompts({ chips, reads, values }: Sample): number {
  let count = 0;
  for (const value of values) count += value > 0 ? 1 : 0;
  return count / (chips * reads);
}

/** `of` names the prompts, such as images. */
export function intervalKind({ chips, prompts }: Sample, of: string): string {
  const sources = [chips > 1 ? `${chips} chips` : "", prompts > 1 ? `${prompts} ${of}` : ""].filter(Boolean);
  return sources.length > 0 ? `95 %, ${sources.join(" and ")}` : "nothing repeated";
}
