/**
 * The fate of a matrix on many chips: error of the weights, and the drift compensation factor, over time.
 *
 *   error   sqrt(mean (w_read - w)^2) / max |w|, before and after the factor, over the whole matrix
 */
import { deviceOfCrossbar } from "../src/device/catalogue.ts";
import type { CrossbarSpec } from "../src/experiment/hardware.ts";
import { type Readout, readOut, sharedFactor } from "../src/hardware/compensation.ts";
import { programCrossbar, readCrossbar, readProgrammed } from "../src/hardware/crossbar.ts";
import { deviation, mean } from "../src/numeric/statistics.ts";
import { stream } from "../src/numeric/stream.ts";

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** `[rows, columns]`. */
  readonly weights: Float32Array;
}

export interface StatisticsOptions {
  readonly spec: CrossbarSpec;
  readonly readout: Readout;
  /** Seconds after programming. */
  readonly times: readonly number[];
  /** Two or more. */
  readonly chips: number;
  readonly seed: number;
}

/** Mean over chips, standard deviation between chips, and standard error of the mean. */
export interface Spread {
  readonly mean: number;
  readonly deviation: number;
  readonly standardError: number;
}

export interface TimeStatistics {
  readonly time: number;
  readonly error: Spread;
  readonly compensatedError: Spread;
  readonly factor: Spread;
}

/** Random: chip c is programmed and read from forks of `stream(seed).fork("chip", c)`. */
export function programmingStatistics(matrix: Matrix, options: StatisticsOptions): TimeStatistics[] {
  const { spec, readout, times, chips, seed } = options;
  const { rows, columns, weights } = matrix;
  const device = deviceOfCrossbar(spec);
  const largest = weights.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
  const error = (read: Float32Array, factor: number) => {
    let sum = 0;
    for (let i = 0; i < read.length; i++) sum += (factor * read[i] - weights[i]) ** 2;
    return Math.sqrt(sum / read.length) / largest;
  };
  const samples = times.map(() => ({ error: [], compensatedError: [], factor: [] }) as Record<string, number[]>);
  for (let chip = 0; chip < chips; chip++) {
    const random = stream(seed).fork("chip", chip);
    const crossbar = programCrossbar(weights, rows, columns, spec, device, random.fork("programming"));
    const read = (time: number, purpose: string) => readCrossbar(crossbar, device, time, random.fork(purpose, time));
    const reference = readOut(readout === "one-hot" ? readProgrammed(crossbar) : read(0, "reference"), readout);
    times.forEach((time, i) => {
      const reading = read(time, "read");
      const factor = sharedFactor([reference], [readOut(reading, readout)], device.maxConductance);
      samples[i].error.push(error(reading.weights, 1));
      samples[i].compensatedError.push(error(reading.weights, factor));
      samples[i].factor.push(factor);
    });
  }
  return times.map((time, i) => ({
    time,
    error: spreadOf(samples[i].error),
    compensatedError: spreadOf(samples[i].compensatedError),
    factor: spreadOf(samples[i].factor),
  }));
}

function spreadOf(values: readonly number[]): Spread {
  const spread = deviation(values);
  return { mean: mean(values), deviation: spread, standardError: spread / Math.sqrt(values.length) };
}

/** A matrix with weights spread evenly over -1 .. 1, the same on every machine. */
export function evenMatrix(rows: number, columns: number): Matrix {
  const weights = Float32Array.from(
    { length: rows * columns },
    (_, i) => (((i * 7919 + 104_729) % 2001) - 1000) / 1000,
  );
  return { rows, columns, weights };
}
