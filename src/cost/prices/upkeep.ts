/** What keeps a chip in use beside its inferences: programming it, and calibrating it as its devices drift. */
import { calibrationHistory } from "../../hardware/compensation.ts";
import type { CompensationSchedule } from "../../spec/compensation.ts";
import type { Technology } from "../parameters.ts";

export interface Upkeep {
  /** Joules of programming all devices once, and of calibrating all crossbars once; 0 where drift is left alone. */
  readonly programming: number;
  readonly calibration: number;
  readonly schedule: CompensationSchedule;
  /** Seconds from one inference to the next. */
  readonly interval: number;
}

/** Joules per inference, for a chip that is programmed anew after `lifetime` and never idle; one that often idles pays more. */
export function upkeep({ programming, calibration, schedule, interval }: Upkeep, { lifetime }: Technology): number {
  const { calibrations } = calibrationHistory(schedule, lifetime);
  return ((programming + calibrations * calibration) * interval) / lifetime;
}
