/** A run for symbol detection: networks, chips and classical receivers on the same prompts. */
import { evaluateChips } from "../evaluation/chips.ts";
import { type Keeper, keeperOf, NO_KEEPER } from "../evaluation/keeper.ts";
import { evaluateNetwork, type NetworkEvaluation } from "../evaluation/network.ts";
import { evaluateReceivers, type ReceiverEvaluation } from "../evaluation/receivers.ts";
import { softBitsOf } from "../evaluation/soft-bits.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";
import { decoderCostClaims } from "../report/cost-claims.ts";
import { costSection } from "../report/cost-run.ts";
import { exitShares } from "../report/exit.ts";
import type { Report } from "../report/report.ts";
import { type DetectorResult, type NetworkRole, symbolDetectionReport } from "../report/symbol-detection.ts";
import type { DetectionErrors } from "../task/metrics.ts";
import type { Opened } from "../task/open.ts";
import type { Executor } from "../threads/executor.ts";
import { runRaster } from "./first-chip.ts";
import { registerNotes } from "./notes.ts";
import { comparedNetworks, prepare, type RunNetworks, type RunOptions } from "./prepare.ts";
import { priceRun } from "./price.ts";
import { type AgreedBySnr, runSoftBits, softWork } from "./soft-bits.ts";
import { chipRate, errorCurve, runSteps } from "./steps.ts";

type LinkExperiment = Experiment<SymbolDetectionSpec>;

/**
 * Random   all from `stream(experiment.seed)`, as each evaluation says
 * Throws   SpecError when a network does not fit the experiment; MappingError when it cannot be mapped
 */
export async function runSymbolDetection(
  given: Opened<SymbolDetectionSpec>,
  networks: RunNetworks,
  options: RunOptions,
): Promise<Report> {
  const { executor, keeper = NO_KEEPER } = options;
  const { experiment } = given;
  const { evaluation, hardware } = experiment;
  const notes = [...(options.notes ?? [])];
  const { network, mapping, roles, stepsNote } = prepare(experiment, networks, executor, notes);

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

  const receivers = await runReceivers(experiment, executor, keeperOf(keeper, "receivers"), advance);
  const agreedBySnr: AgreedBySnr = {};
  const results: Partial<Record<NetworkRole, DetectorResult>> = {};
  const evaluations: Partial<Record<NetworkRole, NetworkEvaluation<DetectionErrors>>> = {};
  for (const [role, candidate] of roles) {
    const own = keeperOf(keeper, role);
    const whole = await evaluateNetwork(executor, experiment, candidate, { prompts: evaluation.prompts, keeper: own });
    evaluations[role] = whole;
    const { errors, byContext } = whole;
    advance(evaluation.prompts, role);
    const measure = async (snrDecibels: number) => {
      const point = { prompts: evaluation.curvePrompts, snrDecibels, keeper: own };
      const { errors, agreed } = await evaluateNetwork(executor, experiment, candidate, point);
      if (agreed) agreedBySnr[role] = [...(agreedBySnr[role] ?? []), [agreed]];
      return errors;
    };
    const hasCurve = role !== "digital" || soft !== null;
    const bySnr = hasCurve ? await curve(measure, role) : [];
    results[role] = { errors, byContext, bySnr: role === "digital" ? [] : bySnr };
  }

  const chips = await evaluateChips(executor, experiment, network, {
    chips: hardware.chips,
    prompts: evaluation.prompts,
    keeper: keeperOf(keeper, "chips"),
    onChip: () => advance(evaluation.prompts, "chips"),
  });
  const curveChips = curveChipsOf(experiment);
  const chipPoints = await evaluateChips(executor, experiment, network, {
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
    soft && (await runSoftBits(given, network, agreedBySnr, agreedOnChips, soft, { ...options, advance }));
  const rasters = runRaster(given, network, mapping);
  const spiking = evaluations.spiking?.spiking;
  return symbolDetectionReport({
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
    mapping,
    cost: costSection(
      priceRun({
        experiment,
        chips,
        chipRate: chipRate(experiment, chips),
        rasters,
        curve: errorCurve(experiment, chips, chipBySteps),
        stepsNote,
        exit: exitShares(chips),
        compared: comparedNetworks(experiment, networks, evaluations),
        claims: (asRun) => decoderCostClaims(experiment, asRun),
      }),
    ),
    rasters,
  });
}

export const curveChipsOf = ({ evaluation: { curveChips }, hardware: { chips } }: LinkExperiment): number =>
  Math.min(chips, curveChips ?? chips);

function planWork(experiment: LinkExperiment, networks: number): number {
  const { prompts, curvePrompts, snrDecibels } = experiment.evaluation;
  // Every network except the digital twin has a curve, and the receivers share one.
  const points = snrDecibels.length * curvePrompts;
  const chipWork = experiment.hardware.chips * prompts + curveChipsOf(experiment) * points;
  return (networks + 1) * prompts + networks * points + chipWork + softWork(experiment, curveChipsOf(experiment));
}

async function runReceivers(
  experiment: LinkExperiment,
  executor: Executor,
  keeper: Keeper,
  advance: (prompts: number, part: string) => void,
): Promise<(ReceiverEvaluation & DetectorResult)[]> {
  const { prompts, curvePrompts, snrDecibels } = experiment.evaluation;
  const whole = await evaluateReceivers(executor, experiment, { prompts, keeper });
  advance(prompts, "receivers");
  const bySnr: ReceiverEvaluation[][] = [];
  for (const snr of snrDecibels) {
    const point = { prompts: curvePrompts, snrDecibels: snr, keeper };
    bySnr.push(await evaluateReceivers(executor, experiment, point));
    advance(curvePrompts, "receivers");
  }
  return whole.map((receiver, i) => ({ ...receiver, bySnr: bySnr.map((point) => point[i].errors) }));
}
