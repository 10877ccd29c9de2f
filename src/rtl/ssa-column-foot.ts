/** Generator of a column's foot: the adder over the cells of one query, and the encoder of its output bit. */
import { bitsFor, type SsaParameters } from "../hardware/ssa-parameters.ts";
import { encoderItems } from "./encoder.ts";
import * as sv from "./syntax.ts";

export function ssaColumnFoot({ tokens, dimension, valueGain, valueNormaliser, plan }: SsaParameters): sv.Module {
  const isPartial = plan.passes.length > 1;
  const ports = [
    sv.CLOCK,
    ...(isPartial ? [sv.input("first_i"), sv.input("last_i")] : []),
    sv.input("products_i", plan.tileTokens),
    sv.input("random_i", 8),
    sv.output("spike_o"),
  ];
  const { products_i: products } = sv.signals(ports);
  const { items, sum } = adderTree(products);
  const sumBits = sum.width!;
  const totalBits = isPartial ? Math.max(sumBits, bitsFor(tokens)) : sumBits;
  const kept = dimension * totalBits;
  const s = sv.signals(ports, [sv.logic(kept, "partials_q"), sv.logic(totalBits, "carried", "total")]);
  const encoder = encoderItems({
    normaliser: valueNormaliser,
    gain: valueGain,
    count: isPartial ? s.total : sum,
    random: s.random_i,
  });
  return {
    name: "ssa_column_foot",
    header: [
      "Foot of a column: adds the products of one query over all keys, and emits one bit of A per clock.",
      ...(isPartial
        ? [
            `Keys arrive block by block: while last_i is 0 the sums are partial; those of all ${dimension} features circulate and are added to the next window's, unless first_i is 1.`,
          ]
        : []),
      `Latency: one register, spike_o${isPartial ? ", which changes while last_i is 1" : ""}.`,
    ],
    ports,
    items: [
      ...items,
      sv.gap,
      ...(isPartial
        ? [
            sv.declare(s.partials_q),
            sv.declare(s.carried, s.total),
            sv.wire(
              s.carried,
              sv.choose(s.first_i, sv.sized(totalBits, 0), sv.slice(s.partials_q, kept - 1, kept - totalBits)),
            ),
            sv.wire(s.total, sv.binary(sv.widen(sum, sumBits, totalBits), "+", s.carried)),
            sv.clocked(sv.set(s.partials_q, sv.concat(sv.slice(s.partials_q, kept - totalBits - 1, 0), s.total))),
            sv.gap,
          ]
        : []),
      ...encoder.items,
      sv.gap,
      sv.clocked(isPartial ? sv.when(s.last_i, [sv.set(s.spike_o, encoder.fires)]) : sv.set(s.spike_o, encoder.fires)),
    ],
  };
}

/** Adds single bits in pairs, level by level; sums at level k have k + 1 bits. */
export function adderTree(bits: sv.Signal): { items: sv.Item[]; sum: sv.Signal } {
  const levels = Math.ceil(Math.log2(bits.width!));
  const leaves = 2 ** levels;
  let sum: sv.Signal = sv.signal("level_0", leaves);
  const items: sv.Item[] = [sv.declare(sum), sv.wire(sum, sv.widen(bits, bits.width!, leaves))];
  for (let level = 1; level <= levels; level++) {
    const [before, width, sums] = [level, level + 1, leaves >> level];
    const operands = sum;
    const operand = (first: number) =>
      sv.widen(sv.part(operands, sv.plus(sv.times(2 * before, "n"), first), before), before, width);
    sum = sv.signal(`level_${level}`, sums * width);
    items.push(
      sv.declare(sum),
      sv.loop("n", sums, `gen_level_${level}`, [
        sv.wire(sv.part(sum, sv.times(width, "n"), width), sv.binary(operand(0), "+", operand(before))),
      ]),
    );
  }
  return { items, sum };
}
