/**
 * A machine in step-major order in Icarus: every spike train, output of the head, answer and clock, and faults of what only this order has.
 */
import { afterAll, beforeAll, expect } from "vitest";
import { testWith } from "../../../test/support/hardware-tools.ts";
import { type MachineInIcarus, machineInIcarus } from "../../../test/support/machine-in-icarus.ts";
import { NIGHTLY } from "../../../test/support/nightly.ts";
import { STALL } from "./testbench.ts";

const testInIcarus = await testWith("iverilog");

let machine: MachineInIcarus;
beforeAll(() => {
  // Three blocks with back-to-back runs; several prompts, each with its own seeds.
  machine = machineInIcarus(
    {
      steps: 5,
      model: { width: 8, heads: 2, depth: 3, position: "learned" },
      hardware: { order: "step-major", ssa: { tileTokens: 3 } },
    },
    3,
  );
});
afterAll(() => machine.remove());

testInIcarus(
  "the RTL gives the simulator's spikes, outputs and answers at the clocks of the schedule, and without clocks where both ends wait",
  async () => {
    const source = "attention_unit.sv";
    const { clocks } = machine.design.plan.schedule.alone;
    for (const plusargs of [[], [`+${STALL}=3`]]) {
      const text = await machine.printed(source, machine.files[source], { plusargs });
      expect(text).toMatch(/^PASS 3 prompts/m);
      expect(text).toContain(`${clocks} clocks each`);
      expect(text).not.toMatch(/ERROR|expected/);
    }
  },
);

/** Source, original text, replacement. */
const FAULTS: readonly (readonly [string, RegExp, string])[] = [
  ["ssa_engine.sv", /ready_o = !busy_o \| [^;]*/, "ready_o = !busy_o"],
  ["ssa_engine.sv", /step_q <= step_i;/, "step_q <= step_i + 7'd1;"],
  ["attention_unit.sv", /start \? next_block : block_q/, "block_q"],
  ["attention_unit.sv", /start \? next_block : block_q/, "next_block"],
  ["attention_unit.sv", /read_q <= \(read_q[^;]*/, "read_q <= read_q"],
  ["accumulators.sv", /\.address_i \(address_i\)/, ".address_i ('0)"],
];

async function expectNoticed(source: string, from: RegExp, to: string) {
  const right = machine.files[source];
  expect(right).toMatch(from);
  expect(await machine.printed(source, right.replace(from, to))).not.toMatch(/^PASS/m);
}
const NOTICED = "a fault in %s is noticed: %s becomes %s";
testInIcarus.each(FAULTS.slice(0, 2))(NOTICED, expectNoticed);
testInIcarus.each(FAULTS.slice(2))(NOTICED, NIGHTLY, expectNoticed);
