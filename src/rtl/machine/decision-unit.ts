/**
 * The end of the machine: from the totals of an answer to its decision, as in `task/answers.ts`. Totals are whole numbers that
 * a mean would divide by the same number, so the largest total is the largest mean.
 */
import type { ReadOut } from "../../experiment/model.ts";
import {
  binary,
  bit,
  CLOCKED,
  choose,
  clocked,
  concat,
  type Expression,
  gap,
  type Item,
  input,
  logic,
  loop,
  type Module,
  name,
  not,
  output,
  part,
  plus,
  registers,
  set,
  sized,
  slice,
  times,
  widen,
  wire,
  zeros,
} from "../syntax.ts";
import { totalBits } from "./accumulators.ts";
import { addedOutputs } from "./layer-sizes.ts";
import { indexBits } from "./parts.ts";
import type { MachinePlan } from "./plan.ts";

export const DECISION_UNIT = "decision_unit";

export interface DecisionSize {
  /** Of the head: classes, or bits. */
  readonly outputs: number;
  /** Of a total. */
  readonly bits: number;
  readonly readOut: ReadOut;
}

export const decisionSize = (plan: MachinePlan): DecisionSize => ({
  outputs: plan.layers[plan.layers.length - 1].outputs,
  bits: totalBits(plan.arithmetic, addedOutputs(plan)),
  readOut: plan.readOut,
});

/** Bits of a decision: the number of a class, or bit for bit. */
export const decisionBits = ({ outputs, readOut }: DecisionSize): number =>
  readOut === "bits" ? outputs : indexBits(outputs);

export function decisionUnit(size: DecisionSize): Module {
  const { outputs, bits, readOut } = size;
  const width = decisionBits(size);
  const isBitwise = readOut === "bits";
  return {
    name: DECISION_UNIT,
    header: [
      isBitwise
        ? `Decides ${outputs} bits: a bit is 1 where its total is above 0. Output 0 of the head is the highest bit.`
        : `Decides for the class with the largest of ${outputs} totals, by pairs; the first class wins a tie.`,
      `Totals have ${bits} bits each, in two's complement, class 0 in the low bits.`,
      "Latency: one register; valid_o is 1 in the clock after valid_i, together with the totals and their decision.",
    ],
    ports: [
      ...CLOCKED,
      input("valid_i"),
      input("totals_i", outputs * bits),
      output("valid_o"),
      output("totals_o", outputs * bits),
      output("decision_o", width),
    ],
    items: [
      logic(width, "decision_d"),
      ...(isBitwise ? signs(outputs, bits) : tournament(outputs, bits)),
      gap,
      registers([set(name("valid_o"), sized(1, 0))], [set(name("valid_o"), name("valid_i"))]),
      clocked(set(name("totals_o"), name("totals_i")), set(name("decision_o"), name("decision_d"))),
    ],
  };
}

function signs(outputs: number, bits: number): Item[] {
  const isPositive = Array.from({ length: outputs }, (_, i) => {
    const sign = bit(name("totals_i"), (i + 1) * bits - 1);
    return binary(not(sign), "&", binary(slice(name("totals_i"), (i + 1) * bits - 2, i * bits), "!=", zeros));
  });
  return [wire(name("decision_d"), outputs === 1 ? isPositive[0] : concat(...isPositive))];
}

/** A tournament of pairs, level by level; the later one wins only if it is larger, and padding in the last level never is. */
function tournament(outputs: number, bits: number): Item[] {
  const levels = indexBits(outputs);
  const leaves = 2 ** levels;
  const total = part(name("totals_i"), times(bits, "n"), bits);
  const items: Item[] = [
    logic(outputs * bits, "biased"),
    // With the sign bit inverted, two's complement sorts as unsigned numbers do.
    loop("n", outputs, "gen_biased", [
      wire(part(name("biased"), times(bits, "n"), bits), binary(total, "^", sized(bits, 1n << BigInt(bits - 1)))),
    ]),
    logic(leaves * bits, "value_0"),
    wire(name("value_0"), widen(name("biased"), outputs * bits, leaves * bits)),
  ];
  for (let level = 1; level <= levels; level++) {
    const count = leaves >> level;
    const isLater = name("is_later");
    const value = (second: boolean) =>
      part(name(`value_${level - 1}`), plus(times(2 * bits, "n"), second ? bits : 0), bits);
    const index = (second: boolean): Expression =>
      concat(
        sized(1, second ? 1 : 0),
        part(name(`index_${level - 1}`), plus(times(2 * (level - 1), "n"), second ? level - 1 : 0), level - 1),
      );
    items.push(
      ...(level < levels ? [logic(count * bits, `value_${level}`)] : []),
      logic(count * level, `index_${level}`),
      loop("n", count, `gen_level_${level}`, [
        logic(1, "is_later"),
        wire(isLater, binary(value(true), ">", value(false))),
        ...(level < levels
          ? [wire(part(name(`value_${level}`), times(bits, "n"), bits), choose(isLater, value(true), value(false)))]
          : []),
        wire(
          count * level === 1 ? name("index_1") : part(name(`index_${level}`), times(level, "n"), level),
          level === 1 ? isLater : choose(isLater, index(true), index(false)),
        ),
      ]),
    );
  }
  items.push(wire(name("decision_d"), name(`index_${levels}`)));
  return items;
}
