/** How many numbers a machine in whole numbers put into registers that can overflow, and how many of them stopped at an end. */
import { type FittedRegister, requireFit } from "../hardware/integer-arithmetic.ts";
import type { ArithmeticSpec } from "../spec/arithmetic.ts";

/** Numbers that registers of one kind took. */
export interface RegisterCount {
  readonly numbers: number;
  /** Those that stopped at an end. */
  readonly stopped: number;
}

/** By what registers hold. */
export type RegisterCounts = Readonly<Record<FittedRegister, RegisterCount>>;

export const REGISTERS: readonly FittedRegister[] = ["stream", "membrane", "logit"];

/** Told how many of an operation's numbers stopped at an end of their register. */
export type OnStopped = (register: FittedRegister, operation: string, stopped: number, count: number) => void;

/** Counts of a run under way. */
export interface RegisterTally {
  /** Throws ValueError where a number stopped and the spec refuses it. State: the counts. */
  readonly onStopped: OnStopped;
  /** By operation, where any number stopped. */
  readonly saturated: Readonly<Record<string, number>>;
  /** Null in floating point. */
  readonly registers: RegisterCounts | null;
}

/** @param arithmetic null: floating point, in which nothing stops and nothing is counted */
export function registerTally(arithmetic: ArithmeticSpec | null): RegisterTally {
  if (arithmetic === null) return { onStopped: () => {}, saturated: {}, registers: null };
  const saturated: Record<string, number> = {};
  const registers = noNumbers();
  const onStopped: OnStopped = (register, operation, stopped, count) => {
    requireFit(register, operation, stopped, count, arithmetic);
    registers[register].numbers += count;
    registers[register].stopped += stopped;
    if (stopped > 0) saturated[operation] = (saturated[operation] ?? 0) + stopped;
  };
  return { onStopped, saturated, registers };
}

/** Sum of several runs' counts; null in floating point, that is, where there are none. */
export function sumRegisters(parts: readonly (RegisterCounts | null)[]): RegisterCounts | null {
  const counts = parts.filter((part) => part !== null);
  if (counts.length === 0) return null;
  const sum = noNumbers();
  for (const part of counts) {
    for (const register of REGISTERS) {
      sum[register].numbers += part[register].numbers;
      sum[register].stopped += part[register].stopped;
    }
  }
  return sum;
}

const noNumbers = (): Record<FittedRegister, { numbers: number; stopped: number }> => ({
  stream: { numbers: 0, stopped: 0 },
  membrane: { numbers: 0, stopped: 0 },
  logit: { numbers: 0, stopped: 0 },
});
