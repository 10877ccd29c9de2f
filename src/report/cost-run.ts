/**
 * The cost section of a run: prices of the simulated chips and of the machines they are compared with, from counted actions.
 *
 * Every baseline is priced from the network that was evaluated, whatever its size, the digital SNN at its own densities. Energies of the
 * digital SNN are given three times, and every label names its T: at Xpikeformer's T (`cost.equalSteps`), at the T that it was trained for
 * (`cost`), and at the fewest steps of each network at which it is accurate enough (`cost.isoAccuracy`).
 *
 * An energy ratio is given only where it means something: the rival was evaluated, and the network on chips does better than guessing.
 */
import { ARCHITECTURE_IDS, ARCHITECTURES, type ArchitectureId } from "../cost/architectures/catalogue.ts";
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
import { kitOf } from "../task/catalogue.ts";
import { guessingRate } from "../task/guessing.ts";
import type { BriefDraft, ChartDraft, ClaimDraft, FigureDraft } from "./build-report.ts";
import {
  BASELINES,
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
import { formatNumber } from "./format.ts";
import { leverFigures, machineCharts } from "./machine-cost.ts";
import type { ReportSource } from "./report.ts";
import { hasRatio, perInferenceOf, type Rivals } from "./rivals.ts";
import { networkSize, shortSize, stepsOnChips } from "./study.ts";

export interface CostRun {
  readonly experiment: Experiment;
  /** What each chip counted on the same prompts. */
  readonly chips: readonly Measurement[];
  /** Spike trains of one prompt on the first chip, for costs by step. */
  readonly rasters: Readonly<Record<string, SpikeTrain>>;
  /** The error rate of the chips with the upper end of its interval, to tell it from guessing. Left out: better than guessing. */
  readonly chipRate?: { readonly value: number; readonly high: number };
  /** Mean error rate after each number of steps, ascending. */
  readonly curve: { readonly steps: readonly number[]; readonly rates: readonly number[] };
  readonly compared: ComparedNetworks;
  /** Share of prompts that took 1 .. T steps, where chips stop when they are sure. Default: they take all. */
  readonly exit?: readonly number[] | null;
  /** What the paper says of costs, for a task that it prices. */
  readonly claims?: (asRun: CostEstimate) => readonly ClaimDraft[];
}

/** The networks that were evaluated for comparison, if any, with their mean error rates. */
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
  /** The compared ANN's name within a sentence. */
  readonly annName: string;
  /** The result of one inference. */
  readonly result: Workload["result"];
  /** Sizes of the networks that were evaluated, as the paper writes them: `4-256`. */
  readonly sizes: { readonly ann?: string | undefined; readonly snn?: string | undefined };
}

export function costSection(run: CostRun): CostSection {
  const { experiment, chips, chipRate, rasters, curve, compared, exit, claims } = run;
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
  const chance = guessingRate(experiment.task, workload.classes);
  const guesses = chipRate !== undefined && chipRate.high >= chance;
  const rivals: Rivals = { ann: ann !== undefined && !guesses, snn: snn !== undefined && !guesses };
  // The digital SNN's answers after Xpikeformer's T steps are known only if it ran at least T steps.
  const sameSteps = snn !== undefined && workload.steps <= snn.rates.length;
  const atEqualSteps = withSteps(workload, workload.steps);
  const equal = estimateCost(atEqualSteps, simulated, perInference(measurement));
  const equalAsPaper = estimateCost(atEqualSteps, calibrated, perInference(measurement));
  const levers = leversOf(workload, simulated);
  const why = describeChoice(choice, ann && { of: "ann", rate: ann.rate });
  return {
    figures: [
      ...estimateFigures(asRun, "cost", rivals),
      ...(sameSteps ? equalStepsFigures(equal, rivals) : []),
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
      ...short(chosen, "cost.isoAccuracy", "fewest steps", ARCHITECTURE_IDS, rivals),
      ...(exit ? exitCost(workload, simulated, exit, asRun) : []),
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
      ...(guesses
        ? [
            `The network on chips does no better than guessing: its error rate is ${quoted(chipRate.value)}, that of guessing ${quoted(chance)}. ` +
              "No energy ratio is given.",
          ]
        : [annNote(experiment, curve, ann)]),
      ...fewestNote(choice, ann, snn && snnChoice),
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
 * Rows of a short report, all at Xpikeformer's T: its energy per result with that per inference in brackets, and the energy of two rivals
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
    ...ratio("cost.ratio.annDigital", "int8 ANN"),
    ...ratio("cost.equalSteps.ratio.snnDigital", "ideal digital SNN"),
  ];
}

/** The cost to show first: the ANN's energy ratio, or Xpikeformer's energy if there is no ratio. */
export const costHighlight = ({ figures }: Pick<CostSection, "figures">): string =>
  figures.some(({ id }) => id === "cost.ratio.annDigital") ? "cost.ratio.annDigital" : "cost.xpikeformer.energy";

type BriefRow = NonNullable<BriefDraft["rows"]>[number];

/** How energies of simulated chips are computed, in one line. */
export const COST_REMARK =
  "Energy: counted actions times published 45 nm prices, with clock, wires and leakage (docs/cost.md).";

/** The digital SNN at Xpikeformer's T: energies, and ratios where it may be compared. */
function equalStepsFigures(equal: CostEstimate, rivals: Rivals): FigureDraft[] {
  const { name } = equal.workload.result;
  const wanted = ARCHITECTURE_IDS.filter((id) => ARCHITECTURES[id].runs === "snn").flatMap((id) => [
    ...[`${id}.energy`, `${id}.${name}`, `ratio.${id}`].map((end) => `cost.equalSteps.${end}`),
  ]);
  return estimateFigures(equal, "cost.equalSteps", rivals).filter(({ id }) => wanted.includes(id));
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

const tolerance = `${100 * RATE_TOLERANCE} %`;
const quoted = (rate: number): string => rate.toFixed(4);

/** If no ANN was evaluated, the priced ANN has the size of the experiment's network. */
const isSameSize = ({ model }: Pick<Experiment, "model">, ann: ComparedNetworks["ann"]): boolean =>
  !ann ||
  ((["heads", "expansion"] as const).every((size) => ann.model[size] === model[size]) &&
    networkSize(ann.model) === networkSize(model));

/** Which ANN is priced, and how its error rate compares with that of the chips at the T that they ran: no test of equality. */
function annNote({ model }: Experiment, curve: CostRun["curve"], ann: ComparedNetworks["ann"]): string {
  if (!ann) return "No ANN was evaluated, so no energy ratio to an ANN is given.";
  const steps = stepsOnChips({ model });
  const own = curve.rates[curve.steps.indexOf(steps)];
  const of = isSameSize({ model }, ann) ? "the ANN" : `the ANN (${networkSize(ann.model)})`;
  return (
    `The error rate of Xpikeformer is ${quoted(own)} at T = ${steps}, that of ${of} ${quoted(ann.rate)} in exact arithmetic: ` +
    `${relation(own, ann.rate)}. The ANN was not run in int8.`
  );
}

/** How one error rate compares with another on the prompts of a run. */
function relation(own: number, other: number): string {
  const [better, worse] = [own, other].toSorted((a, b) => a - b);
  if (worse <= (1 + RATE_TOLERANCE) * better) return `within ${tolerance} of each other on these prompts`;
  const apart = better === 0 ? "" : `${formatNumber(100 * (own / other - 1), 0)} % `.replace(/^−/, "");
  return `${apart}${own > other ? "higher" : "lower"} on these prompts, which the energy ratio leaves out of account`;
}

/** The fewest steps of each spiking network that are accurate enough, in a sentence of its own. */
function fewestNote(choice: StepChoice, ann: ComparedNetworks["ann"], snn: StepChoice | undefined): string[] {
  const one = ({ steps, errorRate }: StepChoice) => `T = ${steps} (error rate ${quoted(errorRate)})`;
  if (!snn) return ["No digital SNN was evaluated, so no energy ratio to a digital SNN is given."];
  const target =
    choice.reached && ann ? `the ANN's error rate (${quoted(ann.rate)})` : "Xpikeformer's lowest error rate";
  const reach = snn.reached ? one(snn) : `${one(snn)}, its lowest; no T gets within ${tolerance}`;
  return [
    `Fewest steps within ${tolerance} of ${target} on these prompts: Xpikeformer ${one(choice)}, digital SNN ${reach}. ` +
      "Figures cost.isoAccuracy are at these steps.",
  ];
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
): FigureDraft[] {
  const wanted = architectures.flatMap((id) => [`${prefix}.${id}.symbol`, `${prefix}.ratio.${id}`]);
  return estimateFigures(estimate, prefix, rivals)
    .filter(({ id }) => wanted.includes(id))
    .map((figure) => ({ ...figure, label: `${figure.label} (${remark})` }));
}
