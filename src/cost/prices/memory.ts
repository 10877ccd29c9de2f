/** Prices of memories from size, word, banks and ports. */
import type { Technology } from "../parameters.ts";
import { sramByte } from "../unit-energies.ts";
import type { UnitPrice } from "./unit-price.ts";

export interface SramSize {
  readonly bytes: number;
  /** Bits of one access. */
  readonly wordBits: number;
  /** Independently accessed banks; default 1. */
  readonly banks?: number;
  /** Accesses per clock; default 1. */
  readonly ports?: number;
}

/** Access width in bytes for which the energies were found. */
const LINE = 16;

/**
 * An SRAM: energy of reading a word; `write` is that of writing one.
 *
 *   word    E = e(bytes / banks) ((1 - l) w + 16 l)     w bytes; a word of any width pays the share l of a 16-byte line
 *   ports   each additional port adds two wires to both sides of a cell: sides grow by p, area with their product
 *
 * Source   CACTI 7 (`balasubramonian-taco-2017`). Differs from it where CACTI chooses another organisation for each size
 */
export function sram(
  { bytes, wordBits, banks = 1, ports = 1 }: SramSize,
  technology: Technology,
): UnitPrice & { readonly write: number } {
  const { sramLineShare: share, sramPort, sramArea, sramBankArea, sramLeakage, sramWriteFactor } = technology;
  const side = 1 + sramPort * (ports - 1);
  const word = (1 - share) * (wordBits / 8) + share * LINE;
  const energy = bytes === 0 ? 0 : sramByte(technology, bytes / banks) * word * side;
  return {
    energy,
    write: energy * sramWriteFactor,
    area: bytes * sramArea * side ** 2 + banks * sramBankArea,
    leakage: bytes * sramLeakage * side,
  };
}

/** Off-chip memory: energy of `bits` bits. Its own area and standby power are not counted. */
export const dram = ({ bits }: { readonly bits: number }, { dramBit }: Technology): UnitPrice => ({
  energy: bits * dramBit,
  area: 0,
  leakage: 0,
});
