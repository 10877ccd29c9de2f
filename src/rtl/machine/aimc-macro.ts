/**
 * The analog macro: a crossbar with its multiplexers and converters, with codes in registers. Its body is a behavioural model
 * in whole numbers for simulation (`hardware/integer-arithmetic.ts`), and a black box for synthesis.
 *
 *   units = sum of conductances of driven lines, in 2^-stepBits code steps;    code = floor((units + half a step) / step), clipped
 *
 * Converters with errors have a separate model: `erring-converters.ts`.
 */
import { hasConverterErrors } from "../../experiment/erring-converters.ts";
import type { AdcSpec } from "../../experiment/hardware.ts";
import { codeRange } from "../../hardware/integer-arithmetic.ts";
import {
  binary,
  bit,
  call,
  choose,
  clocked,
  concat,
  decimal,
  type Expression,
  forEach,
  input,
  type Module,
  name,
  part,
  put,
  type Statement,
  set,
  sized,
  slice,
  text,
  times,
  when,
} from "../syntax.ts";
import { task } from "../testbench-parts.ts";
import { erringCodes, erringItems, erringParameters, hasNoise, type VectorOrder } from "./erring-converters.ts";
import { indexBits, isAt } from "./parts.ts";

/** Bits of a conductance in units of current, unsigned. */
export const CONDUCTANCE_BITS = 16;

export interface AimcMacroSize {
  readonly rows: number;
  readonly columns: number;
  /** Converters, or pairs of them. */
  readonly lanes: number;
  readonly multiplexerSteps: number;
}

export const macroName = ({ rows, columns, multiplexerSteps }: AimcMacroSize): string =>
  `aimc_macro_${rows}x${columns}_m${multiplexerSteps}`;

export function aimcMacro(size: AimcMacroSize, adc: AdcSpec, codeBits: number, vectors: VectorOrder): Module {
  const { rows, columns, lanes, multiplexerSteps } = size;
  const selectBits = indexBits(multiplexerSteps);
  const { high } = codeRange(adc);
  const units = ["plus", "minus"] as const;
  const cell = bit(name("cells"), binary(times(rows, "column"), "+", name("row")));
  const half = (sign: (typeof units)[number]) =>
    concat(
      sized(32 - CONDUCTANCE_BITS, 0),
      sign === "plus" ? slice(cell, 2 * CONDUCTANCE_BITS - 1, CONDUCTANCE_BITS) : slice(cell, CONDUCTANCE_BITS - 1, 0),
    );
  const add = (sign: (typeof units)[number]) => put(name(sign), binary(name(sign), "+", half(sign)));
  const convert = (signal: string, low: number): Statement[] => [
    put(
      name(signal),
      binary(
        binary(name(signal), "+", binary(binary(decimal(1), "<<", name("StepBits")), ">>>", decimal(1))),
        ">>>",
        name("StepBits"),
      ),
    ),
    when(binary(name(signal), ">", decimal(high)), [put(name(signal), decimal(high))]),
    ...(low < 0 ? [when(binary(name(signal), "<", decimal(low)), [put(name(signal), decimal(low))])] : []),
  ];
  const errs = hasConverterErrors(adc.errors);
  const isNoisy = hasNoise(adc);
  const erring = errs ? erringCodes(adc) : null;
  const exact =
    adc.mode === "pair"
      ? [...convert("plus", 0), ...convert("minus", 0), put(name("plus"), binary(name("plus"), "-", name("minus")))]
      : [put(name("plus"), binary(name("plus"), "-", name("minus"))), ...convert("plus", -high)];
  const column: Expression =
    multiplexerSteps === 1
      ? name("lane")
      : binary(binary(decimal(lanes), "*", concat(sized(32 - selectBits, 0), name("select_i"))), "+", name("lane"));
  const lastSelect = multiplexerSteps > 1 ? isAt("select_i", multiplexerSteps - 1, multiplexerSteps) : null;
  return {
    name: macroName(size),
    header: [
      `Analog macro: a crossbar of ${rows} lines and ${columns} columns, ${lanes} readout units, and their ${adc.mode === "pair" ? "pairs of " : ""}converters of ${adc.bits} bits.`,
      `In the clock of convert_i, unit u converts column u + ${lanes} select_i for the settled lines. The code, in ` +
        `two's complement of ${codeBits} bits, is in codes_o from the next clock on, until the next conversion.`,
      "A real macro must keep these ports and clocks: lines are stable from the first clock of a vector to its last conversion.",
      "The body is a behavioural model for simulation. The file Cells holds a word for each pair of cells, column after column: the conductance of the positive " +
        "device in the high half and of the negative one in the low half, in units of 2^-StepBits code steps.",
      ...(errs
        ? [
            "The file Converters holds gain and offset of each column's converters as doubles; every operation on them is rounded to single precision." +
              (isNoisy
                ? ` A conversion's noise is word (prompt << 7 | step, place) of the stream NoiseKey, for ${vectors.steps} steps of Tokens tokens, ${vectors.order === "token-major" ? "" : "step by step, "}counted from the last reset on: a ` +
                  "real macro has its own noise, and no use for rst_ni."
                : ""),
          ]
        : []),
    ],
    parameters: [["Cells", text("cells.hex")], ["StepBits", decimal(7)], ...(errs ? erringParameters(adc) : [])],
    isBlackBox: true,
    ports: [
      input("clk_i"),
      ...(isNoisy ? [input("rst_ni")] : []),
      input("convert_i"),
      ...(multiplexerSteps > 1 ? [input("select_i", selectBits)] : []),
      input("lines_i", rows),
      { direction: "output", name: "codes_o", width: lanes * codeBits },
    ],
    items: [
      { kind: "memory", width: 2 * CONDUCTANCE_BITS, name: "cells", entries: rows * columns },
      { kind: "initial", body: [task("$readmemh", name("Cells"), name("cells"))] },
      ...(errs ? erringItems(adc, columns, vectors, lastSelect) : []),
      {
        kind: "function",
        name: "code_of",
        width: codeBits,
        arguments: [{ name: "column", width: null }],
        variables: [
          ...units.map((unit) => ({ name: unit, width: null })),
          ...(erring?.variables ?? []).map((variable) => ({ name: variable, width: 32 })),
        ],
        body: [
          put(name("plus"), decimal(0)),
          put(name("minus"), decimal(0)),
          forEach(
            "row",
            rows,
            when(rows === 1 ? name("lines_i") : bit(name("lines_i"), name("row")), [add("plus"), add("minus")]),
          ),
          ...(erring?.body ?? exact),
          put(name("code_of"), slice(name("plus"), codeBits - 1, 0)),
        ],
      },
      clocked(
        when(name("convert_i"), [
          forEach("lane", lanes, set(part(name("codes_o"), times(codeBits, "lane"), codeBits), codeOf(column))),
        ]),
      ),
    ],
  };

  /** Units past the last column have nothing to convert. */
  function codeOf(of: Expression): Expression {
    const code = call("code_of", of);
    if (multiplexerSteps * lanes === columns) return code;
    return choose(binary(of, "<", decimal(columns)), code, sized(codeBits, 0));
  }
}
