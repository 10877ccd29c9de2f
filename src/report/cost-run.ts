/**
 * The cost section of a run: what the chips that were just simulated would cost, beside the machines they are compared with,
 * from the actions that were counted.
 *
 * Every baseline is priced from the network that was evaluated, whatever its size, the digital SNN at its own densities. Energies are
 * given twice: at the T that each spiking network was trained for, and at the fewest steps of each at which it is accurate enough.
 */
import { ARCHITECTURE_IDS, type ArchitectureId } from "../cost/architectures/catalogue.ts";
import { type Breakdown, totalOf } from "../cost/architectures/energy.ts";
import { xpikeformer } from "../cost/architectures/xpikeformer.ts";
import { workloadsByStep } from "../cost/by-step.ts";
import { type CostEstimate, estimateCost, ratioTo } from "../cost/cost.ts";
import { exitEnergy } from "../cost/exit.ts";
import { hardwarePrices } from "../cost/hardware.ts";
import { chooseSteps, RATE_TOLERANCE, type StepChoice, type StepTarget, snnTarget } from "../cost/iso-accuracy.ts";
import { leversOf } from "../cost/levers.ts";
import { comparedWith, type Measurement, measuredWorkload, perInference } from "../cost/measured.ts";
import { findCostPreset } from "../cost/presets.ts";
import { type ResolvedTechnology, resolveTechnology } from "../cost/resolve.ts";
import { meanDensity, type Workload, withSteps } from "../cost/workload.ts";
import { mean } from "../numeric/statistics.ts";
import { sumOperations } from "../simulation/trace.ts";
import type { Experiment } from "../spec/experiment.ts";
import type { AnnSpec, SpikingSpec } from "../spec/model.ts";
import type { SpikeTrain } from "../spike/train.ts";
import type { ChartDraft, ClaimDraft, FigureDraft } from "./build-report.ts";
import {
  breakdownChart,
  comparisonChart,
  costNotes,
  costSources,
  energyAxis,
  estimateFigures,
  operationsChart,
  stepMaps,
  tornadoChart,
} from "./cost.ts";
import { PRINTED_BASELINES } from "./cost-claims.ts";
import { leverFigures, machineCharts } from "./machine-cost.ts";
import type { ReportSource } from "./report.ts";
import { networkSize } from "./study.ts";

export interface CostRun {
  readonly experiment: Experiment;
  /** What each chip counted on the same prompts. */
  readonly chips: readonly Measurement[];
  /** Spike trains of one prompt on the first chip, for costs by step. */
  readonly rasters: Readonly<Record<string, SpikeTrain>>;
  /** Mean bit error rate after each number of steps, ascending. */
  readonly curve: { readonly steps: readonly number[]; readonly rates: readonly number[] };
  readonly compared: ComparedNetworks;
  /** Share of prompts that took 1 .. T steps, where chips stop when they are sure. Default: they take all. */
  readonly exit?: readonly number[] | null;
  /** What the paper says of costs, for a task that it prices. */
  readonly claims?: (asRun: CostEstimate) => readonly ClaimDraft[];
}

/** The networks that were evaluated beside the chips, where there are any, with their mean error rates. */
export interface ComparedNetworks {
  readonly ann?: { readonly model: AnnSpec; readonly rate: number };
  readonly snn?: {
    readonly model: SpikingSpec;
    /** After 1 .. T time steps. */
    readonly rates: readonly number[];
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
  /** What the ANN that is compared with is called in a sentence. */
  readonly annName: string;
}

export function costSection({ experiment, chips, rasters, curve, compared, exit, claims }: CostRun): CostSection {
  const { ann, snn } = compared;
  const measurement = pool(chips);
  const measured = comparedWith(measuredWorkload(experiment, measurement), experiment, { ann: ann?.model, snn });
  const workload = withSteps(measured, measured.steps, snn?.model.steps ?? measured.steps);
  const set = hardwarePrices(experiment.hardware, experiment.model);
  const simulated = simulatedPrices(experiment);
  const calibrated = resolveTechnology(findCostPreset("paper"), { set });
  const choice = chooseSteps(curve.steps, curve.rates, ann?.rate);
  const snnSteps = snn?.rates.map((_, t) => t + 1) ?? [];
  const target = snnTarget(choice, curve.rates, ann?.rate);
  const snnChoice = snn ? chooseSteps(snnSteps, snn.rates, target.rate) : undefined;
  const asRun = estimateCost(workload, simulated, perInference(measurement));
  const chosen = estimateCost(withSteps(workload, choice.steps, snnChoice?.steps ?? choice.steps), simulated);
  const asPaper = estimateCost(workload, calibrated, perInference(measurement));
  const levers = leversOf(workload, simulated);
  const why = describeChoice(choice, ann && { of: "ann", rate: ann.rate });
  return {
    figures: [
      ...estimateFigures(asRun),
      { id: "cost.isoAccuracy.steps", label: `Time steps: ${why}`, value: choice.steps, unit: "steps" },
      ...(snnChoice
        ? [
            {
              id: "cost.isoAccuracy.snnSteps",
              label: `Time steps of the digital SNN: ${describeChoice(snnChoice, target)}`,
              value: snnChoice.steps,
              unit: "steps",
            },
          ]
        : []),
      ...short(chosen, "cost.isoAccuracy", stepsOf(chosen.workload), ARCHITECTURE_IDS),
      ...(exit ? exitCost(workload, simulated, exit, asRun) : []),
      ...leverFigures(levers),
      ...short(asPaper, "cost.paper", "the paper's prices", ["xpikeformer", ...PRINTED_BASELINES]),
    ],
    charts: [
      comparisonChart([
        { name: `${stepsOf(workload)}, as run`, estimate: asRun },
        ...(stepsOf(chosen.workload) === stepsOf(workload)
          ? []
          : [{ name: `${stepsOf(chosen.workload)}, by accuracy`, estimate: chosen }]),
        { name: `${stepsOf(workload)}, the paper's prices`, estimate: asPaper },
      ]),
      ...machineCharts(workload, simulated, levers),
      breakdownChart(asRun),
      operationsChart(asRun),
      stepsChart(experiment, rasters, simulated),
      tornadoChart(workload, simulated, ratioTo(asRun, "annDigital")),
      ...stepMaps(workload, simulated),
    ],
    claims: claims?.(asRun) ?? [],
    notes: [
      ...costNotes(simulated),
      ...(experiment.hardware.crossbars === null
        ? []
        : [
            "Programming is not priced: a chip that is loaded several times in an inference needs more energy than is given here.",
          ]),
      ...(meanDensity(workload) === 0 ? [SILENT] : []),
      annNote(experiment, choice, ann),
      snnNote(choice, snnChoice),
    ],
    sources: costSources([simulated, calibrated]),
    annName: isSameSize(experiment, ann) ? "the ANN of the same size" : `the ANN of ${networkSize(ann!.model)}`,
  };
}

/**
 * What simulated chips cost, by what they counted, at the prices of a run's report: its figures of Xpikeformer are those of this estimate.
 *
 * @param chips what each counted on the same prompts
 * Throws  MappingError when the experiment's model is not spiking
 */
export const chipsCost = (experiment: Experiment, chips: readonly Measurement[]): CostEstimate =>
  measuredCost(experiment, pool(chips));

/** The same, by what all chips counted together: operations summed, densities by `meanDensities`. */
export function measuredCost(experiment: Experiment, measurement: Measurement): CostEstimate {
  const workload = measuredWorkload(experiment, measurement);
  return estimateCost(workload, simulatedPrices(experiment), perInference(measurement));
}

/** The prices of simulated chips, with the sizes of this machine. */
export const simulatedPrices = ({ hardware, model }: Experiment): ResolvedTechnology =>
  resolveTechnology(findCostPreset("simulated"), { set: hardwarePrices(hardware, model) });

/** Rows of a short report: energy of an answer, of an inference where that is the same, and what two baselines need. */
export function costRows({ figures }: Pick<CostSection, "figures">): { figure: string; label: string }[] {
  const perSymbol = "cost.xpikeformer.symbol";
  return [
    figures.some(({ id }) => id === perSymbol)
      ? { figure: perSymbol, label: "Energy per symbol: Xpikeformer" }
      : { figure: "cost.xpikeformer.energy", label: "Energy per inference: Xpikeformer" },
    { figure: "cost.ratio.annDigital", label: "Energy: int8 ANN over Xpikeformer" },
    {
      figure: "cost.isoAccuracy.ratio.snnDigital",
      label: "Energy: ideal digital SNN over Xpikeformer, fewest T",
    },
  ];
}

/** What stands behind the energies of chips that were simulated. */
export const COST_REMARK =
  "Energy: actions counted on simulated chips times published 45 nm prices, with the clock, wires and leakage of every machine " +
  "(docs/cost.md).";

/** Of a network in whose blocks nothing fires. */
const SILENT =
  "No layer inside the blocks ever got a spike, so the answers hardly follow the prompts. Lower model.neuron.threshold, or train the " +
  "network. Ratios by spike density are not drawn: no factor makes spikes of nothing.";

/** Energy of each time step of one prompt: the part that follows the spikes, and the part that does not. */
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
      "One prompt on the first chip. Converters, tiles and neurons work in every step alike, and leakage is shared out evenly; cells and their drivers follow the spikes.",
    x: { label: "Time step", ticks: parts.map((_, i) => i + 1) },
    y: { label: axis.unit },
    series: [series("all", totalOf), series("cells and drivers", ({ array, drivers }) => array + drivers)],
  };
}

/** Chips counted on the same prompts, as one measurement. */
const pool = (chips: readonly Measurement[]): Measurement => ({
  prompts: chips.reduce((sum, { prompts }) => sum + prompts, 0),
  operations: sumOperations(chips.map(({ operations }) => operations)),
  densities: meanDensities(chips.map(({ densities }) => densities)),
});

/** Of each spike train the mean density over chips. */
export const meanDensities = (chips: readonly Measurement["densities"][]): Measurement["densities"] =>
  Object.fromEntries(Object.keys(chips[0]).map((name) => [name, mean(chips.map((densities) => densities[name]))]));

/** `T = 6`, or `T = 6 and 3` where the digital SNN runs others. */
const stepsOf = ({ steps, snnSteps }: Workload): string =>
  steps === snnSteps ? `T = ${steps}` : `T = ${steps} and ${snnSteps}`;

const tolerance = `${100 * RATE_TOLERANCE} %`;
const quoted = (rate: number): string => rate.toFixed(4);

/** Without another one, the ANN that is priced has the size of the experiment's network. */
const isSameSize = ({ model }: Experiment, ann: ComparedNetworks["ann"]): boolean =>
  !ann ||
  ((["heads", "expansion"] as const).every((size) => ann.model[size] === model[size]) &&
    networkSize(ann.model) === networkSize(model));

/** Which ANN is priced, and whether it and the chips are equally accurate. */
function annNote(experiment: Experiment, choice: StepChoice, ann: ComparedNetworks["ann"]): string {
  if (!ann)
    return "No ANN was evaluated: the one that is priced has the size of the spiking network, and its accuracy is not known.";
  const other = isSameSize(experiment, ann) ? "" : ` beside our ${networkSize(experiment.model)}`;
  const which = `Priced is the ANN that was evaluated, ${networkSize(ann.model)}${other}`;
  const rates = `${quoted(choice.errorRate)} at T = ${choice.steps} against the ANN's ${quoted(ann.rate)}`;
  return (
    `${which}, ${choice.reached ? "at equal accuracy" : "not at equal accuracy"}: Xpikeformer's error rate is ${rates}. The ANN's is that of ` +
    "exact arithmetic: what 8, 5 or 4 bits or crossbars cost it is not known here."
  );
}

/** The same of the digital SNN. */
function snnNote(choice: StepChoice, snn: StepChoice | undefined): string {
  if (!snn)
    return "No digital SNN was evaluated: the one that is priced is our network at its T, and its accuracy is not known.";
  const [better, worse] = [choice.errorRate, snn.errorRate].toSorted((a, b) => a - b);
  const isEqual = worse <= (1 + RATE_TOLERANCE) * better;
  return (
    `The digital SNN that is priced has an error rate of ${quoted(snn.errorRate)} at T = ${snn.steps}, its fewest, and Xpikeformer ` +
    `${quoted(choice.errorRate)} at T = ${choice.steps}: ${isEqual ? `equal accuracy within ${tolerance}` : "not at equal accuracy"}.`
  );
}

const TARGETS: Readonly<Record<StepTarget["of"], string>> = { ann: "the ANN's", xpikeformer: "Xpikeformer's best" };

function describeChoice({ steps, errorRate, reached }: StepChoice, target: StepTarget | undefined): string {
  const rate = quoted(errorRate);
  if (target && reached) {
    return `the fewest within ${tolerance} of ${TARGETS[target.of]} error rate (${rate} against ${quoted(target.rate)})`;
  }
  const short = target
    ? `no T measured reaches ${TARGETS[target.of]} ${quoted(target.rate)}`
    : "there is no ANN to compare with";
  return `${short}; T = ${steps} is the fewest within ${tolerance} of the best measured (${rate})`;
}

/** Energy per symbol and ratios of some architectures only. */
/** What an answer costs that is given as soon as it is sure, and how much more one after all steps. */
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
      label: "Energy: Xpikeformer after all steps over Xpikeformer, exit by margin",
      value: architectures.xpikeformer.total / value,
      unit: "1",
    },
  ];
}

function short(
  estimate: CostEstimate,
  prefix: string,
  remark: string,
  architectures: readonly ArchitectureId[],
): FigureDraft[] {
  const wanted = architectures.flatMap((id) => [`${prefix}.${id}.symbol`, `${prefix}.ratio.${id}`]);
  return estimateFigures(estimate, prefix)
    .filter(({ id }) => wanted.includes(id))
    .map((figure) => ({ ...figure, label: `${figure.label} (${remark})` }));
}
