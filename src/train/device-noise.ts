/**
 * The effect of a chip's devices on weights, for hardware-aware training. The forward and backward pass see the weights of a
 * freshly programmed chip; the optimiser updates the exact ones (straight-through). Noise in the forward pass with the statistics
 * of the device follows V. Joshi et al., Nature Communications 11, 2473 (2020), DOI 10.1038/s41467-020-16108-9.
 *
 * Programming, drifting and reading every device at every step would take longer than the step. Instead, crossbars of known
 * levels are programmed and read once, at several ages, and the mean and spread of each level are kept. A step then draws one
 * normal per weight. Left out: higher moments of a level, the spread of compensation factors between crossbars, IR drop, and the
 * order of the first layer's lines, which decides from which weights a scale is taken.
 */
import { deviceOfCrossbar } from "../device/catalogue.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import { readOut, sharedFactor } from "../hardware/compensation.ts";
import { programCrossbar, readCrossbar } from "../hardware/crossbar.ts";
import type { Fault } from "../kernels/training-ops.ts";
import { exponential } from "../numeric/exponential.ts";
import { columnMoments } from "../numeric/statistics.ts";
import { naturalLog, type Stream } from "../numeric/stream.ts";

/** Pairs programmed for each level. */
const SAMPLES = 2048;
/** Ages at which statistics are kept, evenly spaced on a log scale, when a stage trains for a range of ages. */
const AGES = 8;
/** Number of levels at which statistics are kept for continuous devices. */
const CONTINUOUS_LEVELS = 127;

/** Mean and standard deviation of the weight that a pair shows, by level 0 .. top, in units of the largest weight. */
export interface LevelStatistics {
  readonly age: number;
  readonly means: Float32Array;
  readonly deviations: Float32Array;
}

/**
 * Statistics of every level, by age. They exclude stuck devices, which `faultsOf` draws.
 *
 * Random   forks "programming" and "read" of `random`
 */
export function levelStatistics(
  hardware: HardwareSpec,
  { youngest, oldest }: { readonly youngest: number; readonly oldest: number },
  random: Stream,
): LevelStatistics[] {
  const { crossbar, compensation } = hardware;
  const spec = { ...crossbar, scaling: "crossbar", clippingQuantile: 1, stuck: { atZero: 0, atMaximum: 0 } } as const;
  const device = deviceOfCrossbar(spec);
  const top = levelsOf(hardware);
  const columns = top + 1;
  const weights = Float32Array.from({ length: SAMPLES * columns }, (_, i) => (i % columns) / top);
  const pairs = programCrossbar(weights, SAMPLES, columns, spec, device, random.fork("programming"));
  const readAt = (age: number, number: number) => readCrossbar(pairs, device, age, random.fork("read", number));
  const reference = readOut(readAt(0, 0), compensation.readout);
  const commonness = Float64Array.from({ length: columns }, (_, level) =>
    normalDensity((LARGEST_DEVIATES * level) / top),
  );
  const common = (sums: Float64Array) => ({ rows: SAMPLES, sums: sums.map((sum, level) => sum * commonness[level]) });
  const count = youngest === oldest ? 1 : AGES;
  return Array.from({ length: count }, (_, i) => {
    const age = count === 1 ? youngest : youngest * exponential((naturalLog(oldest / youngest) * i) / (count - 1));
    const reading = readAt(age, i + 1);
    const now = readOut(reading, compensation.readout);
    const factor =
      compensation.scope === "none"
        ? 1
        : sharedFactor([common(reference.sums)], [common(now.sums)], device.maxConductance);
    const weights = Float64Array.from(reading.weights, (weight) => weight * factor);
    const { means, deviations } = columnMoments(weights, columns);
    return { age, means: Float32Array.from(means), deviations: Float32Array.from(deviations) };
  });
}

/**
 * Most weights of a column are small. On a crossbar, level x is as common as the normal density at 2.7 x, where 1 is the largest
 * weight.
 */
const LARGEST_DEVIATES = 2.7;
const normalDensity = (x: number): number => exponential((-x * x) / 2);

/** Levels of each device above zero, or those at which statistics of continuous devices are kept. */
export const levelsOf = ({ crossbar }: HardwareSpec): number =>
  crossbar.conductanceBits === null ? CONTINUOUS_LEVELS : 2 ** crossbar.conductanceBits - 1;

/** Draws the stuck devices among `weights` pairs, with this many devices per sign. Random: `random`, a few numbers for each fault. */
export function* faultsOf(
  weights: number,
  { parallelDevices, stuck: { atZero, atMaximum } }: Pick<HardwareSpec["crossbar"], "parallelDevices" | "stuck">,
  random: Stream,
): Generator<Fault> {
  const share = atZero + atMaximum;
  if (share === 0) return;
  // The distance between two faults has a geometric distribution.
  const decay = naturalLog(1 - share);
  for (let device = -1; ; ) {
    device += 1 + Math.floor(naturalLog(1 - random.uniform()) / decay);
    const weight = Math.floor(device / (2 * parallelDevices));
    if (weight >= weights) return;
    const at = random.uniform() * share < atZero ? "zero" : "maximum";
    yield { weight, sign: device & 1 ? -1 : 1, at };
  }
}
