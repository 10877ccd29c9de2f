/**
 * Drift compensation of a chip: references are read once after programming, factors whenever the schedule says, and every read
 * of the chip is scaled by them. `hardware/compensation.ts` describes how a factor is measured and applied.
 *
 * Converter ranges follow. They are calibrated once, `CALIBRATION_TIME` after programming. Currents then shrink with drift. A
 * control unit that knows the factor alpha scales the converters' reference with it, so codes keep their resolution:
 *
 *   full scale at t = full scale at calibration * alpha at calibration / alpha at t
 *
 * Without compensation the amount of drift is unknown, and the full scale stays fixed, as does one set by the spec.
 */
import type { DeviceModel } from "../device/device.ts";
import { invariant } from "../errors.ts";
import { decidingOf } from "../experiment/by-read-out.ts";
import type { CompensationSpec } from "../experiment/compensation.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import { type ActionCounts, emptyTally } from "../hardware/actions.ts";
import {
  type CalibrationHistory,
  calibrationHistory,
  calibrationReads,
  compensateReading,
  factorsByColumn,
  type ReadoutSums,
  readOut,
  sharedFactor,
} from "../hardware/compensation.ts";
import { type ConverterErrors, fixedFullScale } from "../hardware/converter-errors.ts";
import type { CrossbarReading } from "../hardware/crossbar.ts";
import {
  agreement,
  type CodeReference,
  chargesOf,
  drawKnownLines,
  FACTOR_TRIALS,
  factorByCodes,
  KNOWN_INPUTS,
  type KnownCurrents,
  knownCodes,
  knownCurrents,
  searchedCodes,
  searchedRange,
} from "../hardware/own-calibration.ts";
import type { ColumnErrors } from "../hardware/read-out.ts";
import type { Mapping } from "../mapping/mapping.ts";
import type { Stream } from "../numeric/stream.ts";

/**
 * The readings of crossbars that share a factor, with their factors applied.
 *
 * @param references  response to the calibration input just after programming, one per reading
 * @param calibration the reads that measure the factors: those of the last calibration, one per reading
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

/** What code-based compensation needs from a chip. */
interface OwnCalibration {
  readonly hardware: HardwareSpec;
  readonly mapping: Mapping;
  /** Just after programming, which the scales of searched columns are known from. */
  readonly crossbars: readonly Scaled[];
  readonly columnErrors: readonly ColumnErrors[] | null;
  readonly converterErrors: readonly ConverterErrors[] | null;
  readonly codeReferences: readonly CodeReference[] | null;
}

/** How a crossbar answers known inputs. */
interface KnownResponse {
  readonly fullScale: number;
  /** Codes with the converters' reference tuned, or the read pulses lengthened, by `factor`. */
  codes(factor: number, random: Stream): Float32Array;
}

/** @param fullScale of its converters, or of searched thresholds; null for the search to find it */
function knownResponse(
  { hardware, mapping, crossbars, converterErrors, columnErrors }: OwnCalibration,
  crossbar: number,
  currents: KnownCurrents,
  fullScale: number | null,
): KnownResponse {
  const layer = mapping.layers.find(({ blocks }) => blocks.some((block) => block.crossbar === crossbar));
  const deciding = layer === undefined ? null : decidingOf(layer.readOut);
  if (deciding === null) {
    const range = fullScale as number;
    const errors = converterErrors?.[crossbar] ?? null;
    return {
      fullScale: range,
      codes: (factor, random) => knownCodes(currents, hardware.adc, range / factor, errors, random),
    };
  }
  const errors = (columnErrors as readonly ColumnErrors[])[crossbar];
  const searched = { deciding, errors, scales: crossbars[crossbar].scales };
  const charges = chargesOf(currents, searched);
  const range = fullScale ?? searchedRange(charges);
  return { fullScale: range, codes: (factor, random) => searchedCodes(charges, factor, searched, range, random) };
}

/**
 * Response to the known inputs of a crossbar just after setting its range.
 *
 * @param fullScale of its converters; null for columns without
 * Random   `random.fork("known lines", c)`, and `random.fork("known inputs", c, 0)` and `1` of the same
 */
export function referenceByCodes(
  chip: OwnCalibration,
  crossbar: number,
  reading: CrossbarReading,
  fullScale: number | null,
  random: Stream,
): CodeReference {
  const { columns } = reading;
  const lines = drawKnownLines(reading.rows, random.fork("known lines", crossbar));
  const response = knownResponse(chip, crossbar, knownCurrents(reading, lines), fullScale);
  const [codes, again] = [0, 1].map((time) => response.codes(1, random.fork("known inputs", crossbar, time)));
  return { lines, fullScale: response.fullScale, codes, agreement: agreement(codes, again, columns) };
}

/** As `compensate`, with codes of the chip's own converters. Random: `random.fork("known inputs", c, trial)` */
export function compensateByCodes(
  chip: OwnCalibration,
  group: readonly number[],
  readings: readonly CrossbarReading[],
  calibration: readonly CrossbarReading[],
  random: Stream,
): CrossbarReading[] {
  const { hardware, codeReferences } = chip;
  invariant(codeReferences !== null, "a chip without references is not compensated");
  const references = group.map((crossbar) => codeReferences[crossbar]);
  const responses = group.map((crossbar, i) =>
    knownResponse(chip, crossbar, knownCurrents(calibration[i], references[i].lines), references[i].fullScale),
  );
  const agreementsAt = (factor: number, trial: number) =>
    group.map((crossbar, i) => {
      const present = responses[i].codes(factor, random.fork("known inputs", crossbar, trial));
      return agreement(references[i].codes, present, readings[i].columns);
    });
  const factor = factorByCodes(references, agreementsAt);
  const shared = ({ columns }: CrossbarReading) => new Float64Array(columns).fill(factor);
  if (hardware.compensation.scope !== "column") return readings.map((of) => compensateReading(of, shared(of)));
  const present = agreementsAt(factor, FACTOR_TRIALS);
  return readings.map((reading, i) => {
    // A column with almost no output uses the factor of its crossbar.
    const sum = (of: Float64Array, c: number) => Math.max(of[c], KNOWN_INPUTS);
    const ofColumn = references[i].agreement.map((_, c, all) => (factor * sum(all, c)) / sum(present[i], c));
    return compensateReading(reading, ofColumn);
  });
}

/** Crossbars grouped by shared factor: those of a tile, or each alone. */
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

/** A chip's crossbars just after programming, with scales before drift. */
interface RangedChip {
  readonly crossbars: readonly Scaled[];
  readonly ranges: Float64Array | null;
  readonly hardware: Pick<HardwareSpec, "adc">;
  readonly device: Pick<DeviceModel, "maxConductance">;
}

/** Full scale of each crossbar's converters in these readings, microsiemens; zeros for a chip without ranges. */
export const fullScales = (chip: RangedChip, readings: readonly Scaled[]): Float64Array =>
  Float64Array.from(readings, (reading, crossbar) => fullScaleOf(chip, crossbar, reading));

/** The same for one crossbar. */
export function fullScaleOf(
  { crossbars, ranges, hardware: { adc }, device }: RangedChip,
  crossbar: number,
  reading: Scaled,
): number {
  if (adc.fullScale !== null) return fixedFullScale(adc.fullScale, device.maxConductance);
  return ranges === null ? 0 : ranges[crossbar] / appliedFactor(crossbars[crossbar].scales, reading);
}

/** A chip's `ranges`, from the full scales measured in these readings. */
export const rangesOf = (
  chip: Pick<RangedChip, "crossbars">,
  readings: readonly Scaled[],
  measured: Float64Array,
): Float64Array => measured.map((fullScale, crossbar) => rangeOf(chip, crossbar, readings[crossbar], fullScale));

/** The same for one crossbar. */
export const rangeOf = (
  { crossbars }: Pick<RangedChip, "crossbars">,
  crossbar: number,
  reading: Scaled,
  measured: number,
): number => measured * appliedFactor(crossbars[crossbar].scales, reading);

/** The applied drift compensation factor: 1 without compensation, the mean over columns with a factor per column. */
const appliedFactor = (programmed: Float64Array, { scales }: Scaled): number =>
  programmed.reduce((sum, scale, c) => sum + scale / scales[c], 0) / programmed.length;

export interface CompensationCost extends CalibrationHistory {
  /** Input vectors read for compensation over all crossbars, including the references. */
  readonly reads: number;
  /** The same in counted actions. Summing the codes is not counted, because the control unit does it while tiles are idle. */
  readonly actions: ActionCounts;
}

/** The cost of compensation and of self-measurement up to the chip's `readTime`. */
export function compensationCost({ layers, totals }: Mapping, hardware: HardwareSpec): CompensationCost {
  const { compensation, adc, readTime } = hardware;
  const tally = emptyTally();
  const history =
    compensation.scope === "none"
      ? { calibrations: 0, last: null }
      : calibrationHistory(compensation.schedule, readTime);
  let reads = 0;
  for (const { readOut, blocks } of layers) {
    const deciding = decidingOf(readOut);
    const trim = deciding?.circuit.trim ?? null;
    for (const { rows, columns, rowStart } of blocks) {
      const { atFirst, each, drivenEach, drivenAtFirst } = calibrationReads(hardware, rows, deciding === null);
      const vectors = atFirst + history.calibrations * each;
      const driven = drivenAtFirst + history.calibrations * drivenEach;
      reads += vectors;
      tally.lineDrives += driven;
      tally.cellReads += driven * columns;
      if (deciding === null) tally.conversions += vectors * columns * (adc.mode === "pair" ? 2 : 1);
      // A search takes a decision for each bit; an instrument reads exact currents.
      else if (hardware.calibration === "codes") tally.decisions += vectors * columns * (trim?.bits ?? 0);
      if (trim !== null && rowStart === 0) tally.decisions += (1 + history.calibrations) * trim.reads * columns;
    }
  }
  // Converters are trimmed with no line driven, once and at every calibration.
  if (adc.trim !== null) tally.conversions += (1 + history.calibrations) * adc.trim.reads * totals.converters;
  return { ...history, reads, actions: tally };
}
