/**
 * Drift compensation of a chip: references are read once after programming, factors whenever the schedule says, and every
 * read of the chip comes back scaled. How a factor is measured and applied: `hardware/compensation.ts`.
 *
 * Converter ranges follow. They are calibrated once, `CALIBRATION_TIME` after programming. Currents then shrink with drift, and a
 * control unit that knows the factor alpha sets the converters' reference with it, so that codes stay as fine as they were:
 *
 *   full scale at t = full scale at calibration * alpha at calibration / alpha at t
 *
 * Without compensation nobody knows how far devices have drifted, and the full scale stays. So does one that the spec fixes.
 */
import type { DeviceModel } from "../device/device.ts";
import { type ActionCounts, emptyTally } from "../hardware/actions.ts";
import {
  type CalibrationHistory,
  calibrationHistory,
  calibrationVectors,
  compensateReading,
  factorsByColumn,
  type ReadoutSums,
  readOut,
  sharedFactor,
} from "../hardware/compensation.ts";
import { fixedFullScale } from "../hardware/converter-errors.ts";
import type { CrossbarReading } from "../hardware/crossbar.ts";
import type { Mapping } from "../mapping/mapping.ts";
import type { CompensationSpec } from "../spec/compensation.ts";
import type { HardwareSpec } from "../spec/hardware.ts";

/**
 * The readings of crossbars that share a factor, with their factors applied.
 *
 * @param references  what the calibration input gave just after programming, one for each reading
 * @param calibration the reads in which factors are measured: those of the last calibration, one for each reading
 */
export function compensate(
  { scope, readout }: CompensationSpec,
  maxConductance: number,
  references: readonly ReadoutSums[],
  readings: readonly CrossbarReading[],
  calibration: readonly CrossbarReading[],
): CrossbarReading[] {
  const present = calibration.map((reading) => readOut(reading, readout));
  if (scope === "column") {
    return readings.map((reading, i) =>
      compensateReading(reading, factorsByColumn(references[i], present[i], maxConductance)),
    );
  }
  const factor = sharedFactor(references, present, maxConductance);
  return readings.map((reading) => compensateReading(reading, new Float64Array(reading.columns).fill(factor)));
}

/** Crossbars by the factor they share: those of a tile, or each alone. */
export function crossbarsSharingFactor({ layers }: Mapping, { scope }: CompensationSpec): number[][] {
  const blocks = layers.flatMap((layer) => layer.blocks);
  if (scope !== "tile") return blocks.map(({ crossbar }) => [crossbar]);
  const tiles = new Map<number, number[]>();
  for (const { tile, crossbar } of blocks) tiles.set(tile, [...(tiles.get(tile) ?? []), crossbar]);
  return [...tiles.values()];
}

/** Seconds after programming at which converter ranges are calibrated. */
export const CALIBRATION_TIME = 1;

type Scaled = Pick<CrossbarReading, "scales">;

/** A chip's crossbars as they left programming; their scales know nothing of drift. */
interface RangedChip {
  readonly crossbars: readonly Scaled[];
  readonly ranges: Float64Array | null;
  readonly hardware: Pick<HardwareSpec, "adc">;
  readonly device: Pick<DeviceModel, "maxConductance">;
}

/** Full scale of each crossbar's converters in these readings, microsiemens; zeros for a chip without ranges. */
export const fullScales = (chip: RangedChip, readings: readonly Scaled[]): Float64Array =>
  Float64Array.from(readings, (reading, crossbar) => fullScaleOf(chip, crossbar, reading));

/** The same of one crossbar. */
export function fullScaleOf(
  { crossbars, ranges, hardware: { adc }, device }: RangedChip,
  crossbar: number,
  reading: Scaled,
): number {
  if (adc.fullScale !== null) return fixedFullScale(adc.fullScale, device.maxConductance);
  return ranges === null ? 0 : ranges[crossbar] / appliedFactor(crossbars[crossbar].scales, reading);
}

/** A chip's `ranges`, from the full scales that were measured in these readings. */
export const rangesOf = (
  chip: Pick<RangedChip, "crossbars">,
  readings: readonly Scaled[],
  measured: Float64Array,
): Float64Array => measured.map((fullScale, crossbar) => rangeOf(chip, crossbar, readings[crossbar], fullScale));

/** The same of one crossbar. */
export const rangeOf = (
  { crossbars }: Pick<RangedChip, "crossbars">,
  crossbar: number,
  reading: Scaled,
  measured: number,
): number => measured * appliedFactor(crossbars[crossbar].scales, reading);

/** The factor with which drift was compensated: 1 without, the mean of all columns where each has its own. */
const appliedFactor = (programmed: Float64Array, { scales }: Scaled): number =>
  programmed.reduce((sum, scale, c) => sum + scale / scales[c], 0) / programmed.length;

export interface CompensationCost extends CalibrationHistory {
  /** Input vectors read for it over all crossbars, with those of the references. */
  readonly reads: number;
  /** The same in counted actions; summing the codes is not counted, because the control unit does it while tiles are idle. */
  readonly actions: ActionCounts;
}

/** What compensation has cost a chip up to its `readTime`. */
export function compensationCost({ layers }: Mapping, hardware: HardwareSpec): CompensationCost {
  const { compensation, adc, readTime } = hardware;
  const tally = emptyTally();
  if (compensation.scope === "none") return { calibrations: 0, last: null, reads: 0, actions: tally };
  const history = calibrationHistory(compensation.schedule, readTime);
  const times = history.calibrations + 1;
  let reads = 0;
  for (const { rows, columns } of layers.flatMap(({ blocks }) => blocks)) {
    const vectors = times * calibrationVectors(compensation.readout, rows);
    reads += vectors;
    // Every line is driven once in a calibration, all at once or one by one.
    tally.lineDrives += times * rows;
    tally.cellReads += times * rows * columns;
    tally.conversions += vectors * columns * (adc.mode === "pair" ? 2 : 1);
  }
  return { ...history, reads, actions: tally };
}
