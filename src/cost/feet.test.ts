/** Columns without converters: their feet and actions against the prices of their parts, and a preset against its receipts. */
import { expect, test } from "vitest";
import { machineByName } from "../experiment/parse.ts";
import type { Action } from "../hardware/actions.ts";
import { offsetSpread } from "../hardware/read-out.ts";
import { workloadActions } from "./architectures/xpikeformer.ts";
import { feetPrices } from "./feet.ts";
import { hardwarePrices } from "./hardware.ts";
import { machineCost } from "./machine-cost.ts";
import { planMachine } from "./planned.ts";
import { findCostPreset } from "./presets.ts";
import { crossbar } from "./prices/crossbar.ts";
import { chargeTransfer, foot } from "./prices/read-out.ts";
import { resolveTechnology } from "./resolve.ts";
import { assumed } from "./sources/assumptions.ts";
import { offsetTrim } from "./sources/jlpea-15-35-2025.ts";
import { dynamicComparator } from "./sources/satapathy-cssp-2023.ts";
import { withSteps } from "./workload.ts";
import { findWorkload } from "./workloads.ts";

const { technology } = resolveTechnology(findCostPreset("bottom-up"));
const { circuit } = machineByName("charge").readOut;
const size = { rows: 128, columns: 128, converters: 0, bits: 5 };
/** Two layers of 256 columns in two groups: three row blocks with membranes, and one row block without. */
const KEPT = { count: 256, membranes: 256, capacitors: 768 };
const PLAIN = { count: 256, membranes: 0, capacitors: 256 };

test("a column's feet are a comparator, a capacitor for each row block, one for its offset and one for its leak", () => {
  const { area } = feetPrices({ feet: [KEPT, PLAIN], circuit, size }, technology);
  const each = (capacitors: number) => foot({ farads: 50e-15, capacitors, trimBits: 6 }, technology).area;
  expect(area).toBeCloseTo(256 * (each(3 + 1 + 1) + each(1 + 1)), 18);
});

test("no feet have no area and no trim", () => {
  expect(feetPrices({ feet: [], circuit, size }, technology)).toMatchObject({ area: 0, trimming: 0, crossbars: 0 });
});

test("crossbars without converters are those with a capacitor at each column", () => {
  expect(feetPrices({ feet: [KEPT, PLAIN], circuit, size }, technology).crossbars).toBe((768 + 256) / 128);
});

test("a charge travels the side of its crossbar", () => {
  const { energy } = feetPrices({ feet: [KEPT], circuit, size }, technology);
  const metres = Math.sqrt(crossbar(size, technology).area);
  expect(energy.chargeTransfers).toBe(chargeTransfer({ swing: 0.3, farads: 50e-15, metres }, technology));
});

test("trimming decides along a ramp at every comparator, and measuring halves a range with every bit of the trim", () => {
  const { trimming, search, energy } = feetPrices({ feet: [KEPT], circuit, size }, technology);
  const { energy: decision } = foot({ farads: null, capacitors: 0, trimBits: 6 }, technology);
  expect(trimming).toBeCloseTo(256 * 256 * decision, 18);
  expect(search).toBeCloseTo(128 * 6 * (energy.chargeTransfers + decision), 18);
});

test("counted actions times prices are the energy of the feet, on a machine with them and none on one without", () => {
  const workload = withSteps(findWorkload("vit-4-384-cifar10"), 4);
  const priced = (name: string) => {
    const hardware = machineByName(name);
    const own = { ...workload, hardware };
    const prices = resolveTechnology(findCostPreset("simulated"), { set: hardwarePrices(hardware, own) }).technology;
    return { own, prices, energy: machineCost(own, prices).price.energy };
  };
  const { own, prices, energy } = priced("charge");
  const counted = (action: Action) =>
    workloadActions(own, prices).reduce((sum, { actions, repeat }) => sum + repeat * actions[action], 0);
  // Four blocks, of which q, k, v and the first feed-forward layer, 7 x 384 columns, are read at 4 steps of 65 tokens.
  const columns = 4 * 7 * 384 * 65;
  expect(counted("decisions")).toBe(4 * columns);
  expect(counted("chargeTransfers")).toBe(4 * columns * 3);
  expect(counted("chargeSharings")).toBe(3 * columns);
  // 50 fF at 0.3 V; crossbars of 128 x 128, of which those that are converted have 64 converters.
  const machine = planMachine(own, prices).machine.units;
  const converters = machine.converters.count / machine.crossbars.count;
  const side = Math.sqrt(crossbar({ rows: 128, columns: 128, converters, bits: 5 }, prices).area);
  const transfer = 4.5e-15 + (121e-12 * side) / 9 + 69e-15;
  const decision = 67e-15 / 1.73 / 0.88 + 4.5e-15;
  const switched = 2.4e-15 * (counted("chargeSharings") + counted("membraneResets"));
  const expected = counted("chargeTransfers") * transfer + counted("decisions") * decision + switched;
  expect(energy.feet / expected).toBeCloseTo(1, 12);
  expect(priced("recommended").energy.feet).toBe(0);
});

test("every value of the preset has a receipt, and its trim leaves the offset that is printed, within its range", () => {
  const { footSwing, footCapacitor, comparatorNoise, capacitorMismatch, footLeakage, footSettling } = assumed.prices;
  expect(circuit).toEqual({
    swing: footSwing.value,
    capacitor: footCapacitor.value * 1e15,
    offset: dynamicComparator.prices.offset.value * 1e3,
    noise: comparatorNoise.value * 1e3,
    mismatch: capacitorMismatch.value,
    leakage: footLeakage.value,
    settling: footSettling.value,
    trim: { bits: 6, reads: 256 },
  });
  const { low, high, value } = offsetTrim.prices.trimmedOffset;
  const left = offsetSpread(circuit);
  expect(left).toBeGreaterThan(low);
  expect(left).toBeLessThan(high);
  expect(Math.abs(left / value - 1)).toBeLessThan(0.2);
});
