/** The jobs that may run on another thread, by name. Workers of every platform serve this table. */

import { simulateChip } from "./simulation/evaluate-chips.ts";
import { evaluateNetworkSlice } from "./simulation/evaluate-network.ts";
import { detectSlice } from "./simulation/receivers.ts";
import { studyConditions } from "./simulation/study.ts";
import type { Job, JobRegistry } from "./threads/executor.ts";
import { trainShard } from "./train/shard.ts";

export const jobs: JobRegistry = {
  "train-shard": trainShard as Job,
  "evaluate-network": evaluateNetworkSlice as Job,
  "simulate-chip": simulateChip as Job,
  "detect-slice": detectSlice as Job,
  study: studyConditions as Job,
};
