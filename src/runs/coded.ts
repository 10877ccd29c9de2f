/** The coded link of a run: receivers, networks and chips, the latter also at other ages, on the same blocks. */
import { type CodedOptions, codedOf, pointsOf } from "../evaluation/coded.ts";
import { evaluateCodedChips } from "../evaluation/coded-chips.ts";
import { evaluateCodedNetwork } from "../evaluation/coded-network.ts";
import { evaluateCodedReceiver } from "../evaluation/coded-receivers.ts";
import { keeperOf, NO_KEEPER } from "../evaluation/keeper.ts";
import { slotReceivers } from "../evaluation/slot-receivers.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import type { SlotDetectionSpec } from "../experiment/slot-detection.ts";
import type { Network } from "../model/network.ts";
import { CHIPS, type CodedDetector, type CodedRun, fedId, fedName } from "../report/coded.ts";
import { NAMES, type NetworkRole } from "../report/detection-run.ts";
import { receiverId, receiverName } from "../report/slot-detection.ts";
import { codedLink } from "../task/coded-slots.ts";
import type { Given } from "../task/open.ts";
import { codedCosts } from "./coded-cost.ts";
import { agedHardware } from "./drift.ts";
import type { RunOptions } from "./prepare.ts";

export interface CodedRunOptions extends Pick<RunOptions, "executor" | "keeper"> {
  readonly chips: number;
  readonly advance: (blocks: number, part: string) => void;
}

/** Blocks that a coded link adds to a run at most. */
export function codedBlocks(experiment: Experiment, networks: number): number {
  const work = codedOf(experiment);
  if (work === null) return 0;
  const fed = work.coded.feedback > 0 ? networks + 1 : 0;
  const detectors = slotReceivers(work.task).length + networks + 1 + fed + agesOf(experiment).length;
  return detectors * pointsOf(work.coded).length * work.coded.blocks;
}

/** Throws as `codedOf` and as the evaluations */
export async function runCoded(
  given: Given<SlotDetectionSpec>,
  network: Network<SpikingSpec>,
  roles: readonly (readonly [NetworkRole, Network])[],
  { executor, keeper = NO_KEEPER, chips, advance }: CodedRunOptions,
): Promise<CodedRun | null> {
  const { experiment } = given;
  const work = codedOf(experiment, given.data);
  if (work === null) return null;
  /** Progress counts all blocks of a detector, also those that it did not need. */
  const counted = async (
    id: string,
    part: string,
    evaluate: (options: CodedOptions) => ReturnType<typeof evaluateCodedReceiver>,
  ) => {
    let left = pointsOf(work.coded).length * work.coded.blocks;
    const onBlocks = (blocks: number) => {
      left -= blocks;
      advance(blocks, part);
    };
    const points = await evaluate({ keeper: keeperOf(keeper, `coded ${id}`), onBlocks });
    advance(left, part);
    return points;
  };
  const detectors: CodedDetector[] = [];
  for (const receiver of slotReceivers(work.task)) {
    const id = receiverId(receiver);
    const points = await counted(id, "receivers", (own) => evaluateCodedReceiver(executor, work, receiver, own));
    detectors.push({ id, name: receiverName(receiver), points, dashed: true });
  }
  for (const feeds of work.coded.feedback > 0 ? [false, true] : [false]) {
    for (const [role, candidate] of roles) {
      const id = feeds ? fedId(role) : role;
      const points = await counted(id, role, (own) =>
        evaluateCodedNetwork(executor, work, candidate, { ...own, feeds }),
      );
      detectors.push({ id, name: feeds ? fedName(NAMES[role]) : NAMES[role], points });
    }
  }
  const onChips = (id: string, hardware: HardwareSpec, feeds = false) =>
    counted(id, "chips", (own) =>
      evaluateCodedChips(executor, given, network, work, { ...own, chips, hardware, feeds }),
    );
  const name = "Xpikeformer on hardware";
  detectors.push({ id: CHIPS, name, points: await onChips(CHIPS, experiment.hardware) });
  const fed = work.coded.feedback > 0 ? await onChips(fedId(CHIPS), experiment.hardware, true) : null;
  if (fed) detectors.push({ id: fedId(CHIPS), name: fedName(name), points: fed });
  const aged: CodedDetector[] = [];
  for (const { id, name, hardware, dashed } of agesOf(experiment)) {
    aged.push({ id, name, points: await onChips(id, hardware), dashed });
  }
  const link = codedLink(work.task, work.coded);
  const ann = roles.find(([role]) => role === "ann")?.[1].model;
  return { link, detectors, aged, costs: codedCosts(experiment, work, link, { geometry: network.geometry, ann, fed }) };
}

/** Chips at each age of the link, with and without drift compensation. */
function agesOf(experiment: Experiment) {
  const ages = [...new Set(experiment.evaluation.coded?.ages ?? [])].sort((a, b) => a - b);
  return ages.flatMap((readTime) =>
    [true, false].map((compensated) => ({
      id: `${CHIPS}.age.${readTime}.${compensated ? "compensated" : "uncompensated"}`,
      name: `Chips ${readTime} s old, ${compensated ? "" : "un"}compensated`,
      hardware: agedHardware(experiment, readTime, compensated),
      dashed: !compensated,
    })),
  );
}
