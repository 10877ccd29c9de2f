/** The adders of the residual stream after a layer's readout units, or those of positions (`hardware/integer-arithmetic.ts`). */
import * as sv from "../syntax.ts";
import { type AdderWidths, numberOf, saturatedSum } from "./parts.ts";

export interface StreamAdderSize extends AdderWidths {
  readonly lanes: number;
}

export const streamAddersName = ({ a, lanes }: StreamAdderSize): string => `stream_adders_${a}_x${lanes}`;

export function streamAdders(size: StreamAdderSize): sv.Module {
  const { a, b, sum, lanes } = size;
  const ports = [sv.input("values_i", lanes * a), sv.input("sums_i", lanes * b), sv.output("values_o", lanes * sum)];
  const s = sv.signals(ports);

  return {
    name: streamAddersName(size),
    header: [
      `${lanes} adders, one per readout unit: the sum of numbers of ${a} and ${b} bits saturates in a register of ${sum} bits. All are in two's ` +
        "complement.",
      "Combinational.",
    ],
    ports,
    items: [
      saturatedSum(size),
      sv.combinational(
        sv.forEach(
          "l",
          lanes,
          sv.put(
            numberOf(s.values_o, "l", sum),
            sv.call("saturated_sum", numberOf(s.values_i, "l", a), numberOf(s.sums_i, "l", b)),
          ),
        ),
      ),
    ],
  };
}
