/**
 * The cost section of a run: what the chips that were just simulated would cost, beside the machines they are compared with,
 * from the actions that were counted.
 *
 * Energies are given twice: at the experiment's T, and with T chosen by accuracy. The ANN has no steps; the digital SNN runs
 * its own network's T, at the densities that were measured on the chips, since its own are not.
 */
import { ARCHITECTURE_IDS, type ArchitectureId } from "../cost/architectures/catalogue.ts";
import { type Breakdown, totalOf } from "../cost/architectures/energy.ts";
import { xpikeformer } from "../cost/architectures/xpikeformer.ts";
import { workloadsByStep } from "../cost/by-step.ts";
import { type CostEstimate, estimateCost, ratioTo } from "../cost/cost.ts";
import { chooseSteps, type StepChoice } from "../cost/iso-accuracy.ts";
import { hardwarePrices, type Measurement, measuredWorkload, perInference } from "../cost/measured.ts";
import { findCostPreset } from "../cost/presets.ts";
import { type ResolvedTechnology, resolveTechnology } from "../cost/resolve.ts";
import { withSteps } from "../cost/workload.ts";
import { sumActions } from "../hardware/actions.ts";
import { mean } from "../numeric/statistics.ts";
import type { Experiment } from "../spec/experiment.ts";
import type { SpikeTrain } from "../spike/train.ts";
import type { ChartDraft, ClaimDraft, FigureDraft } from "./build-report.ts";
import {
  breakdownChart,
  comparisonChart,
  costNotes,
  costSources,
  estimateFigures,
  stagesChart,
  stepMaps,
  tornadoChart,
} from "./cost.ts";
import type { Source } from "./report.ts";

export interface CostRun {
  readonly experiment: Experiment;
  /** What each chip counted on the same prompts. */
  readonly chips: readonly Measurement[];
  /** Spike trains of one prompt on the first chip, for costs by step. */
  readonly rasters: Readonly<Record<string, SpikeTrain>>;
  /** Mean bit error rate after each number of steps, ascending. */
  readonly curve: { readonly steps: readonly number[]; readonly rates: readonly number[] };
  /** Bit error rate of the ANN, and time steps of the digital spiking network, where they are compared with. */
  readonly annRate?: number | undefined;
  readonly snnSteps?: number | undefined;
}

export interface CostSection {
  readonly figures: readonly FigureDraft[];
  readonly charts: readonly ChartDraft[];
  readonly claims: readonly ClaimDraft[];
  readonly notes: readonly string[];
  readonly sources: readonly Source[];
}

export function costSection({ experiment, chips, rasters, curve, annRate, snnSteps }: CostRun): CostSection {
  const measurement = pool(chips);
  const measured = measuredWorkload(experiment, measurement);
  const workload = withSteps(measured, measured.steps, snnSteps ?? measured.steps);
  const set = hardwarePrices(experiment);
  const bottomUp = resolveTechnology(findCostPreset("bottom-up"), { set });
  const calibrated = resolveTechnology(findCostPreset("paper"), { set });
  const choice = chooseSteps(curve.steps, curve.rates, annRate);
  const asRun = estimateCost(workload, bottomUp, perInference(measurement));
  const chosen = estimateCost(withSteps(workload, choice.steps, snnSteps ?? choice.steps), bottomUp);
  const asPaper = estimateCost(workload, calibrated, perInference(measurement));
  const why = describeChoice(choice, annRate);
  return {
    figures: [
      ...estimateFigures(asRun),
      { id: "cost.isoAccuracy.steps", label: `Time steps: ${why}`, value: choice.steps, unit: "steps" },
      ...short(chosen, "cost.isoAccuracy", `T = ${choice.steps}`, ARCHITECTURE_IDS),
      ...short(asPaper, "cost.paper", "the paper's prices", ["xpikeformer", ...PRINTED_BASELINES]),
    ],
    charts: [
      comparisonChart([
        { name: `T = ${workload.steps}, as run`, estimate: asRun },
        ...(choice.steps === workload.steps ? [] : [{ name: `T = ${choice.steps}, by accuracy`, estimate: chosen }]),
        { name: `T = ${workload.steps}, the paper's prices`, estimate: asPaper },
      ]),
      breakdownChart(asRun),
      stagesChart(asRun),
      stepsChart(experiment, rasters, bottomUp),
      tornadoChart(workload, bottomUp, ratioTo(asRun, "annDigital")),
      ...stepMaps(workload, bottomUp),
    ],
    claims: claims(experiment, asRun),
    notes: [
      ...costNotes(bottomUp),
      ...(experiment.hardware.crossbars === null
        ? []
        : [
            "Programming is not priced: a chip that is loaded several times in an inference needs more energy than is given here.",
          ]),
      ...(choice.reached ? [] : [`Energies are not at equal accuracy: ${why}.`]),
    ],
    sources: costSources([bottomUp, calibrated]),
  };
}

/** Rows of a short report: energy of an answer, of an inference where that is the same, and what two baselines need. */
export function costRows({ figures }: Pick<CostSection, "figures">): { figure: string; label: string }[] {
  const perSymbol = "cost.xpikeformer.symbol";
  return [
    figures.some(({ id }) => id === perSymbol)
      ? { figure: perSymbol, label: "Energy per symbol: Xpikeformer" }
      : { figure: "cost.xpikeformer.energy", label: "Energy per inference: Xpikeformer" },
    { figure: "cost.ratio.annDigital", label: "Energy: int8 ANN over Xpikeformer" },
    { figure: "cost.ratio.snnDigital", label: "Energy: ideal digital SNN over Xpikeformer" },
  ];
}

/** What stands behind the energies of chips that were simulated. */
export const COST_REMARK =
  "Energy: actions counted on simulated chips times published 45 nm prices. Spike buffers of attention, a stored residual stream, " +
  "leakage and control are not priced (docs/cost.md).";

/** Energy of each time step of one prompt: the part that follows the spikes, and the part that does not. */
function stepsChart(
  experiment: Experiment,
  rasters: CostRun["rasters"],
  { technology }: ResolvedTechnology,
): ChartDraft {
  const parts = workloadsByStep(experiment, rasters).map((step) => xpikeformer(step, technology));
  const series = (name: string, value: (parts: Breakdown) => number) => ({
    name,
    points: parts.map((one, i) => ({ x: i + 1, y: 1e6 * value(one) })),
  });
  return {
    kind: "lines",
    id: "cost-steps",
    title: "Xpikeformer's energy by time step",
    caption:
      "One prompt on the first chip. Converters, tiles and neurons work in every step alike; cells and their drivers follow the spikes.",
    x: { label: "Time step", ticks: parts.map((_, i) => i + 1) },
    y: { label: "Microjoules" },
    series: [series("all", totalOf), series("cells and drivers", ({ array, drivers }) => array + drivers)],
  };
}

/** Chips counted on the same prompts, as one measurement. */
function pool(chips: readonly Measurement[]): Measurement {
  const [first] = chips;
  return {
    prompts: chips.reduce((sum, { prompts }) => sum + prompts, 0),
    stages: first.stages.map((stage, i) => ({
      ...stage,
      cycles: chips.reduce((sum, { stages }) => sum + stages[i].cycles, 0),
      actions: sumActions(chips.map(({ stages }) => stages[i].actions)),
      clipped: chips.reduce((sum, { stages }) => sum + stages[i].clipped, 0),
    })),
    densities: Object.fromEntries(
      Object.keys(first.densities).map((name) => [name, mean(chips.map(({ densities }) => densities[name]))]),
    ),
  };
}

function describeChoice({ steps, errorRate, reached }: StepChoice, annRate: number | undefined): string {
  const rate = errorRate.toFixed(4);
  if (reached) return `the fewest within 5 % of the ANN's error rate (${rate} against ${annRate!.toFixed(4)})`;
  const short =
    annRate === undefined ? "there is no ANN to compare with" : `no T measured reaches the ANN's ${annRate.toFixed(4)}`;
  return `${short}; T = ${steps} is the fewest within 5 % of the best measured (${rate})`;
}

/** Energy per symbol and ratios of some architectures only. */
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

/** Section VII-A prints ranges over the 4x4 decoders of 4-256 and 8-512. */
const PRINTED = { annDigital: [7, 14.5], annAimc: [2.6, 4], snnDigital: [1.6, 1.8] } as const;
const PRINTED_BASELINES = Object.keys(PRINTED) as (keyof typeof PRINTED)[];

function claims({ model, task }: Experiment, asRun: CostEstimate): ClaimDraft[] {
  if (task.kind !== "symbol-detection") return [];
  const { transmitAntennas: nt, receiveAntennas: nr } = task;
  const why =
    `Ours is a ${nt}x${nr} link and ${model.depth}-${model.width} at T = ${asRun.workload.steps}, with measured densities, both ` +
    "lines of a pair converted and local sums scaled; prices are published ones, the paper's are not printed.";
  return PRINTED_BASELINES.map((id) => {
    const [low, high] = PRINTED[id];
    const ratio = ratioTo(asRun, id);
    return {
      id: `cost-${id}`,
      source: "Section VII-A, ICL 4x4, 4-256 to 8-512",
      claim: `${asRun.architectures[id].label}: energy over Xpikeformer's`,
      paper: `${low} to ${high}`,
      figure: `cost.ratio.${id}`,
      difference: ratio < low ? "below" : ratio > high ? "above" : "within",
      why,
    };
  });
}
