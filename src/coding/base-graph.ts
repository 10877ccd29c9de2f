/**
 * The two base graphs of the LDPC codes of 5G NR, and how they are lifted.
 *
 * A base graph is a small matrix. Lifting by Z replaces each of its entries by a Z x Z identity, rotated to the right by `shift mod Z`, and
 * all other places by zeros: check `i` of an entry's row contains bit `(i + shift) mod Z` of its column. There is a shift for each of eight
 * sets of lifting sizes, a 2^j with a = 2, 3, 5, 7, 9, 11, 13, 15.
 *
 * Columns are those of the information, four core parity columns, which form a double diagonal next to one column of weight three, and one
 * column of weight one for each further row, the extension.
 *
 * Source  3GPP TS 38.212, section 5.3.2, tables 5.3.2-1 to 5.3.2-3
 */
import { invariant, ValueError } from "../errors.ts";
import { BASE_GRAPH_1, BASE_GRAPH_2 } from "./base-graph-tables.ts";

export type BaseGraphNumber = 1 | 2;

/** A rotated identity in a row of the base graph. */
export interface BaseGraphEntry {
  readonly column: number;
  /** Rotation for each set of lifting sizes, before it is taken modulo Z: `[8]`. */
  readonly shifts: readonly number[];
}

export interface BaseGraph {
  readonly number: BaseGraphNumber;
  /** Entries of each row, by ascending column. */
  readonly rows: readonly (readonly BaseGraphEntry[])[];
  readonly columns: number;
  /** Columns that hold information, including filler bits. */
  readonly informationColumns: number;
}

/** Rows and parity columns of the core. */
export const CORE = 4;

/** Columns of information that are never transmitted. */
export const PUNCTURED = 2;

/** Table 5.3.2-1: the sets of lifting sizes. */
export const LIFTING_SETS: readonly (readonly number[])[] = [
  [2, 4, 8, 16, 32, 64, 128, 256],
  [3, 6, 12, 24, 48, 96, 192, 384],
  [5, 10, 20, 40, 80, 160, 320],
  [7, 14, 28, 56, 112, 224],
  [9, 18, 36, 72, 144, 288],
  [11, 22, 44, 88, 176, 352],
  [13, 26, 52, 104, 208],
  [15, 30, 60, 120, 240],
];

/** All 51 lifting sizes, ascending. */
export const LIFTING_SIZES: readonly number[] = LIFTING_SETS.flat().sort((a, b) => a - b);

const INFORMATION_COLUMNS: Readonly<Record<BaseGraphNumber, number>> = { 1: 22, 2: 10 };

export const BASE_GRAPHS: Readonly<Record<BaseGraphNumber, BaseGraph>> = {
  1: parse(1, BASE_GRAPH_1),
  2: parse(2, BASE_GRAPH_2),
};

/** Index of the set that contains a lifting size. Throws ValueError at `lifting` for other numbers. */
export function liftingSetOf(lifting: number): number {
  const set = LIFTING_SETS.findIndex((sizes) => sizes.includes(lifting));
  if (set < 0) {
    const below = LIFTING_SIZES.findLast((size) => size < lifting);
    const above = LIFTING_SIZES.find((size) => size > lifting);
    const near = [below, above].filter((size) => size !== undefined).join(" and ");
    throw new ValueError(
      "lifting",
      `${lifting} is not a lifting size of 5G NR (a 2^j, with a = 2, 3, 5, 7, 9, 11, 13 or 15, up to 384).` +
        (near === "" ? "" : ` The nearest: ${near}.`),
    );
  }
  return set;
}

/** Columns that a block of `bits` information bits fills when its lifting size is chosen: K_b of section 5.2.2. */
export function filledColumns(number: BaseGraphNumber, bits: number): number {
  if (number === 1) return INFORMATION_COLUMNS[1];
  if (bits > 640) return INFORMATION_COLUMNS[2];
  if (bits > 560) return 9;
  return bits > 192 ? 8 : 6;
}

/** The most information bits of one code block: 8448 and 3840. */
export const largestBlock = (number: BaseGraphNumber): number =>
  INFORMATION_COLUMNS[number] * LIFTING_SIZES[LIFTING_SIZES.length - 1];

/** The base graph for `bits` payload bits, without CRC, at a code rate: sections 6.2.2 and 7.2.2. */
export function baseGraphFor(bits: number, rate: number): BaseGraphNumber {
  return bits <= 292 || (bits <= 3824 && rate <= 0.67) || rate <= 0.25 ? 2 : 1;
}

function parse(number: BaseGraphNumber, table: string): BaseGraph {
  const informationColumns = INFORMATION_COLUMNS[number];
  const rows = table
    .split(";")
    .slice(0, -1)
    .map((line, row): BaseGraphEntry[] => {
      const entries = line.trim().split(/\s+/).map(parseEntry);
      return row < CORE ? entries : [...entries, { column: informationColumns + row, shifts: Array(8).fill(0) }];
    });
  invariant(
    rows.every((row) => row.every(({ shifts }) => shifts.length === LIFTING_SETS.length)),
    "every entry of a base graph has a shift for each set",
  );
  return { number, rows, columns: informationColumns + rows.length, informationColumns };
}

function parseEntry(text: string): BaseGraphEntry {
  const [column, shifts] = text.split(":");
  return { column: Number(column), shifts: shifts.split(",").map(Number) };
}
