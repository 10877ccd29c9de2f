/**
 * What the converters of chips are calibrated on: the first prompts of `stream(seed).fork("calibration")`, at the SNRs that the task draws.
 */
export const CALIBRATION_PROMPTS = 32;
export const CALIBRATION_DRAW = { values: false, from: { part: "calibration" } } as const;
