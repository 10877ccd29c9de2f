/** What the report of a run on slots adds to `detection.ts`: its words and its receivers. The paper has no slots to compare with. */
import { gridOf } from "../channel/grid.ts";
import type { SlotReceiver } from "../evaluation/slot-receivers.ts";
import type { SlotDetectionSpec } from "../experiment/slot-detection.ts";
import { type DetectionWords, snrText } from "./detection.ts";

export function slotDetectionWords(task: SlotDetectionSpec, receivers: readonly SlotReceiver[]): DetectionWords {
  const { channel, transmitAntennas: nt, receiveAntennas: nr, receiverBits } = task;
  const grid = gridOf(channel, nt, nr);
  const pilots = grid.pilots.reduce((sum, { length }) => sum + length, 0);
  const best = receivers.find(({ estimate }) => estimate === "lmmse")!;
  return {
    subject: "in-context symbol detection on slots",
    link:
      `${nt} x ${nr} antennas over a ${channelName(task)} channel at ${channel.carrierGigahertz} GHz and ${channel.speedMetresPerSecond} m/s, with ` +
      `${snrText(task)} and a ${receiverBits}-bit receiver. A prompt is a slot of ${grid.symbols} x ${grid.subcarriers} elements: its ` +
      `${pilots} pilots serve ${grid.data.length} data elements, all of which count, in intervals by slot.`,
    best: { id: receiverId(best), name: "LMMSE channel estimate" },
    claims: () => [],
  };
}

const channelName = ({ channel }: SlotDetectionSpec): string =>
  channel.kind === "iid"
    ? "flat Rayleigh"
    : `${channel.kind.toUpperCase()}-${channel.profile}, ${channel.delaySpreadNanoseconds} ns`;

export const receiverId = ({ estimate, detector }: SlotReceiver): string => `${estimate}.${detector}`;

const ESTIMATES = { known: "known channel", lmmse: "LMMSE estimate", ls: "least squares, interpolated" } as const;
const DETECTORS = { joint: "Joint detection", "k-best": "K-best detection", mmse: "Linear MMSE" } as const;

export const receiverName = ({ estimate, detector }: SlotReceiver): string =>
  `${DETECTORS[detector]}, ${ESTIMATES[estimate]}`;
