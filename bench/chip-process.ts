/**
 * Evaluates a chip of `chip-model.ts` on one thread, in its own process. Twin of `peers/chip_evaluation.py`: both print JSON in
 * the same form. With `--export` it writes chip and input for the peer instead.
 */
import { parseArgs } from "node:util";
import { createStandaloneSimulator } from "../src/simulation/fast/simulate.ts";
import type { Trace } from "../src/simulation/trace.ts";
import { type CaseName, type ChipCase, chipCase, describeCase, exportCase, runStream } from "./chip-model.ts";
import { measure } from "./harness.ts";
import type { ChipRun } from "./simulation.ts";

/** Runs until V8 has optimised every kernel. */
const WARM_UP = 3;

const { values } = parseArgs({
  options: { case: { type: "string" }, repeats: { type: "string", default: "9" }, export: { type: "string" } },
});
const example = chipCase(values.case as CaseName);
if (values.export) exportCase(example, values.export);
else process.stdout.write(`${JSON.stringify(await evaluate(example))}\n`);

async function evaluate({ chip, slices, slicePrompts }: ChipCase): Promise<ChipRun> {
  const simulator = createStandaloneSimulator(chip, { maxPrompts: slicePrompts });
  let traces: Trace[] = [];
  const work = () => {
    traces = slices.map((slice, i) => simulator.run(slice, runStream, { firstPrompt: i * slicePrompts }));
  };
  const samples = await measure(work, { repeats: Number(values.repeats), warmUp: WARM_UP, minimumMilliseconds: 0 });
  const logits = traces.flatMap((trace) => [...trace.logits]);
  const mean = (name: string) => traces.reduce((sum, trace) => sum + trace.densities[name], 0) / traces.length;
  const residentMegabytes = process.resourceUsage().maxRSS / 1024;
  return {
    work: {
      ...describeCase({ chip, slices, slicePrompts }),
      "root mean square of the answers": Math.sqrt(logits.reduce((sum, x) => sum + x * x, 0) / logits.length),
      // Noise of converters makes answers differ by chance.
      ...(chip.hardware.adc.errors.outputNoise === 0 && {
        "neurons that differ from ours, given our spikes": 0,
        "answers to the first prompt, given our spikes": [
          ...traces[0].logits.subarray(0, traces[0].logits.length / slicePrompts),
        ],
      }),
    },
    samples,
    residentMegabytes,
    densities: Object.fromEntries(Object.keys(traces[0].densities).map((name) => [name, mean(name)])),
    prompts: slices.length * slicePrompts,
  };
}
