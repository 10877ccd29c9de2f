/** The cost of keeping a chip in use besides its inferences: programming it, and calibrating it as its devices drift. */
import type { CompensationSchedule } from "../../experiment/compensation.ts";
import { calibrationHistory } from "../../hardware/compensation.ts";
import type { Technology } from "../parameters.ts";

export interface Upkeep {
  /** Joules for programming all devices once, and for calibrating all crossbars once; 0 if drift is not compensated. */
  readonly programming: number;
  readonly calibration: number;
  readonly schedule: CompensationSchedule;
  /** Seconds from one inference to the next. */
  readonly interval: number;
}

/** Joules per inference, for a chip that is reprogrammed after `lifetime` and never idle; a chip that is often idle pays more. */
export function upkeep({ programming, calibration, schedule, interval }: Upkeep, { lifetime }: Technology): number {
  const { calibrations } = calibrationHistory(schedule, lifetime);
  return ((programming + calibrations * calibration) * interval) / lifetime;
}
