/**
 * One memory device: a conductance that is programmed once and read at any time after.
 *
 * Converting weights to target conductances is a separate step (`conversion.ts`), so that a device model knows nothing of
 * weights and one conversion serves every device. Conductances are in microsiemens throughout `device/`, because the
 * published statistics are polynomials in microsiemens; times are in seconds.
 */
import type { Stream } from "../numeric/stream.ts";

/** Devices after programming: all that is drawn once per chip. What a device does not have is absent. */
export interface ProgrammedDevices {
  /** Conductance just after programming, microsiemens. */
  readonly conductances: Float64Array;
  /** Exponent nu of each device's drift (t / t0)^-nu. */
  readonly driftExponents?: Float64Array;
  /** What was asked for, microsiemens, where later reads depend on it. */
  readonly targets?: Float64Array;
  /** Each device's lasting place in a distribution that widens with time, in standard deviations. */
  readonly deviates?: Float64Array;
  /** Conductance of a stuck device, microsiemens; NaN for one that works. */
  readonly stuckAt?: Float64Array;
  /** Of conductances that several devices hold side by side: the first devices of all, the second ones, and so on. */
  readonly parallel?: readonly ProgrammedDevices[];
}

export interface DeviceModel {
  readonly name: string;
  /** Where the statistics come from, for reports. */
  readonly source: string;
  /** Largest conductance that can be asked for, microsiemens. Noise may exceed it. */
  readonly maxConductance: number;
  /**
   * Programs devices towards `targets` (0 .. maxConductance, microsiemens), which the caller may overwrite afterwards.
   * Random   everything that is drawn once per chip, from forks of `random`
   */
  program(targets: Float64Array, random: Stream): ProgrammedDevices;
  /**
   * Conductances as a read `time` seconds after programming sees them; `programmed` stays as it is, so that one chip can
   * be read many times.
   * State    overwrites `out` and returns it; a new array where none is given
   * Random   read noise, from `random`; the same stream gives the same read
   * Throws   ValueError when nothing is known of the device at that time
   */
  read(programmed: ProgrammedDevices, time: number, random: Stream, out?: Float64Array): Float64Array;
}
