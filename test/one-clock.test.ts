/**
 * One clock: for machines drawn at random, the clocks that are priced are those of the schedule, of all simulators and of the RTL.
 * `one-clock.tools.test.ts` has Verilator's.
 */
import { describe, expect, test } from "vitest";
import { findCostPreset } from "../src/cost/presets.ts";
import { analogTimes } from "../src/cost/prices/clocks.ts";
import { resolveTechnology } from "../src/cost/resolve.ts";
import { hardwareSpec } from "../src/experiment/hardware.ts";
import { ANALOG_TIMES, type Timing, timingOf } from "../src/hardware/timing.ts";
import { machineOf } from "../src/machine/machine.ts";
import { machineNetwork } from "../src/machine/network.ts";
import { scheduleOf } from "../src/machine/schedule.ts";
import { inputRows } from "../src/model/geometry.ts";
import { stream } from "../src/numeric/stream.ts";
import { machineDesign } from "../src/rtl/machine/design.ts";
import { simulateCycles } from "../src/simulation/cycle.ts";
import { simulateFast } from "../src/simulation/fast/simulate.ts";
import { simulate } from "../src/simulation/reference/simulate.ts";
import type { Trace } from "../src/simulation/trace.ts";
import { pricedMachine, RANDOM_MACHINES } from "./support/random-machines.ts";
import { tinyChip, tinyPrompts } from "./support/tiny-machine.ts";

/** Clocks that a trace counted for its one prompt, by operation that takes time. */
const countedClocks = ({ operations }: Trace) =>
  operations
    .filter(({ kind }) => kind === "linear" || kind === "attention")
    .map(({ name, cycles }) => ({ name, busy: cycles }));

const timings: Timing[] = [];

describe.each(RANDOM_MACHINES)("a machine of $hardware.adc.bits bits and $hardware.crossbar.rows rows", (setting) => {
  test("is priced for the clocks of its schedule, its simulators and its RTL", () => {
    const chip = tinyChip(setting);
    const input = tinyPrompts(1, setting.steps, inputRows(chip.network.geometry));
    const { machine, pace } = pricedMachine(chip);
    const own = machineOf(chip.hardware, machineNetwork(chip.network.model, chip.network.geometry));
    timings.push(machine.timing);
    expect(own.timing).toEqual(machine.timing);
    const schedule = scheduleOf(machine);
    expect(scheduleOf(own)).toEqual(schedule);
    expect(pace).toMatchObject({ clocks: schedule.alone.clocks, interval: schedule.interval });

    const cycle = simulateCycles(chip, input, stream(3));
    expect(cycle.schedule).toEqual(schedule);
    const busy = schedule.alone.units.map(({ name, busy }) => ({ name, busy }));
    for (const trace of [cycle, simulate(chip, input, stream(3)), simulateFast(chip, input, stream(3))]) {
      expect(countedClocks(trace)).toEqual(busy);
    }

    const { plan } = machineDesign(chip, stream(5));
    expect(plan.timing).toEqual(machine.timing);
    expect(plan.schedule).toEqual(schedule);
  });

  test("built for a slower technology takes its clocks along as `hardware.timing`", () => {
    const chip = tinyChip(setting);
    const { hardware, machine, pace } = pricedMachine(chip, { settleTime: "40ns", conversionTime: "25ns" });
    expect(machine.timing).not.toEqual(timingOf(chip.hardware));
    const { timing } = hardware;
    const built = { ...chip, hardware: hardwareSpec.parse({ ...chip.hardware, timing }) };
    // The chip is the same, so the machine's clocks are all that is priced differently.
    expect(pricedMachine(built).pace).toEqual(pace);
    const input = tinyPrompts(1, setting.steps, inputRows(chip.network.geometry));
    expect(simulateCycles(built, input, stream(3)).schedule.alone.clocks).toBe(pace.clocks);
    expect(machineDesign(built, stream(5)).plan.schedule.alone.clocks).toBe(pace.clocks);
  });
});

test("these machines do not all have the clocks of the default machine", () => {
  expect(new Set(timings.map(({ settle, conversion }) => `${settle} ${conversion}`)).size).toBeGreaterThan(2);
});

test("the default machine has 200 MHz, two clocks to settle and two for a conversion, at default prices too", () => {
  expect(timingOf(hardwareSpec.parse({}))).toEqual({ clock: 200e6, settle: 2, conversion: 2 });
  for (const preset of ["simulated", "bottom-up"]) {
    const { flash, fixed, ...times } = analogTimes(resolveTechnology(findCostPreset(preset)).technology);
    expect([flash, fixed, times]).toEqual([false, false, ANALOG_TIMES]);
  }
});
