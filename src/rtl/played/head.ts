/** Corners of the machine's end: totals of the head, and decisions. */
import type { ArithmeticSpec } from "../../experiment/arithmetic.ts";
import type { Stream } from "../../numeric/stream.ts";
import { ACCUMULATORS, type AccumulatorSize, totalBits } from "../machine/accumulators.ts";
import { DECISION_UNIT, type DecisionSize, decisionBits } from "../machine/decision-unit.ts";
import { indexBits } from "../machine/parts.ts";
import { SUM_BITS } from "../machine/scaled-sums.ts";
import { cornered, endOf, linesFor, pick, registerOf, stopped } from "./numbers.ts";
import { type Bits, bitsOf, flag, type Line, type Play, packed } from "./player.ts";

const times = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

/** Outputs of the head stop at the ends of their register; totals add as many as an answer has. */
export function accumulatorLines(size: AccumulatorSize, arithmetic: ArithmeticSpec, random: Stream): Play {
  const { lanes, multiplexerSteps, added, tokens } = size;
  const { logitBits } = arithmetic;
  const bits = totalBits(arithmetic, added);
  const [register, sum] = [registerOf(logitBits), registerOf(SUM_BITS)];
  const places = tokens * multiplexerSteps;
  const used = Math.min(places, 8);
  const totals: (number[] | null)[] = times(places, () => null);
  const counts = times(places, () => 0);
  // Every answer of a place keeps to one end, or to none.
  const mood = times(places, () => 0);
  const lines = times(Math.max(linesFor(lanes), 12 * added * used), (): Line => {
    const reached = new Set<string>();
    const place = random.integer(used);
    const isValid = random.integer(8) > 0;
    const isFull = totals[place] === null || counts[place] === added;
    const isFirst = isFull || (isValid && random.integer(8 * added) === 0);
    if (isValid && isFirst) mood[place] = random.integer(3);
    const sums = times(lanes, () =>
      mood[place] === 0
        ? cornered(sum, random, [register.low, register.high, register.low - 1, register.high + 1])
        : mood[place] === 1
          ? sum.high - random.integer(2)
          : sum.low + random.integer(2),
    );
    const outputs = sums.map((value) => stopped(value, register));
    const before = isFirst ? times(lanes, () => 0) : totals[place]!;
    const after = before.map((total, l) => total + outputs[l]);
    if (isValid) {
      counts[place] = isFirst ? 1 : counts[place] + 1;
      totals[place] = after;
      for (const value of sums) {
        const end = endOf(value, register);
        if (end !== null) reached.add(end);
      }
      if (after.some((total) => total === added * register.high)) reached.add("highest_total");
      if (after.some((total) => total === added * register.low)) reached.add("lowest_total");
    }
    return {
      values: {
        valid_i: flag(isValid),
        first_i: flag(isFirst),
        address_i: bitsOf(place, indexBits(places)),
        select_i: bitsOf(place, indexBits(places)),
        sums_i: packed(sums, SUM_BITS),
        logits_o: packed(outputs, logitBits),
        totals_o: packed(after, bits),
      },
      reached: [...reached],
    };
  });
  const never = logitBits >= SUM_BITS ? "an output has all bits of a sum" : null;
  return {
    block: ACCUMULATORS,
    driven: [
      { name: "valid_i", width: 1 },
      { name: "first_i", width: 1 },
      ...(tokens > 1
        ? [{ name: "address_i", width: indexBits(places) }]
        : multiplexerSteps > 1
          ? [{ name: "select_i", width: indexBits(places) }]
          : []),
      { name: "sums_i", width: lanes * SUM_BITS },
    ],
    compared: [
      { name: "logits_o", width: lanes * logitBits, when: "valid_i" },
      { name: "totals_o", width: lanes * bits, when: "valid_i" },
    ],
    lines,
    points: { stops_high: never, stops_low: never, highest_total: null, lowest_total: null },
  };
}

/** The class with the largest total, the first of equal ones; or for each bit whether its total is above 0. */
export function decisionLines(size: DecisionSize, random: Stream): Play {
  const { outputs, bits, readOut } = size;
  const register = registerOf(bits);
  const width = decisionBits(size);
  const tied = (totals: readonly number[]) => {
    const largest = Math.max(...totals);
    return totals.flatMap((total, output) => (total === largest ? [output] : []));
  };
  const decided = (totals: readonly number[]): Bits =>
    readOut === "bits" ? totals.map((total) => flag(total > 0)).join("") : bitsOf(tied(totals)[0], width);
  let before: { valid: boolean; totals: readonly number[] } | null = null;
  const lines = times(400, (): Line => {
    const isRunning = random.integer(40) > 0;
    const isValid = isRunning && random.integer(4) > 0;
    const level = cornered(register, random);
    const kind = random.integer(4);
    // All equal; two or more equal and largest; corners of all kinds.
    const totals =
      kind === 0
        ? times(outputs, () => level)
        : kind === 1
          ? times(outputs, () => Math.max(register.low, level - random.integer(3)))
          : kind === 2
            ? times(outputs, () => pick([-1, 0, 1], random))
            : times(outputs, () => cornered(register, random));
    const equal = tied(totals).length;
    const reached = !isValid
      ? isRunning
        ? []
        : ["reset"]
      : readOut === "bits"
        ? [
            ...new Set(
              totals.flatMap((total) => (Math.abs(total) <= 1 ? [["below_0", "at_0", "above_0"][total + 1]] : [])),
            ),
          ]
        : [...(equal > 1 ? ["tie"] : []), ...(equal > 1 && equal === outputs ? ["tie_of_all"] : [])];
    const ends = isValid ? [register.high, register.low].map((end) => totals.includes(end)) : [];
    if (ends[0]) reached.push("highest_total");
    if (ends[1]) reached.push("lowest_total");
    const line = {
      values: {
        rst_ni: flag(isRunning),
        valid_i: flag(isValid),
        totals_i: packed(totals, bits),
        known: flag(before !== null || !isRunning),
        taken: flag(before?.valid === true),
        valid_o: flag(isRunning && before?.valid === true),
        totals_o: packed(before?.totals ?? times(outputs, () => 0), bits),
        decision_o: decided(before?.totals ?? times(outputs, () => 0)),
      },
      reached,
    };
    before = { valid: isValid, totals };
    return line;
  });
  const alone = outputs === 1 ? "there is one output" : null;
  const ofBits = { below_0: null, at_0: null, above_0: null };
  return {
    block: DECISION_UNIT,
    driven: [
      { name: "rst_ni", width: 1 },
      { name: "valid_i", width: 1 },
      { name: "totals_i", width: outputs * bits },
    ],
    compared: [
      { name: "valid_o", width: 1, when: "known" },
      { name: "totals_o", width: outputs * bits, when: "taken" },
      { name: "decision_o", width, when: "taken" },
    ],
    gates: ["known", "taken"],
    lines,
    points: {
      ...(readOut === "bits" ? ofBits : { tie: alone, tie_of_all: alone }),
      highest_total: null,
      lowest_total: null,
      reset: null,
    },
  };
}
