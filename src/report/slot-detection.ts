/** What the report of a run on slots adds to `detection.ts`: its words and its receivers. The paper has no slots to compare with. */
import { gridOf } from "../channel/grid.ts";
import type { SlotReceiver } from "../evaluation/slot-receivers.ts";
import type { ChannelSpec } from "../experiment/channel.ts";
import type { SlotDetectionSpec } from "../experiment/slot-detection.ts";
import { snrText } from "./detection.ts";
import type { DetectionWords } from "./detection-run.ts";

export function slotDetectionWords(task: SlotDetectionSpec, receivers: readonly SlotReceiver[]): DetectionWords {
  const { channel, transmitAntennas: nt, receiveAntennas: nr, receiverBits } = task;
  const grid = gridOf(channel, nt, nr);
  const pilots = grid.pilots.reduce((sum, { length }) => sum + length, 0);
  const best = (["lmmse", "ls"] as const).flatMap((own) => receivers.filter(({ estimate }) => estimate === own))[0];
  return {
    subject: "in-context symbol detection on slots",
    link:
      `${nt} x ${nr} antennas over ${channelName(channel)}, with ` +
      `${snrText(task)} and a ${receiverBits}-bit receiver. A prompt is a slot of ${grid.symbols} x ${grid.subcarriers} elements: its ` +
      `${pilots} pilots serve ${grid.data.length} data elements, all of which count, in intervals by slot.`,
    best: { id: receiverId(best), name: BEST[best.estimate] },
    claims: () => [],
  };
}

const BEST = { known: "known channel", lmmse: "LMMSE channel estimate", ls: "least-squares channel estimate" } as const;

function channelName(channel: ChannelSpec): string {
  if (channel.kind === "file") return `the channels of ${channel.file}`;
  const { kind, carrierGigahertz, speedMetresPerSecond } = channel;
  const name =
    kind === "iid" ? "flat Rayleigh" : `${kind.toUpperCase()}-${channel.profile}, ${channel.delaySpreadNanoseconds} ns`;
  return `a ${name} channel at ${carrierGigahertz} GHz and ${speedMetresPerSecond} m/s`;
}

export const receiverId = ({ estimate, detector }: SlotReceiver): string => `${estimate}.${detector}`;

const ESTIMATES = { known: "known channel", lmmse: "LMMSE estimate", ls: "least squares, interpolated" } as const;
const DETECTORS = { joint: "Joint detection", "k-best": "K-best detection", mmse: "Linear MMSE" } as const;

export const receiverName = ({ estimate, detector }: SlotReceiver): string =>
  `${DETECTORS[detector]}, ${ESTIMATES[estimate]}`;
