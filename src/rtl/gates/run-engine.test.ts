// @module-tag slow
import { expect, test, vi } from "vitest";
import { differing, gatesOf } from "../../../test/support/engine-gates.ts";
import { type EngineSetting, randomRuns, smallDesign } from "../../../test/support/engine-runs.ts";

// The first run of the bundled Yosys compiles 30 MB of WebAssembly, which takes a minute on a machine that is busy.
vi.setConfig({ testTimeout: 240_000 });

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
