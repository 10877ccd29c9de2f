// @module-tag program
/** Machines of memories in Verilator: every spike train, output of the head, answer and clock. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { testWith } from "../../../test/support/hardware-tools.ts";
import { expectAsSimulated } from "../../../test/support/machine-in-verilator.ts";
import { NIGHTLY } from "../../../test/support/nightly.ts";
import { type MachineSetting, madeInTests, tinyMachine } from "../../../test/support/tiny-machine.ts";
import { machineBundle } from "../kit/bundle.ts";
import type { Fabric } from "./fabric.ts";

const root = mkdtempSync(join(tmpdir(), "xpikeformer-memories-"));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;

const MEMORIES: Fabric = { kind: "memories", conductanceBits: null };

function bundleOf(setting: MachineSetting, prompts = 3) {
  const { design, vectors } = tinyMachine(setting, prompts, MEMORIES);
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(machineBundle(design, vectors, madeInTests)))
    writeFileSync(join(folder, name), text);
  return { folder, design, vectors };
}

const testInVerilator = await testWith("verilator");
/** Milliseconds for lint, compilation and two runs, also on a busy machine. */
const LONG = 400_000;

const SMALL = { width: 8, heads: 2, depth: 1 };
const clocks = (conversion: number) => ({ timing: { clock: 2e8, settle: 2, conversion } });

const settings: MachineSetting[] = [
  // Seven lines, two at once, in blocks that take turns at the engine.
  { hardware: clocks(4) },
  {
    readOut: "mean",
    model: {
      ...SMALL,
      position: "learned",
      neuron: { kind: "if", reset: "soft" },
      attention: { draws: "independent" },
    },
    hardware: { ...clocks(9), adc: { mode: "pair", sharing: 3 }, crossbar: { rows: 7, columns: 10, inputStride: 3 } },
  },
];

async function expectSimulated(setting: MachineSetting) {
  const { folder, design, vectors } = bundleOf(setting);
  await expectAsSimulated(folder, design, { spikes: vectors.spikes, prompts: 3 });
}
const SIMULATED =
  "a machine of memories gives the simulator's spikes, outputs and answers, at the clocks of the schedule: %j";
testInVerilator.each(settings.slice(0, 1))(SIMULATED, { ...NIGHTLY, timeout: LONG }, expectSimulated);
testInVerilator.each(settings.slice(1))(SIMULATED, expectSimulated, LONG);
