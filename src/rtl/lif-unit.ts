/** Generator of the LIF unit of an AIMC tile (`hardware/clocked-lif.ts`, register by register). */
import { LIF_LATENCY } from "../hardware/clocked-lif.ts";
import type { LifParameters } from "../hardware/lif-parameters.ts";
import { bitsFor } from "../hardware/ssa-parameters.ts";
import { CARRY_SAVE_ADDER } from "./carry-save-adder.ts";
import * as sv from "./syntax.ts";

/** Name of the module. */
export const LIF_UNIT = "lif_unit";

const and = (left: sv.Expression, right: sv.Expression) => sv.binary(left, "&", right);

export function lifUnit(parameters: LifParameters): sv.Module {
  const { codeBits, rowBlocks, columns, leakShift, fractionBits, offsetBits, currentBits, membraneBits } = parameters;
  const blockBits = bitsFor(rowBlocks - 1);
  const single = rowBlocks === 1;
  const ports = [
    ...sv.CLOCKED,
    sv.input("load_i"),
    sv.input("offset_i", offsetBits),
    sv.input("threshold_i", membraneBits),
    sv.input("valid_i"),
    sv.input("rest_i"),
    sv.input("code_i", codeBits),
    sv.output("valid_o"),
    sv.output("spike_o"),
  ];
  const s = sv.signals(ports, [
    sv.logic(columns * offsetBits, "offsets_q"),
    sv.logic(columns * membraneBits, "thresholds_q", "membranes_q"),
    sv.logic(1, "take_last", "full_q", "rest_q"),
    sv.logic(currentBits, "offset", "addend_a", "addend_b", "addend_c", "sum_d", "carry_d", "sum_q", "carry_q"),
    sv.logic(blockBits, "block_q"),
    sv.logic(1, "resolved_q", "resolved_rest_q"),
    sv.logic(currentBits, "current_d", "current_q"),
    sv.signedLogic(membraneBits, "membrane", "leaked", "potential", "threshold", "membrane_d"),
    sv.logic(1, "fires"),
  ]);
  const [current, leaked, membrane] = [s.current_q, s.leaked, s.membrane];
  const membraneRegisters = columnRegister(s.membranes_q, membraneBits, columns);
  const thresholds = columnRegister(s.thresholds_q, membraneBits, columns);
  const offsets = columnRegister(s.offsets_q, offsetBits, columns);
  const [takeLast, offset] = [s.take_last, s.offset];
  const code = sv.shifted(extend(s.code_i, codeBits, currentBits - fractionBits), fractionBits);
  const first = sv.binary(s.block_q, "==", sv.sized(blockBits, 0));
  return {
    name: LIF_UNIT,
    header: headerOf(parameters),
    ports,
    items: [
      sv.comment("Registers of the columns. Place 0 is the current column; all move down by one place per column."),
      sv.declare(s.offsets_q),
      sv.declare(s.thresholds_q, s.membranes_q),
      sv.gap,
      sv.comment("Accumulate: a column starts from its offset and takes its row blocks one after another."),
      sv.declare(s.take_last, s.full_q, s.rest_q),
      sv.declare(s.offset, s.addend_a, s.addend_b, s.addend_c, s.sum_d, s.carry_d, s.sum_q, s.carry_q),
      ...(single
        ? [sv.wire(takeLast, s.valid_i)]
        : [
            sv.declare(s.block_q),
            sv.wire(takeLast, and(s.valid_i, sv.binary(s.block_q, "==", sv.sized(blockBits, rowBlocks - 1)))),
          ]),
      sv.wire(offset, extend(s.offsets_q, offsetBits, currentBits, offsets.head)),
      sv.wire(s.addend_a, single ? offset : sv.choose(first, offset, s.sum_q)),
      sv.wire(s.addend_b, single ? sv.zeros : sv.choose(first, sv.zeros, s.carry_q)),
      sv.wire(s.addend_c, code),
      sv.instance(CARRY_SAVE_ADDER, "u_carry_save_adder", {
        a_i: s.addend_a,
        b_i: s.addend_b,
        c_i: s.addend_c,
        sum_o: s.sum_d,
        carry_o: s.carry_d,
      }),
      sv.gap,
      sv.comment("Resolve: the only addition of a column with carry propagation."),
      sv.declare(s.resolved_q, s.resolved_rest_q),
      sv.declare(s.current_d, s.current_q),
      sv.wire(s.current_d, sv.binary(s.sum_q, "+", s.carry_q)),
      sv.gap,
      sv.comment(`Fire: leak by a shift of ${leakShift}, which rounds towards minus infinity, and compare.`),
      sv.declare(s.membrane, s.leaked, s.potential, s.threshold, s.membrane_d),
      sv.declare(s.fires),
      sv.wire(membrane, sv.choose(s.resolved_rest_q, sv.zeros, membraneRegisters.head)),
      sv.wire(leaked, leakShift === 0 ? membrane : sv.binary(membrane, ">>>", sv.sized(bitsFor(leakShift), leakShift))),
      sv.wire(s.potential, sv.binary(leaked, "+", extend(s.current_q, currentBits, membraneBits))),
      sv.wire(s.threshold, thresholds.head),
      sv.wire(s.fires, sv.binary(s.potential, ">=", s.threshold)),
      sv.wire(s.membrane_d, sv.choose(s.fires, sv.zeros, s.potential)),
      sv.gap,
      sv.registers(
        [
          ...(single ? [] : [sv.set(s.block_q, sv.zeros)]),
          ...sv.cleared(s.offsets_q, s.thresholds_q, s.membranes_q, s.sum_q, s.carry_q, s.current_q),
          ...[s.full_q, s.rest_q, s.resolved_q, s.resolved_rest_q, s.valid_o, s.spike_o].map((q) =>
            sv.set(q, sv.sized(1, 0)),
          ),
        ],
        [
          sv.when(s.valid_i, [
            ...(single
              ? []
              : [sv.set(s.block_q, sv.choose(takeLast, sv.zeros, sv.binary(s.block_q, "+", sv.sized(blockBits, 1))))]),
            sv.set(s.sum_q, s.sum_d),
            sv.set(s.carry_q, s.carry_d),
          ]),
          sv.set(s.full_q, takeLast),
          sv.when(takeLast, [sv.set(s.rest_q, s.rest_i)]),
          sv.set(s.resolved_q, s.full_q),
          sv.when(s.full_q, [sv.set(current, s.current_d), sv.set(s.resolved_rest_q, s.rest_q)]),
          sv.set(s.valid_o, s.resolved_q),
          sv.set(s.spike_o, and(s.resolved_q, s.fires)),
          sv.when(s.resolved_q, [membraneRegisters.shift(s.membrane_d)]),
          sv.when(
            s.load_i,
            [offsets.shift(s.offset_i), thresholds.shift(s.threshold_i)],
            [
              sv.when(takeLast, [offsets.shift(offsets.head)]),
              sv.when(s.resolved_q, [thresholds.shift(thresholds.head)]),
            ],
          ),
        ],
      ),
      sv.gap,
      sv.simulation(...assertions(parameters, s)),
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
function columnRegister(register: sv.Signal, width: number, columns: number) {
  const rest = columns === 1 ? [] : [sv.slice(register, columns * width - 1, width)];
  return {
    head: columns === 1 ? register : sv.slice(register, width - 1, 0),
    /** Shifts all places down by one, with `value` in at the top. */
    shift: (value: sv.Expression) => sv.set(register, rest.length === 0 ? value : sv.concat(value, ...rest)),
  };
}

/** Sign-extends the low `from` bits of a signal to `width`. */
function extend(signal: sv.Signal, from: number, width: number, bits: sv.Expression = signal): sv.Expression {
  return from === width ? bits : sv.concat(sv.repeat(width - from, sv.bit(signal, from - 1)), bits);
}

/** An independent check of the datapath: codes are added in 32 bits, a membrane with one bit more, and a shift register counts clocks. */
function assertions(
  { rowBlocks, currentBits, membraneBits }: LifParameters,
  s: sv.Signals<
    | "offset"
    | "block_q"
    | "valid_i"
    | "full_q"
    | "resolved_q"
    | "leaked"
    | "current_q"
    | "addend_c"
    | "take_last"
    | "current_d"
    | "valid_o"
    | "load_i"
  >,
): sv.Item[] {
  const own = sv.signals(
    [],
    [sv.logic(32, "total_q"), sv.logic(LIF_LATENCY, "age_q"), sv.logic(membraneBits + 1, "potential_wide")],
  );
  const [total, wide, age] = [own.total_q, own.potential_wide, own.age_q];
  const long = (signal: sv.Signal) => extend(signal, currentBits, 32);
  const check = (condition: sv.Expression, ...message: sv.Expression[]) =>
    ({ kind: "assert", condition, message }) as const;
  const start = long(s.offset);
  const from = rowBlocks === 1 ? start : sv.choose(sv.binary(s.block_q, "==", sv.zeros), start, total);
  const idle = [s.valid_i, s.full_q, s.resolved_q].map(sv.isFalse);
  const between = rowBlocks === 1 ? [] : [sv.binary(s.block_q, "==", sv.zeros)];
  const top = (n: number) => sv.bit(wide, n);
  return [
    sv.declare(own.total_q),
    sv.declare(own.age_q),
    sv.declare(own.potential_wide),
    sv.wire(
      wide,
      sv.binary(
        extend(s.leaked, membraneBits, membraneBits + 1),
        "+",
        extend(s.current_q, currentBits, membraneBits + 1),
      ),
    ),
    sv.registers(
      [sv.set(total, sv.zeros), sv.set(age, sv.zeros)],
      [
        sv.when(s.valid_i, [sv.set(total, sv.binary(from, "+", long(s.addend_c)))]),
        sv.set(age, sv.concat(sv.slice(age, LIF_LATENCY - 2, 0), s.take_last)),
        sv.when(s.full_q, [
          check(sv.binary(long(s.current_d), "==", total), sv.text("current is %h, expected %h"), s.current_d, total),
        ]),
        sv.when(s.resolved_q, [
          check(sv.binary(top(membraneBits), "==", top(membraneBits - 1)), sv.text("membrane %h overflows"), wide),
        ]),
        check(
          sv.binary(s.valid_o, "==", sv.bit(age, LIF_LATENCY - 1)),
          sv.text("valid_o is %b, expected %b"),
          s.valid_o,
          sv.bit(age, LIF_LATENCY - 1),
        ),
        sv.when(s.load_i, [
          check(
            [...idle, ...between].reduce((all, condition) => sv.binary(all, "&&", condition)),
            sv.text("load_i while a column is in progress"),
          ),
        ]),
      ],
    ),
  ];
}
