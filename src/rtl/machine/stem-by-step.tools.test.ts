/**
 * Machines with a stem in step-major order in Icarus: every spike train, output of the head, answer and clock, also behind AXI, and faults
 * of what only they have.
 */
import { afterAll, beforeAll, expect } from "vitest";
import { testWith } from "../../../test/support/hardware-tools.ts";
import { type MachineInIcarus, machineInIcarus } from "../../../test/support/machine-in-icarus.ts";
import { NIGHTLY } from "../../../test/support/nightly.ts";
import type { MachineSetting } from "../../../test/support/tiny-machine.ts";
import { AXI_TESTBENCH } from "../axi/testbench.ts";
import { MACHINE_TESTBENCH, STALL } from "./testbench.ts";

const testInIcarus = await testWith("iverilog");

const SMALL = { width: 8, heads: 2, depth: 1 };
const hardware = { order: "step-major", crossbar: { rows: 16, columns: 16 } };

/**
 * Three convolutions on a map of 4 x 6 pixels. Of the embedding's map of 2 rows three lines are kept, so that a row's place changes with
 * the step.
 */
const THREE: MachineSetting = {
  model: {
    ...SMALL,
    position: "learned",
    stem: {
      layers: [
        { channels: 8, kernel: 3, pool: 1 },
        { channels: 8, kernel: 3, pool: 2 },
      ],
      embedding: { kernel: 3 },
    },
  },
  hardware,
};

let machine: MachineInIcarus;
beforeAll(() => {
  machine = machineInIcarus(THREE, 2);
});
afterAll(() => machine.remove());

const soundness = async ({ printed, files }: MachineInIcarus, testbench: string, plusargs: readonly string[]) => {
  const source = "windows_embed.sv";
  const text = await printed(source, files[source], { testbench, plusargs });
  return [/^PASS \d+ prompts/m.exec(text)?.[0], /ERROR|expected/.exec(text)?.[0]];
};

testInIcarus.each([
  [MACHINE_TESTBENCH, []],
  [MACHINE_TESTBENCH, [`+${STALL}=3`]],
  [AXI_TESTBENCH, []],
  [AXI_TESTBENCH, [`+${STALL}=3`]],
])("three convolutions, as the simulator and the schedule have them: %s %j", async (testbench, plusargs) => {
  expect(await soundness(machine, testbench, plusargs)).toEqual(["PASS 2 prompts", undefined]);
});

const OTHERS: readonly MachineSetting[] = [
  // Strides, and a convolution of single pixels, in front of which lines of two steps stand.
  {
    steps: 4,
    model: {
      ...SMALL,
      stem: {
        layers: [
          { channels: 8, kernel: 5, stride: 2, pool: 1 },
          { channels: 16, kernel: 1, pool: 1 },
        ],
        embedding: { kernel: 3, stride: 2 },
      },
    },
    hardware,
  },
  // Windows that reach over all rows, and two blocks, which take turns.
  {
    steps: 3,
    model: {
      ...SMALL,
      depth: 2,
      stem: { layers: [{ channels: 8, kernel: 1, pool: 1 }], embedding: { kernel: 5, stride: 2 } },
    },
    hardware: { ...hardware, adc: { sharing: 8 } },
  },
  // One readout unit to a layer, and one step, so that nothing is left of the order.
  {
    steps: 1,
    model: { ...SMALL, stem: { layers: [{ channels: 8, pool: 2 }] } },
    hardware: { ...hardware, adc: { sharing: 16 } },
  },
];

testInIcarus.each(OTHERS)("other stems: %j", NIGHTLY, async (setting) => {
  const other = machineInIcarus(setting, 2);
  try {
    expect(await soundness(other, MACHINE_TESTBENCH, [])).toEqual(["PASS 2 prompts", undefined]);
  } finally {
    other.remove();
  }
});

/** Source, original text, replacement. */
const FAULTS: readonly (readonly [string, RegExp, string])[] = [
  // A line fewer than the schedule needs.
  ["windows_embed.sv", /% 3/g, "% 2"],
  // A row stands in the same line at every step, for who reads; for who writes.
  ["windows_embed.sv", /2 \* \{30'd0, read_step_q\} \+ /, ""],
  ["windows_embed.sv", /2 \* \{30'd0, step_q\} \+ /, ""],
  // A window is there when two of its pixels are not, for each step before; a pixel too soon.
  ["windows_embed.sv", /needed = 24/, "needed = 22"],
  ["windows_stem_1.sv", /> needed/, ">= needed"],
  // A step has a row.
  ["windows_embed.sv", /if \(row_q == 1'd1\) begin/, "begin"],
  // The first pixel of a square stays.
  ["windows_embed.sv", /\| data_i\)/, ")"],
  // Membranes of all windows in one place.
  ["layer_stem_0.sv", /\.address_i +\(token_address\)/, ".address_i ('0)"],
];

const NOTICED = "a fault in %s is noticed: %s becomes %s";
testInIcarus.each(FAULTS.slice(0, 2))(NOTICED, expectNoticed);
testInIcarus.each(FAULTS.slice(2))(NOTICED, NIGHTLY, expectNoticed);

async function expectNoticed(...[source, from, to]: (typeof FAULTS)[number]) {
  const right = machine.files[source];
  expect(right).toMatch(from);
  expect(await machine.printed(source, right.replace(from, to))).not.toMatch(/^PASS/m);
}
