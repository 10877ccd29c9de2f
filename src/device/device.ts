/**
 * One memory device: a conductance that is programmed once and can be read at any later time.
 *
 * Converting weights to target conductances is a separate step (`conversion.ts`): a device model knows nothing about weights,
 * and one conversion serves every device. Conductances are in microsiemens throughout `device/`, because the published
 * statistics are polynomials in microsiemens; times are in seconds.
 */
import type { Stream } from "../numeric/stream.ts";

/** Devices after programming: everything drawn once per chip. Fields that do not apply to a device are absent. */
export interface ProgrammedDevices {
  /** Conductance just after programming, microsiemens. */
  readonly conductances: Float64Array;
  /** Exponent nu of each device's drift (t / t0)^-nu. */
  readonly driftExponents?: Float64Array;
  /** The target conductance, microsiemens, where later reads depend on it. */
  readonly targets?: Float64Array;
  /** Each device's fixed position in a distribution that widens with time, in standard deviations. */
  readonly deviates?: Float64Array;
  /** Conductance of a stuck device, microsiemens; NaN for one that works. */
  readonly stuckAt?: Float64Array;
  /** For conductances held by several devices in parallel: the first devices of all conductances, then the second ones, and so on. */
  readonly parallel?: readonly ProgrammedDevices[];
}

export interface DeviceModel {
  readonly name: string;
  /** Where the statistics come from, for reports. */
  readonly source: string;
  /** Largest conductance that can be programmed, microsiemens. Noise may exceed it. */
  readonly maxConductance: number;
  /** Devices in parallel that hold one conductance, each of which is paid for; default 1. */
  readonly devices?: number;
  /**
   * Programs devices towards `targets` (0 .. maxConductance, microsiemens), which the caller may overwrite afterwards.
   * Random   everything drawn once per chip, from forks of `random`
   */
  program(targets: Float64Array, random: Stream): ProgrammedDevices;
  /**
   * Conductances seen by a read `time` seconds after programming. `programmed` is not changed, so one chip can be read many
   * times.
   * State    overwrites `out` and returns it; a new array is allocated if omitted
   * Random   read noise, from `random`; the same stream gives the same read
   * Throws ValueError when the model has no data for that time
   */
  read(programmed: ProgrammedDevices, time: number, random: Stream, out?: Float64Array): Float64Array;
}
