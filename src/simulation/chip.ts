/**
 * A chip: a mapped network with programmed crossbars.
 *
 * Programming is drawn once per chip, so several chips differ as the chips of a wafer do; reading is drawn at every simulation,
 * at any later time. A chip is never modified: `calibrate` returns one with converter ranges set, `chipAt` one of another age.
 * Drift compensation is part of reading (`compensation.ts`).
 */
import { deviceOfCrossbar } from "../device/catalogue.ts";
import { largestWeights } from "../device/conversion.ts";
import type { DeviceModel } from "../device/device.ts";
import { decidingOf } from "../experiment/by-read-out.ts";
import { hasConverterErrors } from "../experiment/erring-converters.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import type { NeuronSpec } from "../experiment/neuron.ts";
import { cutBlock } from "../hardware/blocks.ts";
import { calibrationHistory, type ReadoutSums, readOut } from "../hardware/compensation.ts";
import { type ConverterErrors, drawConverterErrors } from "../hardware/converter-errors.ts";
import {
  type CrossbarReading,
  type ProgrammedCrossbar,
  programCrossbar,
  readCrossbar,
  readProgrammed,
} from "../hardware/crossbar.ts";
import { weightsByLine } from "../hardware/line-order.ts";
import type { CodeReference } from "../hardware/own-calibration.ts";
import { type ColumnErrors, drawColumnErrors } from "../hardware/read-out.ts";
import { trimConverters } from "../hardware/trim.ts";
import { readThroughWires } from "../hardware/wires.ts";
import type { LayerMapping, Mapping } from "../mapping/mapping.ts";
import type { Network } from "../model/network.ts";
import { neuronOf } from "../model/neuron/catalogue.ts";
import type { Stream } from "../numeric/stream.ts";
import { compensate, compensateByCodes, crossbarsSharingFactor } from "./compensation.ts";

/** A network mapped to a machine: a chip before it is programmed. */
export interface MappedNetwork {
  readonly network: Network<SpikingSpec>;
  readonly mapping: Mapping;
  readonly hardware: HardwareSpec;
}

/** The neuron that the units behind an operation compute, with what its network has learned. */
export const unitNeuron = ({ model, parameters }: Network<SpikingSpec>, operation: string): NeuronSpec =>
  neuronOf(model.neuron, operation, (name) => parameters[name].data);

/**
 * The results of programming and calibration, as plain data that can be passed between threads. For a part of a chip: its
 * crossbars only.
 */
export interface ChipState {
  /** By crossbar number of the mapping. */
  readonly crossbars: readonly ProgrammedCrossbar[];
  /** Errors of each crossbar's converters, by crossbar; null when converters are exact. */
  readonly converterErrors: readonly ConverterErrors[] | null;
  /** Errors of columns without converters, by crossbar; null where converters read all columns. */
  readonly columnErrors: readonly ColumnErrors[] | null;
  /** Response to the calibration input just after programming, by crossbar; null when drift is not compensated. */
  readonly references: readonly ReadoutSums[] | null;
  /** The same in codes of the chip's own converters, for a chip that calibrates itself; null until calibrated. */
  readonly codeReferences: readonly CodeReference[] | null;
  /** Full scale of each crossbar's converters at a drift compensation factor of 1, microsiemens; null until calibrated. */
  readonly ranges: Float64Array | null;
}

export interface Chip extends MappedNetwork, ChipState {
  readonly device: DeviceModel;
}

/**
 * Programs every crossbar, draws its converters, and reads the references for drift compensation.
 *
 * Random   crossbar c uses `random.fork("programming", c)` and `random.fork("reference", c)`, and its converters
 *          `random.fork("converters", site)` and `random.fork("trim", site)`, columns without converters
 *          `random.fork("columns", site)`, so the order does not matter
 */
export function programChip(
  network: Network<SpikingSpec>,
  mapping: Mapping,
  hardware: HardwareSpec,
  random: Stream,
): Chip {
  const device = deviceOfCrossbar(hardware.crossbar);
  const crossbars: ProgrammedCrossbar[] = [];
  for (const layer of mapping.layers) {
    const { data } = network.parameters[`${layer.name}.weight`];
    const weights = weightsByLine(data, layer.outputs, layer);
    const shared = sharedScales(weights, layer, hardware);
    for (const block of layer.blocks) {
      crossbars[block.crossbar] = programCrossbar(
        cutBlock(weights, layer.outputs, block),
        block.rows,
        block.columns,
        hardware.crossbar,
        device,
        random.fork("programming", block.crossbar),
        shared?.[block.tile],
      );
    }
  }
  return equipChip({ network, device, crossbars }, mapping, hardware, random);
}

/** The weights that largest conductances stand for, by tile and column, where row blocks add charge on one column; null elsewhere. */
function sharedScales(
  weights: Float32Array,
  { readOut, outputs, blocks }: LayerMapping,
  { crossbar }: HardwareSpec,
): Float64Array[] | null {
  if (decidingOf(readOut) === null) return null;
  const shared: Float64Array[] = [];
  for (const block of blocks) {
    const largest = largestWeights(cutBlock(weights, outputs, block), block.columns, crossbar);
    const before = shared[block.tile];
    shared[block.tile] = before ? largest.map((size, c) => Math.max(size, before[c])) : largest;
  }
  return shared;
}

/**
 * Crossbars already programmed, with other converters, compensation or age. Programming depends on `hardware.crossbar`, and on which
 * layers have converters, so with the same of both and the same `random` the result equals that of `programChip`. References that are
 * already known are not measured again.
 *
 * Random   as `programChip`
 */
export function equipChip(
  { network, device, crossbars, ...before }: Pick<Chip, "network" | "device" | "crossbars"> & Partial<Chip>,
  mapping: Mapping,
  hardware: HardwareSpec,
  random: Stream,
): Chip {
  const isMeasured = before.references && before.hardware && referenceKey(before.hardware) === referenceKey(hardware);
  const references = isMeasured ? before.references! : measureReferences(crossbars, device, hardware, random);
  const converterErrors = drawConverters(mapping, hardware, random);
  return {
    network,
    mapping,
    hardware,
    device,
    crossbars,
    converterErrors,
    columnErrors: drawColumns(mapping, random),
    references,
    codeReferences: null,
    ranges: null,
  };
}

/** The transferable data of a chip, or of a part. */
export const stateOfChip = ({
  crossbars,
  converterErrors,
  columnErrors,
  references,
  codeReferences,
  ranges,
}: ChipState): ChipState => ({
  crossbars,
  converterErrors,
  columnErrors,
  references,
  codeReferences,
  ranges,
});

/** The chip composed of parts, each with its own crossbars. A single part with all crossbars gives that chip itself. */
export function chipFrom(machine: MappedNetwork, parts: readonly ChipState[]): Chip {
  // For these fields a part has an entry for every crossbar, its own or not.
  const ranges = parts.map(({ crossbars, ranges }) => ranges && crossbars.map((_, crossbar) => ranges[crossbar]));
  const allRanges = joinOptional(ranges);
  return {
    ...machine,
    device: deviceOfCrossbar(machine.hardware.crossbar),
    crossbars: joinEntries(parts.map((part) => part.crossbars)),
    converterErrors: joinOptional(parts.map((part) => part.converterErrors)),
    columnErrors: joinOptional(parts.map((part) => part.columnErrors)),
    references: joinOptional(parts.map((part) => part.references)),
    codeReferences: joinOptional(parts.map((part) => part.codeReferences)),
    ranges: allRanges && Float64Array.from(allRanges),
  };
}

/** Merges sparse lists with entries at different indices. */
function joinEntries<T>(lists: readonly (readonly T[])[]): T[] {
  const joined: T[] = [];
  for (const list of lists) {
    list.forEach((entry, i) => {
      joined[i] = entry;
    });
  }
  return joined;
}

const joinOptional = <T>(lists: readonly (readonly T[] | null)[]): T[] | null =>
  lists.some((list) => list === null) ? null : joinEntries(lists as readonly (readonly T[])[]);

/** Blocks that take turns on one of the chip's crossbars share its converters. */
function drawConverters(
  { layers, readoutUnits }: Mapping,
  { adc }: HardwareSpec,
  random: Stream,
): ConverterErrors[] | null {
  if (!hasConverterErrors(adc.errors)) return null;
  const converters: ConverterErrors[] = [];
  for (const { crossbar, site, columns } of layers.flatMap(({ blocks }) => blocks)) {
    const made = drawConverterErrors(columns, readoutUnits, adc.errors, random.fork("converters", site));
    converters[crossbar] = trimConverters(made, readoutUnits, adc, random.fork("trim", site));
  }
  return converters;
}

function drawColumns({ layers }: Mapping, random: Stream): ColumnErrors[] | null {
  const errors: ColumnErrors[] = [];
  let decided = false;
  for (const { readOut, blocks } of layers) {
    const deciding = decidingOf(readOut);
    if (deciding === null) continue;
    decided = true;
    for (const { crossbar, site, columns } of blocks) {
      errors[crossbar] = drawColumnErrors(columns, deciding, random.fork("columns", site));
    }
  }
  return decided ? errors : null;
}

/** What `measureReferences` reads of the hardware. */
const referenceKey = ({ calibration, compensation: { scope, readout }, crossbar: { wires } }: HardwareSpec): string =>
  JSON.stringify([calibration === "codes" || scope === "none", readout, wires]);

/** Response to the calibration input just after programming; without read noise for `one-hot`, as in aihwkit. */
function measureReferences(
  crossbars: readonly ProgrammedCrossbar[],
  device: DeviceModel,
  { calibration, compensation: { scope, readout }, crossbar: { wires } }: HardwareSpec,
  random: Stream,
): ReadoutSums[] | null {
  if (scope === "none" || calibration === "codes") return null;
  return crossbars.map((crossbar, c) => {
    const fresh =
      readout === "one-hot" ? readProgrammed(crossbar) : readCrossbar(crossbar, device, 0, random.fork("reference", c));
    return readOut(readThroughWires(fresh, wires), readout);
  });
}

/** The same chip `readTime` seconds after programming. */
export const chipAt = (chip: Chip, readTime: number): Chip => ({ ...chip, hardware: { ...chip.hardware, readTime } });

/**
 * Reads all crossbars at the spec's read time, through their wires, with drift compensated as specified. They are read one
 * after another, so a large chip's readings need not be stored. Crossbars that share a factor come together.
 *
 * @param weights false leaves out the readings' weights
 * Random   crossbar c uses `random.fork("read", c)`, and `random.fork("calibration read", c)` for its last calibration before
 * this
 *         read; a chip that calibrates itself also uses `random.fork("known inputs", c, trial)`
 * Throws   ValueError when the device model has no data for that time
 */
export function* readCrossbars(
  chip: Chip,
  random: Stream,
  weights = true,
): Generator<[crossbar: number, CrossbarReading]> {
  const { mapping, device, hardware, references, codeReferences } = chip;
  const { compensation, readTime } = hardware;
  const readAt = (crossbar: number, time: number, purpose: string) =>
    readOne(chip, crossbar, time, random.fork(purpose, crossbar), weights);
  const { last } = calibrationHistory(compensation.schedule, readTime);
  for (const group of crossbarsSharingFactor(mapping, compensation)) {
    let readings = group.map((crossbar) => readAt(crossbar, readTime, "read"));
    if ((references !== null || codeReferences !== null) && last !== null) {
      // Low-frequency noise hardly changes between a calibration just before use and the use itself.
      const atUse = compensation.schedule.kind === "at-use";
      const calibration = atUse ? readings : group.map((crossbar) => readAt(crossbar, last, "calibration read"));
      readings =
        references === null
          ? compensateByCodes(chip, group, readings, calibration, random)
          : compensate(
              compensation,
              device.maxConductance,
              group.map((crossbar) => references[crossbar]),
              readings,
              calibration,
            );
    }
    for (const [i, crossbar] of group.entries()) yield [crossbar, readings[i]];
  }
}

/** One crossbar at a time, through its wires, without drift compensation. Random: `random` itself. Throws as `readCrossbars`. */
export const readOne = (
  { crossbars, device, hardware }: Chip,
  crossbar: number,
  time: number,
  random: Stream,
  weights: boolean,
): CrossbarReading =>
  readThroughWires(readCrossbar(crossbars[crossbar], device, time, random, weights), hardware.crossbar.wires);

/** The results of `readCrossbars`, by crossbar. */
export function readChip(chip: Chip, random: Stream): CrossbarReading[] {
  const readings: CrossbarReading[] = [];
  for (const [crossbar, reading] of readCrossbars(chip, random)) readings[crossbar] = reading;
  return readings;
}
