// @module-tag slow
/**
 * A thread that hangs during training: its shard is computed again, over the memory that it wrote to, and the result does not change.
 */
import { afterEach, expect, test, vi } from "vitest";
import { everyFeature, tinyExperiment } from "../../test/support/tiny-training.ts";
import { NEVER, workerPorts } from "../../test/support/worker-ports.ts";
import { jobs } from "../evaluation/jobs.ts";
import { inlineExecutor, workerExecutor } from "../threads/executor.ts";
import { encodeState } from "./state.ts";
import { train } from "./train.ts";

afterEach(() => {
  vi.useRealTimers();
});

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

// From the first wave, from a validation, and from the second stage; with Muon, a matrix of the first step, after five shards.
test.each([
  [1, "adamw"],
  [12, "adamw"],
  [29, "adamw"],
  [6, "muon"],
] as const)("piece %i of %s, never answered, leaves the network as it would have been", async (hangs, optimiser) => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const experiment = tinyExperiment({ ...everyFeature, training: { ...everyFeature.training, optimiser } });
  let [given, made] = [0, 0];
  const create = () => {
    made++;
    return workerPorts(jobs, 1, () => (given++ === hangs ? NEVER : 1)).list[0];
  };
  const executor = workerExecutor([create(), create()], { limit: 6000, replace: create, way: "" });
  const training = train(experiment, { executor });
  while (given <= hangs) await turns(1);
  // Everything else that was started is finished and waits.
  await turns(100);
  vi.advanceTimersByTime(6100);
  const { state } = await training;
  expect(made).toBe(3);
  const undisturbed = await train(experiment, { executor: inlineExecutor(jobs) });
  expect(Buffer.compare(encodeState(state, experiment), encodeState(undisturbed.state, experiment))).toBe(0);
});
