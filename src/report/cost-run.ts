/**
 * The cost section of a run, from its price (`runs/price.ts`).
 *
 * Energies of the digital SNN are given three times, and every label names its T: at Xpikeformer's T (`cost.equalSteps`), at the T that it
 * was trained for (`cost`), and at the fewest steps of each network that its error rate allows (`cost.isoAccuracy`). The latter are at
 * equal accuracy only where a test shows it (`equality.ts`).
 *
 * An energy ratio is given only where it means something: the rival was evaluated, and the network on chips does better than guessing.
 */
import { ARCHITECTURE_IDS, ARCHITECTURES, type ArchitectureId } from "../cost/architectures/catalogue.ts";
import { type CostEstimate, ratioTo } from "../cost/cost.ts";
import type { rivalSteps, StepChoice } from "../cost/iso-accuracy.ts";
import type { Priced, PricedReceiver, Rivals } from "../cost/priced.ts";
import type { PriceRanges } from "../cost/ranges.ts";
import type { ChipsMachine } from "../cost/simulated.ts";
import { type Breakdown, totalOf } from "../cost/unit-energies.ts";
import { meanDensity, type Workload } from "../cost/workload.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { type AnnSpec, isTransformer, type ModelSpec, type SpikingSpec } from "../experiment/model.ts";
import type { NonInferiority } from "../numeric/non-inferiority.ts";
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
import { ACCURACY, energyRatios } from "./energy-ratios.ts";
import { equalityFigures, equalityText, marginText } from "./equality.ts";
import { energyAxis } from "./format.ts";
import { leverFigures, machineCharts } from "./machine-cost.ts";
import { receiverFigures } from "./receiver-cost.ts";
import type { ReportSource } from "./report.ts";
import { hasRatio, perInferenceOf } from "./rivals.ts";
import { networkSize, shortSize } from "./study.ts";

/** A run with its prices. */
export interface PricedRun {
  readonly experiment: Experiment;
  /** The simulated chips with the digital SNN at the T that it was trained for. */
  readonly priced: Priced;
  /** The same with the digital SNN at Xpikeformer's T; the ranges are null if nothing is known of its answers there. */
  readonly equal: {
    readonly estimate: CostEstimate;
    readonly asPaper: CostEstimate;
    readonly ranges: PriceRanges | null;
    /** The chips beside the digital SNN after as many steps. */
    readonly test: NonInferiority | undefined;
  };
  /** Both at the fewest steps that their error rates allow. */
  readonly chosen: { readonly estimate: CostEstimate; readonly ranges: PriceRanges };
  /** At the paper's prices. */
  readonly asPaper: CostEstimate;
  readonly choice: StepChoice;
  readonly snnChoice: RivalChoice | undefined;
  /** The chips beside the ANN, and at the chosen steps beside the digital SNN. */
  readonly test: NonInferiority | undefined;
  readonly snnTest: NonInferiority | undefined;
  /** Joules of an answer with early exit, where chips stop when they are sure. */
  readonly exit: number | null;
  readonly receivers: readonly PricedReceiver[];
  /** Joules of each time step by component, as if all steps were like it. */
  readonly bySteps: readonly Readonly<Breakdown>[];
  /** The rate of chips that do no better than guessing, with that of guessing. */
  readonly guess: { readonly rate: number; readonly chance: number } | null;
  readonly compared: ComparedNetworks;
  readonly stepsNote: string | null;
  readonly claims: readonly ClaimDraft[];
}

export type RivalChoice = ReturnType<typeof rivalSteps>;

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
  /** How energies are computed, in one line, or why there are none. */
  readonly remark: string;
  readonly sources: readonly ReportSource[];
  /** The compared ANN's name within a sentence. */
  readonly annName: string;
  /** The result of one inference. */
  readonly result: Workload["result"];
  /** Sizes of the networks that were evaluated, as the paper writes them: `4-256`. */
  readonly sizes: { readonly ann?: string | undefined; readonly snn?: string | undefined };
}

export function costSection(run: PricedRun): CostSection {
  const { experiment, priced, equal, chosen, asPaper, choice, snnChoice, snnTest, exit, receivers, guess, compared } =
    run;
  const { ann, snn } = compared;
  const { equalityMargin: margin } = experiment.evaluation;
  const { estimate: asRun, rivals, levers, ranges, tornado } = priced;
  const { workload, resolved: simulated } = asRun;
  return {
    figures: [
      ...estimateFigures(asRun, "cost", rivals, ranges),
      ...(equal.ranges ? equalStepsFigures(equal.estimate, rivals, equal.ranges) : []),
      ...(equal.test ? equalityFigures("cost.equalSteps.equality", "the digital SNN", equal.test, margin) : []),
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
      ...short(chosen.estimate, "cost.isoAccuracy", "fewest steps", ARCHITECTURE_IDS, rivals, chosen.ranges),
      ...(exit === null ? [] : exitCost(exit, asRun)),
      ...receiverFigures(receivers, workload.result),
      ...leverFigures(levers),
      ...short(asPaper, "cost.paper", "the paper's prices", ["xpikeformer", ...PRINTED_BASELINES], rivals),
    ],
    charts: [
      comparisonChart([
        { name: `T = ${workload.steps}`, estimate: equal.estimate },
        ...(stepsOf(chosen.estimate.workload) === stepsOf(equal.estimate.workload)
          ? []
          : [{ name: `fewest steps of each, ${stepsOf(chosen.estimate.workload)}`, estimate: chosen.estimate }]),
        { name: `T = ${workload.steps}, the paper's prices`, estimate: equal.asPaper },
      ]),
      ...machineCharts(priced),
      breakdownChart(equal.estimate),
      operationsChart(asRun),
      stepsChart(run.bySteps, workload),
      ...(tornado ? [tornadoChart(tornado, ratioTo(asRun, "annDigital"))] : []),
      ...stepMaps(priced),
    ],
    claims: run.claims.filter(({ figure }) => {
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
        run.stepsNote ?? "",
        guess
          ? `The network on chips does no better than guessing: its error rate is ${quoted(guess.rate)}, that of guessing ${quoted(guess.chance)}. ` +
            "No energy ratio is given."
          : annNote(ann, run.test),
      ]
        .join(" ")
        .trim(),
      ...fewestNote(choice, ann, snnChoice, snnTest, margin),
    ],
    remark: COST_REMARK,
    sources: costSources([simulated, asPaper.resolved]),
    result: workload.result,
    sizes: { ann: ann && shortSize(ann.model), snn: snn && shortSize(snn.model) },
    annName: isSameSize(experiment, ann) ? "the ANN of the same size" : `the ANN of ${networkSize(ann!.model)}`,
  };
}

/** The section of a network that no sizes describe: its machine, without rivals. */
export function machineSection(chips: ChipsMachine): CostSection {
  const { estimate } = chips;
  return {
    figures: estimateFigures(estimate),
    charts: [...machineCharts(chips), operationsChart(estimate)],
    claims: [],
    notes: [...costNotes(estimate.resolved), NO_RIVALS],
    remark: COST_REMARK,
    sources: costSources([estimate.resolved]),
    result: estimate.workload.result,
    sizes: {},
    annName: "the ANN",
  };
}

const NO_RIVALS =
  "No other machine is priced beside Xpikeformer: the formulas of the digital ones take the sizes of a transformer whose layers read spikes, " +
  "and this network lists its operations or adds spikes.";

/**
 * Rows of a short report, all at Xpikeformer's T: its energy per result with that per inference in brackets, and the energy of rivals
 * over it, where they may be compared.
 *
 * @param tests figures of the run's test of equal accuracy with the ANN (`equalityOf`)
 */
export function costRows(
  { figures, result: { name, perInference } }: Pick<CostSection, "figures" | "result">,
  tests: readonly FigureDraft[],
): BriefRow[] {
  if (figures.length === 0) return [];
  return [
    perInference === 1
      ? { figure: "cost.xpikeformer.energy", label: `Energy per ${name}: Xpikeformer` }
      : {
          figure: `cost.xpikeformer.${name}`,
          label: `Energy per ${name}: Xpikeformer`,
          also: { figure: "cost.xpikeformer.energy", unit: "per inference" },
        },
    ...energyRatios([...figures, ...tests]).map(({ figure, rival, shown }) => ({
      figure: figure.id,
      label: `Energy: ${rival} over Xpikeformer`,
      accuracy: shown,
    })),
  ];
}

/** The costs to show first: all energy ratios that people read, or Xpikeformer's energy if there are none; nothing without a price. */
export function costHighlights({ figures }: Pick<CostSection, "figures">): string[] {
  if (figures.length === 0) return [];
  const ratios = energyRatios(figures).map(({ figure }) => figure.id);
  return ratios.length > 0 ? ratios : ["cost.xpikeformer.energy"];
}

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
function stepsChart(parts: PricedRun["bySteps"], workload: Workload): ChartDraft {
  const axis = energyAxis(parts.map((one) => totalOf(one) / parts.length));
  const series = (name: string, value: (parts: Readonly<Breakdown>) => number) => ({
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
    y: { label: `${axis.unit} ${perInferenceOf(workload)}` },
    series: [series("all", totalOf), series("cells and drivers", ({ array, drivers }) => array + drivers)],
  };
}

/** `T = 6`, or of each network where they differ. */
const stepsOf = ({ steps, snnSteps }: Workload): string =>
  steps === snnSteps ? `T = ${steps}` : `Xpikeformer T = ${steps}, digital SNN T = ${snnSteps}`;

const quoted = (rate: number): string => rate.toFixed(4);

/** If no ANN was evaluated, the priced ANN has the size of the experiment's network. */
const isSameSize = ({ model }: Pick<Experiment, "model">, ann: ComparedNetworks["ann"]): boolean =>
  !ann ||
  ((["heads", "expansion"] as const).every((size) => sizeOf(ann.model, size) === sizeOf(model, size)) &&
    networkSize(ann.model) === networkSize(model));

const sizeOf = (model: ModelSpec, size: "heads" | "expansion"): number | null =>
  isTransformer(model) ? model[size] : null;

/** What the energy ratios to the ANN at the chips' T are, and are not. */
function annNote(ann: ComparedNetworks["ann"], test: NonInferiority | undefined): string {
  if (!ann) return "No ANN is named (checkpoints.ann), so no energy ratio to an ANN is given.";
  if (test?.verdict === "shown") return "The ANN was not run in int8.";
  const accuracy = ACCURACY[test?.verdict === "worse" ? "shown not to be" : "not shown"];
  return `The energy ratios to the ANN are ${accuracy}, and the ANN was not run in int8.`;
}

/** The fewest steps of each spiking network, and what is shown of them beside each rival. */
function fewestNote(
  choice: StepChoice,
  ann: ComparedNetworks["ann"],
  snn: RivalChoice | undefined,
  snnTest: NonInferiority | undefined,
  margin: number,
): string[] {
  const missing = snn
    ? []
    : ["No digital SNN is named (checkpoints.spiking), so no energy ratio to a digital SNN is given."];
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
function exitCost(value: number, { architectures }: CostEstimate): FigureDraft[] {
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
