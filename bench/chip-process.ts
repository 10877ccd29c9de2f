/**
 * Evaluates the chip of `chip-model.ts` on one thread, in a process of its own. Twin of `peers/chip_evaluation.py`: both print JSON of
 * the same form. With `--export` it first writes chip and input for the peer.
 */
import { parseArgs } from "node:util";
import { createStandaloneSimulator } from "../src/simulation/fast.ts";
import type { Trace } from "../src/simulation/trace.ts";
import { chipCase, exportCase, runStream, SLICE } from "./chip-model.ts";
import { measure } from "./harness.ts";
import type { ChipRun } from "./simulation.ts";

/** Runs until V8 has optimised every kernel. */
const WARM_UP = 3;

const { values } = parseArgs({
  options: { erring: { type: "string" }, repeats: { type: "string", default: "9" }, export: { type: "string" } },
});
const example = chipCase(values.erring === "1");
if (values.export) exportCase(example, values.export);
const simulator = createStandaloneSimulator(example.chip, { maxPrompts: SLICE });
let traces: Trace[] = [];
const evaluate = () => {
  traces = example.slices.map((slice, i) => simulator.run(slice, runStream, { firstPrompt: i * SLICE }));
};
const samples = await measure(evaluate, { repeats: Number(values.repeats), warmUp: WARM_UP, minimumMilliseconds: 0 });
const mean = (name: string) => traces.reduce((sum, trace) => sum + trace.densities[name], 0) / traces.length;
const run: ChipRun = {
  samples,
  residentMegabytes: process.resourceUsage().maxRSS / 1024,
  densities: Object.fromEntries(Object.keys(traces[0].densities).map((name) => [name, mean(name)])),
};
process.stdout.write(`${JSON.stringify(run)}\n`);
