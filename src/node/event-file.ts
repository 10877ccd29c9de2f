/**
 * The TensorBoard event file of a run's folder, which grows with the metrics. A session writes the events of all earlier metrics anew
 * before it appends its own, so a resumed training has each step once, whatever the last session left. Wall times count the seconds of
 * training back from the start of the session.
 */
import { type FileHandle, open } from "node:fs/promises";
import { firstRecord, metricRecord } from "../report/tensorboard.ts";
import type { TrainingMetric } from "../report/training.ts";
import { fileError, writeFileAtomic } from "./files.ts";

export interface EventFile {
  add(metric: TrainingMetric): void;
  /** Writes added events. */
  write(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Replaces the file at `path` by the events of `kept`. `start` is the time at which a training without interruptions would have begun, in
 * seconds since 1970. Throws FileError, also later, when the file cannot be written.
 */
export async function openEventFile(path: string, kept: readonly TrainingMetric[], start: number): Promise<EventFile> {
  const of = (metric: TrainingMetric): Uint8Array => metricRecord(metric, start + metric.seconds);
  const failWriting = (cause: unknown): never => {
    throw fileError(path, cause, "written");
  };
  await writeFileAtomic(path, [firstRecord(start), ...kept.map(of)]);
  const file: FileHandle = await open(path, "a").catch(failWriting);
  let pending: Uint8Array[] = [];
  return {
    add: (metric) => {
      pending.push(of(metric));
    },
    write: async () => {
      if (pending.length === 0) return;
      const bytes = Buffer.concat(pending);
      pending = [];
      await file.appendFile(bytes).catch(failWriting);
    },
    close: () => file.close(),
  };
}
