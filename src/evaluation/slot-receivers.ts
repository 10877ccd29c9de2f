/**
 * Classical receivers on the same slots as the networks: the known channel, LMMSE or least-squares estimates, and joint detection of all
 * antennas or linear MMSE. They see the quantised slot, and count the quantiser's error as noise of step^2 / 12 for each part.
 *
 * The sign of a soft bit (`src/receiver/detect.ts`) is its decision. Where joint detection has too many classes, k-best takes its place.
 */
import type { SlotGrid } from "../channel/grid.ts";
import { channelModel } from "../channel/model.ts";
import type { Slot } from "../channel/slot.ts";
import { ValueError } from "../errors.ts";
import { bitsPerClass } from "../experiment/modulation.ts";
import type { SlotDetectionSpec } from "../experiment/slot-detection.ts";
import { stream } from "../numeric/stream.ts";
import {
  bitsOf,
  type Detector,
  type DetectorSizes,
  detectSlot,
  jointDetector,
  MOST_LISTED_BITS,
  mmseDetector,
} from "../receiver/detect.ts";
import { type ChannelEstimate, knownChannel, leastSquares } from "../receiver/estimate.ts";
import { kBestDetector } from "../receiver/k-best.ts";
import { lmmseEstimator } from "../receiver/lmmse.ts";
import { createTask } from "../task/create.ts";
import { antennaSymbols, quantiserNoise } from "../task/link.ts";
import { type DetectionErrors, detectionErrors } from "../task/metrics.ts";
import { type Given, type Openable, opened } from "../task/open.ts";
import { agreements } from "../task/soft-bits.ts";
import type { Executor, Job } from "../threads/executor.ts";
import { answerPrompts, type Keeper, NO_KEEPER } from "./keeper.ts";
import { cutRanges, requireCounts, type Slice, snrName } from "./slices.ts";

/** How a receiver knows the channel. */
export type SlotEstimate = "known" | "lmmse" | "ls";
export type SlotDetector = "joint" | "k-best" | "mmse";

export interface SlotReceiver {
  readonly estimate: SlotEstimate;
  readonly detector: SlotDetector;
}

const ESTIMATED = ["known", "lmmse", "ls"] as const;

/**
 * Receivers of a task. With one antenna, linear MMSE decides as joint detection does and is left out; so is the LMMSE estimate where a file
 * holds the channels, which says nothing of their statistics.
 */
export function slotReceivers(spec: SlotDetectionSpec): SlotReceiver[] {
  const nonlinear = bitsPerClass(spec) <= MOST_LISTED_BITS ? "joint" : "k-best";
  const detectors: SlotDetector[] = spec.transmitAntennas === 1 ? [nonlinear] : [nonlinear, "mmse"];
  return ESTIMATED.filter((estimate) => estimate !== "lmmse" || spec.channel.kind !== "file").flatMap((estimate) =>
    detectors.map((detector) => ({ estimate, detector })),
  );
}

type Estimate = (slot: Slot) => ChannelEstimate;

const ESTIMATES: Readonly<Record<SlotEstimate, (spec: SlotDetectionSpec, grid: SlotGrid) => Estimate>> = {
  known: (_, grid) => (slot) => knownChannel(slot, grid),
  ls: (_, grid) => (slot) => leastSquares(slot, grid),
  lmmse: ({ channel, transmitAntennas, receiveAntennas }, grid) => {
    if (channel.kind === "file") {
      throw new ValueError(
        "task.channel.kind",
        `LMMSE needs delays and Doppler, which ${channel.file} does not state. Use least squares, or a channel that a model draws.`,
      );
    }
    const model = channelModel(channel, transmitAntennas, receiveAntennas);
    // Slots of a curve have one noise, so their estimator is made once.
    let made: { readonly noiseVariance: number; readonly estimate: Estimate } | null = null;
    return (slot) => {
      const { noiseVariance } = slot;
      if (made?.noiseVariance !== noiseVariance) {
        made = { noiseVariance, estimate: lmmseEstimator(model, grid, noiseVariance) };
      }
      return made.estimate(slot);
    };
  },
};

/** Joint symbols that the search keeps. */
const SURVIVORS = 16;

const DETECTORS: Readonly<Record<SlotDetector, (sizes: DetectorSizes) => Detector>> = {
  joint: (sizes) => jointDetector(sizes, "exact"),
  mmse: (sizes) => mmseDetector(sizes, "exact"),
  "k-best": (sizes) => kBestDetector(sizes, SURVIVORS),
};

/**
 * The soft bits of a quantised slot: log-likelihood ratios, `[data elements, Nt, bits]`.
 * Throws  ValueError for joint detection of too many classes
 */
export function slotReceiver(
  { estimate, detector }: SlotReceiver,
  spec: SlotDetectionSpec,
  grid: SlotGrid,
): (slot: Slot) => Float64Array {
  const { transmitAntennas, receiveAntennas } = spec;
  const sizes = { transmitAntennas, receiveAntennas, points: antennaSymbols(spec) };
  const [detect, estimated] = [DETECTORS[detector](sizes), ESTIMATES[estimate](spec, grid)];
  const added = quantiserNoise(spec);
  return (quantised) => {
    const slot = { ...quantised, noiseVariance: quantised.noiseVariance + added };
    return detectSlot(estimated(slot), slot.received, grid, detect, bitsOf(sizes));
  };
}

export interface SlotReceiverEvaluation extends SlotReceiver {
  /** Over all data elements. */
  readonly errors: DetectionErrors;
  /** Of their soft bits with what was sent, `[prompts, data elements, bits]`; null unless asked for. */
  readonly agreed: Float64Array | null;
}

interface ReceiverSetup extends Given<SlotDetectionSpec> {
  readonly isSoft: boolean;
}

interface SliceResult {
  readonly labels: Int32Array;
  /** `[prompts, data elements]` for each receiver. */
  readonly decisions: readonly Int32Array[];
  readonly agreed: readonly Float64Array[];
}

/** Slots that one piece of the job draws and detects. */
const SLICE_PROMPTS = 32;

/** The job "receive-slots". */
export const receiveSlots: Job<ReceiverSetup, Slice, SliceResult> = ({ experiment, data, isSoft }) => {
  const task = createTask(experiment, data);
  const { spec, grid } = task;
  const random = stream(experiment.seed).fork("evaluation");
  const receivers = slotReceivers(spec).map((receiver) => slotReceiver(receiver, spec, grid));
  const bits = bitsPerClass(spec);
  return ({ firstPrompt, prompts, snrDecibels }) => {
    const snr = snrDecibels === null ? {} : { snrDecibels };
    const { slots, labels } = task.draw(prompts, random, { firstPrompt, spikes: false, values: false, ...snr });
    const ratios = receivers.map((receive) => Float64Array.from(slots.flatMap((slot) => [...receive(slot)])));
    return {
      labels,
      decisions: ratios.map((own) => decided(own, bits)),
      agreed: isSoft ? ratios.map((own) => agreements(own, labels, bits)) : [],
    };
  };
};

/** Classes of `bits` bits: a bit is 1 if its ratio is below 0. */
function decided(ratios: Float64Array, bits: number): Int32Array {
  const decisions = new Int32Array(ratios.length / bits);
  ratios.forEach((ratio, i) => {
    if (ratio < 0) decisions[Math.floor(i / bits)] |= 1 << (bits - 1 - (i % bits));
  });
  return decisions;
}

export interface SlotReceiverOptions {
  readonly prompts: number;
  /** This SNR for every slot. Default: the task's. */
  readonly snrDecibels?: number;
  /** Also gives agreements. Default false. */
  readonly isSoft?: boolean;
  readonly keeper?: Keeper;
}

/** Every receiver on the experiment's evaluation slots. Random: as for networks, `stream(seed).fork("evaluation")`. */
export async function evaluateSlotReceivers(
  executor: Executor,
  subject: Openable<SlotDetectionSpec>,
  { prompts, snrDecibels, isSoft = false, keeper = NO_KEEPER }: SlotReceiverOptions,
): Promise<SlotReceiverEvaluation[]> {
  requireCounts({ prompts });
  const { experiment, data } = opened(subject);
  const snr = snrDecibels ?? null;
  const naming = { keeper, name: snrName(snr) };
  const results = await answerPrompts<SliceResult>(prompts, naming, async (missing, keep) => {
    const setup = { experiment, data, isSoft };
    const session = executor.open<ReceiverSetup, Slice, SliceResult>("receive-slots", setup, { repeatable: true });
    const slices = cutRanges(missing, SLICE_PROMPTS, snr);
    await session.run(slices, (result, i) => keep(result, slices[i])).finally(session.close);
  });
  const labels = results.flatMap((result) => [...result.labels]);
  return slotReceivers(experiment.task).map((receiver, i) => {
    const decisions = results.flatMap((result) => [...result.decisions[i]]);
    return {
      ...receiver,
      errors: detectionErrors(labels, decisions, experiment.task, labels.length / prompts),
      agreed: isSoft ? Float64Array.from(results.flatMap(({ agreed }) => [...agreed[i]])) : null,
    };
  });
}
