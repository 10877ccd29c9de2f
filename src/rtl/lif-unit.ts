/** Generator of the LIF unit of an AIMC tile (`hardware/clocked-lif.ts`, register by register). */
import { LIF_LATENCY } from "../hardware/clocked-lif.ts";
import type { LifParameters } from "../hardware/lif-parameters.ts";
import { bitsFor } from "../hardware/ssa-parameters.ts";
import { CARRY_SAVE_ADDER } from "./carry-save-adder.ts";
import {
  binary,
  bit,
  CLOCKED,
  choose,
  comment,
  concat,
  type Expression,
  gap,
  type Item,
  input,
  instance,
  isFalse,
  logic,
  type Module,
  name,
  output,
  registers,
  repeat,
  set,
  shifted,
  signedLogic,
  sized,
  slice,
  text,
  when,
  wire,
  zeros,
} from "./syntax.ts";

/** Name of the module. */
export const LIF_UNIT = "lif_unit";

const and = (left: Expression, right: Expression) => binary(left, "&", right);

export function lifUnit(parameters: LifParameters): Module {
  const { codeBits, rowBlocks, columns, leakShift, fractionBits, offsetBits, currentBits, membraneBits } = parameters;
  const blockBits = bitsFor(rowBlocks - 1);
  const single = rowBlocks === 1;
  const [current, leaked, membrane] = [name("current_q"), name("leaked"), name("membrane")];
  const membraneRegisters = columnRegister("membranes_q", membraneBits, columns);
  const thresholds = columnRegister("thresholds_q", membraneBits, columns);
  const offsets = columnRegister("offsets_q", offsetBits, columns);
  const [takeLast, offset] = [name("take_last"), name("offset")];
  const code = shifted(extend("code_i", codeBits, currentBits - fractionBits), fractionBits);
  const first = binary(name("block_q"), "==", sized(blockBits, 0));
  return {
    name: LIF_UNIT,
    header: headerOf(parameters),
    ports: [
      ...CLOCKED,
      input("load_i"),
      input("offset_i", offsetBits),
      input("threshold_i", membraneBits),
      input("valid_i"),
      input("rest_i"),
      input("code_i", codeBits),
      output("valid_o"),
      output("spike_o"),
    ],
    items: [
      comment("Registers of the columns. Place 0 is the current column; all move down by one place per column."),
      logic(columns * offsetBits, "offsets_q"),
      logic(columns * membraneBits, "thresholds_q", "membranes_q"),
      gap,
      comment("Accumulate: a column starts from its offset and takes its row blocks one after another."),
      logic(1, "take_last", "full_q", "rest_q"),
      logic(currentBits, "offset", "addend_a", "addend_b", "addend_c", "sum_d", "carry_d", "sum_q", "carry_q"),
      ...(single
        ? [wire(takeLast, name("valid_i"))]
        : [
            logic(blockBits, "block_q"),
            wire(takeLast, and(name("valid_i"), binary(name("block_q"), "==", sized(blockBits, rowBlocks - 1)))),
          ]),
      wire(offset, extend("offsets_q", offsetBits, currentBits, offsets.head)),
      wire(name("addend_a"), single ? offset : choose(first, offset, name("sum_q"))),
      wire(name("addend_b"), single ? zeros : choose(first, zeros, name("carry_q"))),
      wire(name("addend_c"), code),
      instance(CARRY_SAVE_ADDER, "u_carry_save_adder", {
        a_i: name("addend_a"),
        b_i: name("addend_b"),
        c_i: name("addend_c"),
        sum_o: name("sum_d"),
        carry_o: name("carry_d"),
      }),
      gap,
      comment("Resolve: the only addition of a column with carry propagation."),
      logic(1, "resolved_q", "resolved_rest_q"),
      logic(currentBits, "current_d", "current_q"),
      wire(name("current_d"), binary(name("sum_q"), "+", name("carry_q"))),
      gap,
      comment(`Fire: leak by a shift of ${leakShift}, which rounds towards minus infinity, and compare.`),
      signedLogic(membraneBits, "membrane", "leaked", "potential", "threshold", "membrane_d"),
      logic(1, "fires"),
      wire(membrane, choose(name("resolved_rest_q"), zeros, membraneRegisters.head)),
      wire(leaked, leakShift === 0 ? membrane : binary(membrane, ">>>", sized(bitsFor(leakShift), leakShift))),
      wire(name("potential"), binary(leaked, "+", extend("current_q", currentBits, membraneBits))),
      wire(name("threshold"), thresholds.head),
      wire(name("fires"), binary(name("potential"), ">=", name("threshold"))),
      wire(name("membrane_d"), choose(name("fires"), zeros, name("potential"))),
      gap,
      registers(
        [
          ...(single ? [] : [set(name("block_q"), zeros)]),
          ...["offsets_q", "thresholds_q", "membranes_q", "sum_q", "carry_q", "current_q"].map((q) =>
            set(name(q), zeros),
          ),
          ...["full_q", "rest_q", "resolved_q", "resolved_rest_q", "valid_o", "spike_o"].map((q) =>
            set(name(q), sized(1, 0)),
          ),
        ],
        [
          when(name("valid_i"), [
            ...(single
              ? []
              : [set(name("block_q"), choose(takeLast, zeros, binary(name("block_q"), "+", sized(blockBits, 1))))]),
            set(name("sum_q"), name("sum_d")),
            set(name("carry_q"), name("carry_d")),
          ]),
          set(name("full_q"), takeLast),
          when(takeLast, [set(name("rest_q"), name("rest_i"))]),
          set(name("resolved_q"), name("full_q")),
          when(name("full_q"), [set(current, name("current_d")), set(name("resolved_rest_q"), name("rest_q"))]),
          set(name("valid_o"), name("resolved_q")),
          set(name("spike_o"), and(name("resolved_q"), name("fires"))),
          when(name("resolved_q"), [membraneRegisters.shift(name("membrane_d"))]),
          when(
            name("load_i"),
            [offsets.shift(name("offset_i")), thresholds.shift(name("threshold_i"))],
            [
              when(takeLast, [offsets.shift(offsets.head)]),
              when(name("resolved_q"), [thresholds.shift(thresholds.head)]),
            ],
          ),
        ],
      ),
      gap,
      { kind: "simulation", body: assertions(parameters) },
    ],
  };
}

function headerOf(parameters: LifParameters): string[] {
  const { codeBits, rowBlocks, columns, leakShift, fractionBits, offsetBits, steps } = parameters;
  const { currentRange, currentBits, membraneRange, membraneBits } = parameters;
  const blocks = rowBlocks === 1 ? "the code of one row block" : `the codes of ${rowBlocks} row blocks, one per clock`;
  const scale = fractionBits === 0 ? "code steps" : `2^-${fractionBits} code steps`;
  const bound = leakShift === 0 ? `in ${steps} steps from rest` : "in any number of steps";
  return [
    `LIF unit (leaky integrate-and-fire): serves ${columns} columns in turn. A column takes ${blocks}, and outputs one bit.`,
    `I = offset + sum of codes; V = (V >> ${leakShift}) + I, so beta = ${2 ** -leakShift}; fires if V >= threshold, then V = 0. Offset, threshold and V are in units of ` +
      `${scale} of the column; all numbers are in two's complement. The shift rounds towards minus infinity, which changes no spike: V is ` +
      "the floor of the unrounded membrane, and the threshold is a whole number.",
    `Codes are summed in a carry-save accumulator; its two vectors are added once per column. No overflow: ${rowBlocks} x ${codeBits}-bit codes and ` +
      `a ${offsetBits}-bit offset give ${currentRange.low} to ${currentRange.high} (${currentBits} bits), and V stays within ${membraneRange.low} to ${membraneRange.high} (${membraneBits} bits) ${bound}.`,
    `load_i shifts a column's offset and threshold in, column 0 first, ${columns} clocks for all, while no column is in progress. rest_i, with the ` +
      "last code of a column, uses V = 0: the first time step of a token. Columns come in the same order at every step.",
    `Latency: a code may enter at every clock; the bit of a column appears at spike_o, marked by valid_o, ${LIF_LATENCY} clocks after its last code. ` +
      "Simulation asserts latency, loading between columns only, and that neither sum overflows.",
    "Verified by the generator's tests, for units of several shapes: equal to the clock-by-clock model in Icarus Verilog and Verilator over corner cases, random codes " +
      "and pauses; for two-bit codes over every offset, threshold and sequence of four steps. The testbench next to this file checks this unit.",
  ];
}

/** A register of one place per column, as a vector; place 0 in the low bits. */
function columnRegister(register: string, width: number, columns: number) {
  const rest = columns === 1 ? [] : [slice(name(register), columns * width - 1, width)];
  return {
    head: columns === 1 ? name(register) : slice(name(register), width - 1, 0),
    /** Shifts all places down by one, with `value` in at the top. */
    shift: (value: Expression) => set(name(register), rest.length === 0 ? value : concat(value, ...rest)),
  };
}

/** Sign-extends the low `from` bits of a signal to `width`. */
function extend(signal: string, from: number, width: number, bits: Expression = name(signal)): Expression {
  return from === width ? bits : concat(repeat(width - from, bit(name(signal), from - 1)), bits);
}

/** An independent check of the datapath: codes are added in 32 bits, a membrane with one bit more, and a shift register counts clocks. */
function assertions({ rowBlocks, currentBits, membraneBits }: LifParameters): Item[] {
  const [total, wide, age] = [name("total_q"), name("potential_wide"), name("age_q")];
  const long = (signal: string) => extend(signal, currentBits, 32);
  const check = (condition: Expression, ...message: Expression[]) => ({ kind: "assert", condition, message }) as const;
  const start = long("offset");
  const from = rowBlocks === 1 ? start : choose(binary(name("block_q"), "==", zeros), start, total);
  const idle = [name("valid_i"), name("full_q"), name("resolved_q")].map(isFalse);
  const between = rowBlocks === 1 ? [] : [binary(name("block_q"), "==", zeros)];
  const top = (n: number) => bit(wide, n);
  return [
    logic(32, "total_q"),
    logic(LIF_LATENCY, "age_q"),
    logic(membraneBits + 1, "potential_wide"),
    wire(
      wide,
      binary(extend("leaked", membraneBits, membraneBits + 1), "+", extend("current_q", currentBits, membraneBits + 1)),
    ),
    registers(
      [set(total, zeros), set(age, zeros)],
      [
        when(name("valid_i"), [set(total, binary(from, "+", long("addend_c")))]),
        set(age, concat(slice(age, LIF_LATENCY - 2, 0), name("take_last"))),
        when(name("full_q"), [
          check(binary(long("current_d"), "==", total), text("current is %h, expected %h"), name("current_d"), total),
        ]),
        when(name("resolved_q"), [
          check(binary(top(membraneBits), "==", top(membraneBits - 1)), text("membrane %h overflows"), wide),
        ]),
        check(
          binary(name("valid_o"), "==", bit(age, LIF_LATENCY - 1)),
          text("valid_o is %b, expected %b"),
          name("valid_o"),
          bit(age, LIF_LATENCY - 1),
        ),
        when(name("load_i"), [
          check(
            [...idle, ...between].reduce((all, condition) => binary(all, "&&", condition)),
            text("load_i while a column is in progress"),
          ),
        ]),
      ],
    ),
  ];
}
