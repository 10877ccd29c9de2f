// @module-tag program
import { expect, test } from "vitest";
import { differing, gatesOf } from "../../../test/support/engine-gates.ts";
import { type EngineSetting, randomRuns, smallDesign } from "../../../test/support/engine-runs.ts";

test.each<EngineSetting>([
  { tokens: 3, dimension: 4, isCausal: true, draws: "stratified" },
  { tokens: 4, dimension: 4, isCausal: false, draws: "independent" },
])(
  "gates give the cycle model's bits and clocks: $tokens tokens, $dimension features, causal $isCausal, $draws, bundled Yosys",
  async (setting) => {
    const design = smallDesign(setting);
    // 240 windows of scores, from flip-flops that hold anything before the reset.
    const runs = randomRuns(design, 96, 4, 1);
    expect(differing(await gatesOf(design, "bundled"), design, runs)).toEqual([]);
  },
);
