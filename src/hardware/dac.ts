/**
 * A digital-to-analog converter for real-valued inputs, which spikes do not need.
 *
 *   step  = 2 bound / intervals
 *   level = clamp(round(value / step) step, -bound, bound)
 *
 * Rounding is to nearest, ties to even, and comes before the clamp. It is the quantiser of IBM's aihwkit (commit 4545f11,
 * 2026-06-23), whose `inp_res` r is 1 / intervals; the first author of Xpikeformer simulates with 64 intervals in and out,
 * "6-bit DAC" and "6-bit ADC" (`szh1456/xpikeformer_cifar10`, models/get_rpu.py). A spike, 0 or 1, is a level of any even
 * number of intervals at bound 1, so such a DAC changes nothing for spikes.
 */
import { roundHalfEven } from "../numeric/rounding.ts";

export interface Dac {
  readonly step: number;
  readonly bound: number;
}

export const dac = (intervals: number, bound: number): Dac => ({ step: (2 * bound) / intervals, bound });

/** The level that stands for a value. */
export const dacLevel = ({ step, bound }: Dac, value: number): number =>
  Math.min(bound, Math.max(-bound, roundHalfEven(value / step) * step));
