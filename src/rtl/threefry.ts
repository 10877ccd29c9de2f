/** Constants of Threefry-2x32-20 (`numeric/stream.ts`) for generators: five groups of four rounds, each with a key injection after it. */
import * as sv from "./syntax.ts";

/** The third word of the key is the exclusive or of this and the two words. */
export const PARITY = 0x1bd11bda;

/** Rotations of the four rounds in the first, third and fifth group, and in the second and fourth. */
export const ROTATIONS = [
  [13, 17],
  [15, 29],
  [26, 16],
  [6, 24],
] as const;
export const GROUPS = 5;

/** A word turned left. */
export const rotated = (word: sv.Expression, bits: number): sv.Expression =>
  sv.concat(sv.slice(word, 31 - bits, 0), sv.slice(word, 31, 32 - bits));
