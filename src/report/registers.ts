/** Integers that saturated their register: figures, and the note in a report. */
import type { FittedRegister } from "../hardware/integer-arithmetic.ts";
import { REGISTERS, type RegisterCounts } from "../simulation/registers.ts";
import type { FigureDraft } from "./build-report.ts";
import { formatText } from "./format.ts";

const PLACES: Readonly<Record<FittedRegister, string>> = {
  stream: "the residual stream",
  membrane: "membranes",
  logit: "outputs of the head",
};

const counted = (value: number): string => formatText({ value, unit: "sums" });

/**
 * A figure for each register; none in floating point.
 *
 * @param place suffix of `saturated.stream` in the id; `label` is the suffix of the label
 */
export function registerFigures(place: string, label: string, counts: RegisterCounts | null): FigureDraft[] {
  if (counts === null) return [];
  return REGISTERS.map((register) => {
    const { numbers, stopped } = counts[register];
    const of = `of ${counted(numbers)} in ${PLACES[register]}`;
    return {
      id: `saturated.${register}${place}`,
      label: `Saturated sums, ${of}${label}`,
      value: stopped,
      unit: "sums",
    };
  });
}

/** How many saturated, and the remedy. */
export function registerNote(counts: RegisterCounts): string {
  const stopped = REGISTERS.filter((register) => counts[register].stopped > 0);
  const each = REGISTERS.map((register) => {
    const { stopped, numbers } = counts[register];
    return `${formatText({ value: stopped, unit: "1" })} of ${counted(numbers)} in ${PLACES[register]}`;
  });
  const fields = stopped.map((register) => `hardware.arithmetic.${register}Bits`).join(", ");
  return (
    `Integers that saturated their register: ${each.join(", ")}. ` +
    `Set more bits (${fields}), or fewer fraction bits.`
  );
}
