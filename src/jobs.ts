/** The jobs that may run on another thread, by name. Workers of every platform serve this table. */
import type { Job, JobRegistry } from "./kernels/executor.ts";
import { trainShard } from "./train/shard.ts";

export const jobs: JobRegistry = {
  "train-shard": trainShard as Job,
};
