/** Corners of what follows the converters: factors and offsets, the residual stream, neurons. */
import type { ArithmeticSpec } from "../../experiment/arithmetic.ts";
import type { IntegerLifConstants } from "../../hardware/integer-arithmetic.ts";
import type { Stream } from "../../numeric/stream.ts";
import { type NeuronSize, neuronsName } from "../machine/neurons.ts";
import { indexBits } from "../machine/parts.ts";
import { type ScaledSumSize, SUM_BITS, scaledSumsName } from "../machine/scaled-sums.ts";
import { type StreamAdderSize, streamAddersName } from "../machine/stream-adders.ts";
import { cornered, endOf, linesFor, pick, registerOf, stopped, wrapped } from "./numbers.ts";
import { bitsOf, flag, type Line, type Play, packed } from "./player.ts";

const times = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

/** Offset plus factor times code of each row block, two clocks after the codes. */
export function scaledSumLines(
  { lanes, rowBlocks }: ScaledSumSize,
  codeBits: number,
  { factorBits, offsetBits }: ArithmeticSpec,
  random: Stream,
): Play {
  const code = registerOf(codeBits);
  const largest = 2 ** factorBits - 1;
  const factors = [0, 1, 2 ** (factorBits - 1) - 1, 2 ** (factorBits - 1), largest];
  // Products of the line before, and sums that the register holds.
  let products = times(lanes, () => 0);
  let sums = times(lanes, () => 0);
  const lines = times(linesFor(lanes), (n): Line => {
    const codes = times(rowBlocks, () => times(lanes, () => cornered(code, random)));
    const scale = times(rowBlocks, () =>
      times(lanes, () => (random.integer(2) === 0 ? pick(factors, random) : random.integer(largest + 1))),
    );
    const offsets = times(lanes, () => cornered(registerOf(offsetBits), random));
    const some = (is: (code: number, factor: number) => boolean) =>
      codes.some((block, b) => block.some((one, l) => is(one, scale[b][l])));
    const line = {
      values: {
        ...Object.fromEntries(codes.map((block, b) => [`codes_${b}_i`, packed(block, codeBits)])),
        factors_i: packed(scale.flat(), factorBits),
        offsets_i: packed(offsets, offsetBits),
        compared: flag(n >= 2),
        sums_o: packed(sums, SUM_BITS),
      },
      reached: [
        ...(some((one, factor) => factor === largest && one > 0) ? ["largest_factor"] : []),
        ...(some((one, factor) => factor === largest && one < 0) ? ["largest_factor_negative_code"] : []),
        ...(some((one, factor) => one === code.low && factor > 0) ? ["lowest_code"] : []),
        ...(some((one, factor) => one === code.high && factor > 0) ? ["highest_code"] : []),
      ],
    };
    sums = products.map((product, l) => wrapped(product + offsets[l], SUM_BITS));
    products = times(lanes, (l) => codes.reduce((sum, block, b) => sum + block[l] * scale[b][l], 0));
    return line;
  });
  return {
    block: scaledSumsName({ lanes, rowBlocks }),
    driven: [
      ...times(rowBlocks, (b) => ({ name: `codes_${b}_i`, width: lanes * codeBits })),
      { name: "factors_i", width: lanes * rowBlocks * factorBits },
      { name: "offsets_i", width: lanes * offsetBits },
    ],
    compared: [{ name: "sums_o", width: lanes * SUM_BITS, when: "compared" }],
    gates: ["compared"],
    lines,
    points: { largest_factor: null, largest_factor_negative_code: null, lowest_code: null, highest_code: null },
  };
}

/** The residual stream, or a position, plus a sum; stops at the register's ends. */
export function streamAdderLines(size: StreamAdderSize, random: Stream): Play {
  const { a, b, sum, lanes } = size;
  const register = registerOf(sum);
  const lines = times(linesFor(lanes), (): Line => {
    const reached = new Set<string>();
    const values = times(lanes, () => cornered(registerOf(a), random));
    const sums = values.map((value) => {
      // Sums around the register's ends as well as numbers of their own.
      const aims = [register.high, register.low].flatMap((end) => [end - 1, end, end + 1].map((aim) => aim - value));
      return cornered(registerOf(b), random, aims);
    });
    const after = values.map((value, l) => {
      const exact = value + sums[l];
      reached.add(
        endOf(exact, register) ?? (exact === register.high ? "at_highest" : exact === register.low ? "at_lowest" : ""),
      );
      return stopped(exact, register);
    });
    return {
      values: { values_i: packed(values, a), sums_i: packed(sums, b), values_o: packed(after, sum) },
      reached: [...reached],
    };
  });
  return {
    block: streamAddersName(size),
    driven: [
      { name: "values_i", width: lanes * a },
      { name: "sums_i", width: lanes * b },
    ],
    compared: [{ name: "values_o", width: lanes * sum, when: null }],
    lines,
    points: { stops_high: null, stops_low: null, at_highest: null, at_lowest: null },
  };
}

/** V = sat(floor(V / 2^k) + current), from 0 at a first step; fires at V >= threshold, then 0 or V - threshold. */
export function neuronLines(
  size: NeuronSize,
  { leakShift, threshold, reset }: IntegerLifConstants,
  random: Stream,
): Play {
  const { lanes, multiplexerSteps, currentBits, membraneBits, tokens } = size;
  const [register, current] = [registerOf(membraneBits), registerOf(currentBits)];
  const places = tokens * multiplexerSteps;
  const isStored = tokens > 1;
  // Null: unknown, so that the next step is a first one.
  const membranes: (number[] | null)[] = times(places, () => null);
  const lines = times(4 * linesFor(lanes), (): Line => {
    const reached = new Set<string>();
    const place = random.integer(Math.min(places, 8));
    const before = membranes[place];
    const isValid = random.integer(8) > 0;
    const isFirst = isValid ? before === null || random.integer(8) === 0 : random.integer(2) === 0;
    const isLast = isStored && random.integer(6) === 0;
    const rest = times(lanes, (l) => (isFirst || before === null ? 0 : Math.floor(before[l] / 2 ** leakShift)));
    const aims = [threshold, threshold - 1, register.high, register.high + 1, register.low, register.low - 1];
    // Half of all currents aim at the threshold and just below, where a membrane that is off by one shows.
    const currents = rest.map((from) =>
      random.integer(2) === 0
        ? stopped((random.integer(2) === 0 ? threshold : threshold - 1) - from, current)
        : cornered(
            current,
            random,
            aims.map((aim) => aim - from),
          ),
    );
    const exact = rest.map((from, l) => from + currents[l]);
    const potentials = exact.map((value) => stopped(value, register));
    if (isValid) {
      for (const [l, value] of exact.entries()) {
        const end = endOf(value, register);
        if (end !== null) reached.add(end);
        if (value === threshold) reached.add("at_threshold");
        if (value === threshold - 1) reached.add("below_threshold");
        if (rest[l] < 0 && before![l] % 2 !== 0) reached.add("leak_rounds_down");
      }
      if (before !== null && isFirst && before.some((value) => value !== 0)) reached.add("first_step_forgets");
    }
    const fired = potentials.map((value) => value >= threshold);
    const after = potentials.map((value, l) => (fired[l] ? (reset === "hard" ? 0 : value - threshold) : value));
    if (isValid) membranes[place] = isLast ? null : after;
    return {
      values: {
        valid_i: flag(isValid),
        first_i: flag(isFirst),
        last_i: flag(isLast),
        address_i: bitsOf(place, indexBits(places)),
        select_i: bitsOf(place, indexBits(places)),
        threshold_i: bitsOf(threshold, membraneBits - 1),
        currents_i: packed(currents, currentBits),
        spikes_o: fired.map(flag).reverse().join(""),
      },
      reached: [...reached],
    };
  });
  const never = (reason: string, is: boolean) => (is ? reason : null);
  return {
    block: neuronsName(size),
    driven: [
      { name: "valid_i", width: 1 },
      { name: "first_i", width: 1 },
      ...(isStored
        ? [
            { name: "last_i", width: 1 },
            { name: "address_i", width: indexBits(places) },
          ]
        : multiplexerSteps > 1
          ? [{ name: "select_i", width: indexBits(places) }]
          : []),
      ...(size.hasThresholdPin ? [{ name: "threshold_i", width: membraneBits - 1 }] : []),
      { name: "currents_i", width: lanes * currentBits },
    ],
    compared: [{ name: "spikes_o", width: lanes, when: "valid_i" }],
    lines,
    points: {
      stops_high: null,
      stops_low: null,
      at_threshold: null,
      below_threshold: null,
      leak_rounds_down: never("there is no leak", leakShift === 0),
      first_step_forgets: null,
    },
  };
}
