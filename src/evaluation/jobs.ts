/** The jobs that may run on another thread, by name. Workers on every platform serve this table. */
import type { Job, JobRegistry } from "../threads/executor.ts";
import { trainShard } from "../train/shard.ts";
import { simulateChip } from "./chips.ts";
import { evaluateNetworkSlice } from "./network.ts";
import { detectSlice } from "./receivers.ts";
import { studyConditions } from "./study.ts";

export const jobs: JobRegistry = {
  "train-shard": trainShard as Job,
  "evaluate-network": evaluateNetworkSlice as Job,
  "simulate-chip": simulateChip as Job,
  "detect-slice": detectSlice as Job,
  study: studyConditions as Job,
};
