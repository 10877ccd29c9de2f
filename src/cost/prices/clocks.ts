/** The times of the analog parts at a technology, from which the clocks of its machine follow (`hardware/timing.ts`). */
import { type AnalogTimes, LINE_VOLTAGE } from "../../hardware/timing.ts";
import type { Technology } from "../parameters.ts";

export function analogTimes(technology: Technology): AnalogTimes {
  const { ssaClock, settleTime, lineTime, lineDrive, conversionTime, referenceRows, flashConverter, structure } =
    technology;
  return {
    clock: ssaClock,
    settle: settleTime,
    side: referenceRows,
    line: lineTime,
    conversion: conversionTime,
    lineCapacitance: lineDrive / LINE_VOLTAGE ** 2,
    flash: flashConverter !== 0,
    fixed: structure === 0,
  };
}
