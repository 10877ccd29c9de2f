// @module-tag slow
/** A device module costs what a built-in device with the same conductances costs, and nothing where they are not known. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { deviceFacts } from "../device/catalogue.ts";
import { loadDevice } from "../device/module.ts";
import { SpecError } from "../errors.ts";
import { type DeviceSpec, deviceSpec } from "../experiment/device.ts";
import { hardwareSpec } from "../experiment/hardware.ts";
import { hardwarePrices } from "./hardware.ts";
import { machineCost } from "./machine-cost.ts";
import { planMachine } from "./planned.ts";
import { findCostPreset } from "./presets.ts";
import { resolveTechnology } from "./resolve.ts";
import { findWorkload } from "./workloads.ts";

/** A module that states these facts. It programs and reads exactly: a price follows from no statistics. */
const addressOf = (facts: object): string =>
  `data:text/javascript,export default { name: "mine", source: "", ...${JSON.stringify(facts)},
    program: (targets) => ({ conductances: targets }), read: ({ conductances }) => conductances };`;

/** Everything that is priced, at default prices: energies, areas, times, and the clocks of the machine. */
function costOf(device: DeviceSpec, parallelDevices = 1) {
  const hardware = hardwareSpec.parse({ crossbar: { device, parallelDevices, wires: { lines: 1, columns: 1 } } });
  const workload = { ...findWorkload("icl-4-256-2x2"), hardware };
  const set = hardwarePrices(hardware, workload);
  const { technology } = resolveTechnology(findCostPreset("simulated"), { set });
  return { cost: machineCost(workload, technology), timing: planMachine(workload, technology).machine.timing };
}

const builtIn = fc
  .record({
    kind: fc.constantFrom(
      "ideal" as const,
      "pcm" as const,
      "state-independent" as const,
      "reram" as const,
      "hermes" as const,
    ),
    conductance: fc.double({ min: 0.5, max: 500, noNaN: true }),
    devices: fc.constantFrom(1 as const, 2 as const),
  })
  .map(({ kind, conductance, devices }): DeviceSpec => {
    const hermes = { devices, maxConductance: (10.35 * devices * conductance) / 500 };
    return deviceSpec.parse({ kind, ...(kind === "hermes" ? hermes : { maxConductance: conductance }) });
  });

test("a module costs the same as a built-in device with its conductances, to the last digit", async () => {
  await fc.assert(
    fc.asyncProperty(builtIn, fc.integer({ min: 1, max: 4 }), async (device, parallel) => {
      const { maxConductance, devices } = deviceFacts(device);
      const own = await loadDevice(addressOf({ maxConductance, ...(devices > 1 && { devices }) }));
      expect(costOf(own, parallel)).toEqual(costOf(device, parallel));
      // The facts suffice, on a machine that has no module.
      expect(costOf({ ...own, path: "elsewhere.mjs" }, parallel)).toEqual(costOf(device, parallel));
    }),
    { numRuns: 20, seed: 1 },
  );
});

test("nine times the conductance is not the same price", async () => {
  const [small, large] = await Promise.all(
    [25, 225].map((maxConductance) => loadDevice(addressOf({ maxConductance }))),
  );
  expect(costOf(large).cost.energy).toBeGreaterThan(1.3 * costOf(small).cost.energy);
});

test("a module that nobody loaded has no price, and facts that are not the module's are refused", async () => {
  const unknown = () => costOf({ kind: "module", path: "unknown.mjs" });
  expect(unknown).toThrow(SpecError);
  expect(unknown).toThrow("has not been loaded");
  const one = { kind: "module" as const, path: "unknown.mjs", maxConductance: 25 };
  expect(() => costOf(one)).toThrow("has not been loaded");
  await expect(loadDevice(addressOf({ maxConductance: 30 }), { maxConductance: 25 })).rejects.toMatchObject({
    path: "hardware.crossbar.device.maxConductance",
    message: expect.stringContaining("is 30, but the experiment states 25"),
  });
  await expect(loadDevice(addressOf({ maxConductance: 30, devices: 1.5 }))).rejects.toThrow("devices (a whole number");
});
