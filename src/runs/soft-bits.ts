/** Soft bits of a run that detects symbols: those of receivers and networks, and the scales that chips fit for theirs. */
import { evaluateChips } from "../evaluation/chips.ts";
import { type Keeper, keeperOf, NO_KEEPER } from "../evaluation/keeper.ts";
import { firstFitPrompt, type SoftBitsSpec, softBitsOf } from "../evaluation/soft-bits.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import type { Network } from "../model/network.ts";
import { type DetectionExperiment, type DetectionSpec, NAMES, type NetworkRole } from "../report/detection-run.ts";
import type { SoftBitsRun, SoftDetector } from "../report/soft-bits.ts";
import { kitOf } from "../task/catalogue.ts";
import type { Opened } from "../task/open.ts";
import { bestScale } from "../task/soft-bits.ts";
import type { RunOptions } from "./prepare.ts";

/** Agreements at each SNR of networks that are not on a chip. */
export type AgreedBySnr = Partial<Record<NetworkRole, Float64Array[][]>>;

/** One receiver at one SNR: agreements as those of networks. */
export interface SoftRow extends Pick<SoftDetector, "id" | "name"> {
  readonly agreed: Float64Array;
}

export interface SoftReceivers {
  /** The task's receivers; the first may be the bound of all. */
  softReceivers(point: {
    readonly prompts: number;
    readonly snrDecibels: number;
    readonly keeper: Keeper;
  }): Promise<SoftRow[]>;
}

interface SoftRunOptions extends SoftReceivers, Pick<RunOptions, "executor" | "keeper"> {
  readonly advance: (prompts: number, part: string) => void;
}

/** Prompts that soft bits add to a run. */
export function softWork(experiment: DetectionExperiment, chips: number): number {
  const soft = softBitsOf(experiment);
  if (soft === null) return 0;
  const { snrDecibels, curvePrompts } = experiment.evaluation;
  // The network of the chips has a curve in exact arithmetic.
  return snrDecibels.length * curvePrompts + chips * fitPoints(experiment, soft).length * soft.prompts;
}

/** SNRs at which a chip fits a scale; null: all of the task. */
function fitPoints({ evaluation }: DetectionExperiment, { fit }: SoftBitsSpec): readonly (number | null)[] {
  const points = { none: [], scale: [null], table: evaluation.snrDecibels };
  return points[fit];
}

/** `agreedOnChips` holds the agreements of each chip at each SNR, chip by chip. */
export async function runSoftBits(
  given: Opened<DetectionSpec>,
  network: Network<SpikingSpec>,
  networks: AgreedBySnr,
  agreedOnChips: readonly Float64Array[],
  soft: SoftBitsSpec,
  options: SoftRunOptions,
): Promise<SoftBitsRun> {
  const { experiment } = given;
  const { snrDecibels } = experiment.evaluation;
  const chips = agreedOnChips.length / Math.max(1, snrDecibels.length);
  const fitted = await fitChips(given, network, chips, soft, options);
  return {
    snrDecibels,
    bits: kitOf(experiment.task).trials(experiment.task),
    detectors: [
      ...(await receiverRows(experiment, options)),
      ...(["spiking", "ann", "digital"] as const).flatMap((role) => {
        const agreed = networks[role];
        return agreed ? [{ id: role, name: NAMES[role], agreed }] : [];
      }),
    ],
    chips: {
      id: "xpikeformer",
      name: "chips",
      agreed: snrDecibels.map((_, i) =>
        Array.from({ length: chips }, (_, chip) => agreedOnChips[chip * snrDecibels.length + i]),
      ),
    },
    fit: { kind: soft.fit, prompts: soft.prompts, scales: snrDecibels.map((_, i) => fitted.map((own) => own(i))) },
  };
}

/** For each chip, the scale at each SNR. */
async function fitChips(
  given: Opened<DetectionSpec>,
  network: Network<SpikingSpec>,
  chips: number,
  soft: SoftBitsSpec,
  { executor, keeper = NO_KEEPER, advance }: SoftRunOptions,
): Promise<((snr: number) => number)[]> {
  const points = fitPoints(given.experiment, soft);
  const alone = Array.from({ length: chips }, () => () => 1);
  if (points.length === 0 || chips === 0) return alone;
  const evaluations = await evaluateChips(executor, given, network, {
    chips,
    prompts: soft.prompts,
    firstPrompt: firstFitPrompt(given.experiment.evaluation),
    keeper: keeperOf(keeper, "soft bits"),
    ...(soft.fit === "table" && { snrDecibels: given.experiment.evaluation.snrDecibels }),
    onChip: () => advance(soft.prompts, "chips"),
  });
  return alone.map((_, chip) => {
    const scales = points.map((_, i) => bestScale(evaluations[chip * points.length + i].agreed!));
    return (snr) => scales[Math.min(snr, scales.length - 1)];
  });
}

async function receiverRows(
  experiment: DetectionExperiment,
  { softReceivers, keeper = NO_KEEPER }: SoftRunOptions,
): Promise<SoftDetector[]> {
  const { snrDecibels, curvePrompts } = experiment.evaluation;
  const bySnr: SoftRow[][] = [];
  for (const snr of snrDecibels) {
    const point = { prompts: curvePrompts, snrDecibels: snr, keeper: keeperOf(keeper, "soft receivers") };
    bySnr.push(await softReceivers(point));
  }
  return (bySnr[0] ?? []).map(({ id, name }, i) => ({
    id,
    name,
    dashed: true,
    agreed: bySnr.map((point) => [point[i].agreed]),
  }));
}
