import { evaluateChips, inlineExecutor, jobs, parseExperiment, train } from "xpikeformer";

const executor = inlineExecutor(jobs);
const experiment = parseExperiment({
  task: { transmitAntennas: 1, receiveAntennas: 1, pilots: 6, coding: "thermometer" },
  model: { width: 32, depth: 1, heads: 2, expansion: 2 },
  training: { stages: [{ steps: 120, learningRate: 0.01, warmup: 10 }] },
});
const { network } = await train(experiment, { executor });
const chips = await evaluateChips(executor, experiment, network, { chips: 3, prompts: 512 });
console.log(`bit error rate of three chips: ${chips.map(({ errors }) => errors.bits.rate.toFixed(3)).join(", ")}`);
