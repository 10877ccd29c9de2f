/** A run for symbol detection on slots: its classical receivers, which see the same slots. */
import { evaluateSlotReceivers, slotReceivers } from "../evaluation/slot-receivers.ts";
import type { SlotDetectionSpec } from "../experiment/slot-detection.ts";
import type { Report } from "../report/report.ts";
import { receiverId, receiverName, slotDetectionWords } from "../report/slot-detection.ts";
import type { Opened } from "../task/open.ts";
import { runCoded } from "./coded.ts";
import { type ReceiverPoint, runDetection } from "./detection.ts";
import type { RunNetworks, RunOptions } from "./prepare.ts";

/** Random, throws  as `runDetection`; ValueError for a channel with too many pilots for LMMSE */
export function runSlotDetection(
  given: Opened<SlotDetectionSpec>,
  networks: RunNetworks,
  options: RunOptions,
): Promise<Report> {
  const { experiment } = given;
  const evaluate = async (point: ReceiverPoint, isSoft: boolean) => {
    const evaluations = await evaluateSlotReceivers(options.executor, given, { ...point, isSoft });
    return evaluations.map((receiver) => ({ ...receiver, id: receiverId(receiver), name: receiverName(receiver) }));
  };
  return runDetection(given, networks, options, {
    receivers: async (point) =>
      (await evaluate(point, false)).map(({ id, name, estimate, errors }) => {
        return { id, name, knowsChannel: estimate === "known", errors, byContext: [] };
      }),
    softReceivers: async (point) =>
      (await evaluate(point, true)).map(({ id, name, agreed }) => ({ id, name, agreed: agreed! })),
    coded: ({ network, roles }, own) => runCoded(given, network, roles, own),
    words: slotDetectionWords(experiment.task, slotReceivers(experiment.task)),
    costClaims: () => [],
  });
}
