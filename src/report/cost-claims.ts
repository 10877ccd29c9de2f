/** The paper's printed energy ratios next to ours. */
import { ARCHITECTURES } from "../cost/architectures/catalogue.ts";
import { type CostEstimate, ratioTo } from "../cost/cost.ts";
import { networkFor } from "../cost/workload.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";
import type { ClaimDraft } from "./build-report.ts";
import { shortSize } from "./study.ts";

/** Section VII-A prints ranges over the 4x4 decoders of 4-256 and 8-512. */
const PRINTED = { annDigital: [7, 14.5], annAimc: [2.6, 4], snnDigital: [1.6, 1.8] } as const;
export const PRINTED_BASELINES = Object.keys(PRINTED) as (keyof typeof PRINTED)[];

/** Sizes of these decoders. */
const PRINTED_SIZES: readonly string[] = ["4-256", "8-512"];

/** The size of the network on a rival machine; it must match the decoder's too. */
const sizeOfRival = ({ workload }: CostEstimate, id: (typeof PRINTED_BASELINES)[number]): string =>
  shortSize(networkFor(workload, ARCHITECTURES[id].runs));

export function decoderCostClaims({ model, task }: Experiment<SymbolDetectionSpec>, asRun: CostEstimate): ClaimDraft[] {
  const { transmitAntennas: nt, receiveAntennas: nr } = task;
  const isPrinted = (size: string) => nt === 4 && nr === 4 && PRINTED_SIZES.includes(size);
  const why =
    `Ours is a ${nt}x${nr} link and ${shortSize(model)} at T = ${asRun.workload.steps}, with measured densities, both ` +
    "lines of a pair converted and local sums scaled; prices are published ones, the paper's are not printed.";
  return PRINTED_BASELINES.map((id) => {
    const [low, high] = PRINTED[id];
    const ratio = ratioTo(asRun, id);
    return {
      id: `cost-${id}`,
      source: "Section VII-A, ICL 4x4, 4-256 to 8-512",
      claim: `${asRun.architectures[id].label}: energy over Xpikeformer's`,
      paper: `${low} to ${high}`,
      figure: `cost.ratio.${id}`,
      difference: ratio < low ? "below" : ratio > high ? "above" : "within",
      why,
      ...(isPrinted(shortSize(model)) && sizeOfRival(asRun, id) === shortSize(model) ? {} : { comparable: false }),
    };
  });
}
