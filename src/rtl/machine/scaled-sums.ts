/**
 * The scalers of a layer's readout units and their adders over row blocks: two register stages after the codes
 * (`simulation/reference/linear.ts`).
 */
import type { ArithmeticSpec } from "../../experiment/arithmetic.ts";
import {
  binary,
  call,
  clocked,
  type Expression,
  forEach,
  type Item,
  input,
  logic,
  type Module,
  name,
  output,
  part,
  plus,
  put,
  set,
  times,
  widen,
  wire,
} from "../syntax.ts";
import { numberOf, signExtended } from "./parts.ts";

/** Bits of a sum: `hardware/integer-arithmetic.ts` refuses networks with sums that need more. */
export const SUM_BITS = 16;

export interface ScaledSumSize {
  readonly lanes: number;
  readonly rowBlocks: number;
}

export const scaledSumsName = ({ lanes, rowBlocks }: ScaledSumSize): string => `scaled_sums_${rowBlocks}_x${lanes}`;

export function scaledSums(size: ScaledSumSize, codeBits: number, { factorBits, offsetBits }: ArithmeticSpec): Module {
  const { lanes, rowBlocks } = size;
  const blocks = Array.from({ length: rowBlocks }, (_, b) => b);
  const factor = (b: number) =>
    part(name("factors_i"), plus(times(factorBits, "l"), b * lanes * factorBits), factorBits);
  const sum = blocks.reduce<Expression>(
    (all, b) => binary(all, "+", numberOf(`products_${b}_q`, "l", SUM_BITS)),
    call("extended", numberOf("offsets_i", "l", offsetBits)),
  );
  return {
    name: scaledSumsName(size),
    header: [
      `Sums of ${lanes} readout units: a column's offset plus factor times code of ${rowBlocks === 1 ? "its row block" : `each of ${rowBlocks} row blocks`}. Codes, offset and sum are in ` +
        "two's complement, factors are unsigned; all except codes are in units of the last bit of the machine's numbers.",
      "Latency: 2 clocks from codes and factors to the sum. Offsets are taken one clock after them.",
      `The ${SUM_BITS} bits of a sum must suffice for any codes: the loader of factors and offsets is responsible for that.`,
    ],
    ports: [
      input("clk_i"),
      ...blocks.map((b) => input(`codes_${b}_i`, lanes * codeBits)),
      input("factors_i", lanes * rowBlocks * factorBits),
      input("offsets_i", lanes * offsetBits),
      output("sums_o", lanes * SUM_BITS),
    ],
    items: [
      product(codeBits, factorBits),
      extended(offsetBits),
      ...blocks.map((b) => logic(lanes * SUM_BITS, `products_${b}_q`)),
      logic(lanes * SUM_BITS, "sums_q"),
      clocked(
        forEach(
          "l",
          lanes,
          ...blocks.map((b) =>
            set(
              numberOf(`products_${b}_q`, "l", SUM_BITS),
              call("product", numberOf(`codes_${b}_i`, "l", codeBits), factor(b)),
            ),
          ),
          set(numberOf("sums_q", "l", SUM_BITS), sum),
        ),
      ),
      wire(name("sums_o"), name("sums_q")),
    ],
  };
}

/** A sum is correct modulo 2^SUM_BITS, so products need no more bits. */
const product = (codeBits: number, factorBits: number): Item => ({
  kind: "function",
  name: "product",
  width: SUM_BITS,
  arguments: [
    { name: "code", width: codeBits },
    { name: "factor", width: factorBits },
  ],
  variables: [],
  body: [
    put(
      name("product"),
      binary(signExtended("code", codeBits, SUM_BITS), "*", widen(name("factor"), factorBits, SUM_BITS)),
    ),
  ],
});

const extended = (offsetBits: number): Item => ({
  kind: "function",
  name: "extended",
  width: SUM_BITS,
  arguments: [{ name: "offset", width: offsetBits }],
  variables: [],
  body: [put(name("extended"), signExtended("offset", offsetBits, SUM_BITS))],
});
