/**
 * The scalers of a layer's readout units and their adders over row blocks: two register stages after the codes
 * (`simulation/reference/linear.ts`).
 */
import type { ArithmeticSpec } from "../../experiment/arithmetic.ts";
import * as sv from "../syntax.ts";
import { numberOf, signExtended } from "./parts.ts";

/** Bits of a sum: `hardware/integer-arithmetic.ts` refuses networks with sums that need more. */
export const SUM_BITS = 16;

export interface ScaledSumSize {
  readonly lanes: number;
  readonly rowBlocks: number;
}

export const scaledSumsName = ({ lanes, rowBlocks }: ScaledSumSize): string => `scaled_sums_${rowBlocks}_x${lanes}`;

export function scaledSums(
  size: ScaledSumSize,
  codeBits: number,
  { factorBits, offsetBits }: ArithmeticSpec,
): sv.Module {
  const { lanes, rowBlocks } = size;
  const blocks = Array.from({ length: rowBlocks }, (_, b) => b);
  const codes = blocks.map((b) => sv.input(`codes_${b}_i`, lanes * codeBits));
  const products = blocks.map((b) => sv.signal(`products_${b}_q`, lanes * SUM_BITS));
  const ports = [
    sv.CLOCK,
    ...codes,
    sv.input("factors_i", lanes * rowBlocks * factorBits),
    sv.input("offsets_i", lanes * offsetBits),
    sv.output("sums_o", lanes * SUM_BITS),
  ];
  const s = sv.signals(ports, [sv.logic(lanes * SUM_BITS, "sums_q")]);
  const factor = (b: number) =>
    sv.part(s.factors_i, sv.plus(sv.times(factorBits, "l"), b * lanes * factorBits), factorBits);
  const sum = blocks.reduce<sv.Expression>(
    (all, b) => sv.binary(all, "+", numberOf(products[b], "l", SUM_BITS)),
    sv.call("extended", numberOf(s.offsets_i, "l", offsetBits)),
  );
  return {
    name: scaledSumsName(size),
    header: [
      `Sums of ${lanes} readout units: a column's offset plus factor times code of ${rowBlocks === 1 ? "its row block" : `each of ${rowBlocks} row blocks`}. Codes, offset and sum are in ` +
        "two's complement, factors are unsigned; all except codes are in units of the last bit of the machine's numbers.",
      "Latency: 2 clocks from codes and factors to the sum. Offsets are taken one clock after them.",
      `The ${SUM_BITS} bits of a sum must suffice for any codes: the loader of factors and offsets is responsible for that.`,
    ],
    ports,
    items: [
      product(codeBits, factorBits),
      extended(offsetBits),
      ...blocks.map((b) => sv.declare(products[b])),
      sv.declare(s.sums_q),
      sv.clocked(
        sv.forEach(
          "l",
          lanes,
          ...blocks.map((b) =>
            sv.set(
              numberOf(products[b], "l", SUM_BITS),
              sv.call("product", numberOf(codes[b], "l", codeBits), factor(b)),
            ),
          ),
          sv.set(numberOf(s.sums_q, "l", SUM_BITS), sum),
        ),
      ),
      sv.wire(s.sums_o, s.sums_q),
    ],
  };
}

/** A sum is correct modulo 2^SUM_BITS, so products need no more bits. */
const product = (codeBits: number, factorBits: number): sv.Item => ({
  kind: "function",
  name: "product",
  width: SUM_BITS,
  arguments: [
    { name: "code", width: codeBits },
    { name: "factor", width: factorBits },
  ],
  variables: [],
  body: [
    sv.put(
      sv.name("product"),
      sv.binary(
        signExtended(sv.name("code"), codeBits, SUM_BITS),
        "*",
        sv.widen(sv.name("factor"), factorBits, SUM_BITS),
      ),
    ),
  ],
});

const extended = (offsetBits: number): sv.Item => ({
  kind: "function",
  name: "extended",
  width: SUM_BITS,
  arguments: [{ name: "offset", width: offsetBits }],
  variables: [],
  body: [sv.put(sv.name("extended"), signExtended(sv.name("offset"), offsetBits, SUM_BITS))],
});
