/**
 * A crossbar: a block of a weight matrix on differential pairs of memory devices, read by spikes.
 *
 * Inputs are single bits on the rows, so no digital-to-analog converter is needed: a spike raises its line, silence does not.
 * Each column has two result lines. The current of each is the sum of the conductances of the driven rows,
 *
 *   I+_c = sum_r x_r g+_rc,   I-_c = sum_r x_r g-_rc,   (I+ - I-) / scale_c = sum_r x_r w_rc   (microsiemens; voltage 1).
 *
 * Life of a crossbar: `programCrossbar` once per chip, then `readCrossbar` for the conductances at a given later time, which
 * serve any number of input vectors. Source: Xpikeformer (arXiv 2408.08794v2), section IV-A and Table II: 128 x 128 cells of
 * two devices each, one per sign; several with `parallelDevices`. Cycles and conversions are those of the converters
 * (`adc.ts`).
 *
 * Wire resistance: `wires.ts`. Left out: leakage of undriven cells, noise within one read.
 */
import { deviceFacts } from "../device/catalogue.ts";
import { convertWeights, pairWeights } from "../device/conversion.ts";
import type { DeviceModel } from "../device/device.ts";
import { type ProgrammedPairs, reconvertPairs } from "../device/pairs.ts";
import type { CrossbarSpec } from "../experiment/hardware.ts";
import type { LinearLayer } from "../model/layers.ts";
import type { Stream } from "../numeric/stream.ts";
import { type SpikeTrain, wordsPerRow } from "../spike/train.ts";

/** Devices of both signs are `[rows, columns]`. */
export interface ProgrammedCrossbar extends ProgrammedPairs {
  /** Rows and columns in use; the block may be smaller than the crossbar. */
  readonly rows: number;
  readonly columns: number;
  /** Number of weights clipped by the conversion. */
  readonly clippedWeights: number;
}

/**
 * The state of the columns at one time after programming. Everything that is linear in the spikes is expressed here (drift, read noise,
 * stuck devices, wires, compensation), so that both simulators see the same numbers and a new device touches neither. Effects on a single
 * conversion or decision stay in the simulators.
 */
export interface CrossbarReading {
  readonly rows: number;
  readonly columns: number;
  /** Conductances of the two signs, `[rows, columns]`, microsiemens. */
  readonly plus: Float32Array;
  readonly minus: Float32Array;
  /** The weights represented by these conductances, `[rows, columns]`; empty if not requested. */
  readonly weights: Float32Array;
  /** Microsiemens per unit of weight, by column. */
  readonly scales: Float64Array;
}

/** Largest number of lines of one crossbar that a layer uses; `embedRows` limits the one that begins the stream. */
export const rowsFor = (
  layer: Pick<LinearLayer, "beginsStream">,
  { rows, embedRows }: Pick<CrossbarSpec, "rows" | "embedRows">,
): number => (layer.beginsStream ? Math.min(embedRows ?? rows, rows) : rows);

/**
 * Devices in parallel that hold one conductance, for a crossbar with a kind of device that may itself be several. Throws
 * SpecError for a module that was not loaded.
 */
export const devicesPerConductance = ({ device, parallelDevices }: CrossbarSpec): number =>
  parallelDevices * deviceFacts(device).devices;

/** Largest conductance of all of them together, microsiemens. Throws SpecError for a module that was not loaded. */
export const largestConductance = ({ device, parallelDevices }: CrossbarSpec): number =>
  parallelDevices * deviceFacts(device).maxConductance;

/**
 * Programs a block of weights.
 *
 * @param largest weight that the largest conductance stands for, by column; default that of the block's own weights
 * Shapes   weights: [rows, columns]
 * Random   `random.fork("plus")` and `random.fork("minus")`
 */
export function programCrossbar(
  weights: Float32Array,
  rows: number,
  columns: number,
  spec: CrossbarSpec,
  device: DeviceModel,
  random: Stream,
  largest?: Float64Array,
): ProgrammedCrossbar {
  const settings = {
    maxConductance: device.maxConductance,
    bits: spec.conductanceBits,
    clippingQuantile: spec.clippingQuantile,
    scaling: spec.scaling,
    ...(largest && { largest }),
  };
  const { plus, minus, scales, clipped } = convertWeights(weights, columns, settings, kept(2 * weights.length));
  const programmed = {
    plus: device.program(plus, random.fork("plus")),
    minus: device.program(minus, random.fork("minus")),
    scales,
  };
  const pairs = spec.pairs === "aihwkit" ? reconvertPairs(programmed, device.maxConductance) : programmed;
  return { rows, columns, ...pairs, clippedWeights: clipped };
}

/**
 * Reads both devices of every pair `time` seconds after programming. Random: forks "plus" and "minus" of `random`.
 *
 * @param weights false leaves them out: converters need the lines only
 */
export function readCrossbar(
  crossbar: ProgrammedCrossbar,
  device: DeviceModel,
  time: number,
  random: Stream,
  weights = true,
): CrossbarReading {
  const count = crossbar.rows * crossbar.columns;
  const conductances = kept(2 * count);
  const [plus, minus] = [conductances.subarray(0, count), conductances.subarray(count)];
  device.read(crossbar.plus, time, random.fork("plus"), plus);
  device.read(crossbar.minus, time, random.fork("minus"), minus);
  return readingOf(crossbar, plus, minus, weights);
}

/**
 * Scratch memory: the targets of programming, and the doubles that a reading rounds to floats. It is reused from one crossbar
 * to the next, because memory touched for the first time is slow.
 */
function kept(count: number): Float64Array {
  if (room.length < count) room = new Float64Array(count);
  return room.subarray(0, count);
}

let room = new Float64Array(0);

/** A crossbar just after programming, as seen by a read without noise. */
export const readProgrammed = (crossbar: ProgrammedCrossbar): CrossbarReading =>
  readingOf(crossbar, crossbar.plus.conductances, crossbar.minus.conductances, true);

function readingOf(
  { rows, columns, scales }: ProgrammedCrossbar,
  plus: Float64Array,
  minus: Float64Array,
  weights: boolean,
): CrossbarReading {
  return {
    rows,
    columns,
    plus: new Float32Array(plus),
    minus: new Float32Array(minus),
    weights: weights ? pairWeights(plus, minus, scales) : new Float32Array(0),
    scales,
  };
}

/**
 * The crossbar's matrix-vector product: spikes times a block, for every vector (time step and row) of a train.
 *
 *   out_v = sum over r with bit (firstFeature + r) of vector v set of matrix_r, in single precision: first the rows within each byte
 *           of the vector in ascending order, then byte after byte, an order that a look-up table can reproduce
 *
 * Shapes   train: [T][rows'][features]; matrix: [rows, columns]; out: [T rows', columns], overwritten
 * Returns  the number of set bits, i.e. of driven lines
 */
export function spikeProduct(
  train: SpikeTrain,
  firstFeature: number,
  rows: number,
  columns: number,
  matrix: Float32Array,
  out: Float32Array,
): number {
  const stride = wordsPerRow(train.features);
  const firstByte = firstFeature >> 3;
  const lastByte = (firstFeature + rows - 1) >> 3;
  const vectors = train.steps * train.rows;
  const sums = new Float32Array(columns);
  let driven = 0;
  out.fill(0);
  for (let v = 0; v < vectors; v++) {
    const base = v * columns;
    for (let byte = firstByte; byte <= lastByte; byte++) {
      let bits = (train.words[v * stride + (byte >> 2)] >>> (8 * (byte & 3))) & 0xff;
      if (bits === 0) continue;
      sums.fill(0);
      while (bits !== 0) {
        const row = byte * 8 + 31 - Math.clz32(bits & -bits) - firstFeature;
        bits &= bits - 1;
        if (row < 0 || row >= rows) continue;
        driven++;
        for (let c = 0, from = row * columns; c < columns; c++, from++) sums[c] += matrix[from];
      }
      for (let c = 0; c < columns; c++) out[base + c] += sums[c];
    }
  }
  return driven;
}
