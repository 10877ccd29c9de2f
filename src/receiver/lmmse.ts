/**
 * The linear MMSE estimate of a channel on the grid, for a receiver that knows its delay profile and Doppler spectrum:
 *
 *   h = R_gp (R_pp + v / P I)^-1 h_LS,   error = R_gg - R_gp (R_pp + v / P I)^-1 R_pg
 *
 * where h_LS are least squares on the pilots of one transmit antenna, P is their power, and R is the covariance over time and frequency
 * (`responseCovariance`). Each pair of antennas is estimated by itself, so spatial correlation is left unused. With another model than
 * that of the slots, this is the mismatched receiver.
 */
import type { SlotGrid } from "../channel/grid.ts";
import { responseCovariance } from "../channel/response.ts";
import type { ChannelModel } from "../channel/taps.ts";
import { ValueError } from "../errors.ts";
import { solveHermitian } from "../numeric/complex.ts";
import { type ChannelEstimate, pilotEstimates, type Reception } from "./estimate.ts";

/** Pilots of one antenna: their inverse takes n^3 operations, and the errors n^2 for each element. */
export const MOST_PILOTS = 512;
/** Smallest noise over pilot power that keeps R_pp invertible in double precision: without noise, pilots can depend on each other. */
const LEAST_NOISE = 1e-10;

/**
 * The estimator for slots with one noise variance; it can be used for any number of them.
 * Throws  ValueError for more than 512 pilots of an antenna
 */
export function lmmseEstimator(
  model: ChannelModel,
  grid: SlotGrid,
  noiseVariance: number,
): (slot: Reception) => ChannelEstimate {
  const { receiveAntennas: nr, transmitAntennas: nt, symbols, subcarriers } = grid;
  const elements = symbols * subcarriers;
  const covariance = responseCovariance(model, grid);
  const filters = grid.pilots.map((pilots) => filterOf(pilots));
  const noise = new Float64Array(elements).fill(noiseVariance);
  for (const { errors } of filters) {
    errors.forEach((error, element) => {
      noise[element] += error;
    });
  }

  return (slot) => {
    const channel = new Float64Array(2 * elements * nr * nt);
    for (let a = 0; a < nt; a++) {
      const { inverse } = filters[a];
      for (let r = 0; r < nr; r++) {
        const weights = product(inverse, pilotEstimates(slot, grid, r, a));
        for (let element = 0; element < elements; element++) {
          const at = 2 * ((element * nr + r) * nt + a);
          grid.pilots[a].forEach((pilot, i) => {
            const [re, im] = between(element, pilot);
            channel[at] += re * weights[2 * i] - im * weights[2 * i + 1];
            channel[at + 1] += re * weights[2 * i + 1] + im * weights[2 * i];
          });
        }
      }
    }
    return { channel, noise };
  };

  /** E[H at `to` conj(H at `from`)]. */
  function between(to: number, from: number): [number, number] {
    const apart = Math.floor(to / subcarriers) - Math.floor(from / subcarriers);
    if (apart < 0) {
      const [re, im] = between(from, to);
      return [re, -im];
    }
    const at = 2 * (apart * (2 * subcarriers - 1) + (to % subcarriers) - (from % subcarriers) + subcarriers - 1);
    return [covariance[at], covariance[at + 1]];
  }

  /** (R_pp + v / P I)^-1, `[pilots, pilots]`, complex, and the error's variance at each element. */
  function filterOf(pilots: Int32Array): { readonly inverse: Float64Array; readonly errors: Float64Array } {
    const n = pilots.length;
    if (n > MOST_PILOTS) {
      throw new ValueError(
        "channel.pilots",
        `LMMSE inverts a matrix of all pilots of an antenna, at most ${MOST_PILOTS}; this grid has ${n}. Use fewer subcarriers, a wider comb, or least squares.`,
      );
    }
    const matrix = new Float64Array(2 * n * n);
    const inverse = new Float64Array(2 * n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++)
        [matrix[2 * (i * n + j)], matrix[2 * (i * n + j) + 1]] = between(pilots[i], pilots[j]);
      matrix[2 * (i * n + i)] += Math.max(LEAST_NOISE, noiseVariance / grid.pilotPower);
      inverse[2 * (i * n + i)] = 1;
    }
    solveHermitian(matrix, inverse, n, n);
    const power = between(0, 0)[0];
    const errors = Float64Array.from({ length: elements }, (_, element) => {
      const row = Float64Array.from(Array.from(pilots, (pilot) => between(pilot, element)).flat());
      const solved = product(inverse, row);
      return Math.max(
        0,
        row.reduce((left, value, i) => left - value * solved[i], power),
      );
    });
    return { inverse, errors };
  }
}

/** Matrix times vector; the vector has as many entries as the matrix has rows and columns. */
function product(matrix: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length / 2;
  const out = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    let [re, im] = [0, 0];
    for (let j = 0; j < n; j++) {
      const at = 2 * (i * n + j);
      re += matrix[at] * vector[2 * j] - matrix[at + 1] * vector[2 * j + 1];
      im += matrix[at] * vector[2 * j + 1] + matrix[at + 1] * vector[2 * j];
    }
    out[2 * i] = re;
    out[2 * i + 1] = im;
  }
  return out;
}
