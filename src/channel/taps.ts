/** What every model of a channel provides, and the motion that all share. */
import type { DrawnChannelSpec } from "../experiment/channel.ts";
import type { Stream } from "../numeric/stream.ts";

/** Metres per second. */
const LIGHT_SPEED = 299_792_458;

export interface Tap {
  /** Seconds. */
  readonly delay: number;
  /** Share of the total power. */
  readonly power: number;
}

export interface ChannelModel {
  readonly transmitAntennas: number;
  readonly receiveAntennas: number;
  readonly taps: readonly Tap[];
  /**
   * One realisation.
   * Shapes  times: seconds, in ascending order; returns [taps, times, Nr, Nt], complex
   * Random  all draws are from `random`; the same stream gives the same gains at the same times
   */
  gains(times: ArrayLike<number>, random: Stream): Float64Array;
  /**
   * E[g(t + lag) conj(g(t))] of a tap over its power, for one pair of antennas.
   * Shapes  lag: seconds; returns real and imaginary part
   */
  autocorrelation(tap: number, lag: number): readonly [number, number];
}

/** The largest Doppler shift, Hz: speed over wavelength. */
export const dopplerShift = (spec: Pick<DrawnChannelSpec, "speedMetresPerSecond" | "carrierGigahertz">): number =>
  (spec.speedMetresPerSecond * spec.carrierGigahertz * 1e9) / LIGHT_SPEED;
