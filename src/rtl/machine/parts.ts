/** Small building blocks shared by several modules of the machine: counters, two's complement numbers, and saturation. */
import { bitsFor } from "../../hardware/ssa-parameters.ts";
import * as sv from "../syntax.ts";
import { task } from "../testbench-parts.ts";

/** Bits of an index of `count` things, at least one. */
export const indexBits = (count: number): number => bitsFor(Math.max(1, count - 1));

/** Counts from 0 to `count` - 1 and wraps. */
export const countUp = (register: sv.Signal, count: number): sv.Statement =>
  sv.set(
    register,
    count === 1 ? sv.zeros : sv.choose(isAt(register, count - 1), valueIn(register, 0), stepped(register)),
  );

/** Counts waiting items: up when one arrives, down when one leaves. */
export const countWaiting = (register: sv.Signal, comes: sv.Expression, goes: sv.Expression): sv.Statement[] => [
  sv.when(both(comes, sv.isFalse(goes)), [sv.set(register, stepped(register))]),
  sv.when(both(goes, sv.isFalse(comes)), [sv.set(register, stepped(register, "-"))]),
];

/** A register plus or minus 1. */
export const stepped = (register: sv.Signal, operator: "+" | "-" = "+"): sv.Expression =>
  sv.binary(register, operator, valueIn(register, 1));

const valueIn = ({ width }: sv.Signal, value: number): sv.Expression => sv.sized(width!, value);

/** Whether a register is `value`. */
export const isAt = (register: sv.Signal, value: number): sv.Expression =>
  sv.binary(register, "==", valueIn(register, value));

/** Constants of at most this many bits are smaller as lookup tables than as a block memory. */
export const SMALL_MEMORY = 4096;

/**
 * A memory that is read at the clock edge, for FPGA tools. They are told to use block memories, except for small constants: by itself,
 * Yosys 0.52 makes constants lookup tables wherever those are cheaper, on series 7 by a price of 1 per 64 bits.
 */
export const blockMemory = <Name extends string>(
  width: number,
  name: Name,
  entries: number,
  isConstant: boolean,
): sv.Declaration<Name> => {
  const memory = sv.memory(width, name, entries);
  return isConstant && width * entries <= SMALL_MEMORY ? memory : sv.inBlocks(memory);
};

/** Contents of a memory that synthesis reads, too: of the file that a parameter names, if it names one. */
export const filled = (parameter: string, memory: sv.Signal): sv.Item =>
  sv.initial(
    sv.when(sv.binary(sv.name(parameter), "!=", sv.text("")), [task("$readmemh", sv.name(parameter), memory)]),
  );

/** The register of a multiplexer step. Of one register, `select` is not read, and need not exist. */
export const atStep = (select: sv.Signal, registers: readonly sv.Signal[]): sv.Expression =>
  registers
    .slice(0, -1)
    .reduceRight<sv.Expression>((rest, register, m) => sv.choose(isAt(select, m), register, rest), registers.at(-1)!);

/** The conjunction of all conditions. */
export const both = (...conditions: sv.Expression[]): sv.Expression =>
  conditions.reduce((sum, condition) => sv.binary(sum, "&", condition));

/** The memory word of a token at a multiplexer step; null select: there is one step. */
export function wordOfToken(
  token: sv.Signal,
  tokens: number,
  select: sv.Signal | null,
  multiplexerSteps: number,
): sv.Expression {
  const width = indexBits(tokens * multiplexerSteps);
  const first = sv.cast(width, token);
  if (select === null) return first;
  return sv.binary(sv.binary(first, "*", sv.sized(width, multiplexerSteps)), "+", sv.cast(width, select));
}

/** Number `lane` of a word of numbers of `width` bits; null: there is one number. */
export const numberOf = (word: sv.Expression, lane: string | null, width: number): sv.Expression =>
  lane === null ? word : width === 1 ? sv.bit(word, sv.name(lane)) : sv.part(word, sv.times(width, lane), width);

/** Sign-extends a number in two's complement from `from` to `to` bits. */
export const signExtended = (value: sv.Expression, from: number, to: number): sv.Expression =>
  from === to ? value : sv.concat(sv.repeat(to - from, sv.bit(value, from - 1)), value);

/** Saturates a number in two's complement of `from` bits to a narrower register of `to` bits. */
export function saturated(value: sv.Expression, from: number, to: number): sv.Expression {
  const ends = sv.slice(value, from - 1, to - 1);
  const fits = sv.binary(sv.allOnes(ends), "|", sv.not(sv.anyOne(ends)));
  const sign = sv.bit(value, from - 1);
  return sv.choose(fits, sv.slice(value, to - 1, 0), sv.concat(sign, sv.repeat(to - 1, sv.not(sign))));
}

export interface AdderWidths {
  readonly a: number;
  readonly b: number;
  /** Width of the register that takes the sum; at most the wider of a and b. */
  readonly sum: number;
}

/** The function `saturated_sum(a, b)`: the sum of two's complement numbers, saturated to its register. */
export function saturatedSum({ a, b, sum }: AdderWidths): sv.Item {
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
      sv.put(sv.name("wide"), sv.binary(signExtended(sv.name("a"), a, wide), "+", signExtended(sv.name("b"), b, wide))),
      sv.put(sv.name("saturated_sum"), saturated(sv.name("wide"), wide, sum)),
    ],
  };
}
