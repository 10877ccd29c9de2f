/** Gates of small engines, and their outputs for runs of the cycle model. */
import { expect } from "vitest";
import { synthesiseNetlist } from "../../src/node/rtl-synthesis.ts";
import type { YosysKind } from "../../src/node/yosys.ts";
import { stream } from "../../src/numeric/stream.ts";
import { type SsaDesign, sourceFiles } from "../../src/rtl/design.ts";
import { type GateNetlist, readNetlist } from "../../src/rtl/gates/netlist.ts";
import { runEngineGates } from "../../src/rtl/gates/run-engine.ts";
import { ENGINE } from "../../src/rtl/ssa-engine.ts";
import type { EngineRun } from "../../src/rtl/testbench.ts";

export async function gatesOf(design: SsaDesign, kind: YosysKind): Promise<GateNetlist> {
  return readNetlist(await synthesiseNetlist(sourceFiles(design.modules), ENGINE, kind), ENGINE);
}

/** Runs in which the gates differ from the cycle model in a bit or a clock. */
export function differing(netlist: GateNetlist, design: SsaDesign, runs: readonly EngineRun[]): number[] {
  const results = runEngineGates(netlist, design, runs, stream(9).fork("power-up"));
  expect(results.length).toBe(runs.length);
  return results.flatMap(({ outputs, wrongClocks }, r) => {
    const same = outputs.every(({ words }, h) => {
      const expected = runs[r].heads[h].output.words;
      return words.length === expected.length && words.every((word, n) => word === expected[n]);
    });
    return same && wrongClocks === 0 ? [] : [r];
  });
}
