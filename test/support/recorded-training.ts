/** Training that records everything it reports, for tests of the trainer. */
import { jobs } from "../../src/evaluation/jobs.ts";
import type { Openable } from "../../src/task/open.ts";
import { inlineExecutor } from "../../src/threads/executor.ts";
import type { TrainingState } from "../../src/train/state.ts";
import { type TrainingEvent, type TrainOptions, train } from "../../src/train/train.ts";

/** Trains on one thread unless asked otherwise, and keeps every event and the state after every step and stage. */
export async function recorded(subject: Openable, options: Partial<TrainOptions> = {}, registry = jobs) {
  const events: TrainingEvent[] = [];
  const states: { state: TrainingState; stageEnded: boolean }[] = [];
  const result = await train(subject, {
    executor: inlineExecutor(registry),
    onStep: (event) => events.push(event),
    afterStep: async (snapshot, stageEnded) => {
      states.push({ state: await snapshot(), stageEnded });
    },
    ...options,
  });
  return { ...result, events, states };
}
