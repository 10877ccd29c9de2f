// @module-tag program
/** Machines with attention of other kinds than stochastic: every spike train, output of the head, answer and clock. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect } from "vitest";
import { testWith } from "../../../test/support/hardware-tools.ts";
import { type MachineInIcarus, machineInIcarus } from "../../../test/support/machine-in-icarus.ts";
import { NIGHTLY } from "../../../test/support/nightly.ts";
import { type MachineSetting, madeInTests, tinyMachine } from "../../../test/support/tiny-machine.ts";
import { verifyRtl } from "../../node/rtl-tools.ts";
import { machineBundle } from "../kit/bundle.ts";
import { STALL } from "./testbench.ts";
import { MACHINE } from "./top.ts";

const testInIcarus = await testWith("iverilog");
const testInVerilator = await testWith("verilator");

let machine: MachineInIcarus | null = null;
afterEach(() => {
  machine?.remove();
  machine = null;
});

/** Neurons that fire often, so that attention is not silent. */
const small = (attention: object, neuron: object = {}) => ({
  ...{ width: 8, heads: 2, depth: 2, attention },
  neuron: { threshold: 0.1875, ...neuron },
});
const settings: readonly (readonly [string, MachineSetting])[] = [
  // Queries see earlier contexts, and the first sees none.
  ["sdsa-1", { model: small({ kind: "sdsa-1", scale: 0.25 }) }],
  ["qk-channel", { readOut: "mean", model: small({ kind: "qk-channel", scale: 0.125 }, { reset: "soft" }) }],
  ["binary-map", { model: small({ kind: "binary-map", cut: 1, scale: 0.25 }) }],
  [
    "lif",
    {
      readOut: "mean",
      model: small({ kind: "lif", scoreGain: 1, valueGain: 2 }),
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

/** Source, original text, replacement. */
const FAULTS: readonly (readonly [string, RegExp, string])[] = [
  ["attention_unit.sv", /count_step_i\s+\(count_step/, "count_step_i (gate_step"],
  ["attention_unit.sv", /\.step_i\s+\(out_step/, ".step_i (gate_step"],
  ["qkv_buffer.sv", /gate_step_i\}/, "count_step_i}"],
  ["attention_engine.sv", /last_o <= gate_o/, "last_o <= !gate_o"],
];

async function expectNoticed(source: string, from: RegExp, to: string) {
  machine = machineInIcarus({ readOut: "mean", model: small({ kind: "sdsa-1", scale: 0.25 }) }, 2);
  const right = machine.files[source];
  expect(right).toMatch(from);
  expect(await machine.printed(source, right.replace(from, to))).not.toMatch(/^PASS/m);
}
const NOTICED = "a fault around column counters is noticed: in %s, %s becomes %s";
testInIcarus.each(FAULTS.slice(0, -1))(NOTICED, expectNoticed);
// The machine waits for a vector that never comes, until the testbench gives up.
testInIcarus.each(FAULTS.slice(-1))(NOTICED, NIGHTLY, expectNoticed);

testInVerilator.each([settings[0], settings[2]])(
  "Verilator has no warning for a machine with %s attention, and agrees",
  { ...NIGHTLY, timeout: 400_000 },
  async (_, setting) => {
    const { design, vectors } = tinyMachine({ ...setting, steps: 2, model: { ...setting.model, depth: 1 } }, 2);
    const folder = mkdtempSync(join(tmpdir(), "xpikeformer-machine-"));
    for (const [name, text] of Object.entries(machineBundle(design, vectors, madeInTests)))
      writeFileSync(join(folder, name), text);
    const checks = await verifyRtl(folder, { tools: ["verilator"], tops: [MACHINE] });
    rmSync(folder, { recursive: true });
    expect(checks.map(({ result, detail }) => (result === "pass" ? result : detail))).toEqual(Array(4).fill("pass"));
  },
);
