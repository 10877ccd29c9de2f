/** Prices of columns without converters, against their formulas and receipts. */
import { describe, expect, test } from "vitest";
import { findCostPreset } from "../presets.ts";
import { resolveTechnology } from "../resolve.ts";
import { neurosim } from "../sources/peng-iedm-2019.ts";
import { crossbar } from "./crossbar.ts";
import { layerWires } from "./floorplan.ts";
import { chargeTransfer, foot, switching } from "./read-out.ts";

const { technology } = resolveTechnology(findCostPreset("bottom-up"));
const FEMTO = 1e-15;

describe("a column without a converter", () => {
  test("pays C V^2 for a charge, its wire at the same swing, and what a conversion pays for switches", () => {
    // 100 fF at 0.3 V: 9 fJ. A millimetre of wire takes 121 fJ at 0.9 V, a ninth of that at 0.3 V. 69 fJ of periphery.
    const energy = chargeTransfer({ swing: 0.3, farads: 100 * FEMTO, metres: 1e-3 }, technology);
    expect(energy / FEMTO).toBeCloseTo(9 + 121 / 9 + 69, 9);
  });

  test("pays four times as much for its capacitor and wire at twice the swing", () => {
    const beside = (swing: number) =>
      chargeTransfer({ swing, farads: 80 * FEMTO, metres: 1e-3 }, technology) - technology.periphery;
    expect(beside(0.6) / beside(0.3)).toBeCloseTo(4, 12);
  });

  test("takes the capacitor of the prices where the experiment states none: 50 fF", () => {
    const of = (farads: number | null) => [
      chargeTransfer({ swing: 0.4, farads, metres: 0 }, technology),
      foot({ farads, capacitors: 4, trimBits: 0 }, technology).area,
    ];
    expect(of(null)).toEqual(of(50 * FEMTO));
    expect(of(null)).not.toEqual(of(60 * FEMTO));
  });

  test("decides for 67 fJ at 65 nm, 38.7 fJ at 45 nm, and for a share more with a trim", () => {
    const energy = (trimBits: number, of = technology) =>
      foot({ farads: null, capacitors: 1, trimBits }, of).energy / FEMTO;
    expect(energy(0)).toBeCloseTo(67 / 1.73, 9);
    expect(energy(6)).toBeCloseTo(67 / 1.73 / 0.88, 9);
    const at65 = resolveTechnology(findCostPreset("bottom-up"), { node: 65 }).technology;
    expect(energy(0, at65)).toBeCloseTo(67, 9);
  });

  test("has the area of its comparator, its capacitors and its trim", () => {
    const um2 = (capacitors: number, trimBits: number) =>
      1e12 * foot({ farads: 20 * FEMTO, capacitors, trimBits }, technology).area;
    expect(um2(0, 0)).toBeCloseTo(40 / 1.5, 9);
    expect(um2(3, 0) - um2(0, 0)).toBeCloseTo(3 * 20 * 0.89, 9);
    // 2^6 steps of 0.3 fF, and six flip-flops.
    expect(um2(0, 6) - um2(0, 0)).toBeCloseTo(64 * 0.3 * 0.89 + 6e12 * technology.registerArea, 9);
  });

  test("pays the gates of its switches for a sharing or a reset", () => {
    expect(switching(technology)).toBe(technology.switchDrive);
  });
});

describe("wires within a layer", () => {
  const wiresAt = (area: number, changes: { readonly floorplan?: number } = {}) =>
    layerWires({ inputs: 768, outputs: 768, area }, { ...technology, ...changes }).energy;
  const simulated = neurosim.prices.crossbarArea.value;

  test("cost what was simulated, whatever the area of their crossbars", () => {
    for (const area of [0.03e-6, simulated, 1e-6]) expect(wiresAt(area)).toBe(technology.interconnect);
  });

  test("scale with the side of a crossbar where a floorplan is stated", () => {
    const floorplan = { floorplan: 0.1e-6 };
    expect(wiresAt(simulated, floorplan)).toBe(technology.interconnect);
    expect(wiresAt(simulated / 4, floorplan) / technology.interconnect).toBeCloseTo(1 / 2, 12);
  });

  test("leave a crossbar the area of the stated floorplan, and more where it has more converters", () => {
    const areaAt = (floorplan: number, converters = 16) =>
      crossbar({ rows: 128, columns: 128, converters, bits: 5 }, { ...technology, floorplan }).area;
    expect(areaAt(0.1e-6)).toBeCloseTo(0.1e-6, 15);
    expect(areaAt(0)).toBeCloseTo(simulated, 15);
    expect(areaAt(0.1e-6, 17) - areaAt(0.1e-6)).toBeCloseTo(technology.converterArea, 18);
  });
});
