/** Training through the built package, on several threads: `npm run build` first, as `npm test` does. */
import { expect, test } from "vitest";
import { encodeState, PlatformError, type TrainingEvent, train } from "../dist/index.js";
import { nodeExecutor } from "../dist/node.js";
import { everyFeature, tinyExperiment } from "./support/tiny-training.ts";

const experiments = {
  "stochastic attention": tinyExperiment(everyFeature),
  "LIF attention": tinyExperiment({ model: { kind: "spiking", attention: { neuron: "lif" } } }),
  "the conventional transformer": tinyExperiment({ model: { kind: "ann" } }),
};

async function trained(experiment: (typeof experiments)[keyof typeof experiments], threads: number) {
  const executor = nodeExecutor(threads);
  const events: TrainingEvent[] = [];
  try {
    const { state } = await train(experiment, { executor, onStep: (event) => events.push(event) });
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

test("an error on another thread arrives with its class and message", async () => {
  const executor = nodeExecutor(2);
  try {
    const error = await executor
      .open("no-such-job", null)
      .run([1])
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PlatformError);
    expect(error).toMatchObject({ path: "executor", message: expect.stringContaining("no-such-job") });
  } finally {
    await executor.close();
  }
});
