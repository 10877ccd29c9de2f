/**
 * The cost section of a run: prices of the simulated chips and of the machines they are compared with, from counted actions.
 *
 * Every baseline is priced from the network that was evaluated, whatever its size, the digital SNN at its own densities. Energies of the
 * digital SNN are given three times, and every label names its T: at Xpikeformer's T (`cost.equalSteps`), at the T that it was trained for
 * (`cost`), and at the fewest steps of each network that its error rate allows (`cost.isoAccuracy`). The latter are at equal accuracy only
 * where a test shows it (`equality.ts`).
 *
 * An energy ratio is given only where it means something: the rival was evaluated, and the network on chips does better than guessing.
 */
import { ARCHITECTURE_IDS, ARCHITECTURES, type ArchitectureId } from "../cost/architectures/catalogue.ts";
import { xpikeformer } from "../cost/architectures/xpikeformer.ts";
import { workloadsByStep } from "../cost/by-step.ts";
import { type CostEstimate, estimateCost, type NamedOperation, ratioTo } from "../cost/cost.ts";
import { exitEnergy } from "../cost/exit.ts";
import { hardwarePrices } from "../cost/hardware.ts";
import { chooseSteps, rivalSteps, type StepChoice } from "../cost/iso-accuracy.ts";
import { leversOf } from "../cost/levers.ts";
import { comparedWith, type Measurement, measuredWorkload, perInference } from "../cost/measured.ts";
import { findCostPreset } from "../cost/presets.ts";
import { type PriceRanges, priceRanges, RANGE_DRAWS } from "../cost/ranges.ts";
import { type ResolvedTechnology, resolveTechnology } from "../cost/resolve.ts";
import { type Breakdown, totalOf } from "../cost/unit-energies.ts";
import { meanDensity, type Workload, withSteps } from "../cost/workload.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { AnnSpec, SpikingSpec } from "../experiment/model.ts";
import type { NonInferiority } from "../numeric/non-inferiority.ts";
import { mean } from "../numeric/statistics.ts";
import { stream } from "../numeric/stream.ts";
import type { Sample } from "../numeric/variance-components.ts";
import { sumOperations } from "../simulation/trace.ts";
import type { SpikeTrain } from "../spike/train.ts";
import { kitOf } from "../task/catalogue.ts";
import { guessingRate } from "../task/guessing.ts";
import type { BriefDraft, ChartDraft, ClaimDraft, FigureDraft } from "./build-report.ts";
import {
  BASELINES,
  breakdownChart,
  comparisonChart,
  costNotes,
  costSources,
  estimateFigures,
  operationsChart,
  stepMaps,
  tornadoChart,
} from "./cost.ts";
import { PRINTED_BASELINES } from "./cost-claims.ts";
import { equalityFigures, equalityText, marginText, testEquality } from "./equality.ts";
import { energyAxis } from "./format.ts";
import { leverFigures, machineCharts } from "./machine-cost.ts";
import { receiverFigures } from "./receiver-cost.ts";
import type { ReportSource } from "./report.ts";
import { hasRatio, perInferenceOf, type Rivals } from "./rivals.ts";
import { networkSize, shortSize } from "./study.ts";

export interface CostRun {
  readonly experiment: Experiment;
  /** What each chip counted on the same prompts. */
  readonly chips: readonly Measurement[];
  /** Spike trains of one prompt on the first chip, for costs by step. */
  readonly rasters: Readonly<Record<string, SpikeTrain>>;
  /** The error rate of the chips with the upper end of its interval, to tell it from guessing. Left out: better than guessing. */
  readonly chipRate?: { readonly value: number; readonly high: number };
  /** Mean error rate after each number of steps, ascending. */
  readonly curve: {
    readonly steps: readonly number[];
    readonly rates: readonly number[];
    /** The rates of chips and prompts, on the prompts of the compared networks. Left out: equal accuracy is not tested. */
    readonly samples?: readonly Sample[];
  };
  readonly compared: ComparedNetworks;
  /** Share of prompts that took 1 .. T steps, where chips stop when they are sure. Default: they take all. */
  readonly exit?: readonly number[] | null;
  /** How T was chosen, as a sentence, if it is not that of the training. */
  readonly stepsNote?: string | null;
  /** What the paper says of costs, for a task that it prices. */
  readonly claims?: (asRun: CostEstimate) => readonly ClaimDraft[];
}

/** The networks that were evaluated for comparison, if any, with their mean error rates. */
export interface ComparedNetworks {
  readonly ann?: {
    readonly model: AnnSpec;
    readonly rate: number;
    /** Error rate of each prompt. Left out: equal accuracy is not tested. */
    readonly byPrompt?: ArrayLike<number>;
  };
  readonly snn?: {
    readonly model: SpikingSpec;
    /** After 1 .. T time steps. */
    readonly rates: readonly number[];
    /** The same of each prompt. Left out: equal accuracy is not tested. */
    readonly byPrompt?: readonly ArrayLike<number>[];
    /** Share of ones by spike train. */
    readonly densities: Readonly<Record<string, number>>;
  };
}

export interface CostSection {
  readonly figures: readonly FigureDraft[];
  readonly charts: readonly ChartDraft[];
  readonly claims: readonly ClaimDraft[];
  readonly notes: readonly string[];
  readonly sources: readonly ReportSource[];
  /** The compared ANN's name within a sentence. */
  readonly annName: string;
  /** The result of one inference. */
  readonly result: Workload["result"];
  /** Sizes of the networks that were evaluated, as the paper writes them: `4-256`. */
  readonly sizes: { readonly ann?: string | undefined; readonly snn?: string | undefined };
}

export function costSection(run: CostRun): CostSection {
  const { experiment, chips, chipRate, rasters, curve, compared, exit, claims, stepsNote = null } = run;
  const { ann, snn } = compared;
  const { equalityMargin: margin } = experiment.evaluation;
  const measurement = pool(chips);
  const measured = comparedWith(measuredWorkload(experiment, measurement), experiment, { ann: ann?.model, snn });
  const workload = withSteps(measured, measured.steps, snn?.model.steps ?? measured.steps);
  const set = hardwarePrices(experiment.hardware, experiment.model);
  const simulated = simulatedPrices(experiment);
  const calibrated = resolveTechnology(findCostPreset("paper"), { set });
  const beside = (steps: number, rival: ArrayLike<number> | undefined) => {
    const sample = curve.samples?.[curve.steps.indexOf(steps)];
    return sample && rival ? testEquality(sample, rival, margin) : undefined;
  };
  // The T that the chips run is tested first. Further steps are a curve of fewer chips, and no claim is made of them.
  const tested = (steps: number) => (steps <= workload.steps ? beside(steps, ann?.byPrompt) : undefined);
  const rateAt = (rate: number, i: number) => ({
    steps: curve.steps[i],
    errorRate: rate,
    test: tested(curve.steps[i]),
  });
  const choice = chooseSteps(curve.rates.map(rateAt), margin);
  const ownRates = snn?.rates.map((errorRate, t) => ({ steps: t + 1, errorRate }));
  const snnChoice = ownRates && rivalSteps(ownRates, choice.errorRate, margin);
  const snnTest = snnChoice && beside(choice.steps, snn?.byPrompt?.[snnChoice.steps - 1]);
  const counted = perInference(measurement);
  const asRun = estimateCost(workload, simulated, counted);
  const chosen = estimateCost(withSteps(workload, choice.steps, snnChoice?.steps ?? choice.steps), simulated);
  const asPaper = estimateCost(workload, calibrated, counted);
  const chance = guessingRate(experiment.task, workload.classes);
  const guesses = chipRate !== undefined && chipRate.high >= chance;
  const rivals: Rivals = { ann: ann !== undefined && !guesses, snn: snn !== undefined && !guesses };
  // The digital SNN's answers after Xpikeformer's T steps are known only if it ran at least T steps.
  const sameSteps = snn !== undefined && workload.steps <= snn.rates.length;
  const atEqualSteps = withSteps(workload, workload.steps);
  const equal = estimateCost(atEqualSteps, simulated, counted);
  const equalAsPaper = estimateCost(atEqualSteps, calibrated, counted);
  const levers = leversOf(workload, simulated);
  const atOwn = tested(workload.steps);
  const rangesOf = (priced: Workload, operations?: readonly NamedOperation[]) =>
    priceRanges(priced, simulated, { draws: RANGE_DRAWS, random: stream(experiment.seed).fork("prices"), operations });
  return {
    figures: [
      ...estimateFigures(asRun, "cost", rivals, rangesOf(workload, counted)),
      ...(sameSteps ? equalStepsFigures(equal, rivals, rangesOf(atEqualSteps, counted)) : []),
      {
        id: "cost.isoAccuracy.steps",
        label: `Time steps: ${describeChoice(choice, margin, ann !== undefined)}`,
        value: choice.steps,
        unit: "steps",
      },
      ...(choice.test ? equalityFigures("cost.isoAccuracy.equality", "the ANN", choice.test, margin) : []),
      ...(snnChoice
        ? [
            {
              id: "cost.isoAccuracy.snnSteps",
              label: `Time steps of the digital SNN: ${describeRival(snnChoice, margin)}`,
              value: snnChoice.steps,
              unit: "steps",
            },
          ]
        : []),
      ...(snnTest ? equalityFigures("cost.isoAccuracy.snnEquality", "the digital SNN", snnTest, margin) : []),
      ...short(chosen, "cost.isoAccuracy", "fewest steps", ARCHITECTURE_IDS, rivals, rangesOf(chosen.workload)),
      ...(exit ? exitCost(workload, simulated, exit, asRun) : []),
      ...receiverFigures(experiment.task, workload, simulated.technology),
      ...leverFigures(levers),
      ...short(asPaper, "cost.paper", "the paper's prices", ["xpikeformer", ...PRINTED_BASELINES], rivals),
    ],
    charts: [
      comparisonChart([
        { name: `T = ${workload.steps}`, estimate: equal },
        ...(stepsOf(chosen.workload) === stepsOf(atEqualSteps)
          ? []
          : [{ name: `fewest steps of each, ${stepsOf(chosen.workload)}`, estimate: chosen }]),
        { name: `T = ${workload.steps}, the paper's prices`, estimate: equalAsPaper },
      ]),
      ...machineCharts(workload, simulated, levers, rivals),
      breakdownChart(equal),
      operationsChart(asRun),
      stepsChart(experiment, rasters, simulated),
      ...(rivals.ann ? [tornadoChart(workload, simulated, ratioTo(asRun, "annDigital"))] : []),
      ...stepMaps(workload, simulated, rivals),
    ],
    claims: (claims?.(asRun) ?? []).filter(({ figure }) => {
      const rival = BASELINES.find((id) => figure === `cost.ratio.${id}`);
      return rival === undefined || hasRatio(rival, rivals);
    }),
    notes: [
      ...costNotes(simulated),
      ...(experiment.hardware.crossbars === null
        ? []
        : [
            "Programming is not priced: a chip that is programmed several times in an inference needs more energy than given here.",
          ]),
      ...(meanDensity(workload) === 0 ? [SILENT] : []),
      [
        stepsNote ?? "",
        guesses
          ? `The network on chips does no better than guessing: its error rate is ${quoted(chipRate.value)}, that of guessing ${quoted(chance)}. ` +
            "No energy ratio is given."
          : annNote(ann, atOwn),
      ]
        .join(" ")
        .trim(),
      ...fewestNote(choice, ann, snnChoice, snnTest, margin),
    ],
    sources: costSources([simulated, calibrated]),
    result: workload.result,
    sizes: { ann: ann && shortSize(ann.model), snn: snn && shortSize(snn.model) },
    annName: isSameSize(experiment, ann) ? "the ANN of the same size" : `the ANN of ${networkSize(ann!.model)}`,
  };
}

/**
 * The cost of simulated chips from their counts, at the prices of a run's report, whose Xpikeformer figures come from this estimate.
 *
 * @param chips the counts of each on the same prompts
 * Throws  MappingError when the experiment's model is not spiking
 */
export const chipsCost = (experiment: Experiment, chips: readonly Measurement[]): CostEstimate =>
  measuredCost(experiment, pool(chips));

/** The same from the pooled counts of all chips: operations summed, densities by `meanDensities`. */
export function measuredCost(experiment: Experiment, measurement: Measurement): CostEstimate {
  const workload = measuredWorkload(experiment, measurement);
  return estimateCost(workload, simulatedPrices(experiment), perInference(measurement));
}

/** The prices of simulated chips, with the sizes of this machine. */
export const simulatedPrices = ({ hardware, model }: Experiment): ResolvedTechnology =>
  resolveTechnology(findCostPreset("simulated"), { set: hardwarePrices(hardware, model) });

/**
 * Rows of a short report, all at Xpikeformer's T: its energy per result with that per inference in brackets, and the energy of rivals
 * over it, where they may be compared.
 */
export function costRows({
  figures,
  result: { name, perInference },
}: Pick<CostSection, "figures" | "result">): BriefRow[] {
  const ids = new Set(figures.map(({ id }) => id));
  const ratio = (figure: string, rival: string): BriefRow[] =>
    ids.has(figure) ? [{ figure, label: `Energy ratio: ${rival} over Xpikeformer` }] : [];
  return [
    perInference === 1
      ? { figure: "cost.xpikeformer.energy", label: `Energy per ${name}: Xpikeformer` }
      : {
          figure: `cost.xpikeformer.${name}`,
          label: `Energy per ${name}: Xpikeformer`,
          also: { figure: "cost.xpikeformer.energy", unit: "per inference" },
        },
    ...ratio("cost.ratio.annTrees", "int8 ANN (adder trees)"),
    ...ratio("cost.ratio.annDigital", "int8 ANN (systolic array)"),
    ...ratio("cost.equalSteps.ratio.snnDigital", "ideal digital SNN"),
  ];
}

/** The cost to show first: the energy ratio of the cheaper int8 ANN, or Xpikeformer's energy if there is no ratio. */
export const costHighlight = ({ figures }: Pick<CostSection, "figures">): string =>
  figures.some(({ id }) => id === "cost.ratio.annTrees") ? "cost.ratio.annTrees" : "cost.xpikeformer.energy";

type BriefRow = NonNullable<BriefDraft["rows"]>[number];

/** How energies of simulated chips are computed, in one line. */
export const COST_REMARK =
  "Energy: counted actions times published 45 nm prices, with clock, wires and leakage (docs/cost.md).";

/** The digital SNN at Xpikeformer's T: energies, and ratios where it may be compared. */
function equalStepsFigures(equal: CostEstimate, rivals: Rivals, ranges: PriceRanges): FigureDraft[] {
  const { name } = equal.workload.result;
  const wanted = ARCHITECTURE_IDS.filter((id) => ARCHITECTURES[id].runs === "snn").flatMap((id) => [
    ...[`${id}.energy`, `${id}.${name}`, `ratio.${id}`].map((end) => `cost.equalSteps.${end}`),
  ]);
  return estimateFigures(equal, "cost.equalSteps", rivals, ranges).filter(({ id }) => wanted.includes(id));
}

/** Note for a network whose blocks never fire. */
const SILENT =
  "No layer inside the blocks ever received a spike, so the answers hardly depend on the prompts. Lower model.neuron.threshold, or train " +
  "the network. Ratios by spike density are not drawn.";

/** Energy of each time step of one prompt: in total, and the part that depends on the spikes. */
function stepsChart(
  experiment: Experiment,
  rasters: CostRun["rasters"],
  { technology }: ResolvedTechnology,
): ChartDraft {
  const parts = workloadsByStep(experiment, rasters).map((step) => xpikeformer(step, technology));
  const axis = energyAxis(parts.map((one) => totalOf(one) / parts.length));
  const series = (name: string, value: (parts: Breakdown) => number) => ({
    name,
    points: parts.map((one, i) => ({ x: i + 1, y: axis.of(value(one) / parts.length) })),
  });
  return {
    kind: "lines",
    id: "cost-steps",
    title: "Xpikeformer's energy by time step",
    caption:
      "One prompt on the first chip. Converters, tiles and neurons do the same work in every step, and leakage is spread evenly. The " +
      "energy of cells and drivers follows the spikes.",
    x: { label: "Time step", ticks: parts.map((_, i) => i + 1) },
    y: { label: `${axis.unit} ${perInferenceOf({ result: kitOf(experiment.task).result(experiment.task) })}` },
    series: [series("all", totalOf), series("cells and drivers", ({ array, drivers }) => array + drivers)],
  };
}

/** Pools chips that answered the same prompts into one measurement. */
const pool = (chips: readonly Measurement[]): Measurement => ({
  prompts: chips.reduce((sum, { prompts }) => sum + prompts, 0),
  operations: sumOperations(chips.map(({ operations }) => operations)),
  densities: meanDensities(chips.map(({ densities }) => densities)),
});

/** The mean density over chips of each spike train. */
export const meanDensities = (chips: readonly Measurement["densities"][]): Measurement["densities"] =>
  Object.fromEntries(Object.keys(chips[0]).map((name) => [name, mean(chips.map((densities) => densities[name]))]));

/** `T = 6`, or of each network where they differ. */
const stepsOf = ({ steps, snnSteps }: Workload): string =>
  steps === snnSteps ? `T = ${steps}` : `Xpikeformer T = ${steps}, digital SNN T = ${snnSteps}`;

const quoted = (rate: number): string => rate.toFixed(4);

/** If no ANN was evaluated, the priced ANN has the size of the experiment's network. */
const isSameSize = ({ model }: Pick<Experiment, "model">, ann: ComparedNetworks["ann"]): boolean =>
  !ann ||
  ((["heads", "expansion"] as const).every((size) => ann.model[size] === model[size]) &&
    networkSize(ann.model) === networkSize(model));

/** What the energy ratio to the ANN at the chips' T is, and is not. */
function annNote(ann: ComparedNetworks["ann"], test: NonInferiority | undefined): string {
  if (!ann) return "No ANN was evaluated, so no energy ratio to an ANN is given.";
  return test?.verdict === "shown"
    ? "The ANN was not run in int8."
    : "The energy ratio to the ANN is not shown to be at equal accuracy, and the ANN was not run in int8.";
}

type RivalChoice = ReturnType<typeof rivalSteps>;

/** The fewest steps of each spiking network, and what is shown of them beside each rival. */
function fewestNote(
  choice: StepChoice,
  ann: ComparedNetworks["ann"],
  snn: RivalChoice | undefined,
  snnTest: NonInferiority | undefined,
  margin: number,
): string[] {
  const missing = snn ? [] : ["No digital SNN was evaluated, so no energy ratio to a digital SNN is given."];
  if (!ann && !snn) return missing;
  const { steps, errorRate, test } = choice;
  const far = snn?.reached === false ? "; it does not come nearer to Xpikeformer's" : "";
  const rival = snn ? ` and T = ${snn.steps} of the digital SNN (${quoted(snn.errorRate)}${far})` : "";
  const at = test && test.steps !== steps ? `, at T = ${test.steps}` : "";
  const verdicts = [
    ...(ann && test ? [`the ANN (${quoted(ann.rate)})${at}: ${equalityText(test, margin)}`] : []),
    ...(snnTest ? [`the digital SNN: ${equalityText(snnTest, margin)}`] : []),
  ];
  return [
    `Figures cost.isoAccuracy are at T = ${steps} of Xpikeformer (error rate ${quoted(errorRate)})${rival}.` +
      verdicts.map((verdict) => ` Beside ${verdict}.`).join(""),
    ...missing,
  ];
}

function describeChoice({ steps, errorRate, shown, test }: StepChoice, margin: number, hasAnn: boolean): string {
  const rate = quoted(errorRate);
  const within = marginText(margin);
  if (shown) return `the fewest at which the error rate (${rate}) is shown to exceed the ANN's by at most ${within}`;
  const why = test
    ? `equal accuracy with the ANN is not shown at T = ${test.steps}`
    : hasAnn
      ? "equal accuracy with the ANN is not tested"
      : "there is no ANN to compare with";
  return `${why}; T = ${steps} is the fewest within ${within} of the lowest error rate measured (${rate})`;
}

const describeRival = ({ steps, errorRate, reached }: RivalChoice, margin: number): string =>
  reached
    ? `the fewest within ${marginText(margin)} of Xpikeformer's error rate (${quoted(errorRate)})`
    : `none comes within ${marginText(margin)} of Xpikeformer's error rate; T = ${steps} is the fewest within it of its own lowest`;

/** The cost of answers with early exit, and the ratio of the cost after all steps. */
function exitCost(
  workload: Workload,
  resolved: ResolvedTechnology,
  shares: readonly number[],
  { architectures }: CostEstimate,
): FigureDraft[] {
  const value = exitEnergy(workload, resolved, shares);
  return [
    { id: "cost.exit.energy", label: "Energy per inference: Xpikeformer, exit by margin", value, unit: "J" },
    {
      id: "cost.exit.ratio",
      label: "Energy ratio: Xpikeformer after all steps over exit by margin",
      value: architectures.xpikeformer.total / value,
      unit: "1",
    },
  ];
}

/** Energy per symbol and ratios of some architectures only. */
function short(
  estimate: CostEstimate,
  prefix: string,
  remark: string,
  architectures: readonly ArchitectureId[],
  rivals: Rivals,
  ranges?: PriceRanges,
): FigureDraft[] {
  const wanted = architectures.flatMap((id) => [`${prefix}.${id}.symbol`, `${prefix}.ratio.${id}`]);
  return estimateFigures(estimate, prefix, rivals, ranges)
    .filter(({ id }) => wanted.includes(id))
    .map((figure) => ({ ...figure, label: `${figure.label} (${remark})` }));
}
