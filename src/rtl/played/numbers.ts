/** The machine's whole numbers, as `docs/rtl-machine.md` has them: registers that stop at their ends, neurons, totals, decisions. */
import type { Stream } from "../../numeric/stream.ts";
import { type Bits, bitsOf } from "./player.ts";

export interface Range {
  readonly low: number;
  readonly high: number;
}

/** A register in two's complement. */
export const registerOf = (width: number): Range => ({ low: -(2 ** (width - 1)), high: 2 ** (width - 1) - 1 });

/** `sat`: a number stops at a register's ends. */
export const stopped = (value: number, { low, high }: Range): number => Math.min(high, Math.max(low, value));

/** The corner that a stop reaches; null for a number that fits. */
export const endOf = (value: number, { low, high }: Range): "stops_high" | "stops_low" | null =>
  value > high ? "stops_high" : value < low ? "stops_low" : null;

/** A number modulo a register, as it reads it. */
export const wrapped = (value: number, width: number): number => {
  const { low } = registerOf(width);
  return ((((value - low) % 2 ** width) + 2 ** width) % 2 ** width) + low;
};

export const pick = <T>(among: readonly T[], random: Stream): T => among[random.integer(among.length)];

/** A number of a register: half of them at its ends or around 0. */
export function cornered({ low, high }: Range, random: Stream, more: readonly number[] = []): number {
  const corners = [low, low + 1, -1, 0, 1, high - 1, high, ...more].filter((value) => value >= low && value <= high);
  return random.integer(2) === 0 ? pick(corners, random) : low + random.integer(high - low + 1);
}

/** Number of lines for a block whose lanes try corners side by side. */
export const linesFor = (lanes: number): number => Math.max(64, Math.ceil(1500 / lanes));

/** A word of random bits. */
export function anyBits(width: number, random: Stream): Bits {
  let bits = "";
  while (bits.length < width) bits += bitsOf(random.word(), 32);
  return bits.slice(0, width);
}
