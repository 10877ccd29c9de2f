/**
 * A run for symbol detection on a link: its classical receivers, and the paper's claims. Receivers are loaded when they are asked for, so
 * that a page without them still shows chips.
 */
import type { ReceivedPrompts } from "../evaluation/receivers.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";
import { decoderCostClaims } from "../report/cost-claims.ts";
import type { ReceiverResult } from "../report/detection-run.ts";
import type { Report } from "../report/report.ts";
import { receiverId, receiverName, symbolDetectionWords } from "../report/symbol-detection.ts";
import type { Opened } from "../task/open.ts";
import type { SoftReceiver } from "../task/soft-receivers.ts";
import type { Executor } from "../threads/executor.ts";
import { runDetection } from "./detection.ts";
import type { RunNetworks, RunOptions } from "./prepare.ts";
import type { SoftRow } from "./soft-bits.ts";

/** Random, throws  as `runDetection` */
export function runSymbolDetection(
  given: Opened<SymbolDetectionSpec>,
  networks: RunNetworks,
  options: RunOptions,
): Promise<Report> {
  const { experiment } = given;
  const { executor } = options;
  return runDetection(given, networks, options, {
    receivers: (point) => linkReceivers(executor, experiment, point),
    softReceivers: async (point) => {
      const { evaluateSoftReceivers, softReceivers } = await import("../evaluation/soft-receivers.ts");
      const agreed = await evaluateSoftReceivers(executor, experiment, point);
      return softReceivers(experiment.task).map((receiver, i) => ({ ...describe(receiver), agreed: agreed[i] }));
    },
    words: symbolDetectionWords(experiment),
    costClaims: (asRun) => decoderCostClaims(experiment, asRun),
  });
}

/** The link's classical receivers, as reports name them. */
export async function linkReceivers(
  executor: Executor,
  experiment: Experiment<SymbolDetectionSpec>,
  point: ReceivedPrompts,
): Promise<Omit<ReceiverResult, "bySnr">[]> {
  const { evaluateReceivers } = await import("../evaluation/receivers.ts");
  const evaluations = await evaluateReceivers(executor, experiment, point);
  return evaluations.map((receiver) => ({
    ...receiver,
    id: receiverId(receiver),
    name: receiverName(receiver),
    knowsChannel: receiver.channel === "perfect",
  }));
}

const WORDS = { exact: "Exact posterior", "max-log": "Max-log", mmse: "Linear MMSE" };

function describe({ kind, channel, sees }: SoftReceiver): Omit<SoftRow, "agreed"> {
  if (sees === "received") return { id: "capacity", name: "Capacity, channel known" };
  const knowing = channel === "perfect" ? "perfect channel" : "channel from pilots";
  return { id: `${kind}.${channel}`, name: `${WORDS[kind]}, ${knowing}` };
}
