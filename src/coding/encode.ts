/**
 * The encoder. Parity follows from the information by rotations and additions modulo 2, without a generator matrix.
 *
 * Let s_r be the sum of the rotated information columns in row r of the core, p_0 to p_3 the parity columns. p_1 to p_3 form a double
 * diagonal of shift 0 and meet each of their two rows once, so they vanish from the sum of the four rows, as do two of the three equal
 * rotations of p_0. What remains gives p_0, and then one row after the other gives the next column:
 *
 *   rotate(p_0) = s_0 + s_1 + s_2 + s_3,   p_(r+1) = s_r + what row r has of p_0 to p_r   for r = 0, 1, 2
 *
 * Every further row gives its own parity column from all that precede it.
 *
 * Source  3GPP TS 38.212, section 5.3.2 (the equations); T. Nguyen, T. Nguyen Tan, H. Lee, "Efficient QC-LDPC encoder for 5G New Radio",
 * Electronics 8 (2019) 668 (the order of the steps)
 */
import { invariant, ShapeError, ValueError } from "../errors.ts";
import { CORE } from "./base-graph.ts";
import type { LdpcCode } from "./code.ts";

/**
 * Encodes one block: rate matching and interleaving included.
 *
 * bits    zeros and ones, `[informationBits]`
 * Returns the transmitted bits, `[codedBits]`
 * Throws  ShapeError for another number of bits; ValueError for a bit that is neither 0 nor 1
 */
export function encodeBlock(code: LdpcCode, bits: Uint8Array): Uint8Array {
  const word = codeWord(code, bits);
  const sent = new Uint8Array(code.codedBits);
  for (let i = 0; i < sent.length; i++) sent[i] = word[code.places[i]];
  return sent;
}

/** The whole code word, `[columns * lifting]`: information, filler, parity. */
export function codeWord(code: LdpcCode, bits: Uint8Array): Uint8Array {
  checkBits(code.informationBits, bits);
  const { lifting, rows, columns, graph } = code;
  const word = new Uint8Array(columns * lifting);
  word.set(bits);
  const parity = graph.informationColumns;
  const column = (index: number) => word.subarray(index * lifting, (index + 1) * lifting);

  for (let row = 0; row < CORE; row++) addRow(code, word, row, parity, column(parity));
  rotateRight(column(parity), shiftOfSum(code));
  for (let row = 0; row < CORE - 1; row++) addRow(code, word, row, parity + row + 1, column(parity + row + 1));
  for (let row = CORE; row < rows; row++) addRow(code, word, row, parity + row, column(parity + row));
  return word;
}

/** Adds what a row of the graph has of the columns before `end` to `sum`, modulo 2. */
function addRow(code: LdpcCode, word: Uint8Array, row: number, end: number, sum: Uint8Array): void {
  const { lifting, firstEntry, entryColumn, entryShift } = code;
  for (let entry = firstEntry[row]; entry < firstEntry[row + 1]; entry++) {
    if (entryColumn[entry] >= end) continue;
    const start = entryColumn[entry] * lifting;
    const shift = entryShift[entry];
    const whole = lifting - shift;
    for (let i = 0; i < whole; i++) sum[i] ^= word[start + shift + i];
    for (let i = whole; i < lifting; i++) sum[i] ^= word[start + i - whole];
  }
}

/** The rotation of p_0 in the sum of the four rows: of its three rotations, two are equal. */
function shiftOfSum({ firstEntry, entryColumn, entryShift, graph }: LdpcCode): number {
  const left = new Set<number>();
  for (let entry = 0; entry < firstEntry[CORE]; entry++) {
    if (entryColumn[entry] !== graph.informationColumns) continue;
    const shift = entryShift[entry];
    if (!left.delete(shift)) left.add(shift);
  }
  invariant(left.size === 1, "two of the three rotations of the first parity column cancel");
  return [...left][0];
}

/** Undoes a rotation to the left: value i goes to place i + shift. */
function rotateRight(values: Uint8Array, shift: number): void {
  const before = values.slice();
  values.set(before.subarray(0, values.length - shift), shift);
  values.set(before.subarray(values.length - shift), 0);
}

/** Throws unless these are `count` zeros and ones. */
export function checkBits(count: number, bits: Uint8Array): void {
  if (bits.length !== count) {
    throw new ShapeError(
      "bits",
      `The block has ${count} bits, not ${bits.length}. Give one byte, 0 or 1, for each bit.`,
    );
  }
  const wrong = bits.findIndex((bit) => bit > 1);
  if (wrong >= 0) throw new ValueError("bits", `Bit ${wrong} is ${bits[wrong]}. Give 0 or 1 in each byte.`);
}
