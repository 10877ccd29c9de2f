/** What the architectures' formulas have in common. */
import { power } from "../../numeric/power.ts";
import type { Technology } from "../parameters.ts";

/** Joules per inference by component, in a fixed order. */
export type Breakdown = Record<string, number>;

export const totalOf = (parts: Breakdown): number => {
  let sum = 0;
  for (const name in parts) sum += parts[name];
  return sum;
};

/** Energy per byte of a buffer of `size` bytes: a power law through 32 kB. */
export const sramByte = ({ sramRead, sramExponent }: Technology, size: number): number =>
  sramRead * power(size / 32768, sramExponent);

/** Energy of a conversion of `bits` bits: SAR converters grow linearly with their bits, flash converters double. */
export function conversionEnergy({ conversion5, flashConverter }: Technology, bits: number): number {
  return conversion5 * (flashConverter ? 2 ** (bits - 5) : 0.17 + 0.166 * bits);
}

/** Energy of an addition of 8, 16 or 32 bits; other widths from straight lines between. */
export function additionEnergy({ add8, add16, add32 }: Technology, bits: number): number {
  if (bits <= 16) return add8 + ((add16 - add8) * (bits - 8)) / 8;
  return add16 + ((add32 - add16) * (bits - 16)) / 16;
}

export function addStatic(parts: Breakdown, share: number): Breakdown {
  if (share > 0) parts.static = share * totalOf(parts);
  return parts;
}
