/** The RTL of machines drawn at random takes the clocks that are priced. `test/one-clock.test.ts` has the simulators. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { verifyRtl } from "../src/node/rtl-tools.ts";
import { machineBundle } from "../src/rtl/kit/bundle.ts";
import { MACHINE } from "../src/rtl/machine/top.ts";
import { testWith } from "./support/hardware-tools.ts";
import { pricedMachine, RANDOM_MACHINES } from "./support/random-machines.ts";
import { madeInTests, tinyMachine } from "./support/tiny-machine.ts";

const folder = mkdtempSync(join(tmpdir(), "xpikeformer-one-clock-"));
afterAll(() => rmSync(folder, { recursive: true }));

const testInVerilator = await testWith("verilator");

// Those of 7 and 8 bits: each compiles for a minute. The other three gave the same answer once.
testInVerilator.each(RANDOM_MACHINES.slice(3))(
  "Verilator counts the priced clocks: $hardware.adc.bits bits, $hardware.crossbar.rows rows",
  async (setting) => {
    const { chip, design, vectors } = tinyMachine(setting, 1);
    for (const [name, text] of Object.entries(machineBundle(design, vectors, madeInTests))) {
      writeFileSync(join(folder, name), text);
    }
    const checks = await verifyRtl(folder, { tools: ["verilator"], tops: [MACHINE] });
    expect(checks.filter(({ result }) => result !== "pass")).toEqual([]);
    // The probes of the testbench compare every vector's clock with the schedule's.
    const simulation = checks.find(({ check }) => check === `simulation: ${MACHINE}`)!;
    const { pace } = pricedMachine(chip);
    expect(simulation.detail).toContain(`${pace.clocks} clocks each`);
  },
  400_000,
);
