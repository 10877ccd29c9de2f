/**
 * The jobs that may run on another thread, by name. Workers on every platform serve this table. A job loads its modules when it is first
 * opened, so that a thread starts with those that it needs.
 */
import type { Job, JobRegistry } from "../threads/executor.ts";

/** A job that a module exports. */
const loaded =
  (load: () => Promise<unknown>): Job =>
  async (setup, thread) =>
    ((await load()) as Job)(setup, thread);

export const jobs: JobRegistry = {
  "train-shard": loaded(async () => (await import("../train/shard.ts")).trainShard),
  "evaluate-network": loaded(async () => (await import("./network.ts")).evaluateNetworkSlice),
  "simulate-chip": loaded(async () => (await import("./chips.ts")).simulateChip),
  "detect-slice": loaded(async () => (await import("./receivers.ts")).detectSlice),
  "receive-slots": loaded(async () => (await import("./slot-receivers.ts")).receiveSlots),
  "soften-slice": loaded(async () => (await import("./soft-receivers.ts")).softenSlice),
  "receive-blocks": loaded(async () => (await import("./coded-receivers.ts")).receiveBlocks),
  "answer-blocks": loaded(async () => (await import("./coded-network.ts")).answerBlocks),
  "simulate-blocks": loaded(async () => (await import("./coded-chips.ts")).simulateBlocks),
  "fit-blocks": loaded(async () => (await import("./coded-chips.ts")).fitBlocks),
  study: loaded(async () => (await import("./study.ts")).studyConditions),
};
