// @module-tag slow
/** Training and evaluation through the built package, on several threads: run `npm run build` first, as `npm test` does. */
import { expect, test } from "vitest";
import {
  createTask,
  evaluateChips,
  evaluateDrift,
  initialise,
  networkGeometry,
  parseDurations,
  stream,
  type TrainingEvent,
  type TrainOptions,
  type TransformerSpec,
  train,
} from "../dist/index.js";
import { encodeState, PlatformError } from "../dist/internal.js";
import { nodeExecutor } from "../dist/node.js";
import { rejection } from "./support/rejection.ts";
import { everyFeature, tinyExperiment } from "./support/tiny-training.ts";

const experiments = {
  "stochastic attention": tinyExperiment(everyFeature),
  "LIF attention": tinyExperiment({ model: { kind: "spiking", attention: { kind: "lif" } } }),
  "the conventional transformer": tinyExperiment({ model: { kind: "ann" } }),
};

async function trained(
  experiment: (typeof experiments)[keyof typeof experiments],
  threads: number,
  options: Omit<TrainOptions, "executor"> = {},
) {
  const executor = nodeExecutor(threads);
  const events: TrainingEvent[] = [];
  try {
    const { state } = await train(experiment, { executor, onStep: (event) => events.push(event), ...options });
    expect(executor.threads).toBe(threads);
    return { events, state: encodeState(state, experiment) };
  } finally {
    await executor.close();
  }
}

test.each(Object.entries(experiments))(
  "the result does not depend on the number of threads: %s",
  async (_, experiment) => {
    const one = await trained(experiment, 1);
    for (const threads of [2, 3]) {
      const several = await trained(experiment, threads);
      expect(several.events).toEqual(one.events);
      expect(Buffer.compare(several.state, one.state)).toBe(0);
    }
  },
);

test("nor on whether threads share a memory", async () => {
  const experiment = experiments["stochastic attention"];
  const one = await trained(experiment, 1);
  const notes: string[] = [];
  const several = await trained(experiment, 3, { memorySize: 360_000, onNote: (note) => notes.push(note) });
  expect(notes).toEqual([expect.stringContaining("3 threads have each a memory of their own")]);
  expect(several.events).toEqual(one.events);
  expect(Buffer.compare(several.state, one.state)).toBe(0);
});

test("error rates over the age of chips do not depend on the number of threads", async () => {
  const experiment = tinyExperiment();
  const [network, conventional] = [1, 2].map((seed) =>
    initialise(experiment.model, networkGeometry(experiment, createTask(experiment)), stream(seed)),
  );
  const reports = [];
  for (const threads of [1, 2, 3]) {
    const executor = nodeExecutor(threads);
    const size = { chips: 2, reads: 2, prompts: 70 };
    const options = { executor, command: "test", versions: {}, ...size };
    try {
      const report = await evaluateDrift(
        experiment,
        { network, conventional },
        parseDurations("1s,1y", "drift"),
        options,
      );
      reports.push({ ...report, notes: report.notes.filter((note) => !note.includes("one thread")) });
    } finally {
      await executor.close();
    }
  }
  expect(reports[1]).toEqual(reports[0]);
  expect(reports[2]).toEqual(reports[0]);
});

const chipExperiment = tinyExperiment({ hardware: { adc: { errors: { outputNoise: 0.4 } } } });
const chipNetwork = initialise(
  chipExperiment.model as TransformerSpec,
  networkGeometry(chipExperiment, createTask(chipExperiment)),
  stream(1),
);

test("the answers of chips do not depend on the number of threads that share them", async () => {
  const evaluations = [];
  for (const threads of [1, 2, 3]) {
    const executor = nodeExecutor(threads);
    const options = { chips: 2, prompts: 70, snrDecibels: [0, 20] };
    evaluations.push(await evaluateChips(executor, chipExperiment, chipNetwork, options));
    await executor.close();
  }
  expect(evaluations[1]).toEqual(evaluations[0]);
  expect(evaluations[2]).toEqual(evaluations[0]);
});

test("closing threads while they share a chip ends its evaluation", async () => {
  const executor = nodeExecutor(3);
  const onChip = () => void executor.close();
  const running = evaluateChips(executor, chipExperiment, chipNetwork, { chips: 1000, prompts: 70, onChip });
  await expect(running).rejects.toMatchObject({ path: "threads", message: expect.stringContaining("were closed") });
});

test("an error on another thread arrives with its class and message", async () => {
  const executor = nodeExecutor(2);
  try {
    const error = await rejection(executor.open("no-such-job", null).run([1]));
    expect(error).toBeInstanceOf(PlatformError);
    expect(error).toMatchObject({ path: "executor", message: expect.stringContaining("no-such-job") });
  } finally {
    await executor.close();
  }
});
