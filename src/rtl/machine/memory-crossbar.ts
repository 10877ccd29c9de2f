/**
 * A crossbar of memory: it has the pins of the analog macro and gives its codes, bit for bit, and FPGA tools put its cells into block
 * memory. Nothing is read at once: a word holds a few rows of the columns that the readout units serve at a step of the multiplexers,
 * and words are added while their lines are driven.
 *
 *   clock n of a step      word n of the step is addressed;   n + 1: it is read;   n + 2: sums include it
 *
 * Differential converters need only the difference of a pair, so that is what a cell holds; pairs of converters need both.
 */
import { ValueError } from "../../errors.ts";
import type { AdcSpec } from "../../experiment/hardware.ts";
import { codeRange } from "../../hardware/integer-arithmetic.ts";
import { signedBits, type WholeRange } from "../../hardware/lif-parameters.ts";
import { bitsFor } from "../../hardware/ssa-parameters.ts";
import * as sv from "../syntax.ts";
import { type AimcMacroSize, exactCode, macroName, type WholeCrossbar } from "./aimc-macro.ts";
import { rowsAtOnce } from "./fabric.ts";
import { BASE, type Loads, loading, loadPorts } from "./loads.ts";
import { blockMemory, both, countUp, filled, indexBits, isAt, signExtended } from "./parts.ts";

interface Cells {
  /** Numbers of a cell, the lowest first. */
  readonly signs: readonly ("difference" | "minus" | "plus")[];
  bits(range: WholeRange): number;
  numbers(plus: number, minus: number): number[];
}

/** What a pair of devices becomes in memory. */
export const CELLS: Readonly<Record<AdcSpec["mode"], Cells>> = {
  differential: {
    signs: ["difference"],
    bits: signedBits,
    numbers: (plus, minus) => [plus - minus],
  },
  pair: {
    signs: ["minus", "plus"],
    bits: ({ high }) => bitsFor(high),
    numbers: (plus, minus) => [minus, plus],
  },
};

export interface CrossbarMemory {
  /** Of a number of a cell. */
  readonly bits: number;
  /** Clocks of a conversion. */
  readonly conversion: number;
}

/**
 * Bits that hold every number of the cells.
 *
 * @param most that they may have; null: any
 * Throws  ValueError when they need more
 */
export function cellBits(crossbars: readonly WholeCrossbar[], adc: AdcSpec, most: number | null): number {
  const { bits, numbers } = CELLS[adc.mode];
  let worst = { bits: 0, crossbar: 0, number: 0, stepBits: 0 };
  crossbars.forEach(({ plus, minus, stepBits }, crossbar) => {
    const range = { low: 0, high: 0 };
    for (let i = 0; i < plus.length; i++) {
      for (const number of numbers(plus[i], minus[i])) {
        if (number < range.low) range.low = number;
        if (number > range.high) range.high = number;
      }
    }
    const needed = bits(range);
    const number = -range.low > range.high ? range.low : range.high;
    if (needed > worst.bits) worst = { bits: needed, crossbar, number, stepBits };
  });
  if (most === null || worst.bits <= most) return worst.bits;
  const fewer = worst.stepBits - (worst.bits - most);
  const rounded = `set hardware.arithmetic.stepBits to ${fewer} or less, which rounds them in the simulators, too`;
  throw new ValueError(
    "--conductance-bits",
    `Crossbar ${worst.crossbar} holds ${worst.number} x 2^-${worst.stepBits} code steps, which needs ${worst.bits} bits, not ${most}. Use ${worst.bits} conductance bits or more${fewer < 0 ? "" : `, or ${rounded}`}.`,
  );
}

/** Words of a crossbar: steps of the multiplexers one after another, of each its rows, `atOnce` in a word. */
export function crossbarWords(
  { rows, lanes, multiplexerSteps }: AimcMacroSize,
  { bits, conversion }: CrossbarMemory,
  adc: AdcSpec,
) {
  const atOnce = rowsAtOnce(rows, conversion);
  const words = Math.ceil(rows / atOnce);
  return {
    atOnce,
    words,
    entries: words * multiplexerSteps,
    width: atOnce * lanes * CELLS[adc.mode].signs.length * bits,
  };
}

/** The numbers of each word, by row, within it by readout unit, the lowest first. */
export function cellWords(
  { columns, plus, minus }: Pick<WholeCrossbar, "columns" | "plus" | "minus">,
  size: AimcMacroSize,
  memory: CrossbarMemory,
  adc: AdcSpec,
): number[][] {
  const { atOnce, words } = crossbarWords(size, memory, adc);
  const { numbers } = CELLS[adc.mode];
  const range = (count: number) => Array.from({ length: count }, (_, n) => n);
  return range(size.multiplexerSteps).flatMap((m) =>
    range(words).map((word) =>
      range(atOnce).flatMap((n) =>
        range(size.lanes).flatMap((lane) => {
          const [row, column] = [word * atOnce + n, m * size.lanes + lane];
          const cell = row * columns + column;
          return row < size.rows && column < columns ? numbers(plus[cell], minus[cell]) : numbers(0, 0);
        }),
      ),
    ),
  );
}

/** @param loads where cells can be loaded; null: they are fixed */
export function memoryCrossbar(
  size: AimcMacroSize,
  adc: AdcSpec,
  codeBits: number,
  memory: CrossbarMemory,
  loads: Loads | null,
): sv.Module {
  const { rows, columns, lanes, multiplexerSteps } = size;
  const { bits, conversion } = memory;
  const { signs } = CELLS[adc.mode];
  const isSigned = adc.mode === "differential";
  const { atOnce, words, entries, width } = crossbarWords(size, memory, adc);
  const sumBits = bits + (rows === 1 ? 0 : Math.ceil(Math.log2(rows)));
  const numbers = lanes * signs.length;
  const ports = [
    ...sv.CLOCKED,
    sv.input("run_i"),
    sv.input("convert_i"),
    ...(multiplexerSteps > 1 ? [sv.input("select_i", indexBits(multiplexerSteps))] : []),
    sv.input("lines_i", rows),
    sv.output("codes_o", lanes * codeBits),
    ...(loads ? loadPorts(loads) : []),
  ];
  const declared = [
    blockMemory(width, "words", entries, loads === null),
    sv.logic(indexBits(entries), "address_q"),
    sv.logic(indexBits(conversion), "clock_q"),
    sv.logic(1, "done_q", "first_q", "issues", "ends"),
    sv.logic(width, "word_q"),
    sv.logic(atOnce, "driven_q"),
    sv.logic(conversion * atOnce, "driven"),
    sv.logic(numbers * sumBits, "sums_q"),
  ];
  const s = sv.signals(ports, declared);
  const load = loads ? loading(s, s.words) : null;
  const firstLine = sv.binary(sv.decimal(atOnce), "*", sv.widen(s.clock_q, s.clock_q.width!, 32));
  const lines = atOnce === 1 ? sv.bit(s.driven, s.clock_q) : sv.part(s.driven, firstLine, atOnce);
  const sum = (n: sv.Expression) => sv.part(s.sums_q, sv.binary(sv.decimal(sumBits), "*", n), sumBits);
  const n = sv.name("n");
  const rest = sv.choose(s.first_q, sv.sized(sumBits, 0), sum(n));
  const added = Array.from({ length: atOnce }, (_, row) =>
    sv.call(
      "driven_weight",
      atOnce === 1 ? s.driven_q : sv.bit(s.driven_q, row),
      sv.part(s.word_q, sv.plus(sv.times(bits, "n"), row * numbers * bits), bits),
    ),
  );
  const lane = sv.name("lane");
  const lineSums = signs.map((_, sign) => sum(sv.plus(sv.times(signs.length, "lane"), sign)));
  return {
    name: macroName(size),
    header: [
      `Crossbar of memory, ${rows} lines and ${columns} columns, with ${lanes} readout units: a macro of the same name may replace it, and has no use for rst_ni and run_i.`,
      `run_i is 1 from the first clock of a vector at lines_i to its last conversion. ${words} ${words === 1 ? "word" : "words"} of ${atOnce} ${atOnce === 1 ? "row" : "rows"} for each of ${multiplexerSteps} multiplexer ` +
        `${multiplexerSteps === 1 ? "step" : "steps"} are added, ${conversion} clocks to a step. In the clock of convert_i, unit u converts column u + ${lanes} select_i; the code, in two's complement of ${codeBits} bits, is in ` +
        "codes_o from the next clock on.",
      `The file Cells holds a word per line, multiplexer step after multiplexer step: row after row, within it unit after unit, ${isSigned ? "positive minus negative conductance in two's complement" : "the negative, then the positive conductance"}, ${bits} bits each, in ` +
        "units of 2^-StepBits code steps.",
      `Latency: the last word's sums are in registers ${words + 1} clocks after the first clock of a step.`,
    ],
    parameters: [["Cells", sv.text("")], ["StepBits", sv.decimal(7)], ...(load ? [BASE] : [])],
    ports,
    items: [
      ...declared,
      filled("Cells", s.words),
      ...(load?.items ?? []),
      drivenCell(bits, sumBits, isSigned),
      codeOf(adc, codeBits, sumBits, isSigned),
      sv.gap,
      sv.wire(s.driven, sv.widen(s.lines_i, rows, conversion * atOnce)),
      sv.wire(
        s.issues,
        both(
          s.run_i,
          sv.isFalse(s.done_q),
          ...(words < conversion ? [sv.binary(s.clock_q, "<", sv.sized(s.clock_q.width!, words))] : []),
        ),
      ),
      sv.wire(s.ends, multiplexerSteps > 1 ? both(s.convert_i, isAt(s.select_i, multiplexerSteps - 1)) : s.convert_i),
      sv.registers(sv.cleared(s.address_q, s.clock_q, s.done_q), [
        sv.when(s.ends, sv.cleared(s.address_q, s.clock_q, s.done_q), [
          sv.when(both(s.run_i, sv.isFalse(s.done_q)), [
            countUp(s.clock_q, conversion),
            sv.when(s.issues, [
              countUp(s.address_q, entries),
              sv.when(isAt(s.address_q, entries - 1), [sv.set(s.done_q, sv.sized(1, 1))]),
            ]),
          ]),
        ]),
      ]),
      sv.gap,
      sv.clocked(sv.set(s.word_q, sv.bit(s.words, s.address_q)), ...(load ? [load.write] : [])),
      sv.clocked(
        sv.set(s.driven_q, sv.binary(sv.repeat(atOnce, s.issues), "&", lines)),
        sv.set(s.first_q, both(s.issues, isAt(s.clock_q, 0))),
        sv.forEach(
          "n",
          numbers,
          sv.set(
            sum(n),
            added.reduce((all, one) => sv.binary(all, "+", one), rest),
          ),
        ),
        sv.when(s.convert_i, [
          sv.forEach(
            "lane",
            lanes,
            sv.set(
              sv.part(s.codes_o, sv.binary(sv.decimal(codeBits), "*", lane), codeBits),
              sv.call("code_of", ...lineSums),
            ),
          ),
        ]),
      ),
    ],
  };
}

/** A cell as part of a sum: nothing while its line is not driven. */
const drivenCell = (bits: number, sumBits: number, isSigned: boolean): sv.Item => ({
  kind: "function",
  name: "driven_weight",
  width: sumBits,
  arguments: [
    { name: "line", width: 1 },
    { name: "weight", width: bits },
  ],
  variables: [],
  body: [
    sv.put(
      sv.name("driven_weight"),
      sv.choose(
        sv.name("line"),
        isSigned ? signExtended(sv.name("weight"), bits, sumBits) : sv.widen(sv.name("weight"), bits, sumBits),
        sv.sized(sumBits, 0),
      ),
    ),
  ],
});

/** The macro's conversion of sums. */
function codeOf(adc: AdcSpec, codeBits: number, sumBits: number, isSigned: boolean): sv.Item {
  const argumentsOf = CELLS[adc.mode].signs.map((sign) => ({ name: `${sign}_units`, width: sumBits }));
  const wide = (name: string) =>
    isSigned ? signExtended(sv.name(name), sumBits, 32) : sv.widen(sv.name(name), sumBits, 32);
  const [plus, minus] = isSigned
    ? [wide("difference_units"), sv.decimal(0)]
    : [wide("plus_units"), wide("minus_units")];
  return {
    kind: "function",
    name: "code_of",
    width: codeBits,
    arguments: argumentsOf,
    variables: [
      { name: "plus", width: null },
      { name: "minus", width: null },
    ],
    body: [
      sv.put(sv.name("plus"), plus),
      sv.put(sv.name("minus"), minus),
      ...exactCode(adc, codeRange(adc).high),
      sv.put(sv.name("code_of"), sv.slice(sv.name("plus"), codeBits - 1, 0)),
    ],
  };
}
