/** Generator of a column's foot: the adder over the cells of one query, and the encoder of its output bit. */
import { bitsFor, type SsaParameters } from "../hardware/ssa-parameters.ts";
import { encoderItems } from "./encoder.ts";
import {
  binary,
  choose,
  clocked,
  concat,
  gap,
  type Item,
  input,
  logic,
  loop,
  type Module,
  name,
  output,
  part,
  plus,
  set,
  sized,
  slice,
  times,
  when,
  widen,
  wire,
} from "./syntax.ts";

export function ssaColumnFoot({ tokens, dimension, valueGain, valueNormaliser, plan }: SsaParameters): Module {
  const { items, sum, sumBits } = adderTree("products_i", plan.tileTokens);
  const isPartial = plan.passes.length > 1;
  const totalBits = isPartial ? Math.max(sumBits, bitsFor(tokens)) : sumBits;
  const kept = dimension * totalBits;
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
    ports: [
      input("clk_i"),
      ...(isPartial ? [input("first_i"), input("last_i")] : []),
      input("products_i", plan.tileTokens),
      input("random_i", 8),
      output("spike_o"),
    ],
    items: [
      ...items,
      gap,
      ...(isPartial
        ? [
            logic(kept, "partials_q"),
            logic(totalBits, "carried", "total"),
            wire(
              name("carried"),
              choose(name("first_i"), sized(totalBits, 0), slice(name("partials_q"), kept - 1, kept - totalBits)),
            ),
            wire(name("total"), binary(widen(name(sum), sumBits, totalBits), "+", name("carried"))),
            clocked(set(name("partials_q"), concat(slice(name("partials_q"), kept - totalBits - 1, 0), name("total")))),
            gap,
          ]
        : []),
      ...encoderItems({
        normaliser: valueNormaliser,
        gain: valueGain,
        count: isPartial ? "total" : sum,
        countBits: totalBits,
        random: "random_i",
      }),
      gap,
      clocked(
        isPartial ? when(name("last_i"), [set(name("spike_o"), name("fires"))]) : set(name("spike_o"), name("fires")),
      ),
    ],
  };
}

/** Adds single bits in pairs, level by level; sums at level k have k + 1 bits. */
function adderTree(bits: string, count: number): { items: Item[]; sum: string; sumBits: number } {
  const levels = Math.ceil(Math.log2(count));
  const leaves = 2 ** levels;
  const items: Item[] = [logic(leaves, "level_0"), wire(name("level_0"), widen(name(bits), count, leaves))];
  for (let level = 1; level <= levels; level++) {
    const [before, width, sums] = [level, level + 1, leaves >> level];
    const operand = (second: boolean) =>
      widen(part(name(`level_${level - 1}`), plus(times(2 * before, "n"), second ? before : 0), before), before, width);
    items.push(
      logic(sums * width, `level_${level}`),
      loop("n", sums, `gen_level_${level}`, [
        wire(part(name(`level_${level}`), times(width, "n"), width), binary(operand(false), "+", operand(true))),
      ]),
    );
  }
  return { items, sum: `level_${levels}`, sumBits: levels + 1 };
}
