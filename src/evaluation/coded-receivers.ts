/**
 * Classical receivers of coded blocks: from the quantised slot to soft bits, by the true channel, LMMSE or least-squares estimates, and one
 * kind of detection. The quantiser's error counts as noise of step^2 / 12 for each part, as in `task/soft-receivers.ts`.
 */
import type { SlotGrid } from "../channel/grid.ts";
import { channelModel } from "../channel/model.ts";
import type { Slot } from "../channel/slot.ts";
import type { CodedSpec } from "../experiment/coded.ts";
import type { SlotDetectionSpec } from "../experiment/slot-detection.ts";
import { type Detector, type DetectorSizes, detectSlot, jointDetector, mmseDetector } from "../receiver/detect.ts";
import { type ChannelEstimate, knownChannel, leastSquares } from "../receiver/estimate.ts";
import { kBestDetector } from "../receiver/k-best.ts";
import { lmmseEstimator } from "../receiver/lmmse.ts";
import { antennaSymbols } from "../task/link.ts";
import type { Job } from "../threads/executor.ts";
import { type BlockAnswers, blockDecoder, type CodedWork, codedSource } from "./coded-blocks.ts";
import type { Slice } from "./slices.ts";

/** How a receiver knows the channel. */
export type CodedReceiver = "known" | "lmmse" | "ls";

export const CODED_RECEIVERS: readonly CodedReceiver[] = ["known", "lmmse", "ls"];

/** From a slot whose noise variance includes that of the quantiser. */
type Estimate = (slot: Slot) => ChannelEstimate;

const ESTIMATES: Readonly<Record<CodedReceiver, (spec: SlotDetectionSpec, grid: SlotGrid) => Estimate>> = {
  known: (_, grid) => (slot) => knownChannel(slot, grid),
  ls: (_, grid) => (slot) => leastSquares(slot, grid),
  lmmse: (spec, grid) => {
    const model = channelModel(spec.channel, spec.transmitAntennas, spec.receiveAntennas);
    let made: { readonly noiseVariance: number; readonly estimate: Estimate } | null = null;
    return (slot) => {
      const { noiseVariance } = slot;
      // A matrix is inverted once for all slots with the same noise.
      if (made?.noiseVariance !== noiseVariance) {
        made = { noiseVariance, estimate: lmmseEstimator(model, grid, noiseVariance) };
      }
      return made.estimate(slot);
    };
  },
};

/** Joint symbols that the search keeps. */
const SURVIVORS = 16;

const DETECTORS: Readonly<Record<CodedSpec["detection"], (sizes: DetectorSizes) => Detector>> = {
  joint: (sizes) => jointDetector(sizes, "exact"),
  mmse: (sizes) => mmseDetector(sizes, "exact"),
  "k-best": (sizes) => kBestDetector(sizes, SURVIVORS),
};

/** Soft bits of a slot, `[coded bits]`. Throws ValueError for joint detection of too many classes */
export function softReceiver(
  receiver: CodedReceiver,
  spec: SlotDetectionSpec,
  grid: SlotGrid,
  detection: CodedSpec["detection"],
): (slot: Slot) => Float64Array {
  const { transmitAntennas, receiveAntennas, receiverBits, receiverRange } = spec;
  const points = antennaSymbols(spec);
  const detector = DETECTORS[detection]({ transmitAntennas, receiveAntennas, points });
  const estimate = ESTIMATES[receiver](spec, grid);
  const added = ((2 * receiverRange) / 2 ** receiverBits) ** 2 / 6;
  const bits = Math.log2(points.length / 2);
  return (quantised) => {
    const slot = { ...quantised, noiseVariance: quantised.noiseVariance + added };
    return detectSlot(estimate(slot), slot.received, grid, detector, bits);
  };
}

export interface ReceiverWork extends CodedWork {
  readonly receiver: CodedReceiver;
}

/** The job "receive-blocks". */
export const receiveBlocks: Job<ReceiverWork, Slice, BlockAnswers> = (work) => {
  const { link, draw } = codedSource(work);
  const receive = softReceiver(work.receiver, work.task, link.grid, work.coded.detection);
  const decode = blockDecoder(link, work.coded);
  return (slice) => {
    const { blocks, slots } = draw(slice, { spikes: false, values: false });
    const ratios = new Float64Array(blocks.length * link.block.codedBits);
    slots.forEach((slot, k) => {
      ratios.set(receive(slot), k * link.block.codedBits);
    });
    return decode(blocks, ratios);
  };
};
