import { expect, test } from "vitest";
import { estimateCost } from "../cost/cost.ts";
import { comparedWith, experimentWorkload } from "../cost/measured.ts";
import { simulatedPrices } from "../cost/simulated.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { parseExperiment } from "../experiment/parse.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";
import { decoderCostClaims } from "./cost-claims.ts";

/** Baselines whose printed range is set beside ours. */
function comparable(antennas: number, width: number, ann?: number): string[] {
  const experiment = parseExperiment({
    task: { transmitAntennas: antennas, receiveAntennas: antennas },
    model: { kind: "spiking", depth: 4, width, heads: 8, steps: 4 },
  }) as Experiment<SymbolDetectionSpec>;
  const model = experiment.model as SpikingSpec;
  const rival = ann === undefined ? {} : { ann: { ...model, width: ann } };
  const workload = comparedWith(experimentWorkload(experiment), experiment, rival);
  const claims = decoderCostClaims(experiment, estimateCost(workload, simulatedPrices(experiment)));
  expect(claims.map(({ figure }) => figure)).toEqual([
    "cost.ratio.annDigital",
    "cost.ratio.annAimc",
    "cost.ratio.snnDigital",
  ]);
  return claims.filter(({ comparable }) => comparable !== false).map(({ id }) => id);
}

test("the paper's ratios are comparable for its 4x4 decoders, and a rival of the same size", () => {
  const all = ["cost-annDigital", "cost-annAimc", "cost-snnDigital"];
  expect(comparable(4, 256)).toEqual(all);
  expect(comparable(4, 128)).toEqual([]);
  expect(comparable(2, 256)).toEqual([]);
  // The ANN that was evaluated is half as wide; the digital SNN has the decoder's size.
  expect(comparable(4, 256, 128)).toEqual(["cost-snnDigital"]);
});
