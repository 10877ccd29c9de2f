/** Seconds of a schedule at a technology's clock. The schedule is the only model of time. */
import type { Schedule } from "../machine/schedule.ts";
import type { Technology } from "./parameters.ts";

export interface Times {
  /** Of a single inference, without and with moving data over the chip. */
  readonly alone: number;
  readonly withMovement: number;
  /** Of a pipelined inference; null where only one fits. */
  readonly inFlight: number | null;
  /** From one inference to the next. */
  readonly interval: number;
}

/**
 * Seconds from one inference to the next: as asked for (`inferenceRate`), or without a pause. A machine that is slower than it is asked
 * to be never pauses.
 *
 * @param interval  with the pipeline full
 */
export const periodOf = (interval: number, { inferenceRate }: Pick<Technology, "inferenceRate">): number =>
  inferenceRate === 0 ? interval : Math.max(interval, 1 / inferenceRate);

/** Moving data over the chip is a separate number, `globalMovement`, 0 unless a preset sets it. */
export function timesOf(schedule: Schedule, { ssaClock, globalMovement }: Technology): Times {
  const alone = schedule.alone.clocks / ssaClock;
  return {
    alone,
    withMovement: alone + globalMovement,
    inFlight: schedule.inFlight && schedule.inFlight.clocks / ssaClock,
    interval: schedule.interval / ssaClock,
  };
}
