// Train a small spiking network in a few seconds and watch the loss fall: one antenna, QPSK, six pilots.
// Run: node examples/02-train-tiny.mjs
import { createTask, detect, detectionErrors, inlineExecutor, jobs, parseExperiment, stream, train } from "xpikeformer";

export const experiment = parseExperiment({
  task: { transmitAntennas: 1, receiveAntennas: 1, pilots: 6, coding: "thermometer" },
  model: { width: 32, depth: 1, heads: 2, expansion: 2 },
  training: {
    batch: 64,
    shards: 2,
    stages: [{ steps: 120, learningRate: 0.01, warmup: 10 }],
    validateEvery: 120,
    validationPrompts: 1024,
  },
});

// Threads would give the same network to the last bit: `nodeExecutor()` of "xpikeformer/node" uses all cores.
export const { network } = await train(experiment, {
  executor: inlineExecutor(jobs),
  onStep: ({ step, loss, validation }) => {
    if (step === 1 || step % 20 === 0) console.log(`step ${String(step).padStart(3)}   loss ${loss.toFixed(3)}`);
    if (validation)
      console.log(`bit error rate after six pilots: ${validation.bitErrorRate.toFixed(3)} (guessing: 0.5)`);
  },
});

// What a classical receiver makes of such prompts: maximum likelihood, with the channel estimated from the six pilots.
const test = createTask(experiment).draw(1024, stream(2), { spikes: false });
const sent = test.labels.filter((_, i) => i % 7 === 6);
const { bits } = detectionErrors(sent, detect(test, "ml", "pilots"), experiment.task);
console.log(`a maximum-likelihood receiver: ${bits.rate.toFixed(3)}`);
