/**
 * One slot over a channel: pilots and symbols sent, and what arrives.
 *
 *   y[l, k] = H[l, k] x[l, k] + n,   n ~ CN(0, v)
 *
 * v is the receiver's noise plus interference from late taps (`response.ts`). A slot's channel, pilots, symbols and noise are each
 * drawn from a stream of their own that depends on the seed's stream and the slot's index only.
 */
import { ShapeError, ValueError } from "../errors.ts";
import type { Stream } from "../numeric/stream.ts";
import type { SlotGrid } from "./grid.ts";
import { drawResponse, interferencePower } from "./response.ts";
import type { ChannelModel } from "./taps.ts";

export interface Slot {
  /** `[symbols, subcarriers, Nr, Nt]`, complex. */
  readonly channel: Float64Array;
  /** `[symbols, subcarriers, Nt]`, complex; pilots included. */
  readonly sent: Float64Array;
  /** Bits of each antenna's symbol, `[data elements, Nt]`. */
  readonly words: Int32Array;
  /** `[symbols, subcarriers, Nr]`, complex. */
  readonly received: Float64Array;
  /** Complex variance of noise and interference. */
  readonly noiseVariance: number;
}

export interface SlotRequest {
  readonly model: ChannelModel;
  readonly grid: SlotGrid;
  /** Symbols of an antenna by their bits, of mean power 1: `[2^bits]`, complex (`antennaSymbols` of `src/task/link.ts`). */
  readonly points: Float64Array;
  /** Complex variance of the noise alone. */
  readonly noiseVariance: number;
  /** Bits to send, `[data elements, Nt]`; drawn if left out. */
  readonly words?: ArrayLike<number>;
}

/**
 * Slot number `index` of the seed's stream.
 * Throws  ValueError for a noise variance below 0 or a word that is no symbol; ShapeError for another number of words
 */
export function drawSlot({ model, ...request }: SlotRequest, random: Stream, index: number): Slot {
  checkNoise(request.noiseVariance);
  const { grid } = request;
  const channel = drawResponse(model, grid, random.fork("channel", index));
  const noiseVariance = request.noiseVariance + interferencePower(model, grid);
  return slotOver(channel, { ...request, noiseVariance }, random, index);
}

/**
 * The same over a given channel, `[symbols, subcarriers, Nr, Nt]`, complex, where nothing but noise is added.
 * Throws  as `drawSlot`
 */
export function slotOver(
  channel: Float64Array,
  request: Omit<SlotRequest, "model">,
  random: Stream,
  index: number,
): Slot {
  const { grid, points, noiseVariance } = request;
  const { transmitAntennas: nt, receiveAntennas: nr } = grid;
  checkNoise(noiseVariance);
  const words = wordsToSend(request, random.fork("symbols", index));
  const sent = new Float64Array(2 * grid.symbols * grid.subcarriers * nt);
  sendPilots(sent, grid, random.fork("pilots", index));
  words.forEach((word, i) => {
    const at = 2 * (grid.data[Math.floor(i / nt)] * nt + (i % nt));
    sent[at] = points[2 * word];
    sent[at + 1] = points[2 * word + 1];
  });
  const received = new Float64Array(2 * grid.symbols * grid.subcarriers * nr);
  const noise = random.fork("noise", index);
  const deviation = Math.sqrt(noiseVariance / 2);
  for (let i = 0; i < received.length / 2; i++) {
    const x = 2 * Math.floor(i / nr) * nt;
    let [re, im] = [deviation * noise.normal(), deviation * noise.normal()];
    for (let a = 0; a < nt; a++) {
      const h = 2 * (i * nt + a);
      re += channel[h] * sent[x + 2 * a] - channel[h + 1] * sent[x + 2 * a + 1];
      im += channel[h] * sent[x + 2 * a + 1] + channel[h + 1] * sent[x + 2 * a];
    }
    received[2 * i] = re;
    received[2 * i + 1] = im;
  }
  return { channel, sent, words, received, noiseVariance };
}

function checkNoise(variance: number): void {
  if (variance >= 0 && variance < Number.POSITIVE_INFINITY) return;
  throw new ValueError("noiseVariance", `A noise variance is 0 or more, not ${variance}.`);
}

function wordsToSend({ grid, points, words }: Omit<SlotRequest, "model">, random: Stream): Int32Array {
  const count = grid.data.length * grid.transmitAntennas;
  const size = points.length / 2;
  if (words === undefined) return Int32Array.from({ length: count }, () => random.integer(size));
  if (words.length !== count) {
    throw new ShapeError(
      "words",
      `${grid.data.length} data elements of ${grid.transmitAntennas} antennas carry ${count} words, but ${words.length} were given.`,
    );
  }
  const wrong = Array.from(words).findIndex((word) => !(Number.isInteger(word) && word >= 0 && word < size));
  if (wrong < 0) return Int32Array.from(words);
  throw new ValueError("words", `Word ${wrong} is ${words[wrong]}, but symbols count from 0 to ${size - 1}.`);
}

/** QPSK on each antenna's own elements. */
function sendPilots(sent: Float64Array, grid: SlotGrid, random: Stream): void {
  const level = Math.sqrt(grid.pilotPower / 2);
  grid.pilots.forEach((elements, a) => {
    const own = random.fork(a);
    for (const element of elements) {
      const word = own.integer(4);
      const at = 2 * (element * grid.transmitAntennas + a);
      sent[at] = word & 2 ? -level : level;
      sent[at + 1] = word & 1 ? -level : level;
    }
  });
}
