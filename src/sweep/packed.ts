/** Wrong answers as text: a character for each prompt, `0` for none, and on from there in the order of character codes. */
import { type Sample, sampleOf } from "../numeric/variance-components.ts";

const ZERO = "0".charCodeAt(0);

/** Of one chip, by prompt. */
export const packWrong = (wrong: ArrayLike<number>): string =>
  Array.from(wrong, (count) => String.fromCharCode(ZERO + count)).join("");

/** Error rates of all chips, where a prompt has so many `trials`. */
export const unpackWrong = (chips: readonly string[], trials: number): Sample =>
  sampleOf(chips.map((text) => Float64Array.from(text, (character) => (character.charCodeAt(0) - ZERO) / trials)));
