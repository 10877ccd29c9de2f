/**
 * What the devices of a chip do to weights, for hardware-aware training: the forward and backward pass see weights as a freshly
 * programmed chip would hold them, the optimiser moves the exact ones (straight-through). Noise in the forward pass with the
 * statistics of the device: V. Joshi et al., Nature Communications 11, 2473 (2020), DOI 10.1038/s41467-020-16108-9.
 *
 * Programming, drift and reading of every device at every step would take longer than the step. Instead crossbars of known levels
 * are programmed and read once, at several ages, and the mean and spread of each level are kept; a step then draws one normal per
 * weight. What is left out: higher moments of a level, the spread of compensation factors between crossbars, wires, and the
 * order of the first layer's lines, which decides whose largest weight a scale comes from.
 */
import { deviceOfCrossbar } from "../device/catalogue.ts";
import { largestWeights } from "../device/conversion.ts";
import { readOut, sharedFactor } from "../hardware/compensation.ts";
import { programCrossbar, readCrossbar } from "../hardware/crossbar.ts";
import { exponential } from "../numeric/exponential.ts";
import { columnMoments } from "../numeric/statistics.ts";
import { naturalLog, type Stream } from "../numeric/stream.ts";
import type { HardwareSpec } from "../spec/hardware.ts";

/** Pairs that are programmed for each level. */
const SAMPLES = 2048;
/** Ages at which statistics are kept, evenly spaced in the logarithm, when a stage trains for a range of ages. */
const AGES = 8;
/** Levels of devices without levels, in which their statistics are kept. */
const CONTINUOUS_LEVELS = 127;

/** Mean and standard deviation of the weight that a pair shows, by level 0 .. top, in units of the largest weight. */
export interface LevelStatistics {
  readonly age: number;
  readonly means: Float32Array;
  readonly deviations: Float32Array;
}

/**
 * Statistics of every level, by age. Stuck devices are not in them: `faultsOf` draws those.
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

/** Most weights of a column are small: on a crossbar the level x is as common as the normal density at 2.7 x, 1 being the largest. */
const LARGEST_DEVIATES = 2.7;
const normalDensity = (x: number): number => exponential((-x * x) / 2);

/** Levels above zero of each device, or those in which the statistics of continuous devices are kept. */
export const levelsOf = ({ crossbar }: HardwareSpec): number =>
  crossbar.conductanceBits === null ? CONTINUOUS_LEVELS : 2 ** crossbar.conductanceBits - 1;

/**
 * The weight that the largest conductance of a block stands for, by column, where BatchNorm is folded before the weights are mapped. A
 * column that BatchNorm silences, as at the end of a new block (`deepen`), has its own: nothing of its noise is heard until it has a gain.
 *
 * @param folds what BatchNorm multiplies each column by, not negative
 */
export function largestUnfolded(
  weights: Float32Array,
  columns: number,
  folds: Float32Array,
  { crossbar }: HardwareSpec,
): Float32Array {
  const folded = new Float32Array(weights.length);
  for (let row = 0; row < folded.length; row += columns) {
    for (let c = 0; c < columns; c++) folded[row + c] = weights[row + c] * folds[c];
  }
  const largest = largestWeights(folded, columns, crossbar);
  const own = folds.includes(0) ? largestWeights(weights, columns, { ...crossbar, scaling: "column" }) : largest;
  return folds.map((fold, c) => (fold > 0 ? largest[c] / fold : own[c]));
}

/** Stuck devices of a matrix of weights: the place of the weight, and whether a device of its pair is stuck at zero or full. */
export interface Fault {
  readonly weight: number;
  readonly sign: 1 | -1;
  readonly at: "zero" | "maximum";
}

/** Draws the stuck devices among `weights` pairs, of so many devices for either sign. Random: `random`, a few numbers for each fault. */
export function* faultsOf(
  weights: number,
  { parallelDevices, stuck: { atZero, atMaximum } }: Pick<HardwareSpec["crossbar"], "parallelDevices" | "stuck">,
  random: Stream,
): Generator<Fault> {
  const share = atZero + atMaximum;
  if (share === 0) return;
  // The distance between two faults is geometric.
  const decay = naturalLog(1 - share);
  for (let device = -1; ; ) {
    device += 1 + Math.floor(naturalLog(1 - random.uniform()) / decay);
    const weight = Math.floor(device / (2 * parallelDevices));
    if (weight >= weights) return;
    const at = random.uniform() * share < atZero ? "zero" : "maximum";
    yield { weight, sign: device & 1 ? -1 : 1, at };
  }
}
