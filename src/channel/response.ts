/**
 * The frequency response of a channel on a grid, its covariance, and what arrives too late for the cyclic prefix.
 *
 *   H[l, k] = sum over taps of s_n g_n(t_l) e^(-j 2 pi (k - (K - 1) / 2) spacing delay_n)
 *
 * A tap whose delay exceeds the prefix by a share x of the symbol reaches only 1 - x of the receiver's window, with the symbol before
 * it in the rest. So s = 1 - x, and the rest of the tap's power, 1 - s^2, is **interference** between symbols and subcarriers, which is
 * added to the noise as if it were Gaussian and all neighbours carried data. Each gain is constant over one symbol: interference
 * by motion within it, (pi fD / spacing)^2 / 6 at most for small shifts, is left out.
 */
import { ValueError } from "../errors.ts";
import { unitVector } from "../numeric/circle.ts";
import type { Stream } from "../numeric/stream.ts";
import type { SlotGrid } from "./grid.ts";
import type { ChannelModel } from "./taps.ts";

/** s of each tap. Throws ValueError when a tap comes a whole symbol late. */
function timelyShares({ taps }: ChannelModel, { prefix, spacing }: SlotGrid): number[] {
  return taps.map(({ delay }, tap) => {
    const late = Math.max(0, delay - prefix) * spacing;
    if (late < 1) return 1 - late;
    throw new ValueError(
      "channel.delaySpreadNanoseconds",
      `Tap ${tap} comes ${(delay * 1e6).toFixed(2)} us late, more than a symbol of ${(1e6 / spacing).toFixed(2)} us and its prefix of ${(prefix * 1e6).toFixed(2)} us. ` +
        "Lower the delay spread or the spacing.",
    );
  });
}

/** Power of interference at each receive antenna; 0 if all delays are within the prefix. */
export function interferencePower(model: ChannelModel, grid: SlotGrid): number {
  const shares = timelyShares(model, grid);
  const lost = model.taps.reduce((sum, { power }, tap) => sum + power * (1 - shares[tap] ** 2), 0);
  return model.transmitAntennas * lost;
}

/**
 * One realisation on the grid.
 * Shapes  returns [symbols, subcarriers, Nr, Nt], complex
 */
export function drawResponse(model: ChannelModel, grid: SlotGrid, random: Stream): Float64Array {
  const { symbols, subcarriers, spacing } = grid;
  const shares = timelyShares(model, grid);
  const gains = model.gains(grid.times, random);
  const size = 2 * model.receiveAntennas * model.transmitAntennas;
  const response = new Float64Array(symbols * subcarriers * size);
  const turn = new Float64Array(2);
  model.taps.forEach(({ delay }, tap) => {
    for (let k = 0; k < subcarriers; k++) {
      unitVector(-(k - (subcarriers - 1) / 2) * spacing * delay, turn, 0);
      const [re, im] = [shares[tap] * turn[0], shares[tap] * turn[1]];
      for (let symbol = 0; symbol < symbols; symbol++) {
        const from = (tap * symbols + symbol) * size;
        const to = (symbol * subcarriers + k) * size;
        for (let i = 0; i < size; i += 2) {
          response[to + i] += re * gains[from + i] - im * gains[from + i + 1];
          response[to + i + 1] += re * gains[from + i + 1] + im * gains[from + i];
        }
      }
    }
  });
  return response;
}

/**
 * E[H[l, k] conj(H[m, i])] for one pair of antennas, as a table over both distances.
 *
 * Shapes  returns [symbols, 2 subcarriers - 1], complex: row l - m >= 0, column k - i + subcarriers - 1. (The covariance at negative
 *         distances in time is the conjugate at positive ones.)
 */
export function responseCovariance(model: ChannelModel, grid: SlotGrid): Float64Array {
  const { symbols, subcarriers, spacing, times } = grid;
  const shares = timelyShares(model, grid);
  const columns = 2 * subcarriers - 1;
  const table = new Float64Array(2 * symbols * columns);
  const turn = new Float64Array(2);
  for (let symbol = 0; symbol < symbols; symbol++) {
    const lag = times[symbol] - times[0];
    model.taps.forEach(({ delay, power }, tap) => {
      const [re, im] = model.autocorrelation(tap, lag);
      const weight = power * shares[tap] ** 2;
      for (let column = 0; column < columns; column++) {
        unitVector(-(column - subcarriers + 1) * spacing * delay, turn, 0);
        const at = 2 * (symbol * columns + column);
        table[at] += weight * (re * turn[0] - im * turn[1]);
        table[at + 1] += weight * (re * turn[1] + im * turn[0]);
      }
    });
  }
  return table;
}
