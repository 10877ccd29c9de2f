/** Notes that several runs leave in their reports. */
import type { LabelledData } from "../data/labelled.ts";
import { registerNote } from "../report/registers.ts";
import { REGISTERS, type RegisterCounts, sumRegisters } from "../simulation/registers.ts";
import type { HardwareSpec } from "../spec/hardware.ts";
import type { TaskSpec } from "../spec/task.ts";
import { kitOf } from "../task/catalogue.ts";
import type { Executor } from "../threads/executor.ts";

/** Where the test part has less than an experiment asks for. */
export const tooFew = (field: string, asked: number, { name, test }: LabelledData, task: TaskSpec): string =>
  `${field} is ${asked}, but ${name} has ${test.count} test ${kitOf(task).metric.trial}s: all of them are used.`;

/** Whose devices the chips have, where they are of no kind that is known here; and that one thread did all the work. */
export function machineNotes({ crossbar: { device } }: HardwareSpec, { threads }: Executor): string[] {
  const notes: string[] = [];
  if (device.kind === "module") {
    const checksum = device.sha256 ? `, SHA-256 ${device.sha256}` : "";
    notes.push(`Devices are those of the module ${device.path}${checksum}.`);
  }
  if (threads === 1) notes.push("Computed on one thread. Results do not depend on it; the time does.");
  return notes;
}

/** Fraction bits beyond those of a code with which no network lost anything: 7 for codes of 5 bits (experiments/number-formats). */
const FRACTION_BEYOND_CODE = 2;

/** Where a code step is worth so little that its factor has few bits: finer codes than the registers behind them are made for. */
export function formatNotes({ adc: { bits }, arithmetic }: HardwareSpec): string[] {
  if (arithmetic === null || bits === null) return [];
  const needed = bits + FRACTION_BEYOND_CODE;
  if (arithmetic.fractionBits >= needed) return [];
  return [
    `Codes of ${bits} bits need ${needed} fraction bits after the converters, but hardware.arithmetic has ${arithmetic.fractionBits}. The value of a ` +
      "code step is rounded coarsely, which may cause errors that are not the converters'. Set more fraction bits, or compare in floating point (null).",
  ];
}

/** How many whole numbers stopped at an end of their register, over all chips, where any did. Figures of a report say it of all. */
export function registerNotes(chips: readonly { readonly registers: RegisterCounts | null }[]): string[] {
  const counts = sumRegisters(chips.map(({ registers }) => registers));
  return counts === null || REGISTERS.every((register) => counts[register].stopped === 0) ? [] : [registerNote(counts)];
}
