/**
 * Exchange with programs that compute channels and decode bits, such as Sionna: slots over the channels of a file, and files of soft bits.
 * Arrays are those of `src/channel/given.ts`, by name: `h_freq`, or `a` and `tau`.
 *
 * HDF5 has no complex numbers of its own, and programs store them in different ways. There and in `.npz`, a real array with one more
 * dimension of 2 holds real and imaginary parts (`numpy.stack([h.real, h.imag], -1)`).
 */
import type { z } from "zod";
import {
  frequencyResponses,
  type GivenArray,
  type GivenResponses,
  impulseResponses,
  type ResponsePart,
  responsePart,
} from "../channel/given.ts";
import { gridOf, type SlotGrid } from "../channel/grid.ts";
import { type Slot, slotOver } from "../channel/slot.ts";
import { type GivenChannels, givenChannels } from "../channel/source.ts";
import { NPY_MAGIC } from "../data/npy.ts";
import { FileError, ShapeError, ValueError } from "../errors.ts";
import { type SlotDetectionSpec, slotDetectionSpec } from "../experiment/slot-detection.ts";
import { SLOT_PRESETS, type SlotPreset } from "../experiment/slot-presets.ts";
import { type NumberArray, readNpz, readNumbers, writeNpz } from "../import/arrays.ts";
import { isHdf5, readHdf5 } from "../import/nir/hdf5.ts";
import { isGroup } from "../import/nir/tree.ts";
import { isZip } from "../import/zip.ts";
import { fromDecibels } from "../numeric/exponential.ts";
import { stream } from "../numeric/stream.ts";
import { antennaSymbols } from "../task/link.ts";
import { readFileChecked, writeFileAtomic } from "./files.ts";
import { loadOptional } from "./optional-packages.ts";

const LARGEST_FILE = 2 ** 30;
const ARRAYS = ["h_freq", "a", "tau"];

export interface SlotFileOptions {
  /** Signal-to-noise ratio of an antenna's data symbol where the mean |H|^2 is 1, dB. */
  readonly snrDecibels: number;
  /** Symbols, pilots and noise; default 1. */
  readonly seed?: number;
  /** Slots; default: as many as there are responses. Slot i takes response i modulo their number. */
  readonly count?: number;
  /** 80, 10 and 10 % of the file, in order; left out: all of it. */
  readonly part?: ResponsePart;
  /** First subcarrier of a window of `h_freq`; default 0. */
  readonly firstSubcarrier?: number;
}

export interface FileSlots {
  readonly grid: SlotGrid;
  readonly slots: readonly Slot[];
}

/**
 * Slots over the channels of an `.npz`, `.npy` (`h_freq`) or HDF5 file, each with symbols and noise of its own. Antennas, grid and
 * modulation are those of the task, or of a preset; of its channel only the grid counts.
 *
 * Throws  FileError when the file is damaged or does not fit the task; ValueError for options out of range; PlatformError for HDF5 without
 *         h5wasm
 *
 * @example
 * const { grid, slots } = await readSlots("channels.npz", "sionna-neural-receiver", { snrDecibels: 5 });
 */
export async function readSlots(
  path: string,
  task: SlotPreset | z.input<typeof slotDetectionSpec>,
  { snrDecibels, seed = 1, count, part, firstSubcarrier = 0 }: SlotFileOptions,
): Promise<FileSlots> {
  if (!(Math.abs(snrDecibels) <= 100)) {
    throw new ValueError("snrDecibels", `${snrDecibels} dB is outside -100 .. 100 dB.`);
  }
  const spec = typeof task === "string" ? SLOT_PRESETS[task] : slotDetectionSpec.parse(task);
  const { grid, responses: all } = await readResponses(path, spec, firstSubcarrier);
  const responses = part === undefined ? all : responsePart(all, part);
  const slots = count ?? responses.count;
  if (!(Number.isInteger(slots) && slots >= 1)) {
    throw new ValueError("count", `Give a whole number of slots, 1 or more, not ${slots}.`);
  }
  const request = { grid, points: antennaSymbols(spec), noiseVariance: fromDecibels(-snrDecibels) };
  const random = stream(seed);
  const made = Array.from({ length: slots }, (_, i) => slotOver(responses.at(i % responses.count), request, random, i));
  checkPower(meanPower(made.map(({ channel }) => channel)), path);
  return { grid, slots: made };
}

/**
 * The channels of a file for an experiment of this task, on its grid, and their mean |H|^2.
 * Throws  as `readSlots`
 */
export async function readChannels(
  path: string,
  task: SlotDetectionSpec,
  first: number,
): Promise<{ readonly channels: GivenChannels; readonly power: number }> {
  const channels = givenChannels((await readResponses(path, task, first)).responses);
  const power = meanPower([channels.values]);
  checkPower(power, path);
  return { channels, power };
}

/** Mean |H|^2 of complex numbers. */
function meanPower(parts: readonly (Float32Array | Float64Array)[]): number {
  let [sum, count] = [0, 0];
  for (const values of parts) {
    for (const value of values) sum += value * value;
    count += values.length / 2;
  }
  return sum / count;
}

/** Noise that is right for a mean |H|^2 of 1 is as good as none, or all, beyond what a ratio may be: 100 dB. */
const FARTHEST = fromDecibels(100);

function checkPower(power: number, path: string): void {
  if (power >= 1 / FARTHEST && power <= FARTHEST) return;
  if (power === 0)
    throw new FileError(path, "All channels are zero, so nothing arrives. Save channels with a mean |H|^2 of 1.");
  if (!Number.isFinite(power))
    throw new FileError(path, `The channels' mean |H|^2 is ${power}. Save channels with one of 1.`);
  throw new FileError(path, `${powerText(power)} Channels within 100 dB of a mean |H|^2 of 1 are read.`);
}

/** What a mean |H|^2 other than 1 does to signal-to-noise ratios, and the factor that makes it 1. */
export function powerText(power: number): string {
  const decibels = 10 * Math.log10(power);
  return (
    `The channels have a mean |H|^2 of ${power.toPrecision(3)}, not 1, so the signal is ${Math.abs(decibels).toFixed(1)} dB ` +
    `${decibels > 0 ? "stronger" : "weaker"} than the experiment's ratios say. Divide the channels by ${Math.sqrt(power).toPrecision(3)}.`
  );
}

async function readResponses(
  path: string,
  { channel, transmitAntennas, receiveAntennas }: SlotDetectionSpec,
  first: number,
) {
  const grid = gridOf(channel, transmitAntennas, receiveAntennas);
  return { grid, responses: responsesOf(await readArrays(path), grid, path, first) };
}

function responsesOf(
  arrays: ReadonlyMap<string, NumberArray>,
  grid: SlotGrid,
  path: string,
  first: number,
): GivenResponses {
  const [hFreq, a, tau] = ARRAYS.map((name) => arrays.get(name));
  try {
    if (hFreq) return frequencyResponses(complexOf(hFreq), grid, first);
    if (a && tau) return impulseResponses(complexOf(a), tau, grid);
  } catch (cause) {
    if (!(cause instanceof ShapeError || cause instanceof ValueError)) throw cause;
    throw new FileError(path, cause.message, { cause });
  }
  throw new FileError(path, "The file has neither an array h_freq nor arrays a and tau. Save them under these names.");
}

/** A real array with a last dimension of 2 as complex. */
const complexOf = ({ shape, isComplex, values }: NumberArray): GivenArray =>
  isComplex || shape.length !== 8 || shape[7] !== 2 ? { shape, values } : { shape: shape.slice(0, 7), values };

async function readArrays(path: string): Promise<ReadonlyMap<string, NumberArray>> {
  const bytes = await readFileChecked(path, LARGEST_FILE);
  if (isZip(bytes)) return readNpz(bytes, path, ARRAYS);
  if (NPY_MAGIC.every((byte, i) => bytes[i] === byte)) return new Map([["h_freq", readNumbers(bytes, path)]]);
  if (!isHdf5(bytes)) {
    throw new FileError(path, "This is no .npz, .npy or HDF5 file: its first bytes differ. Write it with numpy.savez.");
  }
  const hdf5 = await loadOptional("An HDF5 file of channels", ["h5wasm"], () => import("h5wasm"));
  const group = await readHdf5(bytes, hdf5, path);
  const arrays = new Map<string, NumberArray>();
  for (const name of ARRAYS) {
    const entry = group.get(name);
    if (entry === undefined) continue;
    if (isGroup(entry) || !(entry.values instanceof Float32Array || entry.values instanceof Float64Array)) {
      throw new FileError(path, `${name} is no array of 32-bit or 64-bit floats. Stack real and imaginary parts last.`);
    }
    arrays.set(name, { shape: entry.shape, isComplex: false, values: Float64Array.from(entry.values) });
  }
  return arrays;
}

/** Soft bits of whole slots. */
export interface SoftBits {
  readonly blocks: number;
  /** Data elements of a slot, in ascending order of symbol, then subcarrier. */
  readonly elements: number;
  readonly antennas: number;
  /** Bits of an antenna's symbol, as TS 38.211 orders them. */
  readonly bits: number;
  /** ln p(b = 0) - ln p(b = 1), `[blocks, elements, antennas, bits]`. */
  readonly llrs: ArrayLike<number>;
  /** The bits that were sent, if they are known. */
  readonly sent?: ArrayLike<number>;
}

/**
 * Writes `llrs` (32-bit floats), `decisions` (bytes) and, if they are known, the bits `sent` as `.npz`, each
 * `[blocks, elements, antennas, bits]`. Signs are Sionna's: `llrs` = ln p(b = 1) - ln p(b = 0), the opposite of ours.
 *
 * Throws  ShapeError for another number of ratios; ValueError for one that is not a number; FileError when the file cannot be written
 */
export async function writeSoftBits(path: string, soft: SoftBits): Promise<void> {
  const { blocks, elements, antennas, bits, llrs, sent } = soft;
  const shape = [blocks, elements, antennas, bits];
  const wrong = Array.from(llrs).findIndex((llr) => Number.isNaN(llr));
  if (wrong >= 0) throw new ValueError("llrs", `Ratio ${wrong} is not a number.`);
  await writeFileAtomic(
    path,
    writeNpz({
      llrs: { shape, values: Float32Array.from(llrs, (llr) => -llr) },
      decisions: { shape, values: Uint8Array.from(llrs, (llr) => (llr < 0 ? 1 : 0)) },
      ...(sent && { sent: { shape, values: Uint8Array.from(sent) } }),
    }),
  );
}
