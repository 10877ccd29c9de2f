/** Generator of a column's foot: the adder over the cells of one query, and the encoder of its output bit. */
import type { SsaParameters } from "../hardware/ssa-parameters.ts";
import { encoderItems } from "./encoder.ts";
import {
  binary,
  CLOCKED,
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
  registers,
  set,
  sized,
  times,
  widen,
  wire,
} from "./syntax.ts";

export function ssaColumnFoot({ tokens, valueGain, valueNormaliser }: SsaParameters): Module {
  const { items, sum, sumBits } = adderTree("products_i", tokens);
  return {
    name: "ssa_column_foot",
    header: [
      "Foot of a column: adds the products of one query over all keys, and emits one bit of A per clock.",
      "Latency: one register, spike_o.",
    ],
    ports: [...CLOCKED, input("products_i", tokens), input("random_i", 8), output("spike_o")],
    items: [
      ...items,
      gap,
      ...encoderItems({
        normaliser: valueNormaliser,
        gain: valueGain,
        count: sum,
        countBits: sumBits,
        random: "random_i",
      }),
      gap,
      registers([set(name("spike_o"), sized(1, 0))], [set(name("spike_o"), name("fires"))]),
    ],
  };
}

/** Adds single bits in pairs, level by level; level k has sums of k + 1 bits. */
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
