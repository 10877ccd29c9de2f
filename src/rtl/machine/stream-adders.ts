/** The adders of the residual stream after a layer's readout units, or those of positions (`hardware/integer-arithmetic.ts`). */
import { call, combinational, forEach, input, type Module, output, put } from "../syntax.ts";
import { type AdderWidths, numberOf, saturatedSum } from "./parts.ts";

export interface StreamAdderSize extends AdderWidths {
  readonly lanes: number;
}

export const streamAddersName = ({ a, lanes }: StreamAdderSize): string => `stream_adders_${a}_x${lanes}`;

export function streamAdders(size: StreamAdderSize): Module {
  const { a, b, sum, lanes } = size;
  return {
    name: streamAddersName(size),
    header: [
      `${lanes} adders, one per readout unit: the sum of numbers of ${a} and ${b} bits saturates in a register of ${sum} bits. All are in two's ` +
        "complement.",
      "Combinational.",
    ],
    ports: [input("values_i", lanes * a), input("sums_i", lanes * b), output("values_o", lanes * sum)],
    items: [
      saturatedSum(size),
      combinational(
        forEach(
          "l",
          lanes,
          put(
            numberOf("values_o", "l", sum),
            call("saturated_sum", numberOf("values_i", "l", a), numberOf("sums_i", "l", b)),
          ),
        ),
      ),
    ],
  };
}
