/** Shared parts of the architectures' formulas. */
import { power } from "../numeric/power.ts";
import type { Technology } from "./parameters.ts";
import type { Workload } from "./workload.ts";

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

/** The smallest memory that the power law was fitted to, bytes. */
const SMALLEST_BUFFER = 8 * 1024;

/**
 * Energy per byte of a buffer that holds `held` bytes: of a memory of that size, or of one bank if it is larger than a bank. If
 * buffers have one size for every network, of a bank.
 */
export const bufferByte = (technology: Technology, bank: number, held: number): number =>
  sramByte(technology, technology.ownBuffers ? Math.min(bank, Math.max(SMALLEST_BUFFER, held)) : bank);

/** Adds fetching the inputs, 8 bits per value, if every machine pays for it. */
export function addInputs(
  parts: Breakdown,
  { tokens, annInputs }: Pick<Workload, "tokens" | "annInputs">,
  technology: Technology,
): Breakdown {
  if (technology.inputDram === 1) parts.dram = (parts.dram ?? 0) + tokens * annInputs * 8 * technology.dramBit;
  return parts;
}

/** Energy of a conversion of `bits` bits: it grows linearly with the bits for SAR converters and doubles per bit for flash converters. */
export function conversionEnergy({ conversion5, flashConverter }: Technology, bits: number): number {
  return conversion5 * (flashConverter ? 2 ** (bits - 5) : 0.17 + 0.166 * bits);
}

/** Energy of an addition of 8, 16 or 32 bits; linear interpolation for other widths. */
export function additionEnergy({ add8, add16, add32 }: Technology, bits: number): number {
  if (bits <= 16) return add8 + ((add16 - add8) * (bits - 8)) / 8;
  return add16 + ((add32 - add16) * (bits - 16)) / 16;
}

export function addStatic(parts: Breakdown, share: number): Breakdown {
  if (share > 0) parts.static = share * totalOf(parts);
  return parts;
}
