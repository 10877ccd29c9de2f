/** Designs on silicon: their records are complete, and their prices are those of a calculation by hand. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stream } from "../../numeric/stream.ts";
import { SOURCES } from "../catalogue.ts";
import { findCostPreset } from "../presets.ts";
import { resolveTechnology } from "../resolve.ts";
import { flipFlops, inMemory, popcounts } from "./design.ts";
import { DESIGNS } from "./designs.ts";
import { ENERGY_SCALINGS, scalingRange } from "./scalings.ts";
import { insideOf, validateModel } from "./validate.ts";

const { technology } = resolveTechnology(findCostPreset("simulated"));
const validation = validateModel({ draws: 200, random: stream(1) });
const found = (id: string) => validation.designs.find(({ design }) => design.id === id)!;

describe("a design", () => {
  test.each(DESIGNS.map((design) => [design.id, design] as const))(
    "%s says what was measured, where, and why the model differs",
    (_, design) => {
      const { measured, reference, url, readIn, why, geometry, actions } = design;
      for (const text of [
        measured.of,
        measured.printed,
        measured.arithmetic,
        measured.includes,
        why,
        geometry,
        reference,
      ]) {
        expect(text.length).toBeGreaterThan(5);
      }
      expect(reference).toMatch(/\b20[12]\d\b/);
      expect(url).toMatch(/^https:\/\//);
      expect(readIn.length).toBeGreaterThan(0);
      expect(actions.length).toBeGreaterThan(0);
      const { low = measured.value, value, high = value } = measured;
      expect(low <= value && value <= high).toBe(true);
    },
  );

  test("has a name of its own", () => {
    expect(new Set(DESIGNS.map(({ id }) => id)).size).toBe(DESIGNS.length);
    expect(new Set(DESIGNS.map(({ name }) => name)).size).toBe(DESIGNS.length);
  });

  test("covers the kinds of engine that the model makes claims about", () => {
    const required = ["jia-1-bit", "jia-4-bit", "tcn-cutie", "bankman", "hermes", "c-transformer"];
    expect(DESIGNS.map(({ id }) => id)).toEqual(expect.arrayContaining(required));
  });
});

describe("a price by hand, from the numbers of the receipts at 45 nm", () => {
  const { cellRead, lineDrive, conversion5, conversionLoad: load, conversionBitShare: share, periphery } = technology;
  /** Eight bits: nine cycles instead of six, each 3 bits' share more; the current grows with the rows. */
  const conversion8 = (rows: number) => conversion5 * 1.5 * ((1 - load) * (1 + 3 * share) + load * (rows / 128));

  test("of a charge-domain column, 65 nm and 0.85 V", () => {
    const cells = 1152 * cellRead;
    // A line past one pair charges two of the 128 devices that its price is for.
    const scaled = 1152 * (2 / 128) * lineDrive + conversion8(2304) + periphery;
    expect(found("jia-1-bit").total).toBeCloseTo(cells + scaled * 1.73 * (0.85 / 1.1) ** 2, 16);
  });

  test("of a PCM core, 14 nm", () => {
    const { accumulation, interconnect, buffer } = technology;
    // 0.084 pJ of the 0.256 pJ of a layer of 768 x 768.
    const wires = interconnect * (0.084 / 0.256);
    const cells = 8 * 128 * 256 * cellRead;
    const lines = 8 * 128 * ((2 * 256) / 128) * lineDrive;
    const conversions = 8 * 256 * (conversion8(256) + periphery + accumulation + wires + buffer);
    expect(found("hermes").total / (cells + 0.2 * (lines + conversions))).toBeCloseTo(1, 6);
  });

  test("of a ternary product: gates, two trees of half the bits at every level, 22 nm and 0.5 V", () => {
    const { add8, add16, gate } = technology;
    const adder = (bits: number) => add8 + ((add16 - add8) * (bits - 8)) / 8;
    const levels = [432, 216, 108, 54, 27, 13, 7, 3, 2, 1];
    const tree = levels.reduce((sum, count, level) => sum + count * adder(level + 1), 0);
    const scale = 0.305 * (0.5 / 0.9) ** 2;
    expect(found("tcn-cutie").parts.gates).toBeCloseTo(82_944 * 2 * gate * scale, 16);
    expect(found("tcn-cutie").parts.adders).toBeCloseTo(96 * (2 * tree + adder(10)) * scale, 14);
  });
});

test("a tree counts n bits with n - 1 adders", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 4 }), (inputs, count) => {
      const adders = popcounts(count, inputs).reduce((sum, { count }) => sum + count, 0);
      expect(adders).toBe(count * (inputs - 1));
    }),
  );
});

test("an array reads half of its lines, and converts once per read and column unless told otherwise", () => {
  const counts = (actions: ReturnType<typeof inMemory>) =>
    Object.fromEntries(actions.map(({ part, count }) => [part, count]));
  const size = { rows: 64, columns: 32, bits: 5 };
  expect(counts(inMemory(size))).toEqual({ cells: 1024, lines: 32, converters: 32, multiplexers: 32 });
  const more = counts(inMemory({ ...size, reads: 3, converted: 8, sums: true, moves: true }));
  expect(more).toMatchObject({ cells: 3072, lines: 96, converters: 24, sums: 24, "wires and buffers": 24 });
});

test("a flip-flop pays for its clock tree", () => {
  expect(flipFlops(1).price(technology)).toBeGreaterThan(technology.flipFlopClock);
});

describe("the validation", () => {
  test("adds up: parts to the total, totals to ratios, ratios to the summary", () => {
    const factors = validation.designs.map(({ design, parts, total, ratio }) => {
      expect(Object.values(parts).reduce((a, b) => a + b, 0)).toBeCloseTo(total, 18);
      expect(ratio * design.measured.value).toBeCloseTo(total, 18);
      return Math.max(ratio, 1 / ratio);
    });
    expect(validation.withinTwo).toBe(factors.filter((factor) => factor <= 2).length);
    const below = factors.filter((factor) => factor < validation.medianFactor * (1 - 1e-9)).length;
    const above = factors.filter((factor) => factor > validation.medianFactor * (1 + 1e-9)).length;
    expect(below).toBe(above);
  });

  test("has ranges around each ratio, and judges by them", () => {
    for (const { design, ratio, prices, scaling, inside } of validation.designs) {
      const { low, high } = prices!;
      expect(low, design.id).toBeGreaterThan(0);
      expect(low < ratio && ratio < high, design.id).toBe(true);
      if (scaling) expect(scaling.low <= ratio && ratio <= scaling.high, design.id).toBe(true);
      const { value, low: least = value, high: most = value } = design.measured;
      const inPrices = low * value <= most && high * value >= least;
      expect(inside === "prices", design.id).toBe(inPrices);
    }
    expect(new Set(validation.designs.map(({ inside }) => inside)).size).toBeGreaterThan(1);
  });

  test("widens the range of prices by that of scaling at both ends, and allows for a measured range", () => {
    const one = { value: 1 };
    const scaling = { low: 2, high: 8 };
    expect(insideOf(one, 4, { low: 0.9, high: 5 }, null)).toBe("prices");
    expect(insideOf(one, 4, { low: 1.9, high: 5 }, scaling)).toBe("prices and scaling");
    expect(insideOf(one, 4, { low: 2.1, high: 5 }, scaling)).toBe("no");
    expect(insideOf(one, 4, { low: 0.1, high: 0.6 }, scaling)).toBe("prices and scaling");
    expect(insideOf(one, 4, { low: 0.1, high: 0.4 }, scaling)).toBe("no");
    expect(insideOf({ value: 2, low: 1, high: 6 }, 4, { low: 2.1, high: 5 }, null)).toBe("prices");
    expect(insideOf(one, 1, null, null)).toBe("prices");
    expect(insideOf(one, 4, null, { low: 0.5, high: 4 })).toBe("prices and scaling");
  });

  test("scales its prices of 45 nm by every law that covers a node", () => {
    // Nothing of this design scales with anything but logic, so the ends are laws over the model's own.
    const { ratio, scaling } = found("tcn-cutie");
    const { value, low, high } = scalingRange(22);
    expect(scaling!.low / ratio).toBeCloseTo(low / value, 12);
    expect(scaling!.high / ratio).toBeCloseTo(high / value, 12);
    expect(found("neurram").scaling).toBeNull();
  });

  test("repeats itself, and needs no draws", () => {
    expect(validateModel({ draws: 200, random: stream(1) })).toEqual(validation);
    const none = validateModel({ draws: 0, random: stream(1) });
    expect(none.designs.map(({ prices }) => prices)).toEqual(DESIGNS.map(() => null));
    expect(none.medianFactor).toBe(validation.medianFactor);
  });
});

describe("scalings", () => {
  test("are 1 at 45 nm, grow with the node, and name a source", () => {
    expect(scalingRange(45)).toEqual({ value: 1, low: 1, high: 1, names: ENERGY_SCALINGS.map(({ name }) => name) });
    for (const { name, source, factors } of ENERGY_SCALINGS) {
      expect(
        SOURCES.map(({ id }) => id),
        name,
      ).toContain(source);
      for (const [i, [node, factor]] of factors.entries()) {
        if (i > 0) expect(node < factors[i - 1][0] && factor < factors[i - 1][1], `${name}, ${node} nm`).toBe(true);
      }
    }
  });

  test("differ as their sources print", () => {
    expect(scalingRange(65)).toMatchObject({ value: 1.99, low: 1.99, names: ["stillmaker", "neurosim"] });
    expect(scalingRange(65).high).toBeCloseTo(68.7 / 32.4, 12);
    expect(scalingRange(22).low).toBeCloseTo(0.54 / 2.38, 12);
    expect(scalingRange(22).high).toBeCloseTo(0.52 / 1.19, 12);
  });

  test("refuse a node that only one of them covers", () => {
    for (const node of [7, 130]) expect(() => scalingRange(node)).toThrow(/from 65 to 8 nm/);
  });
});
