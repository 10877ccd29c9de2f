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
import type { ConverterErrors } from "../../hardware/converter-errors.ts";
import { codeRange } from "../../hardware/integer-arithmetic.ts";
import type { IntegerCrossbar } from "../../simulation/integers.ts";
import { unused } from "../encoder.ts";
import * as sv from "../syntax.ts";
import { task } from "../testbench-parts.ts";
import {
  erringCodes,
  erringItems,
  erringParameters,
  erringTables,
  hasNoise,
  type VectorOrder,
} from "./erring-converters.ts";
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

/** A crossbar in whole numbers, with what its macro needs besides. */
export interface WholeCrossbar extends IntegerCrossbar {
  /** Microsiemens of a code step. */
  readonly step: number;
  /** Value of a code step of each column, in 2^-fractionBits. */
  readonly factors: Float32Array;
  readonly rows: number;
  readonly columns: number;
  /** Of its converters; null when they are exact. */
  readonly errors: ConverterErrors | null;
  /** Key of the stream of its conversion noise. */
  readonly noiseKey: readonly [number, number];
}

/** Pins with which a tester programs, calibrates, trims and tests a real macro (`SERVICE`); 0 in operation, without effect in the model. */
export const servicePins = ({ rows, columns }: Pick<AimcMacroSize, "rows" | "columns">): sv.Port[] => [
  sv.input("service_i"),
  sv.input("service_command_i", 3),
  sv.input("service_row_i", indexBits(rows)),
  sv.input("service_column_i", indexBits(columns)),
  sv.input("service_minus_i"),
  sv.input("service_data_i", CONDUCTANCE_BITS),
];

/** What a real macro does with them, for its header. */
const SERVICE = [
  "Service pins, 0 in operation; the model has no use for them. While service_i is 1, lines and conversions are ignored, and a clock with service_command_i",
  "1: programs; moves the device at row, column and sign towards the conductance service_data_i, in units of the cells;",
  "2: reads; raises this row alone and converts this column, whose code is in lane 0 of codes_o as after a conversion;",
  "3: calibrates; sets the full scale of all converters to service_data_i units;",
  "4: trims; writes service_data_i to the trim register of this column's converter;",
  "5: tests; raises no row, and converts service_data_i units of a reference current in every converter.",
].join(" ");

export const macroName = ({ rows, columns, multiplexerSteps }: AimcMacroSize): string =>
  `aimc_macro_${rows}x${columns}_m${multiplexerSteps}`;

export function aimcMacro(size: AimcMacroSize, adc: AdcSpec, codeBits: number, vectors: VectorOrder): sv.Module {
  const { rows, columns, lanes, multiplexerSteps } = size;
  const selectBits = indexBits(multiplexerSteps);
  const { high } = codeRange(adc);
  const units = ["plus", "minus"] as const;
  const isNoisy = hasNoise(adc);
  const service = servicePins(size);
  const ports = [
    sv.CLOCK,
    ...(isNoisy ? [sv.input("rst_ni")] : []),
    sv.input("convert_i"),
    ...(multiplexerSteps > 1 ? [sv.input("select_i", selectBits)] : []),
    sv.input("lines_i", rows),
    ...service,
    sv.output("codes_o", lanes * codeBits),
  ];
  const declared = [sv.memory(2 * CONDUCTANCE_BITS, "cells", rows * columns)];
  const s = sv.signals(ports, declared);
  const cell = sv.bit(s.cells, sv.binary(sv.times(rows, "column"), "+", sv.name("row")));
  const half = (sign: (typeof units)[number]) =>
    sv.concat(
      sv.sized(32 - CONDUCTANCE_BITS, 0),
      sign === "plus"
        ? sv.slice(cell, 2 * CONDUCTANCE_BITS - 1, CONDUCTANCE_BITS)
        : sv.slice(cell, CONDUCTANCE_BITS - 1, 0),
    );
  const add = (sign: (typeof units)[number]) => sv.put(sv.name(sign), sv.binary(sv.name(sign), "+", half(sign)));
  const errs = hasConverterErrors(adc.errors);
  const tables = erringTables(adc, columns);
  const erring = errs ? erringCodes(adc, tables) : null;
  const column: sv.Expression =
    multiplexerSteps === 1
      ? sv.name("lane")
      : sv.binary(
          sv.binary(sv.decimal(lanes), "*", sv.concat(sv.sized(32 - selectBits, 0), s.select_i)),
          "+",
          sv.name("lane"),
        );
  const lastSelect = multiplexerSteps > 1 ? isAt(s.select_i, multiplexerSteps - 1) : null;
  return {
    name: macroName(size),
    header: [
      `Analog macro: a crossbar of ${rows} lines and ${columns} columns, ${lanes} readout units, and their ${adc.mode === "pair" ? "pairs of " : ""}converters of ${adc.bits} bits.`,
      `In the clock of convert_i, unit u converts column u + ${lanes} select_i for the settled lines. The code, in ` +
        `two's complement of ${codeBits} bits, is in codes_o from the next clock on, until the next conversion.`,
      SERVICE,
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
    parameters: [["Cells", sv.text("cells.hex")], ["StepBits", sv.decimal(7)], ...(errs ? erringParameters(adc) : [])],
    isBlackBox: true,
    ports,
    items: [
      ...unused("service", sv.concat(...service)),
      ...declared,
      sv.initial(task("$readmemh", sv.name("Cells"), s.cells)),
      ...(errs ? erringItems(adc, tables, vectors, lastSelect, s) : []),
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
          sv.put(sv.name("plus"), sv.decimal(0)),
          sv.put(sv.name("minus"), sv.decimal(0)),
          sv.forEach(
            "row",
            rows,
            sv.when(rows === 1 ? s.lines_i : sv.bit(s.lines_i, sv.name("row")), [add("plus"), add("minus")]),
          ),
          ...(erring?.body ?? exactCode(adc, high)),
          sv.put(sv.name("code_of"), sv.slice(sv.name("plus"), codeBits - 1, 0)),
        ],
      },
      sv.clocked(
        sv.when(s.convert_i, [
          sv.forEach("lane", lanes, sv.set(sv.part(s.codes_o, sv.times(codeBits, "lane"), codeBits), codeOf(column))),
        ]),
      ),
    ],
  };

  /** Units past the last column have nothing to convert. */
  function codeOf(of: sv.Expression): sv.Expression {
    const code = sv.call("code_of", of);
    if (multiplexerSteps * lanes === columns) return code;
    return sv.choose(sv.binary(of, "<", sv.decimal(columns)), code, sv.sized(codeBits, 0));
  }
}

/** Turns the units of both lines, in the integers `plus` and `minus`, to a code in `plus`. The parameter StepBits is the module's. */
export function exactCode({ mode }: AdcSpec, high: number): sv.Statement[] {
  const [plus, minus] = [sv.name("plus"), sv.name("minus")];
  const difference = sv.put(plus, sv.binary(plus, "-", minus));
  return mode === "pair"
    ? [...converted(plus, 0, high), ...converted(minus, 0, high), difference]
    : [difference, ...converted(plus, -high, high)];
}

const converted = (signal: sv.Expression, low: number, high: number): sv.Statement[] => [
  sv.put(
    signal,
    sv.binary(
      sv.binary(signal, "+", sv.binary(sv.binary(sv.decimal(1), "<<", sv.name("StepBits")), ">>>", sv.decimal(1))),
      ">>>",
      sv.name("StepBits"),
    ),
  ),
  sv.when(sv.binary(signal, ">", sv.decimal(high)), [sv.put(signal, sv.decimal(high))]),
  ...(low < 0 ? [sv.when(sv.binary(signal, "<", sv.decimal(low)), [sv.put(signal, sv.decimal(low))])] : []),
];
