/**
 * Corners of attention: a cell's counter and its comparison, and the sum of a column. Both fire where floor(random I / 256) is less than
 * gain times count, with I = d in a cell and N in a column, or the next power of two (`docs/hardware.md`).
 */
import type { SsaParameters } from "../../hardware/ssa-parameters.ts";
import type { Stream } from "../../numeric/stream.ts";
import { pick } from "./numbers.ts";
import { type Bits, bitsOf, flag, type Line, type Play } from "./player.ts";

const times = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));
const BYTE = 8;

/** A comparison of `gain` times a count with a random byte that stands for 0 .. `normaliser` - 1. */
function encoderOf(gain: number, normaliser: number, counts: readonly number[]) {
  const drawOf = (byte: number) => Math.floor((byte * normaliser) / 2 ** BYTE);
  const bytesOf = (draw: number) => times(2 ** BYTE, (byte) => byte).filter((byte) => drawOf(byte) === draw);
  const countsAt = (off: number) => counts.filter((count) => bytesOf(gain * count - off).length > 0);
  const near = countsAt(1);
  return {
    /** Counts just above a random number; all where there are none. */
    near: near.length > 0 ? near : counts,
    fires: (byte: number, count: number) => drawOf(byte) < gain * count,
    /** A byte that stands for as much as the count, or for one less, or any. */
    aimed(count: number, random: Stream): number {
      const aims = [...bytesOf(gain * count), ...bytesOf(gain * count - 1)];
      return random.integer(4) > 0 && aims.length > 0 ? pick(aims, random) : random.integer(2 ** BYTE);
    },
    reached: (byte: number, count: number): string[] => [
      ...(drawOf(byte) === gain * count ? ["draw_at_count"] : []),
      ...(drawOf(byte) === gain * count - 1 ? ["draw_below_count"] : []),
    ],
    points: {
      draw_at_count: countsAt(0).length > 0 ? null : "no random number is as large as a count",
      draw_below_count: near.length > 0 ? null : `the gain of ${gain} makes every count larger than any random number`,
    },
  };
}

/** Counts q and k for at most d clocks; the score of a window gates the next one's values. */
export function cellLines(parameters: SsaParameters, random: Stream): Play {
  const { dimension, largestCount, scoreGain, scoreNormaliser, fifo } = parameters;
  const highest = Math.min(dimension, largestCount);
  const encoder = encoderOf(
    scoreGain,
    scoreNormaliser,
    times(highest + 1, (n) => n),
  );
  const saturates = largestCount < dimension;
  const values: Bits[] = [];
  let [count, age, score, mood, goal]: [number, number, boolean | null, number, number] = [0, 0, null, 0, 0];
  const lines = times(40 * dimension + 200, (n): Line => {
    const isRunning = n > 0 && random.integer(6 * dimension) > 0;
    const isReset = n > 0 && !isRunning && count > 0;
    if (!isRunning) [count, age] = [0, 0];
    // Windows in which all count, none do, some do, and as many as come near a random number.
    if (age === 0) [mood, goal] = [random.integer(4), pick(encoder.near, random)];
    const isLast = isRunning && (age === dimension - 1 || random.integer(4 * dimension) === 0);
    const [any, some] = [random.integer(2), random.integer(2)];
    const wanted = mood === 0 || (mood === 3 && count < goal);
    const [query, key] = mood === 2 ? [any, some] : wanted ? [1, 1] : [any, any * some === 1 ? 0 : some];
    const value = random.integer(2);
    const next = Math.min(largestCount, count + (query & key));
    const byte = encoder.aimed(next, random);
    const delayed = fifo === "cell" ? values[n - dimension] : flag(value === 1);
    const line: Line = {
      values: {
        rst_ni: flag(isRunning),
        last_i: flag(isLast),
        query_i: String(query),
        key_i: String(key),
        value_i: String(value),
        random_i: bitsOf(byte, BYTE),
        known: flag(score !== null && delayed !== undefined),
        product_o: flag(score === true && delayed === "1"),
      },
      reached: [
        ...(isReset ? ["reset"] : []),
        ...(isLast ? encoder.reached(byte, next) : []),
        ...(isLast && next === highest ? ["highest_count"] : []),
        ...(isLast && next === 0 ? ["count_of_0"] : []),
        ...(isRunning && count === largestCount && query === 1 && key === 1 ? ["saturates"] : []),
        ...(score !== null && !isLast ? ["score_held"] : []),
      ],
    };
    values.push(String(value));
    if (isRunning) {
      if (isLast) score = encoder.fires(byte, next);
      [count, age] = isLast ? [0, 0] : [next, age + 1];
    } else if (n > 0) score = null;
    return line;
  });
  return {
    block: "ssa_cell",
    driven: [
      ...["rst_ni", "last_i", "query_i", "key_i", "value_i"].map((name) => ({ name, width: 1 })),
      { name: "random_i", width: BYTE },
    ],
    compared: [{ name: "product_o", width: 1, when: "known" }],
    gates: ["known"],
    lines,
    points: {
      ...encoder.points,
      highest_count: null,
      count_of_0: null,
      saturates: saturates ? null : "the counter holds every count",
      score_held: dimension > 1 ? null : "a window has one clock",
      reset: dimension > 1 ? null : "a window has one clock",
    },
  };
}

/** The sum over all keys of a query, for a tile that holds all tokens; spike_o is a clock later. */
export function footLines({ plan, valueGain, valueNormaliser }: SsaParameters, random: Stream): Play {
  const { tileTokens } = plan;
  const encoder = encoderOf(
    valueGain,
    valueNormaliser,
    times(tileTokens + 1, (n) => n),
  );
  let fired: boolean | null = null;
  const lines = times(1500, (): Line => {
    const density = random.integer(4);
    const products = times(tileTokens, () =>
      density === 0 ? 0 : density === 1 ? 1 : random.integer(density === 2 ? 2 : 8) === 0 ? 1 : 0,
    );
    const sum = products.reduce<number>((all, one) => all + one, 0);
    const byte = encoder.aimed(sum, random);
    const line: Line = {
      values: {
        products_i: products.join(""),
        random_i: bitsOf(byte, BYTE),
        known: flag(fired !== null),
        spike_o: flag(fired === true),
      },
      reached: [
        ...encoder.reached(byte, sum),
        ...(sum === tileTokens ? ["all_products"] : []),
        ...(sum === 0 ? ["no_product"] : []),
      ],
    };
    fired = encoder.fires(byte, sum);
    return line;
  });
  return {
    block: "ssa_column_foot",
    driven: [
      { name: "products_i", width: tileTokens },
      { name: "random_i", width: BYTE },
    ],
    compared: [{ name: "spike_o", width: 1, when: "known" }],
    gates: ["known"],
    lines,
    points: { ...encoder.points, all_products: null, no_product: null },
  };
}
