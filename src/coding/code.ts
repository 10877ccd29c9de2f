/**
 * One LDPC code of 5G NR with its rate matching: base graph, lifting size, checks, and which bit of the code word is sent when.
 *
 *   information + filler --encode--> code word --select--> coded bits --interleave--> transmitted bits
 *
 * A code word is the whole lifted graph, `columns * lifting` bits: information, filler bits (zeros that both sides know and nobody sends),
 * parity. Bits are selected in order from the third column on (the first two are punctured), without filler, and from the start again when
 * the end is reached: redundancy version 0 with a full circular buffer. Checks whose own parity bits are never sent say nothing about the
 * others, so a code keeps only the rows of the graph before the first such row.
 *
 * Left out: redundancy versions 1 to 3 and limited buffers, which need retransmissions.
 *
 * Source  3GPP TS 38.212, sections 5.2.2, 5.3.2, 5.4.2
 */
import { ValueError } from "../errors.ts";
import {
  BASE_GRAPHS,
  type BaseGraph,
  type BaseGraphNumber,
  baseGraphFor,
  CORE,
  filledColumns,
  LIFTING_SIZES,
  largestBlock,
  liftingSetOf,
  PUNCTURED,
} from "./base-graph.ts";

export interface LdpcSizes {
  /** Bits that are encoded, including any CRC. */
  readonly informationBits: number;
  /** Bits that are transmitted. */
  readonly codedBits: number;
  /** Bits of one symbol, for the interleaver: 1 (the default, which leaves the order), 2, 4, 6, 8 or 10. */
  readonly bitsPerSymbol?: number;
  /** Default: as the standard chooses it from the sizes. */
  readonly baseGraph?: BaseGraphNumber;
  /** Default: the smallest lifting size that holds the information, as in the standard. */
  readonly lifting?: number;
}

export interface LdpcCode {
  readonly informationBits: number;
  readonly codedBits: number;
  readonly bitsPerSymbol: number;
  readonly graph: BaseGraph;
  readonly lifting: number;
  /** Zeros after the information. */
  readonly fillerBits: number;
  /** Rows and columns of the base graph that the code uses. */
  readonly rows: number;
  readonly columns: number;
  /** Entries of row r are `firstEntry[r]` to `firstEntry[r + 1] - 1`; columns with only filler bits have none: `[rows + 1]`. */
  readonly firstEntry: Int32Array;
  /** Column of each entry. */
  readonly entryColumn: Int32Array;
  /** Shift of each entry, below the lifting size. */
  readonly entryShift: Int32Array;
  /** Place in the code word of each transmitted bit: `[codedBits]`. */
  readonly places: Int32Array;
}

/** Six columns, as many as short blocks fill, of the smallest lifting size. */
const FEWEST_BITS = 12;

/** A slot of 273 resource blocks, 4 layers and 1024-QAM has 1.7 million coded bits. */
const MOST_CODED_BITS = 2 ** 21;

/** Above it, receivers need not decode (TS 38.214, section 5.1.3). */
const HIGHEST_RATE = 0.95;

/** Modulation orders of TS 38.211, section 5.1. */
const BITS_PER_SYMBOL = [1, 2, 4, 6, 8, 10];

/** The code for these sizes. Throws ValueError at the size that does not fit. */
export function ldpcCode(sizes: LdpcSizes): LdpcCode {
  const { informationBits, codedBits, bitsPerSymbol = 1 } = sizes;
  checkSizes(informationBits, codedBits, bitsPerSymbol);
  const number = sizes.baseGraph ?? baseGraphFor(informationBits, informationBits / codedBits);
  const lifting = sizes.lifting ?? smallestLifting(number, informationBits);
  checkBlock(number, lifting, informationBits);
  const graph = BASE_GRAPHS[number];
  const fillerBits = graph.informationColumns * lifting - informationBits;
  const selected = selectBits(graph, lifting, informationBits, codedBits);
  const last = selected.reduce((most, place) => Math.max(most, place), 0);
  const rows = Math.max(CORE, Math.floor(last / lifting) + 1 - graph.informationColumns);
  return {
    informationBits,
    codedBits,
    bitsPerSymbol,
    graph,
    lifting,
    fillerBits,
    rows,
    columns: graph.informationColumns + rows,
    ...entriesOf(graph, lifting, rows, informationBits),
    places: interleave(selected, bitsPerSymbol),
  };
}

/** The smallest lifting size whose filled columns hold the bits; the largest if none does, for `checkBlock` to refuse. */
function smallestLifting(number: BaseGraphNumber, bits: number): number {
  const columns = filledColumns(number, bits);
  return LIFTING_SIZES.find((size) => columns * size >= bits) ?? LIFTING_SIZES[LIFTING_SIZES.length - 1];
}

/** Places of the coded bits in the code word, in the order of the circular buffer (5.4.2.1). */
function selectBits(graph: BaseGraph, lifting: number, informationBits: number, codedBits: number): Int32Array {
  const places = new Int32Array(codedBits);
  const parity = graph.informationColumns * lifting;
  const end = graph.columns * lifting;
  const start = PUNCTURED * lifting;
  let place = start - 1;
  for (let i = 0; i < codedBits; i++) {
    place++;
    if (place === end) place = start;
    if (place >= informationBits && place < parity) place = parity;
    places[i] = place;
  }
  return places;
}

/** Bit i of symbol j is coded bit `i * symbols + j` (5.4.2.2). */
function interleave(places: Int32Array, bitsPerSymbol: number): Int32Array {
  const symbols = places.length / bitsPerSymbol;
  return places.map((_, at) => places[(at % bitsPerSymbol) * symbols + Math.floor(at / bitsPerSymbol)]);
}

function entriesOf(graph: BaseGraph, lifting: number, rows: number, informationBits: number) {
  const set = liftingSetOf(lifting);
  const firstFiller = Math.ceil(informationBits / lifting);
  const kept = graph.rows.slice(0, rows).map((row) => {
    const unknown = row.filter(({ column }) => column < firstFiller || column >= graph.informationColumns);
    // A check has at least two bits. This one says that the other is 0, too.
    return unknown.length > 1 ? unknown : row;
  });
  const entries = kept.flat();
  const firstEntry = new Int32Array(rows + 1);
  kept.forEach((row, r) => {
    firstEntry[r + 1] = firstEntry[r] + row.length;
  });
  return {
    firstEntry,
    entryColumn: Int32Array.from(entries, ({ column }) => column),
    entryShift: Int32Array.from(entries, ({ shifts }) => shifts[set] % lifting),
  };
}

/** Throws ValueError at the number that no code can have. */
export function checkSizes(informationBits: number, codedBits: number, bitsPerSymbol: number): void {
  if (!Number.isInteger(informationBits) || informationBits < FEWEST_BITS) {
    throw new ValueError(
      "informationBits",
      `A block has a whole number of information bits, ${FEWEST_BITS} or more, not ${informationBits}.`,
    );
  }
  if (!Number.isInteger(codedBits) || codedBits < 1 || codedBits > MOST_CODED_BITS) {
    throw new ValueError(
      "codedBits",
      `A block has a whole number of coded bits, 1 to ${MOST_CODED_BITS}, not ${codedBits}.`,
    );
  }
  if (informationBits > HIGHEST_RATE * codedBits) {
    const rate = (informationBits / codedBits).toFixed(3);
    throw new ValueError(
      "codedBits",
      `${informationBits} information bits in ${codedBits} coded bits are a rate of ${rate}, but receivers need not decode above ${HIGHEST_RATE} (TS 38.214, 5.1.3). Give at least ${Math.ceil(informationBits / HIGHEST_RATE)} coded bits, or at most ${Math.floor(HIGHEST_RATE * codedBits)} information bits.`,
    );
  }
  if (!BITS_PER_SYMBOL.includes(bitsPerSymbol)) {
    throw new ValueError(
      "bitsPerSymbol",
      `Symbols of 5G NR carry ${BITS_PER_SYMBOL.slice(0, -1).join(", ")} or ${BITS_PER_SYMBOL.at(-1)} bits, not ${bitsPerSymbol}.`,
    );
  }
  const symbols = Math.floor(codedBits / bitsPerSymbol);
  if (symbols * bitsPerSymbol !== codedBits) {
    throw new ValueError(
      "codedBits",
      `${codedBits} coded bits do not fill symbols of ${bitsPerSymbol} bits: ${symbols} symbols carry ${symbols * bitsPerSymbol}, ${symbols + 1} carry ${(symbols + 1) * bitsPerSymbol}. Give one of these numbers.`,
    );
  }
}

function checkBlock(number: BaseGraphNumber, lifting: number, informationBits: number): void {
  if (!Object.hasOwn(BASE_GRAPHS, number)) {
    throw new ValueError(
      "baseGraph",
      `5G NR has base graphs 1 and 2, but no ${number}. Leave the field out to choose by size.`,
    );
  }
  liftingSetOf(lifting);
  const { informationColumns } = BASE_GRAPHS[number];
  if (informationBits > largestBlock(number)) {
    throw new ValueError(
      "informationBits",
      `A code block of base graph ${number} has at most ${largestBlock(number)} information bits (${informationColumns} columns of 384), not ${informationBits}. Use \`transportBlock\`, which cuts longer blocks into several${number === 2 ? ", or base graph 1" : ""}.`,
    );
  }
  if (informationBits > informationColumns * lifting) {
    throw new ValueError(
      "lifting",
      `${informationColumns} columns of ${lifting} bits are ${informationColumns * lifting}, fewer than the ${informationBits} information bits. Give a lifting size of at least ${LIFTING_SIZES.find((size) => size * informationColumns >= informationBits)}.`,
    );
  }
}
