/** Seconds that a schedule takes at a technology's clock. The schedule is the only model of time. */
import type { Schedule } from "../machine/schedule.ts";
import type { Technology } from "./parameters.ts";

export interface Times {
  /** Of an inference by itself, without and with moving data over the chip. */
  readonly alone: number;
  readonly withMovement: number;
  /** Of an inference among others; null where only one has room. */
  readonly inFlight: number | null;
  /** From one inference to the next. */
  readonly interval: number;
}

/** Moving data over the chip is a number of its own, `globalMovement`, 0 unless a preset says otherwise. */
export function timesOf(schedule: Schedule, { ssaClock, globalMovement }: Technology): Times {
  const alone = schedule.alone.clocks / ssaClock;
  return {
    alone,
    withMovement: alone + globalMovement,
    inFlight: schedule.inFlight && schedule.inFlight.clocks / ssaClock,
    interval: schedule.interval / ssaClock,
  };
}
