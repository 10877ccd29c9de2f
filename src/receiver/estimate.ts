/**
 * Channel estimates on the grid of a slot: the channel itself, and least squares with linear interpolation. (`lmmse.ts` has the third.)
 *
 * Least squares divides what arrived on a pilot by the pilot. Between pilots of a symbol it interpolates linearly over subcarriers, then
 * linearly over symbols; beyond the first and last pilot it holds their value.
 *
 * Each estimate tells the noise that a detector must expect at an element: the noise itself, and the error of the estimate for all
 * antennas, as far as it is known. For least squares that is the noise of its pilots; what interpolation misses is not known to it.
 */
import type { SlotGrid } from "../channel/grid.ts";
import type { Slot } from "../channel/slot.ts";
import { ShapeError } from "../errors.ts";

/** What a receiver has of a slot: all but the channel and the data. */
export type Reception = Pick<Slot, "sent" | "received" | "noiseVariance">;

export interface ChannelEstimate {
  /** `[symbols, subcarriers, Nr, Nt]`, complex. */
  readonly channel: Float64Array;
  /** Complex variance of noise and estimation error at each element, `[symbols, subcarriers]`. */
  readonly noise: Float64Array;
}

/** The channel itself. */
export function knownChannel({ channel, noiseVariance }: Slot, { symbols, subcarriers }: SlotGrid): ChannelEstimate {
  return { channel, noise: new Float64Array(symbols * subcarriers).fill(noiseVariance) };
}

/**
 * y / x on the pilots of transmit antenna a, as received by antenna r.
 * Shapes  returns [pilots], complex
 */
export function pilotEstimates({ sent, received }: Reception, grid: SlotGrid, r: number, a: number): Float64Array {
  const { receiveAntennas: nr, transmitAntennas: nt, pilotPower, symbols, subcarriers } = grid;
  const needed = 2 * symbols * subcarriers;
  if (sent.length !== needed * nt || received.length !== needed * nr) {
    throw new ShapeError(
      "slot",
      `A grid of ${symbols} x ${subcarriers} elements, ${nt} to ${nr} antennas, has ${needed * nt} numbers sent and ${needed * nr} received; this slot has ${sent.length} and ${received.length}.`,
    );
  }
  const estimates = new Float64Array(2 * grid.pilots[a].length);
  grid.pilots[a].forEach((element, i) => {
    const [x, y] = [2 * (element * nt + a), 2 * (element * nr + r)];
    estimates[2 * i] = (received[y] * sent[x] + received[y + 1] * sent[x + 1]) / pilotPower;
    estimates[2 * i + 1] = (received[y + 1] * sent[x] - received[y] * sent[x + 1]) / pilotPower;
  });
  return estimates;
}

/** Least squares with linear interpolation. */
export function leastSquares(slot: Reception, grid: SlotGrid): ChannelEstimate {
  const { receiveAntennas: nr, transmitAntennas: nt, symbols, subcarriers } = grid;
  const channel = new Float64Array(2 * symbols * subcarriers * nr * nt);
  const noise = new Float64Array(symbols * subcarriers).fill(slot.noiseVariance);
  const overTime = blends(
    Array.from({ length: symbols }, (_, l) => l),
    grid.pilotSymbols,
  );
  for (let a = 0; a < nt; a++) {
    const row = grid.pilots[a].length / grid.pilotSymbols.length;
    const places = Array.from(grid.pilots[a].subarray(0, row), (element) => element % subcarriers);
    const overFrequency = blends(
      Array.from({ length: subcarriers }, (_, k) => k),
      places,
    );
    for (let r = 0; r < nr; r++) {
      const pilots = pilotEstimates(slot, grid, r, a);
      for (let element = 0; element < symbols * subcarriers; element++) {
        const [time, frequency] = [overTime[Math.floor(element / subcarriers)], overFrequency[element % subcarriers]];
        const at = 2 * ((element * nr + r) * nt + a);
        for (const [l, share] of time) {
          for (const [k, part] of frequency) {
            channel[at] += share * part * pilots[2 * (l * row + k)];
            channel[at + 1] += share * part * pilots[2 * (l * row + k) + 1];
            if (r === 0) noise[element] += ((share * part) ** 2 * slot.noiseVariance) / grid.pilotPower;
          }
        }
      }
    }
  }
  return { channel, noise };
}

/** Which of the known points, in ascending order, make up the value at each place, and their shares. */
function blends(places: readonly number[], known: readonly number[]): (readonly [number, number])[][] {
  return places.map((place) => {
    const after = known.findIndex((point) => point >= place);
    if (after < 0) return [[known.length - 1, 1]];
    if (after === 0 || known[after] === place) return [[after, 1]];
    const share = (place - known[after - 1]) / (known[after] - known[after - 1]);
    return [
      [after - 1, 1 - share],
      [after, share],
    ];
  });
}
