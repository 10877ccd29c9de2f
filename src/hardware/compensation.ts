/**
 * Global drift compensation (GDC): one factor scales outputs back to their level just after programming.
 *
 * A known input is read right after programming and again later. Drift is similar for all devices, so the ratio of the two
 * read-outs restores the mean:
 *
 *   alpha = read-out at programming / read-out now
 *
 *   lines     all lines driven at once; the read-out is the sum of all line currents of both signs, sum (g+ + g-). One input
 *             vector. V. Joshi et al., Nature Communications 11, 2473 (2020), DOI 10.1038/s41467-020-16108-9, scale by such a
 *             summed current; the paper reads "several SA columns using a known calibration input" (Xpikeformer,
 *             arXiv 2408.08794v2, section V-B)
 *   one-hot   one line at a time; the read-out is the mean of |g+ - g-| over all cells. As many vectors as lines. This is
 *             `GlobalDriftCompensation` of IBM's aihwkit (src/aihwkit/inference/compensation/drift.py at commit 4545f11,
 *             2026-06-23), with its reference taken from the programmed weights, without read noise; per column it is its
 *             `PerColumnDriftCompensation`
 *
 * A factor multiplies codes, as part of the digital scaling to the layer's unit. Read-outs here are exact currents;
 * `own-calibration.ts` does it with codes. Left out: quantization by the converters, which a sum over many columns averages
 * out, and their range, which all lines at once exceed if it was set on sparse spikes.
 */
import type { CompensationSchedule, CompensationSpec } from "../experiment/compensation.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import type { CrossbarReading } from "./crossbar.ts";
import { FACTOR_TRIALS, KNOWN_INPUTS, LINES_PER_DRIVEN, MEASURED_VECTORS, RANGE_PASSES } from "./own-calibration.ts";

export type Readout = CompensationSpec["readout"];

/** The response to the calibration input: the read-out of each column, summed over the rows, in microsiemens. */
export interface ReadoutSums {
  readonly rows: number;
  readonly sums: Float64Array;
}

/**
 * Lower bound on the mean read-out per cell, as a fraction of the largest conductance: below it, the factor would be a ratio of
 * two noises. aihwkit uses the same number in units of weights.
 */
const SMALLEST_READOUT = 1e-4;

/** The read-out of a crossbar for one read. */
export function readOut({ rows, columns, plus, minus }: CrossbarReading, readout: Readout): ReadoutSums {
  const sums = new Float64Array(columns);
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++, i++) {
      sums[c] += readout === "lines" ? plus[i] + minus[i] : Math.abs(plus[i] - minus[i]);
    }
  }
  return { rows, sums };
}

/** One factor for several crossbars together: read-out at reference over read-out now, both as means per cell. */
export function sharedFactor(
  references: readonly ReadoutSums[],
  present: readonly ReadoutSums[],
  maxConductance: number,
): number {
  const cells = references.reduce((sum, { rows, sums }) => sum + rows * sums.length, 0);
  const meanOf = (readouts: readonly ReadoutSums[]) =>
    readouts.reduce((sum, { sums }) => sum + sums.reduce((a, b) => a + b, 0), 0) / cells;
  const floor = SMALLEST_READOUT * maxConductance;
  return Math.max(meanOf(references), floor) / Math.max(meanOf(present), floor);
}

/** A factor for every column of a crossbar. */
export function factorsByColumn(reference: ReadoutSums, present: ReadoutSums, maxConductance: number): Float64Array {
  const meanOf = ({ rows, sums }: ReadoutSums, c: number) =>
    Math.max(sums[c] / rows, SMALLEST_READOUT * maxConductance);
  return reference.sums.map((_, c) => meanOf(reference, c) / meanOf(present, c));
}

/** A reading with a factor for each column, applied to its codes on their way to the layer's unit. */
export function compensateReading(reading: CrossbarReading, factors: Float64Array): CrossbarReading {
  return {
    ...reading,
    scales: reading.scales.map((scale, c) => scale / factors[c]),
    weights: reading.weights.map((weight, i) => weight * factors[i % factors.length]),
  };
}

/** Number of calibrations up to an age, and the age at the last; null if there was none. */
export interface CalibrationHistory {
  readonly calibrations: number;
  readonly last: number | null;
}

/** The calibrations of a chip up to `time` seconds after programming, not counting the reference just after programming. */
export function calibrationHistory(schedule: CompensationSchedule, time: number): CalibrationHistory {
  if (schedule.kind === "at-use") return { calibrations: 1, last: time };
  if (schedule.kind === "interval") {
    const calibrations = Math.floor(time / schedule.seconds);
    return { calibrations, last: calibrations === 0 ? null : calibrations * schedule.seconds };
  }
  let calibrations = 0;
  let last: number | null = null;
  for (let age = schedule.first; age <= time; age *= schedule.ratio) {
    calibrations++;
    last = age;
  }
  return { calibrations, last };
}

/** The work of calibrating a crossbar: input vectors, and the total of lines driven by them. */
export interface CalibrationReads {
  /** Just after programming: the reference, and the passes that set the range if the chip measures it itself. */
  readonly atFirst: number;
  readonly drivenAtFirst: number;
  /** For each later calibration. */
  readonly each: number;
  readonly drivenEach: number;
}

/**
 * Calibration of a crossbar of `rows` lines. In the sample prompts that set ranges, every eighth line counts as driven, as in
 * known inputs.
 *
 * @param converts false for columns without converters, which have no range; default true
 */
export function calibrationReads(
  { calibration, compensation: { scope, readout } }: Pick<HardwareSpec, "calibration" | "compensation">,
  rows: number,
  converts = true,
): CalibrationReads {
  if (calibration === "currents") {
    // Every line is driven once, either all at once or one by one.
    const each = readout === "lines" ? 1 : rows;
    return scope === "none"
      ? { atFirst: 0, drivenAtFirst: 0, each: 0, drivenEach: 0 }
      : { atFirst: each, drivenAtFirst: rows, each, drivenEach: rows };
  }
  const driven = (vectors: number) => (vectors * rows) / LINES_PER_DRIVEN;
  const reference = scope === "none" ? 0 : KNOWN_INPUTS;
  const atFirst = (converts ? RANGE_PASSES * MEASURED_VECTORS : 0) + 2 * reference;
  const each = reference * (FACTOR_TRIALS + (scope === "column" ? 1 : 0));
  return { atFirst, drivenAtFirst: driven(atFirst), each, drivenEach: driven(each) };
}
