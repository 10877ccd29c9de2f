import { expect, test } from "vitest";
import { type EngineSetting, randomRuns, smallDesign } from "../../../test/support/engine-runs.ts";
import { synthesiseNetlist } from "../../node/rtl-synthesis.ts";
import { stream } from "../../numeric/stream.ts";
import { sourceFiles } from "../design.ts";
import { ENGINE } from "../ssa-engine.ts";
import { readNetlist } from "./netlist.ts";
import { runEngineGates } from "./run-engine.ts";

const settings: EngineSetting[] = [
  { tokens: 3, dimension: 5, isCausal: true, draws: "stratified" },
  { tokens: 4, dimension: 4, isCausal: false, draws: "independent" },
  {
    tokens: 3,
    dimension: 4,
    isCausal: true,
    draws: "independent",
    heads: 2,
    gain: 2,
    ssa: { lfsr: { scope: "engine" } },
  },
  { tokens: 2, dimension: 6, isCausal: false, draws: "stratified", ssa: { fifo: "row", lfsr: { sharing: "single" } } },
];

test.each(settings)("gates of $tokens tokens, $draws, causal $isCausal", async (setting) => {
  const design = smallDesign(setting);
  const t0 = performance.now();
  const netlist = readNetlist(await synthesiseNetlist(sourceFiles(design.modules), ENGINE, "bundled"), ENGINE);
  const t1 = performance.now();
  const runs = randomRuns(design, 64, 4, 1);
  const t2 = performance.now();
  const results = runEngineGates(netlist, design, runs, stream(2));
  console.log(t1 - t0, t2 - t1, performance.now() - t2, netlist.gates.length, netlist.depth, netlist.flipFlops.length);
  results.forEach((result, r) => {
    expect(result.wrongClocks).toBe(0);
    expect(result.outputs).toEqual(runs[r].heads.map(({ output }) => output));
  });
});
