// The machines to compare: realistic chips, and the same chips with fewer corrections.
import { machineByName } from "xpikeformer";

const DAY = 86_400;
export const AGES = { "after a day": DAY, "after a year": 365 * DAY };

/** Calibration factors are measured every day, or once, after the first day. */
const daily = { schedule: { kind: "interval", seconds: DAY } };
const once = { schedule: { kind: "geometric", first: DAY, ratio: 1e6 } };

/** Changes to the realistic machine. */
export const VARIANTS = {
  "exact currents, no trim": { trim: null, calibration: "currents", compensation: daily },
  "own codes, no trim": { trim: null, calibration: "codes", compensation: daily },
  "exact currents, trim": { calibration: "currents", compensation: daily },
  "own codes, trim": { calibration: "codes", compensation: daily },
  "own codes, trim, after the first day only": { calibration: "codes", compensation: once },
};
/** The variant equal to `realistic`. */
export const OWN = "own codes, trim";
export const UNCORRECTED = "exact currents, no trim";

/** A variant at an age, with the network's own number of rows for the embedding. */
export function machineOf(variant, age, embedRows) {
  const { adc, crossbar, compensation, ...rest } = machineByName("realistic");
  const { trim = adc.trim, calibration, compensation: change } = VARIANTS[variant];
  return {
    ...rest,
    calibration,
    readTime: AGES[age],
    crossbar: { ...crossbar, embedRows },
    adc: { ...adc, trim },
    compensation: { ...compensation, ...change },
  };
}
