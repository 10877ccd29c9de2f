/** Runs an engine's gates on the runs of `npm run rtl-check`, 32 at a time, and compares spikes and clocks with the models. */
import { ssaTileCycles } from "../src/hardware/ssa-tile.ts";
import type { StreamCheck } from "../src/node/rtl-stream.ts";
import { synthesiseNetlist } from "../src/node/rtl-synthesis.ts";
import { stream } from "../src/numeric/stream.ts";
import { type SsaDesign, sourceFiles } from "../src/rtl/design.ts";
import { readNetlist } from "../src/rtl/gates/netlist.ts";
import { runEngineGates } from "../src/rtl/gates/run-engine.ts";
import { sameSpikes } from "../src/rtl/simulated-run.ts";
import { ENGINE } from "../src/rtl/ssa-engine.ts";
import type { EngineRun } from "../src/rtl/testbench.ts";

/** Runs that are simulated together, one per bit of a word. */
const BATCH = 32;

/**
 * Synthesises the engine with Yosys, installed or bundled, and simulates its generic gates.
 *
 * Random   flip-flops before the reset, from seed 1
 * Throws   PlatformError when Yosys is missing or refuses
 */
export async function checkGates(design: SsaDesign, runs: Iterable<EngineRun>): Promise<StreamCheck> {
  const netlist = readNetlist(await synthesiseNetlist(sourceFiles(design.modules), ENGINE), ENGINE);
  const { dimension } = design.parameters;
  let [count, clocks, columns, wrong] = [0, 0, 0, 0];
  let batch: EngineRun[] = [];
  const finishBatch = () => {
    runEngineGates(netlist, design, batch, stream(1).fork("power-up", count)).forEach(({ outputs, wrongClocks }, n) => {
      const { heads } = batch[n];
      const { steps } = heads[0].query;
      clocks += ssaTileCycles(steps, dimension);
      columns += steps * dimension;
      if (wrongClocks > 0 || !heads.every(({ output }, head) => sameSpikes(output, outputs[head]))) wrong++;
    });
    count += batch.length;
    batch = [];
  };
  for (const run of runs) {
    batch.push(run);
    if (batch.length === BATCH) finishBatch();
  }
  if (batch.length > 0) finishBatch();
  const size = `${netlist.gates.length} gates, ${netlist.flipFlops.length} flip-flops`;
  return {
    result: wrong === 0 ? "pass" : "fail",
    runs: count,
    clocks,
    columns,
    detail: `${wrong} runs differ; ${size}`,
  };
}
