import { compose, evaluateChips, inlineExecutor, jobs, openExperiment, parseExperiment, train } from "xpikeformer";
import { loadTaskData } from "xpikeformer/node";

const executor = inlineExecutor(jobs);
const experiment = parseExperiment({
  task: { kind: "image-classification", data: "fashion-mnist-slice", patch: 28 },
  model: { kind: "graph", operations: compose({ inputs: 784 }).linear("hidden", 256).neurons("spikes").readOut() },
  training: { batch: 50, stages: [{ steps: 200, learningRate: 0.005, warmup: 10 }] },
});
const given = openExperiment(experiment, (await loadTaskData(experiment)).data);
const { network } = await train(given, { executor });
const chips = await evaluateChips(executor, given, network, { chips: 5, prompts: 500 });
const wrong = chips.map(({ errors }) => (100 * errors.answers.rate).toFixed(1));
console.log(`five chips are wrong on ${wrong.join(", ")} % of 500 test images; by guessing 90 %`);
