/** Shared by runs that detect symbols: networks, chips and classical receivers on the same prompts. */

import type { CostEstimate } from "../cost/cost.ts";
import { evaluateChips } from "../evaluation/chips.ts";
import { type Keeper, keeperOf, NO_KEEPER } from "../evaluation/keeper.ts";
import { evaluateNetwork, type NetworkEvaluation } from "../evaluation/network.ts";
import { softBitsOf } from "../evaluation/soft-bits.ts";
import type { ClaimDraft } from "../report/build-report.ts";
import type { CodedRun } from "../report/coded.ts";
import { detectionReport } from "../report/detection.ts";
import type {
  DetectionExperiment,
  DetectionSpec,
  DetectionWords,
  DetectorResult,
  NetworkRole,
  ReceiverResult,
} from "../report/detection-run.ts";
import { exitShares } from "../report/exit.ts";
import type { Report } from "../report/report.ts";
import type { DetectionErrors } from "../task/metrics.ts";
import type { Opened } from "../task/open.ts";
import { type CodedRunOptions, codedBlocks } from "./coded.ts";
import { runRaster } from "./first-chip.ts";
import { registerNotes } from "./notes.ts";
import { comparedNetworks, type Preparation, prepare, type RunNetworks, type RunOptions } from "./prepare.ts";
import { costOfRun } from "./run-cost.ts";
import { type AgreedBySnr, runSoftBits, type SoftReceivers, softWork } from "./soft-bits.ts";
import { chipRate, errorCurve, runSteps } from "./steps.ts";

/** Prompts on which receivers are evaluated; without an SNR, those of the task. */
export interface ReceiverPoint {
  readonly prompts: number;
  readonly snrDecibels?: number;
  readonly keeper: Keeper;
}

/** What a task adds to its run. */
export interface Detection extends SoftReceivers {
  receivers(point: ReceiverPoint): Promise<Omit<ReceiverResult, "bySnr">[]>;
  readonly words: DetectionWords;
  /** Its coded link, if the experiment asks for one; null otherwise. */
  coded?(prepared: Preparation, options: CodedRunOptions): Promise<CodedRun | null>;
  /** What the paper says of its costs. */
  costClaims(asRun: CostEstimate): readonly ClaimDraft[];
}

/**
 * Random   all from `stream(experiment.seed)`, as each evaluation says
 * Throws   SpecError when a network does not fit the experiment; MappingError when it cannot be mapped
 */
export async function runDetection(
  given: Opened<DetectionSpec>,
  networks: RunNetworks,
  options: RunOptions,
  detection: Detection,
): Promise<Report> {
  const { executor, keeper = NO_KEEPER } = options;
  const { experiment } = given;
  const { evaluation, hardware } = experiment;
  const notes = [...(options.notes ?? [])];
  const prepared = prepare(experiment, networks, executor, notes);
  const { network, mapping, roles, stepsNote } = prepared;

  const soft = softBitsOf(experiment);
  const work = planWork(experiment, roles.length);
  let done = 0;
  const advance = (prompts: number, part: string) => {
    done += prompts;
    options.onProgress?.(done, work, part);
  };
  const curve = async (measure: (snrDecibels: number) => Promise<DetectionErrors>, part: NetworkRole) => {
    const points: DetectionErrors[] = [];
    for (const snrDecibels of evaluation.snrDecibels) {
      points.push(await measure(snrDecibels));
      advance(evaluation.curvePrompts, part);
    }
    return points;
  };

  const receivers = await runReceivers(experiment, detection, keeperOf(keeper, "receivers"), advance);
  const agreedBySnr: AgreedBySnr = {};
  const results: Partial<Record<NetworkRole, DetectorResult>> = {};
  const evaluations: Partial<Record<NetworkRole, NetworkEvaluation<DetectionErrors>>> = {};
  for (const [role, candidate] of roles) {
    const own = keeperOf(keeper, role);
    const whole = await evaluateNetwork(executor, given, candidate, { prompts: evaluation.prompts, keeper: own });
    evaluations[role] = whole;
    const { errors, byContext } = whole;
    advance(evaluation.prompts, role);
    const measure = async (snrDecibels: number) => {
      const point = { prompts: evaluation.curvePrompts, snrDecibels, keeper: own };
      const { errors, agreed } = await evaluateNetwork(executor, given, candidate, point);
      if (agreed) agreedBySnr[role] = [...(agreedBySnr[role] ?? []), [agreed]];
      return errors;
    };
    const hasCurve = role !== "digital" || soft !== null;
    const bySnr = hasCurve ? await curve(measure, role) : [];
    results[role] = { errors, byContext, bySnr: role === "digital" ? [] : bySnr };
  }

  const chips = await evaluateChips(executor, given, network, {
    chips: hardware.chips,
    prompts: evaluation.prompts,
    keeper: keeperOf(keeper, "chips"),
    onChip: () => advance(evaluation.prompts, "chips"),
  });
  const curveChips = curveChipsOf(experiment);
  const chipPoints = await evaluateChips(executor, given, network, {
    chips: curveChips,
    prompts: evaluation.curvePrompts,
    snrDecibels: evaluation.snrDecibels,
    keeper: keeperOf(keeper, "curve"),
    onChip: () => advance(evaluation.curvePrompts, "chips"),
  });
  const points = evaluation.snrDecibels.length;
  const agreedOnChips = chipPoints.flatMap(({ agreed }) => agreed ?? []);
  const chipsBySnr = evaluation.snrDecibels.map((_, i) =>
    Array.from({ length: curveChips }, (_, chip) => chipPoints[chip * points + i].errors),
  );
  const chipBySteps = await runSteps(given, network, chips, options, advance);
  const softBits =
    soft &&
    (await runSoftBits(given, network, agreedBySnr, agreedOnChips, soft, { ...options, ...detection, advance }));
  const coded = await detection.coded?.(prepared, { ...options, chips: curveChips, advance });
  const rasters = runRaster(given, network, mapping);
  const spiking = evaluations.spiking?.spiking;
  const run = {
    experiment,
    command: options.command,
    seed: experiment.seed,
    versions: options.versions,
    notes: [...notes, ...registerNotes(chips)],
    receivers,
    networks: results,
    ...(spiking && { spikingBySteps: spiking.bySteps }),
    chips,
    chipsBySnr,
    chipBySteps,
    ...(softBits && { softBits }),
    ...(coded && { coded }),
    mapping,
    cost: costOfRun({
      experiment,
      chips,
      chipRate: chipRate(experiment, chips),
      rasters,
      curve: errorCurve(experiment, chips, chipBySteps),
      stepsNote,
      exit: exitShares(chips),
      compared: comparedNetworks(experiment, networks, evaluations),
      claims: detection.costClaims,
    }),
    rasters,
  };
  return detectionReport(run, detection.words);
}

export const curveChipsOf = ({ evaluation: { curveChips }, hardware: { chips } }: DetectionExperiment): number =>
  Math.min(chips, curveChips ?? chips);

function planWork(experiment: DetectionExperiment, networks: number): number {
  const { prompts, curvePrompts, snrDecibels } = experiment.evaluation;
  // Every network except the digital twin has a curve, and the receivers share one.
  const points = snrDecibels.length * curvePrompts;
  const chipWork = experiment.hardware.chips * prompts + curveChipsOf(experiment) * points;
  return (
    (networks + 1) * prompts +
    networks * points +
    chipWork +
    softWork(experiment, curveChipsOf(experiment)) +
    codedBlocks(experiment, networks)
  );
}

async function runReceivers(
  experiment: DetectionExperiment,
  { receivers }: Detection,
  keeper: Keeper,
  advance: (prompts: number, part: string) => void,
): Promise<ReceiverResult[]> {
  const { prompts, curvePrompts, snrDecibels } = experiment.evaluation;
  const whole = await receivers({ prompts, keeper });
  advance(prompts, "receivers");
  const bySnr: Omit<ReceiverResult, "bySnr">[][] = [];
  for (const snr of snrDecibels) {
    bySnr.push(await receivers({ prompts: curvePrompts, snrDecibels: snr, keeper }));
    advance(curvePrompts, "receivers");
  }
  return whole.map((receiver, i) => ({ ...receiver, bySnr: bySnr.map((point) => point[i].errors) }));
}
