/** Prices of units by their sizes: against the runs and tables that they are from, and what must hold for any size. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CompensationSchedule } from "../../experiment/compensation.ts";
import { analogClocks } from "../../hardware/timing.ts";
import { PARAMETER_IDS, type ParameterId, type Technology } from "../parameters.ts";
import { findCostPreset } from "../presets.ts";
import { resolveTechnology } from "../resolve.ts";
import { adcSurvey, surveyConverter } from "../sources/andrulis-arxiv-2024.ts";
import { UNCHARGED } from "../uncharged.ts";
import { conversionEnergy, sramByte } from "../unit-energies.ts";
import { analogTimes } from "./clocks.ts";
import { converter, fullScaleOf, trim } from "./converter.ts";
import { calibration, crossbar, lineDrive, programming } from "./crossbar.ts";
import { countDies, dieLink, layerWires, wire } from "./floorplan.ts";
import {
  adder,
  attentionCell,
  clockGate,
  comparator,
  controller,
  draw,
  fifoShift,
  lfsr,
  multiplier,
  register,
  shifter,
  zeroDetector,
} from "./logic.ts";
import { dram, sram } from "./memory.ts";
import { PRICED_BY } from "./priced-by.ts";
import { chargeTransfer, foot, switching } from "./read-out.ts";
import { upkeep } from "./upkeep.ts";

const { technology } = resolveTechnology(findCostPreset("bottom-up"));
const published = resolveTechnology(findCostPreset("op-only")).technology;
const reference = { rows: 128, columns: 128, converters: 16, bits: 5 };

/** Every price at sizes where each of its parts counts, as numbers. */
const PRICES: Readonly<Record<keyof typeof PRICED_BY, (t: Technology) => readonly number[]>> = {
  converter: (t) =>
    [5, 6, 12].flatMap((bits) => {
      const { energy, time = 0, area, leakage } = converter({ bits, fullScale: 2 }, t);
      return [energy, time, area, leakage];
    }),
  crossbar: (t) => {
    const size = { rows: 256, columns: 96, converters: 32, bits: 6, trimBits: 6, lineOhms: 1, columnOhms: 1 };
    const { energy, time = 0, area, leakage } = crossbar(size, t);
    return [energy, time, area, leakage];
  },
  trim: (t) => [trim({ bits: 6 }, t).area],
  lineDrive: (t) => [lineDrive({ columns: 64 }, t)],
  programming: (t) => [programming({ pairs: 10 }, t)],
  upkeep: (t) => [upkeep({ programming: 1, calibration: 0.1, schedule: { kind: "at-use" }, interval: 1e-3 }, t)],
  calibration: (t) => [
    ...[6, 12].map((bits) =>
      calibration({ vectors: 1, driven: 64, columns: 64, conversionsPerSum: 2, bits, fullScale: 2 }, t),
    ),
  ],
  adder: (t) => [8, 13, 24].flatMap((bits) => Object.values(adder({ bits }, t))),
  multiplier: (t) => Object.values(multiplier({ a: 9, b: 6 }, t)),
  comparator: (t) => Object.values(comparator({ bits: 8 }, t)),
  register: (t) => Object.values(register({ bits: 13 }, t)),
  clockGate: (t) => Object.values(clockGate(t)),
  fifoShift: (t) => Object.values(fifoShift({ bits: 64 }, t)),
  lfsr: (t) => Object.values(lfsr(t)),
  draw: (t) => Object.values(draw({ bits: 8, factorBits: 6 }, t)),
  attentionCell: (t) => Object.values(attentionCell({ counterBits: 6 }, t)),
  shifter: (t) => Object.values(shifter({ bits: 5, width: 14, shifts: 8 }, t)),
  zeroDetector: (t) => Object.values(zeroDetector({ rows: 128 }, t)),
  controller: (t) => Object.values(controller({ kinds: 5 }, t)),
  sram: (t) => Object.values(sram({ bytes: 4096, wordBits: 64, banks: 2, ports: 2 }, t)),
  dram: (t) => Object.values(dram({ bits: 8 }, t)),
  layerWires: (t) => Object.values(layerWires({ inputs: 128, outputs: 512, area: 0.3e-6 }, t)),
  chargeTransfer: (t) => [chargeTransfer({ swing: 0.3, farads: null, metres: 1e-3 }, t)],
  switching: (t) => [switching(t)],
  foot: (t) => Object.values(foot({ farads: null, capacitors: 3, trimBits: 6 }, t)),
  wire: (t) => Object.values(wire({ metres: 1e-3, bits: 8 }, t)),
  dieLink: (t) => Object.values(dieLink({ bits: 8 }, t)),
  countDies: (t) => [countDies(2e-3, t)],
};

test("a price moves with each of its parameters, and with no other", () => {
  // Switches are set the other way, and everything that only another kind of converter uses is tried there.
  const kinds = [{}, { flashConverter: 1 }, { surveyConverter: 1 }].map((kind) => ({ ...technology, ...kind }));
  const changed = (id: ParameterId, t: Technology): Technology => ({
    ...t,
    [id]: t[id] === 1 || t[id] === 0 ? 1 - t[id] : 1.5 * t[id],
  });
  for (const name of Object.keys(PRICES) as (keyof typeof PRICES)[]) {
    const moving = PARAMETER_IDS.filter((id) =>
      kinds.some((t) => JSON.stringify(PRICES[name](changed(id, t))) !== JSON.stringify(PRICES[name](t))),
    );
    expect(moving.sort(), name).toEqual([...PRICED_BY[name]].sort());
  }
});

test("every cost that projections leave out belongs to a unit", () => {
  const paid = new Set<ParameterId>(Object.values(PRICED_BY).flat());
  for (const id of Object.keys(UNCHARGED) as ParameterId[]) expect(paid.has(id), id).toBe(true);
});

describe("a converter", () => {
  test("of 5 bits at the reference's full scale is the price itself, in energy, time and area", () => {
    const { energy, time, area } = converter({ bits: 5 }, technology);
    expect(energy).toBeCloseTo(technology.conversion5, 25);
    expect(time).toBe(technology.conversionTime);
    expect(area).toBe(technology.converterArea);
  });

  test.each([
    // Conductance of the column in uS, bits, picojoules: runs of the converter alone at 45 nm.
    [10, 5, 0.171],
    [50, 5, 0.196],
    [200, 5, 0.288],
    [10, 8, 0.316],
    [50, 8, 0.352],
    [200, 8, 0.49],
  ])("meets the circuit model: a column of %d uS at %d bits takes %f pJ", (conductance, bits, pj) => {
    // The reference's mean current is that of 180 uS, by the receipt of `conversionLoad`. Within 3 %: both shares have two digits.
    const { energy } = converter({ bits, fullScale: conductance / 180 }, technology);
    expect(Math.abs(energy / (pj * 1e-12) - 1)).toBeLessThan(0.03);
  });

  test("has the area of Saberi's scaling from 4 to 10 bits", () => {
    const printed = [361.04, 476.91, 626.91, 845.18, 1200, 1827.91, 3002.01];
    printed.forEach((area, i) => {
      const ratio = converter({ bits: 4 + i }, technology).area / converter({ bits: 5 }, technology).area;
      // Its own law meets 5 bits within 0.3 % and the others too.
      expect(Math.abs(ratio / (area / printed[1]) - 1), `${4 + i} bits`).toBeLessThan(0.006);
    });
  });

  test.each([
    [22, 0.463, 0.847],
    [32, 0.936, 1.714],
    [45, 1.777, 3.253],
    [65, 3.548, 6.495],
  ])("of the survey at %d nm takes %f pJ for 5 and %f pJ for 8 bits", (node, five, eight) => {
    const pj = (bits: number) => 1e12 * surveyConverter({ bits, rate: 1e8, node }).energy;
    expect(pj(5)).toBeCloseTo(five, 2.9);
    expect(pj(8)).toBeCloseTo(eight, 2.9);
    expect(surveyConverter({ bits: 5, rate: 1e8, node: 45 }).area / adcSurvey.prices.area5.value).toBeCloseTo(1, 4);
  });

  test("that is fast needs more energy above some rate, and more area at any rate", () => {
    const at = (rate: number) => surveyConverter({ bits: 10, rate, node: 45 });
    expect(at(1e9).energy).toBeGreaterThan(3 * at(1e8).energy);
    expect(at(1e9).area).toBeGreaterThan(at(1e8).area);
  });

  test("with a full scale of n lines carries their current; a calibrated one grows with the rows", () => {
    const scale = (rows: number, lines: number | null) =>
      fullScaleOf({ rows, lines, maxConductance: 25e-6 }, technology);
    expect(scale(128, null)).toBe(1);
    expect(scale(3072, null)).toBe(24);
    expect(fullScaleOf({ rows: 128, lines: null, maxConductance: 50e-6 }, technology)).toBe(2);
    // 51.2 lines of 25 uS are 1.28 mS, as 128 lines of 10 uS.
    expect(scale(128, 51.2)).toBeCloseTo(1, 12);
  });

  test("priced as in published projections has one price, with its area in the crossbar", () => {
    for (const bits of [4, 5, 8]) {
      const price = converter({ bits, fullScale: 24 }, published);
      expect(price).toEqual({
        energy: conversionEnergy(published, bits),
        time: published.conversionTime,
        area: 0,
        leakage: 0,
      });
    }
  });
});

describe("a crossbar", () => {
  test("of the reference's size has its area and its settling time", () => {
    const { area, time } = crossbar(reference, technology);
    expect(area / technology.crossbarArea).toBeCloseTo(1, 12);
    expect(time).toBe(technology.settleTime);
  });

  test("with one converter per column pays for 112 more", () => {
    const more = crossbar({ ...reference, converters: 128 }, technology).area - crossbar(reference, technology).area;
    expect(more / (112 * technology.converterArea)).toBeCloseTo(1, 9);
  });

  test("of 3,072 rows saves nothing: half the area of 24 small ones, longer settling, and ten times the energy per conversion", () => {
    const tall = crossbar({ ...reference, rows: 3072 }, technology);
    const small = crossbar(reference, technology);
    expect(tall.area / (24 * small.area)).toBeGreaterThan(0.45);
    expect(tall.time!).toBeGreaterThan(1.3 * small.time!);
    const scale = fullScaleOf({ rows: 3072, lines: null, maxConductance: 25e-6 }, technology);
    // 0.6 + 0.4 x 24.
    expect(converter({ bits: 5, fullScale: scale }, technology).energy / technology.conversion5).toBeCloseTo(10.2, 9);
  });

  test("with resistive wires settles later, by R C / 2 of both lines", () => {
    const time = (lineOhms: number, columnOhms: number) =>
      crossbar({ ...reference, lineOhms, columnOhms }, technology).time!;
    const farads = 0.05e-12 / 1.1 ** 2 / 128;
    const waits = 6 * Math.log(2);
    // A line of 256 devices has a segment for every two of them.
    expect((time(2, 0) - time(0, 0)) / ((waits * (2 / 2) * farads * 256 ** 2) / 2)).toBeCloseTo(1, 6);
    expect((time(0, 2) - time(0, 0)) / ((waits * 2 * farads * 128 ** 2) / 2)).toBeCloseTo(1, 6);
  });

  test("priced as in published projections has one area and one time, whatever its size", () => {
    const large = { rows: 4096, columns: 4096, converters: 4096, bits: 12, lineOhms: 10, columnOhms: 10 };
    const { area, time } = crossbar(large, published);
    expect([area, time]).toEqual([published.crossbarArea, published.settleTime]);
  });
});

describe("clocks", () => {
  const at = (size: Partial<typeof reference> & { columnOhms?: number }, node = 45) =>
    analogClocks(
      { ...reference, ...size },
      analogTimes(resolveTechnology(findCostPreset("bottom-up"), { node }).technology),
    );

  test("of Table II: 200 MHz, two to settle, two for a conversion", () => {
    expect(at({})).toEqual({ clock: 200e6, settle: 2, conversion: 2 });
  });

  test("of 8 bits: three for a conversion of 15 ns", () => expect(at({ bits: 8 }).conversion).toBe(3));

  test("of 3,072 rows with wires of 0.35 ohms: two more to settle", () => {
    // 6 ln 2 (41 ps x 23 + 0.35 ohm x 0.32 fF x 3072^2 / 2) = 6.2 ns.
    expect(at({ rows: 3072, columnOhms: 0.35 }).settle).toBe(4);
  });

  test("at 22 nm are shorter, and a conversion takes as many or more of them", () => {
    const small = at({}, 22);
    expect(small.clock).toBeGreaterThan(300e6);
    expect(small.settle).toBeGreaterThan(2);
  });
});

describe("an SRAM", () => {
  test("reproduces the printed read energies within 12 %, the accuracy of its law", () => {
    const printed = { 8: 0.157, 32: 0.336, 64: 0.464, 256: 1, 1024: 2.13, 8192: 7.72 };
    for (const [kb, pj] of Object.entries(printed)) {
      const { energy } = sram({ bytes: 1024 * Number(kb), wordBits: 128 }, technology);
      expect(Math.abs(energy / 16e-12 / pj - 1), `${kb} kB`).toBeLessThan(0.12);
    }
  });

  test("of one bank and one port reads a line of 16 bytes at the price per byte, and a bit at a third of a line", () => {
    const at = (wordBits: number) => sram({ bytes: 32768, wordBits }, technology).energy;
    expect(at(128) / (16 * sramByte(technology, 32768))).toBeCloseTo(1, 12);
    expect(at(1) / at(128)).toBeCloseTo(0.3 + 0.7 / 128, 12);
  });

  test("with more banks costs less per read and is larger; with more ports it costs more in every respect", () => {
    const one = sram({ bytes: 65536, wordBits: 128 }, technology);
    const banked = sram({ bytes: 65536, wordBits: 128, banks: 4 }, technology);
    const ported = sram({ bytes: 65536, wordBits: 128, ports: 2 }, technology);
    expect(banked.energy).toBeLessThan(one.energy);
    expect(banked.area).toBeGreaterThan(one.area);
    // 15 F x 19.6 F over 10 F x 14.6 F, the two sides grown alike.
    expect((ported.area - 2e-9) / (one.area - 2e-9)).toBeCloseTo(2.016, 2);
    expect(ported.energy / one.energy).toBeCloseTo(1.42, 12);
  });
});

test("a wire of 10 mm takes 310 pJ for 256 bits, as it is printed", () => {
  expect(1e12 * wire({ metres: 0.01, bits: 256 }, technology).energy).toBeCloseTo(310, 0);
});

test("programming and calibrations are shared by all inferences of a lifetime", () => {
  const of = (schedule: CompensationSchedule, lifetime: number) =>
    upkeep({ programming: 5, calibration: 2, schedule, interval: 1e-3 }, { ...technology, lifetime });
  const day = 86_400;
  expect(of({ kind: "at-use" }, day)).toBeCloseTo((5 + 2) / (day * 1000), 15);
  expect(of({ kind: "interval", seconds: 3600 }, day)).toBeCloseTo((5 + 24 * 2) / (day * 1000), 15);
  // At 1, 10, ..., 10,000 s.
  expect(of({ kind: "geometric", first: 1, ratio: 10 }, day)).toBeCloseTo((5 + 5 * 2) / (day * 1000), 15);
});

test("a device of twice the conductance takes twice the energy to read", () => {
  const of = (maxConductance: number) => crossbar({ ...reference, maxConductance }, technology).energy;
  expect(of(50e-6) / of(25e-6)).toBe(2);
  expect(of(25e-6)).toBe(technology.cellRead);
});

test("no die is larger than 26 mm x 33 mm", () => {
  expect([0, 784e-6, 858e-6, 859e-6, 1469e-6, 3e-3].map((area) => countDies(area, technology))).toEqual([
    1, 1, 1, 2, 2, 4,
  ]);
});

test("wires of a layer are those simulated for its size, in between linear, and beyond that of the nearest", () => {
  const pj = (inputs: number, outputs = inputs) =>
    1e12 * layerWires({ inputs, outputs, area: 1e-6 }, technology).energy;
  expect(pj(768)).toBeCloseTo(0.256, 9);
  expect(pj(384)).toBeCloseTo(0.197, 9);
  expect(pj(256)).toBeCloseTo(0.084, 9);
  // Half-way between 256 and 384; 128 x 512 has as many weights as 256 x 256.
  expect(pj(320)).toBeCloseTo((0.084 + 0.197) / 2, 9);
  expect(pj(128, 512)).toBeCloseTo(0.084, 9);
  expect([pj(64), pj(3072, 768)]).toEqual([pj(256), pj(768)]);
});

test("a larger unit never costs less, in energy, time, area or leakage", () => {
  const size = (max: number) => fc.integer({ min: 1, max });
  const sizes = fc.record({
    ...{ rows: size(2048), columns: size(2048), converters: size(2048), bits: size(15), fullScale: size(40) },
    ...{ bytes: size(1 << 22), ports: size(3), flipFlops: size(1000), lineOhms: size(20) },
  });
  type Sizes = typeof sizes extends fc.Arbitrary<infer S> ? S : never;
  const all = (s: Sizes, t: Technology): number[] => [
    ...Object.values(converter({ bits: s.bits, fullScale: s.fullScale }, t)),
    ...Object.values(crossbar({ ...s, columnOhms: s.lineOhms }, t)),
    calibration({ ...s, vectors: 1, driven: s.rows, conversionsPerSum: 2 }, t),
    trim({ bits: s.bits }, t).area,
    ...Object.values(adder({ bits: s.bits }, t)),
    ...Object.values(multiplier({ a: s.bits, b: 8 }, t)),
    ...Object.values(draw({ bits: s.bits }, t)),
    ...Object.values(attentionCell({ counterBits: s.bits }, t)),
    ...Object.values(sram({ bytes: s.bytes, wordBits: 8 * s.bits, ports: s.ports }, t)),
    ...Object.values(register({ bits: s.flipFlops }, t)),
    ...Object.values(zeroDetector({ rows: s.rows }, t)),
  ];
  const kinds = [technology, published, { ...technology, flashConverter: 1 }, { ...technology, surveyConverter: 1 }];
  fc.assert(
    fc.property(
      sizes,
      fc.constantFrom(...(["rows", "columns", "converters", "bits", "fullScale", "bytes", "ports"] as const)),
      fc.constantFrom(...kinds),
      (s, grown, t) => {
        const before = all(s, t);
        all({ ...s, [grown]: s[grown] + 1 }, t).forEach((value, i) => {
          expect(Number.isFinite(value) && value >= 0).toBe(true);
          // Energies of 1e-15 and areas of 1e-12: relative, with a last digit to spare.
          expect(value, `part ${i} by ${grown}`).toBeGreaterThanOrEqual(before[i] * (1 - 1e-12));
        });
      },
    ),
    { seed: 1, numRuns: 400 },
  );
});
