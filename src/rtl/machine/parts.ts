/** Small building blocks shared by several modules of the machine: counters, two's complement numbers, and saturation. */
import { bitsFor } from "../../hardware/ssa-parameters.ts";
import {
  allOnes,
  binary,
  bit,
  choose,
  concat,
  type Expression,
  type Item,
  isFalse,
  name,
  not,
  part,
  put,
  repeat,
  type Statement,
  set,
  sized,
  slice,
  times,
  when,
  zeros,
} from "../syntax.ts";

/** Bits of an index of `count` things, at least one. */
export const indexBits = (count: number): number => bitsFor(Math.max(1, count - 1));

/** Counts from 0 to `count` - 1 and wraps. */
export const countUp = (register: string, count: number): Statement =>
  set(
    name(register),
    count === 1 ? zeros : choose(isAt(register, count - 1, count), zeroOf(count), increment(register, count)),
  );

/** Counts waiting items, in a register of `bits`: up when one arrives, down when one leaves. */
export const countWaiting = (register: string, bits: number, comes: Expression, goes: Expression): Statement[] => {
  const change = (operator: "+" | "-") => set(name(register), binary(name(register), operator, sized(bits, 1)));
  return [when(both(comes, isFalse(goes)), [change("+")]), when(both(goes, isFalse(comes)), [change("-")])];
};

const zeroOf = (count: number) => sized(indexBits(count), 0);
const increment = (register: string, count: number) => binary(name(register), "+", sized(indexBits(count), 1));

/** Whether an index of `count` things is `value`. */
export const isAt = (register: string, value: number, count: number): Expression =>
  binary(name(register), "==", sized(indexBits(count), value));

/** The conjunction of all conditions. */
export const both = (...conditions: Expression[]): Expression =>
  conditions.reduce((sum, condition) => binary(sum, "&", condition));

/** The memory word of a token at a multiplexer step; null select: there is one step. */
export function wordOfToken(tokens: number, select: string | null, multiplexerSteps: number): Expression {
  const width = indexBits(tokens * multiplexerSteps);
  const token = { kind: "cast", width, operand: name("token_q") } as const;
  if (select === null) return token;
  return binary(binary(token, "*", sized(width, multiplexerSteps)), "+", {
    kind: "cast",
    width,
    operand: name(select),
  });
}

/** Number `lane` of a word of numbers of `width` bits; null: there is one number. */
export const numberOf = (word: string, lane: string | null, width: number): Expression =>
  lane === null ? name(word) : width === 1 ? bit(name(word), name(lane)) : part(name(word), times(width, lane), width);

/** Sign-extends a two's complement signal from `from` to `to` bits. */
export const signExtended = (signal: string, from: number, to: number): Expression =>
  from === to ? name(signal) : concat(repeat(to - from, bit(name(signal), from - 1)), name(signal));

/** Saturates a two's complement signal of `from` bits to a narrower register of `to` bits. */
export function saturated(signal: string, from: number, to: number): Expression {
  const ends = slice(name(signal), from - 1, to - 1);
  const fits = binary(allOnes(ends), "|", not({ kind: "unary", operator: "|", operand: ends }));
  const sign = bit(name(signal), from - 1);
  return choose(fits, slice(name(signal), to - 1, 0), concat(sign, repeat(to - 1, not(sign))));
}

export interface AdderWidths {
  readonly a: number;
  readonly b: number;
  /** Width of the register that takes the sum; at most the wider of a and b. */
  readonly sum: number;
}

/** The function `saturated_sum(a, b)`: the sum of two's complement numbers, saturated to its register. */
export function saturatedSum({ a, b, sum }: AdderWidths): Item {
  const wide = Math.max(a, b) + 1;
  return {
    kind: "function",
    name: "saturated_sum",
    width: sum,
    arguments: [
      { name: "a", width: a },
      { name: "b", width: b },
    ],
    variables: [{ name: "wide", width: wide }],
    body: [
      put(name("wide"), binary(signExtended("a", a, wide), "+", signExtended("b", b, wide))),
      put(name("saturated_sum"), saturated("wide", wide, sum)),
    ],
  };
}
