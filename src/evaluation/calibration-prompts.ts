/**
 * The prompts on which the converters of chips are calibrated: the first of `stream(seed).fork("calibration")`, at the task's SNRs.
 */
export const CALIBRATION_PROMPTS = 32;
export const CALIBRATION_DRAW = { values: false, from: { part: "calibration" } } as const;
