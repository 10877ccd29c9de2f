// @module-tag program
/** Machines with attention of other kinds in Icarus: every spike train, output of the head, answer and clock. */
import { afterEach, expect } from "vitest";
import { testWith } from "../../../test/support/hardware-tools.ts";
import { type MachineInIcarus, machineInIcarus } from "../../../test/support/machine-in-icarus.ts";
import type { MachineSetting } from "../../../test/support/tiny-machine.ts";
import { STALL } from "./testbench.ts";

const testInIcarus = await testWith("iverilog");

let machine: MachineInIcarus | null = null;
afterEach(() => machine?.remove());

const SMALL = { width: 8, heads: 2, depth: 2 };
const settings: readonly (readonly [string, MachineSetting])[] = [
  ["sdsa-1", { model: { ...SMALL, attention: { kind: "sdsa-1", scale: 0.5 } } }],
  [
    "qk-channel",
    {
      model: { ...SMALL, attention: { kind: "qk-channel", scale: 0.25 }, neuron: { reset: "soft", threshold: 0.375 } },
    },
  ],
  ["binary-map", { model: { ...SMALL, attention: { kind: "binary-map", cut: 1, scale: 0.5 } } }],
  [
    "lif",
    {
      model: { ...SMALL, attention: { kind: "lif", scoreGain: 4, valueGain: 4 } },
      hardware: { ssa: { tileTokens: 3 } },
    },
  ],
];

testInIcarus.each(settings)(
  "a machine with %s attention gives the simulator's spikes, outputs and answers at the clocks of the schedule",
  async (_, setting) => {
    machine = machineInIcarus(setting, 2);
    const source = "attention_unit.sv";
    for (const plusargs of [[], [`+${STALL}=3`]]) {
      const text = await machine.printed(source, machine.files[source], { plusargs });
      expect(text).toMatch(/^PASS 2 prompts/m);
      expect(text).toContain(`${machine.design.plan.schedule.alone.clocks} clocks each`);
      expect(text).not.toMatch(/ERROR|expected/);
    }
  },
);
