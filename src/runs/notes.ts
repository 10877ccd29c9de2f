/** Notes that reports of several runs share. */
import type { PartedData } from "../data/labelled.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import type { TaskSpec } from "../experiment/task.ts";
import { registerNote } from "../report/registers.ts";
import { REGISTERS, type RegisterCounts, sumRegisters } from "../simulation/registers.ts";
import { kitOf } from "../task/catalogue.ts";
import type { Executor } from "../threads/executor.ts";

/** Note for a test set with fewer prompts than the experiment asks for. */
export const tooFew = (field: string, asked: number, { name, test }: PartedData, task: TaskSpec): string =>
  `${field} is ${asked}, but ${name} has ${test.count} test ${kitOf(task).metric.trial}s: all of them are used.`;

/** Notes on devices from a module, on work on one thread, and on a GPU. */
export function machineNotes({ crossbar: { device } }: HardwareSpec, { threads, device: on }: Executor): string[] {
  const notes: string[] = [];
  if (device.kind === "module") {
    const checksum = device.sha256 ? `, SHA-256 ${device.sha256}` : "";
    notes.push(`Devices are those of the module ${device.path}${checksum}.`);
  }
  if (threads === 1) notes.push("Computed on one thread. Results do not depend on it; the time does.");
  if (on)
    notes.push(`Chips were simulated by the backend webgpu on ${on.gpu.name}, with the numbers of the backend wasm.`);
  return notes;
}

/** Additional fraction bits with which no network lost accuracy: 7 in all for codes of 5 bits (experiments/number-formats). */
const FRACTION_BEYOND_CODE = 2;

/** Note for codes finer than the registers after them: the value of a code step then has few bits. */
export function formatNotes({ adc: { bits }, arithmetic }: HardwareSpec): string[] {
  if (arithmetic === null || bits === null) return [];
  const needed = bits + FRACTION_BEYOND_CODE;
  if (arithmetic.fractionBits >= needed) return [];
  return [
    `Codes of ${bits} bits need ${needed} fraction bits after the converters, but hardware.arithmetic has ${arithmetic.fractionBits}. The value of a ` +
      "code step is rounded coarsely, which may cause errors that are not the converters'. Set more fraction bits, or compare in floating point (null).",
  ];
}

/** Note on integers that saturated their register, over all chips, if any did. Figures of a report give all counts. */
export function registerNotes(chips: readonly { readonly registers: RegisterCounts | null }[]): string[] {
  const counts = sumRegisters(chips.map(({ registers }) => registers));
  return counts === null || REGISTERS.every((register) => counts[register].stopped === 0) ? [] : [registerNote(counts)];
}
