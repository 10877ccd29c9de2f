/**
 * A chip of a preset with fresh parameters, in its own process, so that its peak memory can be measured. With `--threads` it evaluates
 * `--prompts` prompts on that many threads; without, one thread programs, calibrates, reads and runs it, each timed separately.
 */
import { parseArgs } from "node:util";
import { evaluateChips } from "../src/evaluation/chips.ts";
import type { SpikingSpec } from "../src/experiment/model.ts";
import { parseExperiment } from "../src/experiment/parse.ts";
import { mapNetwork } from "../src/mapping/mapping.ts";
import { foldNetwork } from "../src/model/fold.ts";
import { initialise } from "../src/model/network.ts";
import { nodeExecutor } from "../src/node/threads.ts";
import { stream } from "../src/numeric/stream.ts";
import { programChip } from "../src/simulation/chip.ts";
import { createStandaloneSimulator } from "../src/simulation/fast/simulate.ts";
import { emptySpikeTrain, type SpikeTrain } from "../src/spike/train.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";
import type { ChipsRun } from "./chips.ts";
import { startClock } from "./harness.ts";

const { values } = parseArgs({
  options: {
    preset: { type: "string", default: "paper-2x2-large" },
    prompts: { type: "string", default: "32" },
    threads: { type: "string" },
  },
});
const prompts = Number(values.prompts);
const experiment = parseExperiment({ preset: values.preset });
const geometry = networkGeometry(experiment, createTask(experiment));
const network = initialise(experiment.model as SpikingSpec, geometry, stream(1));
const run: ChipsRun["times"] = values.threads ? await evaluate(Number(values.threads)) : live();
const residentMegabytes = process.resourceUsage().maxRSS / 1024;
process.stdout.write(`${JSON.stringify({ times: run, residentMegabytes } satisfies ChipsRun)}\n`);

async function evaluate(threads: number): Promise<ChipsRun["times"]> {
  const executor = nodeExecutor(threads);
  const elapsed = startClock();
  await evaluateChips(executor, experiment, network, { chips: 1, prompts });
  const times = { evaluate: elapsed() };
  await executor.close();
  return times;
}

/** From programming to answers, one after another. */
function live(): ChipsRun["times"] {
  const { hardware, task } = experiment;
  const folded = foldNetwork(network);
  const mapping = mapNetwork(folded, hardware, task.coding);
  const time = <T>(work: () => T) => {
    const elapsed = startClock();
    return { value: work(), time: elapsed() };
  };
  const program = time(() => programChip(folded, mapping, hardware, stream(2)));
  const simulator = createStandaloneSimulator(program.value, { maxPrompts: prompts });
  const input = randomSpikes();
  const calibrate = time(() => simulator.calibrate(input, stream(3)));
  const readAndRun = time(() => simulator.run(input, stream(4)));
  // The chip is still in memory as read.
  const run = time(() => simulator.run(input, stream(4)));
  const read = {
    wall: readAndRun.time.wall - run.time.wall,
    cpu: readAndRun.time.cpu - run.time.cpu,
  };
  return { program: program.time, calibrate: calibrate.time, read, run: run.time };
}

/** Each bit is 1 with probability 1/4. */
function randomSpikes(): SpikeTrain {
  const spikes = emptySpikeTrain(network.model.steps, prompts * geometry.tokens, geometry.inputs);
  const random = stream(5);
  const used = geometry.inputs % 32;
  const wordsPerRow = Math.ceil(geometry.inputs / 32);
  for (let i = 0; i < spikes.words.length; i++) {
    const isLast = used > 0 && i % wordsPerRow === wordsPerRow - 1;
    spikes.words[i] = random.word() & random.word() & (isLast ? 2 ** used - 1 : 0xffffffff);
  }
  return spikes;
}
