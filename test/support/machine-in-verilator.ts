/** A small machine in Verilator, against what the simulator gives. */
import { expect } from "vitest";
import { verifyRtl } from "../../src/node/rtl-tools.ts";
import type { MachineDesign } from "../../src/rtl/machine/design.ts";
import { MACHINE } from "../../src/rtl/machine/top.ts";

/** Lints and simulates a bundle of a machine, with and without waits: all spikes, at the clocks of the schedule. */
export async function expectAsSimulated(
  folder: string,
  { plan }: MachineDesign,
  { spikes, prompts }: { readonly spikes: number; readonly prompts: number },
): Promise<void> {
  const checks = await verifyRtl(folder, { tools: ["verilator"], tops: [MACHINE] });
  expect(checks.map(({ check, result, detail }) => (result === "pass" ? check : detail))).toEqual([
    "lint, all warnings: xpike_machine",
    "lint, all warnings: xpike_machine_tb",
    "simulation: xpike_machine",
    "simulation: xpike_machine, with waits",
  ]);
  const [, , simulation] = checks;
  expect(simulation!.detail).toContain(`PASS ${prompts} prompts, ${spikes / prompts} spikes`);
  expect(simulation!.detail).toContain(`${plan.timetable.clocks} clocks each`);
}
