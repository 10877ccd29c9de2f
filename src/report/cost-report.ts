/** The report of `xpike cost`: one workload at one preset in full, with further presets next to it. */
import { CLAIMED_RATIOS, isWithinRounding } from "../cost/claims.ts";
import { type CostEstimate, ratioTo } from "../cost/cost.ts";
import type { PricedWorkload, Rivals } from "../cost/priced.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { buildReport, type ClaimDraft } from "./build-report.ts";
import {
  breakdownChart,
  breakEvenFigures,
  comparisonChart,
  converterChart,
  costNotes,
  costSources,
  estimateFigures,
  monteCarloFigures,
  operationsChart,
  stepMaps,
  tornadoChart,
} from "./cost.ts";
import { COST_REMARK } from "./cost-run.ts";
import { formatText } from "./format.ts";
import { leverFigures, machineCharts } from "./machine-cost.ts";
import { receiverFigures, receiverRows } from "./receiver-cost.ts";
import type { Report } from "./report.ts";
import { hasRatio, perInferenceOf } from "./rivals.ts";
import { networkSize } from "./study.ts";

export interface CostCase {
  /** Part of a figure's id: `bottom-up`, `whatIf`. */
  readonly id: string;
  readonly estimate: CostEstimate;
}

export interface CostReportInput {
  /** Shown in full, at the prices of this name. */
  readonly priced: PricedWorkload;
  readonly prices: string;
  /** Shown next to it. */
  readonly others?: readonly CostCase[];
  readonly experiment?: Experiment;
  /** Whether the network was simulated, so that its spikes were counted. */
  readonly simulated?: boolean;
  readonly command: string;
  readonly seed: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly notes?: readonly string[];
}

export function costReport(input: CostReportInput): Report {
  const { priced, prices: id, others = [], command, seed, versions } = input;
  const { estimate, rivals, levers, monteCarlo, tornado } = priced;
  const cases = [{ id, estimate }, ...others];
  const { workload, resolved } = estimate;
  const [trees, ann] = [ratioTo(estimate, "annTrees"), ratioTo(estimate, "annDigital")];
  const snn = ratioTo(estimate, "snnDigital");
  const own = formatText({ value: estimate.architectures.xpikeformer.total, unit: "J" });
  const receivers = receiverFigures(priced.receivers, workload.result);
  const times = (ratio: number) => formatText({ value: ratio, unit: "1" });
  return buildReport({
    title: `Cost of ${workload.name}`,
    summary: [
      `Xpikeformer needs ${own} ${perInferenceOf(workload)} at T = ${workload.steps}`,
      ...(rivals.ann
        ? [`an int8 ANN ${times(trees)} times as much in adder trees and ${times(ann)} times on a systolic array`]
        : []),
      ...(rivals.snn ? [`an ideal digital SNN at T = ${workload.snnSteps} ${times(snn)} times as much`] : []),
    ]
      .join(", ")
      .concat("."),
    description:
      `${workload.description}; ${networkSize({ depth: workload.depth, width: workload.width })}, ${workload.tokens} tokens, T = ${workload.steps} ` +
      `(digital SNN: ${workload.snnSteps}). Prices: ${id}, ${resolved.preset.description}; ${resolved.node} nm. Counted actions ` +
      "times published prices: an estimate, not a measurement of silicon.",
    ...(input.experiment ? { experiment: input.experiment } : {}),
    command,
    seed,
    versions: { ...versions },
    notes: [...new Set([...(input.notes ?? []), ...cases.flatMap((one) => costNotes(one.estimate.resolved))])],
    sources: costSources(cases.map((one) => one.estimate.resolved)),
    highlights: [
      "cost.xpikeformer.energy",
      ...(rivals.ann ? ["cost.ratio.annTrees"] : []),
      ...(rivals.snn ? ["cost.ratio.snnDigital"] : []),
    ],
    brief: {
      rows: [...briefRows(estimate, monteCarlo !== null, rivals), ...receiverRows(receivers)],
      remark: briefRemark(estimate, input.simulated === true),
    },
    figures: [
      ...estimateFigures(estimate, "cost", rivals, priced.ranges),
      ...receivers,
      ...breakEvenFigures(priced.breakEvens),
      ...(monteCarlo ? monteCarloFigures(monteCarlo).filter(({ id }) => isOf(id, rivals)) : []),
      ...leverFigures(levers),
      ...others.flatMap((one) => estimateFigures(one.estimate, `cost.${one.id}`, rivals).map(labelled(one.id))),
    ],
    charts: [
      comparisonChart(cases.map((one) => ({ name: one.id, estimate: one.estimate }))),
      ...machineCharts(priced),
      breakdownChart(estimate),
      ...(tornado ? [tornadoChart(tornado, ann)] : []),
      operationsChart(estimate),
      ...stepMaps(priced),
      converterChart(priced.converters),
    ],
    claims: claimsOf(estimate),
  });
}

/** Whether a Monte Carlo figure concerns a rival with an energy ratio. */
const isOf = (id: string, rivals: Rivals): boolean => (id.includes(".snnDigital") ? rivals.snn : rivals.ann);

function briefRows(
  { architectures }: CostEstimate,
  withDraws: boolean,
  rivals: Rivals,
): { figure: string; label: string }[] {
  // The last two are hard baselines to beat: they use Xpikeformer's bits and cells.
  const compared = ["annTrees", "annDigital", "annAimc", "snnDigital", "annInt5", "annAimcOwn"] as const;
  return [
    { figure: "cost.xpikeformer.energy", label: "Energy per inference: Xpikeformer" },
    { figure: "cost.xpikeformer.alone", label: "... one at a time" },
    ...(["annTrees", "annDigital"] as const).map((id) => ({
      figure: `cost.${id}.energy`,
      label: architectures[id].label,
    })),
    ...compared
      .filter((id) => hasRatio(id, rivals))
      .map((id) => ({ figure: `cost.ratio.${id}`, label: `${architectures[id].label} over Xpikeformer` })),
    ...(withDraws && rivals.ann
      ? [{ figure: "cost.monteCarlo.annDigital", label: "int8 ANN over Xpikeformer, literature's price ranges" }]
      : []),
    { figure: "cost.latency.alone", label: "Latency, one inference at a time" },
    ...(["xpikeformer", "annDigital"] as const).map((id) => ({
      figure: `cost.${id}.inFlight`,
      label: `Per second, pipelined: ${architectures[id].label}`,
    })),
    { figure: "cost.area.xpikeformer", label: "Area" },
  ];
}

/** The scope of the price: our chip as simulated, or a published model without a simulation. */
function briefRemark({ workload, resolved }: CostEstimate, simulated: boolean): string {
  if (resolved.technology.wholeMachine === 1) {
    if (simulated) return COST_REMARK;
    const machine = workload.hardware ? "the whole machine" : "the whole machine of `xpike run`";
    return `Priced: ${machine}, with clock, wires and leakage, as for the machines it is compared with.`;
  }
  const conversions =
    resolved.technology.conversionsPerSum === 1 ? "one conversion for each pair of columns" : "both columns of a pair";
  const scaling = workload.scaled ? "local sums scaled" : "no scaling of local sums";
  return `Priced: ${conversions}, ${scaling}, as comparisons count. The machine of \`xpike run\` needs more: \`--preset simulated\`.`;
}

const labelled =
  (name: string) =>
  <F extends { readonly label: string }>(figure: F): F => ({ ...figure, label: `${figure.label} (${name})` });

/** The printed ratios of this workload, if any. */
function claimsOf(estimate: CostEstimate): ClaimDraft[] {
  const { workload, resolved } = estimate;
  return CLAIMED_RATIOS.filter((claim) => claim.workload === workload.name).map(({ architecture, printed }) => {
    const ratio = ratioTo(estimate, architecture);
    const within = isWithinRounding(ratio, printed) ? "within rounding" : "outside rounding";
    return {
      id: `ratio-${architecture}`,
      source: "Section VII-A",
      claim: `${estimate.architectures[architecture].label}: energy over Xpikeformer's`,
      paper: printed.length === 1 ? Number(printed[0]) : printed.join(" or "),
      figure: `cost.ratio.${architecture}`,
      ...(printed.length === 1 ? {} : { difference: within }),
      why:
        resolved.preset.name === "paper"
          ? "Calibrated to the printed totals; one set of prices does not reach every printed ratio."
          : `Published prices at T = ${workload.steps}; the paper's prices are not printed.`,
    };
  });
}
