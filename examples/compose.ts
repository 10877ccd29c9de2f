import { compose, evaluateNetwork, inlineExecutor, jobs, openExperiment, parseExperiment, train } from "xpikeformer";
import { loadTaskData } from "xpikeformer/node";

const executor = inlineExecutor(jobs);
const experiment = parseExperiment({
  task: { kind: "image-classification", data: "fashion-mnist-slice", patch: 28 },
  model: { kind: "graph", operations: compose({ inputs: 784 }).linear("hidden", 256).neurons("spikes").readOut() },
  training: { batch: 50, stages: [{ steps: 200, learningRate: 0.005, warmup: 10 }] },
});
const given = openExperiment(experiment, (await loadTaskData(experiment)).data);
const { network } = await train(given, { executor });
const { rate, low, high } = (await evaluateNetwork(executor, given, network, { prompts: 500 })).errors.answers;
const [wrong, least, most] = [rate, low, high].map((share) => (100 * share).toFixed(1));
console.log(`wrong on ${wrong} % of 500 test images (95 % interval ${least} to ${most} %; by guessing 90 %)`);
