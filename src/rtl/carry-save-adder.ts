/** Generator of the carry-save adder that sums row blocks (`carrySave` in `hardware/clocked-lif.ts`). */
import * as sv from "./syntax.ts";

/** Name of the module. */
export const CARRY_SAVE_ADDER = "carry_save_adder";

/** @param width bits of all vectors, 2 or more */
export function carrySaveAdder(width: number): sv.Module {
  const low = (signal: sv.Signal) => sv.slice(signal, width - 2, 0);
  const both = (left: sv.Signal, right: sv.Signal) => sv.binary(low(left), "&", low(right));
  const ports = [
    sv.input("a_i", width),
    sv.input("b_i", width),
    sv.input("c_i", width),
    sv.output("sum_o", width),
    sv.output("carry_o", width),
  ];
  const s = sv.signals(ports);

  const majority = sv.binary(sv.binary(both(s.a_i, s.b_i), "|", both(s.a_i, s.c_i)), "|", both(s.b_i, s.c_i));
  return {
    name: CARRY_SAVE_ADDER,
    header: [
      `Adds three vectors of ${width} bits without letting carries run: a_i + b_i + c_i = sum_o + carry_o, modulo 2^${width}.`,
      "One full adder per bit: its sum stays, its carry moves up by one place. The carry out of the top bit is dropped, which is correct " +
        "in two's complement as long as the total sum fits.",
      "Latency: combinational, one full adder deep for any width.",
    ],
    ports,
    items: [
      sv.wire(s.sum_o, sv.binary(sv.binary(s.a_i, "^", s.b_i), "^", s.c_i)),
      sv.wire(s.carry_o, sv.concat(majority, sv.sized(1, 0))),
    ],
  };
}
