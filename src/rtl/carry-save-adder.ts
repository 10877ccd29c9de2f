/** Generator of the carry-save adder that sums row blocks (`carrySave` in `hardware/clocked-lif.ts`). */
import { binary, concat, input, type Module, name, output, sized, slice, wire } from "./syntax.ts";

/** Name of the module. */
export const CARRY_SAVE_ADDER = "carry_save_adder";

/** @param width bits of all vectors, 2 or more */
export function carrySaveAdder(width: number): Module {
  const low = (signal: string) => slice(name(signal), width - 2, 0);
  const both = (left: string, right: string) => binary(low(left), "&", low(right));
  const majority = binary(binary(both("a_i", "b_i"), "|", both("a_i", "c_i")), "|", both("b_i", "c_i"));
  return {
    name: CARRY_SAVE_ADDER,
    header: [
      `Adds three vectors of ${width} bits without letting carries run: a_i + b_i + c_i = sum_o + carry_o, modulo 2^${width}.`,
      "One full adder per bit: its sum stays, its carry moves up by one place. The carry out of the top bit is dropped, which is correct " +
        "in two's complement as long as the total sum fits.",
      "Latency: combinational, one full adder deep for any width.",
    ],
    ports: [
      input("a_i", width),
      input("b_i", width),
      input("c_i", width),
      output("sum_o", width),
      output("carry_o", width),
    ],
    items: [
      wire(name("sum_o"), binary(binary(name("a_i"), "^", name("b_i")), "^", name("c_i"))),
      wire(name("carry_o"), concat(majority, sized(1, 0))),
    ],
  };
}
