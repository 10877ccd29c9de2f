/**
 * The end of the machine: from the totals of an answer to its decision, as in `task/answers.ts`. Totals are whole numbers that
 * a mean would divide by the same number, so the largest total is the largest mean.
 */
import type { ReadOut } from "../../experiment/model.ts";
import * as sv from "../syntax.ts";
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

export function decisionUnit(size: DecisionSize): sv.Module {
  const { outputs, bits, readOut } = size;
  const width = decisionBits(size);
  const isBitwise = readOut === "bits";
  const ports = [
    ...sv.CLOCKED,
    sv.input("valid_i"),
    sv.input("totals_i", outputs * bits),
    sv.output("valid_o"),
    sv.output("totals_o", outputs * bits),
    sv.output("decision_o", width),
  ];
  const declared = [sv.logic(width, "decision_d")];
  const s = sv.signals(ports, declared);

  return {
    name: DECISION_UNIT,
    header: [
      isBitwise
        ? `Decides ${outputs} bits: a bit is 1 where its total is above 0. Output 0 of the head is the highest bit.`
        : `Decides for the class with the largest of ${outputs} totals, by pairs; the first class wins a tie.`,
      `Totals have ${bits} bits each, in two's complement, class 0 in the low bits.`,
      "Latency: one register; valid_o is 1 in the clock after valid_i, together with the totals and their decision.",
    ],
    ports,
    items: [
      ...declared,
      ...(isBitwise ? signs(outputs, bits, s) : tournament(outputs, bits, s)),
      sv.gap,
      sv.registers([sv.set(s.valid_o, sv.sized(1, 0))], [sv.set(s.valid_o, s.valid_i)]),
      sv.clocked(sv.set(s.totals_o, s.totals_i), sv.set(s.decision_o, s.decision_d)),
    ],
  };
}

function signs(outputs: number, bits: number, s: sv.Signals<"totals_i" | "decision_d">): sv.Item[] {
  const isPositive = Array.from({ length: outputs }, (_, i) => {
    const sign = sv.bit(s.totals_i, (i + 1) * bits - 1);
    return sv.binary(sv.not(sign), "&", sv.binary(sv.slice(s.totals_i, (i + 1) * bits - 2, i * bits), "!=", sv.zeros));
  });
  return [sv.wire(s.decision_d, outputs === 1 ? isPositive[0] : sv.concat(...isPositive))];
}

/** A tournament of pairs, level by level; the later one wins only if it is larger, and padding in the last level never is. */
function tournament(outputs: number, bits: number, s: sv.Signals<"totals_i" | "decision_d">): sv.Item[] {
  const levels = indexBits(outputs);
  const leaves = 2 ** levels;
  const biased = sv.signal("biased", outputs * bits);
  const isLater = sv.signal("is_later");
  // Of the level before.
  let values = sv.signal("value_0", leaves * bits) as sv.Signal;
  let indices = sv.signal("index_0", 0) as sv.Signal;
  const items: sv.Item[] = [
    sv.declare(biased),
    // With the sign bit inverted, two's complement sorts as unsigned numbers do.
    sv.loop("n", outputs, "gen_biased", [
      sv.wire(
        sv.part(biased, sv.times(bits, "n"), bits),
        sv.binary(sv.part(s.totals_i, sv.times(bits, "n"), bits), "^", sv.sized(bits, 1n << BigInt(bits - 1))),
      ),
    ]),
    sv.declare(values),
    sv.wire(values, sv.widen(biased, outputs * bits, leaves * bits)),
  ];
  for (let level = 1; level <= levels; level++) {
    const count = leaves >> level;
    const [valuesBefore, indicesBefore] = [values, indices];
    const value = (second: boolean) => sv.part(valuesBefore, sv.plus(sv.times(2 * bits, "n"), second ? bits : 0), bits);
    const index = (second: boolean): sv.Expression =>
      sv.concat(
        sv.sized(1, second ? 1 : 0),
        sv.part(indicesBefore, sv.plus(sv.times(2 * (level - 1), "n"), second ? level - 1 : 0), level - 1),
      );
    values = sv.signal(`value_${level}`, count * bits);
    indices = sv.signal(`index_${level}`, count * level);
    const winner = sv.choose(isLater, value(true), value(false));
    items.push(
      ...(level < levels ? [sv.declare(values)] : []),
      sv.declare(indices),
      sv.loop("n", count, `gen_level_${level}`, [
        sv.declare(isLater),
        sv.wire(isLater, sv.binary(value(true), ">", value(false))),
        ...(level < levels ? [sv.wire(sv.part(values, sv.times(bits, "n"), bits), winner)] : []),
        sv.wire(
          count * level === 1 ? indices : sv.part(indices, sv.times(level, "n"), level),
          level === 1 ? isLater : sv.choose(isLater, index(true), index(false)),
        ),
      ]),
    );
  }
  items.push(sv.wire(s.decision_d, indices));
  return items;
}
