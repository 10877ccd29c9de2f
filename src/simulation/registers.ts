/** Counts the numbers that a machine in whole numbers writes to registers that can overflow, and those that saturate. */
import type { ArithmeticSpec } from "../experiment/arithmetic.ts";
import { type FittedRegister, requireFit } from "../hardware/integer-arithmetic.ts";

/** Numbers written to registers of one kind. */
export interface RegisterCount {
  readonly numbers: number;
  /** Those that saturated. */
  readonly stopped: number;
}

/** By register content. */
export type RegisterCounts = Readonly<Record<FittedRegister, RegisterCount>>;

export const REGISTERS: readonly FittedRegister[] = ["stream", "membrane", "logit"];

/**
 * Counts of a run in progress.
 *
 * @param arithmetic null for floating point, in which nothing saturates and nothing is counted
 */
export function registerTally(arithmetic: ArithmeticSpec | null) {
  const saturated: Record<string, number> = {};
  const registers = arithmetic && noNumbers();
  function tally(register: FittedRegister, operation: string, stopped: number, count: number) {
    if (registers === null) return;
    registers[register].numbers += count;
    registers[register].stopped += stopped;
    if (stopped > 0) saturated[operation] = (saturated[operation] ?? 0) + stopped;
  }
  return {
    /** By operation, where any number saturated. */
    saturated,
    /** Null in floating point. */
    registers,
    /** Throws ValueError for a saturated number of an operation if the spec refuses it. State: the counts. */
    onStopped(register: FittedRegister, operation: string, stopped: number, count: number): void {
      if (arithmetic !== null) requireFit(register, operation, stopped, count, arithmetic);
      tally(register, operation, stopped, count);
    },
    /** Counts membranes kept as charge, which saturate by their circuit and have no format. State: the counts. */
    countMembranes: (operation: string, stopped: number, count: number) => tally("membrane", operation, stopped, count),
  };
}

/** Sum of several runs' counts; null in floating point, which has none. */
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
