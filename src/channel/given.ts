/**
 * Channels that another program computed, on the grid of a slot. Shapes and names are those of Sionna (Sionna PHY, `cir_to_ofdm_channel`):
 *
 *   h_freq   [batch, receivers, receive antennas, transmitters, transmit antennas, symbols, subcarriers]
 *   a        [batch, receivers, receive antennas, transmitters, transmit antennas, paths, symbols or 1]
 *   tau      [batch, receivers, transmitters, paths], seconds, or with antennas as `a` has
 *
 *   H[l, k] = sum over paths of a(l) e^(-j 2 pi (k - floor(K / 2)) spacing tau)
 *
 * The antennas of all transmitters send together, and those of all receivers receive together. A grid narrower than `h_freq` takes a window
 * of its subcarriers. Nothing is scaled: with a mean |H|^2 of 1, noise variances mean what they mean elsewhere. Echoes are taken to come
 * within the cyclic prefix.
 */
import { ShapeError, ValueError } from "../errors.ts";
import { unitVector } from "../numeric/circle.ts";
import type { SlotGrid } from "./grid.ts";

/** A complex or real array, row-major. */
export interface GivenArray {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

/** Responses on a grid. */
export interface GivenResponses {
  readonly count: number;
  /** Response number `index`, `[symbols, subcarriers, Nr, Nt]`, complex. Throws ValueError beyond the last. */
  at(index: number): Float64Array;
}

/**
 * Responses from frequency responses, complex.
 * Throws  ShapeError when dimensions do not fit the grid; ValueError for a number that is not finite
 *
 * @param first first subcarrier of the window
 */
export function frequencyResponses(hFreq: GivenArray, grid: SlotGrid, first = 0): GivenResponses {
  const { symbols, subcarriers } = grid;
  const [count, receivers, nr, transmitters, nt, ofdmSymbols, carriers] = dimensions("h_freq", hFreq, true);
  checkAntennas("h_freq", [receivers, nr, transmitters, nt], grid);
  if (ofdmSymbols !== symbols) {
    throw new ShapeError(
      "h_freq",
      `Responses have ${ofdmSymbols} symbols, but the slot has ${symbols}. Set channel.symbols.`,
    );
  }
  if (!Number.isInteger(first) || first < 0 || first + subcarriers > carriers) {
    throw new ShapeError(
      "h_freq",
      `Responses have ${carriers} subcarriers; a window of ${subcarriers} from ${first} on does not fit. Give a first subcarrier from 0 to ${carriers - subcarriers}, or set channel.subcarriers.`,
    );
  }
  checkFinite("h_freq", hFreq.values);
  return responsesOf(count, grid, (index, r, a, write) => {
    const antenna = antennaOf(index, r, a, [receivers, nr, transmitters, nt]);
    for (let l = 0; l < symbols; l++) {
      for (let k = 0; k < subcarriers; k++) {
        const from = 2 * ((antenna * symbols + l) * carriers + first + k);
        write(l, k, hFreq.values[from], hFreq.values[from + 1]);
      }
    }
  });
}

/**
 * Responses from impulse responses: complex gains `a` and real delays `tau`. Gains at one time hold for the whole slot.
 * Throws  ShapeError when dimensions do not fit the grid or each other; ValueError for a number that is not finite
 */
export function impulseResponses(a: GivenArray, tau: GivenArray, grid: SlotGrid): GivenResponses {
  const { symbols, subcarriers, spacing } = grid;
  const [count, receivers, nr, transmitters, nt, paths, times] = dimensions("a", a, true);
  checkAntennas("a", [receivers, nr, transmitters, nt], grid);
  if (times !== symbols && times !== 1) {
    throw new ShapeError(
      "a",
      `Gains have ${times} times, but the slot has ${symbols} symbols. Give one for each symbol, or one for all.`,
    );
  }
  const shared = [count, receivers, transmitters, paths].join();
  const each = [count, receivers, nr, transmitters, nt, paths].join();
  if (tau.shape.join() !== shared && tau.shape.join() !== each) {
    throw new ShapeError(
      "tau",
      `Delays have shape (${tau.shape.join(", ")}); with these gains they have (${shared.replaceAll(",", ", ")}) or (${each.replaceAll(",", ", ")}).`,
    );
  }
  checkValues("tau", tau, false);
  checkFinite("a", a.values);
  checkFinite("tau", tau.values);
  const isShared = tau.shape.join() === shared;
  const turn = new Float64Array(2);
  const sums = new Float64Array(2 * symbols * subcarriers);
  return responsesOf(count, grid, (index, r, t, write) => {
    const antenna = antennaOf(index, r, t, [receivers, nr, transmitters, nt]);
    const pair = (index * receivers + Math.floor(r / nr)) * transmitters + Math.floor(t / nt);
    sums.fill(0);
    for (let path = 0; path < paths; path++) {
      const delay = tau.values[(isShared ? pair : antenna) * paths + path];
      for (let k = 0; k < subcarriers; k++) {
        unitVector(-(k - Math.floor(subcarriers / 2)) * spacing * delay, turn, 0);
        for (let l = 0; l < symbols; l++) {
          const from = 2 * ((antenna * paths + path) * times + (times === 1 ? 0 : l));
          const [re, im] = [a.values[from], a.values[from + 1]];
          sums[2 * (l * subcarriers + k)] += re * turn[0] - im * turn[1];
          sums[2 * (l * subcarriers + k) + 1] += re * turn[1] + im * turn[0];
        }
      }
    }
    for (let element = 0; element < symbols * subcarriers; element++) {
      write(Math.floor(element / subcarriers), element % subcarriers, sums[2 * element], sums[2 * element + 1]);
    }
  });
}

export type ResponsePart = "training" | "validation" | "test";

/** Where each part begins and ends, as shares. In one piece each, because neighbours in a file may be places of one path. */
const PARTS: Readonly<Record<ResponsePart, readonly [number, number]>> = {
  training: [0, 0.8],
  validation: [0.8, 0.9],
  test: [0.9, 1],
};

/** Responses of one part, which has none in common with the others. Throws ValueError for a part without any. */
export function responsePart({ count, at }: GivenResponses, part: ResponsePart): GivenResponses {
  const [from, to] = endsOf(count, part);
  if (to > from) return { count: to - from, at: (index) => at(from + checkIndex(index, to - from)) };
  throw new ValueError("part", `Of ${count} responses none is for ${part}. Give 10 or more.`);
}

const endsOf = (count: number, part: ResponsePart): number[] => PARTS[part].map((share) => Math.round(share * count));

/** Responses of a part. */
export function responseCount({ count }: Pick<GivenResponses, "count">, part: ResponsePart): number {
  const [from, to] = endsOf(count, part);
  return to - from;
}

function checkIndex(index: number, count: number): number {
  if (Number.isInteger(index) && index >= 0 && index < count) return index;
  throw new ValueError("index", `There are ${count} responses, 0 to ${count - 1}, but no ${index}.`);
}

type Write = (symbol: number, subcarrier: number, re: number, im: number) => void;

/** Responses whose pairs of antennas are written one by one, in the order of the grid. */
function responsesOf(
  count: number,
  grid: SlotGrid,
  pair: (index: number, r: number, a: number, write: Write) => void,
): GivenResponses {
  const { symbols, subcarriers, receiveAntennas: nr, transmitAntennas: nt } = grid;
  return {
    count,
    at: (index) => {
      checkIndex(index, count);
      const out = new Float64Array(2 * symbols * subcarriers * nr * nt);
      for (let r = 0; r < nr; r++) {
        for (let a = 0; a < nt; a++) {
          pair(index, r, a, (l, k, re, im) => {
            const to = 2 * (((l * subcarriers + k) * nr + r) * nt + a);
            out[to] = re;
            out[to + 1] = im;
          });
        }
      }
      return out;
    },
  };
}

/** Place of a pair of antennas, counted over receivers and transmitters, in the first five dimensions. */
const antennaOf = (index: number, r: number, a: number, [receivers, nr, transmitters, nt]: readonly number[]): number =>
  (index * receivers * nr + r) * transmitters * nt + a;

/** The seven dimensions. */
function dimensions(name: string, given: GivenArray, isComplex: boolean): readonly number[] {
  const { shape } = given;
  if (shape.length !== 7 || shape.some((size) => size < 1)) {
    throw new ShapeError(
      name,
      `The array has shape (${shape.join(", ")}); it has seven dimensions of 1 or more: batch, receivers, receive antennas, transmitters, transmit antennas, ${name === "a" ? "paths, times" : "symbols, subcarriers"}.`,
    );
  }
  checkValues(name, given, isComplex);
  return shape;
}

function checkValues(name: string, { shape, values }: GivenArray, isComplex: boolean): void {
  const size = shape.reduce((all, length) => all * length, isComplex ? 2 : 1);
  if (size === values.length) return;
  throw new ShapeError(
    name,
    `An array of shape (${shape.join(", ")}) has ${size} ${isComplex ? "real and imaginary parts" : "values"}, not ${values.length}.`,
  );
}

function checkAntennas(
  name: string,
  [receivers, nr, transmitters, nt]: readonly number[],
  { receiveAntennas, transmitAntennas }: SlotGrid,
): void {
  if (receivers * nr === receiveAntennas && transmitters * nt === transmitAntennas) return;
  throw new ShapeError(
    name,
    `The file has ${transmitters} x ${nt} transmit and ${receivers} x ${nr} receive antennas, but the task has ${transmitAntennas} and ${receiveAntennas}. Set task.transmitAntennas and task.receiveAntennas.`,
  );
}

function checkFinite(name: string, values: Float64Array): void {
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw new ValueError(name, `Number ${wrong} of ${name} is ${values[wrong]}; channels are finite.`);
}
