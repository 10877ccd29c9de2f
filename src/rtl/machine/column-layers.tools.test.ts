/** Machines with layers that are read without converters, in Verilator: every spike train, output, answer and clock. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { testWith } from "../../../test/support/hardware-tools.ts";
import { expectAsSimulated } from "../../../test/support/machine-in-verilator.ts";
import { NIGHTLY } from "../../../test/support/nightly.ts";
import { type MachineSetting, madeInTests, tinyMachine } from "../../../test/support/tiny-machine.ts";
import { machineBundle } from "../kit/bundle.ts";

const root = mkdtempSync(join(tmpdir(), "xpikeformer-column-layers-"));
afterAll(() => rmSync(root, { recursive: true }));
const testInVerilator = await testWith("verilator");
/** Milliseconds for lint, compilation and two runs, also on a busy machine. */
const LONG = 400_000;

const PROMPTS = 64;
const SMALL = { width: 8, heads: 2, depth: 1 };
const ERRORS = { offset: 20, mismatch: 0.02, leakage: 1e-6, settling: 4, trim: { bits: 4 } };

/** Each with several row blocks and column groups, except where comparators alone decide. */
const settings: MachineSetting[] = [
  // Leaky neurons with every error, of which noise is drawn anew at every step.
  {
    model: SMALL,
    hardware: {
      readOut: { attentionInput: "charge", feedForwardUp: "charge", circuit: { ...ERRORS, capacitor: 1, noise: 5 } },
    },
  },
  // Without a leak, reset by subtraction; q, k and v have converters.
  {
    steps: 4,
    model: { ...SMALL, neuron: { kind: "if", threshold: 0.6, reset: "soft" } },
    hardware: {
      readOut: { feedForwardUp: "charge", circuit: ERRORS },
      timing: { clock: 2e8, settle: 1, conversion: 1 },
    },
  },
  {
    readOut: "mean",
    steps: 1,
    model: SMALL,
    hardware: {
      order: "step-major",
      crossbar: { rows: 16, columns: 10 },
      readOut: { attentionInput: "comparator", feedForwardUp: "comparator", circuit: { offset: 20, noise: 5 } },
    },
  },
];

const SIMULATED = "the RTL gives the simulator's spikes, outputs and answers, at the clocks of the schedule: %j";
testInVerilator.each(settings.slice(0, 1))(SIMULATED, { timeout: LONG }, expectSimulated);
testInVerilator.each(settings.slice(1))(SIMULATED, { ...NIGHTLY, timeout: LONG }, expectSimulated);

async function expectSimulated(setting: MachineSetting) {
  const { design, vectors } = tinyMachine(setting, PROMPTS);
  const folder = join(root, String(settings.indexOf(setting)));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(machineBundle(design, vectors, madeInTests))) {
    writeFileSync(join(folder, name), text);
  }
  await expectAsSimulated(folder, design, { spikes: vectors.spikes, prompts: PROMPTS });
}
