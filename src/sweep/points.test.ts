// @module-tag slow
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SpecError } from "../errors.ts";
import { type Design, parseDesign } from "../experiment/design.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { experimentAt, listPoints, type OpenedDesign, valueAt } from "./points.ts";

const designOf = (fields: object): OpenedDesign => parseDesign({ experiment: {}, axes: {}, ...fields }) as OpenedDesign;
const columnOf = (design: Design, path: string) => listPoints(design).map((values) => values[path] as number);
const BITS = "hardware.adc.bits";
const TIME = "hardware.readTime";

describe("a grid", () => {
  test("has every combination once, the last axis first", () => {
    const design = designOf({ axes: { [BITS]: [4, 5, null], [TIME]: { from: 0, to: 9, count: 4 } } });
    expect(listPoints(design).map(Object.values)).toEqual(
      [4, 5, null].flatMap((bits) => [0, 3, 6, 9].map((time) => [bits, time])),
    );
  });

  test("takes all integers of a range, and powers of a logarithmic range", () => {
    expect(columnOf(designOf({ axes: { [BITS]: { from: 3, to: 6, whole: true } } }), BITS)).toEqual([3, 4, 5, 6]);
    const decades = columnOf(designOf({ axes: { [TIME]: { from: 1, to: 1e6, scale: "log", count: 4 } } }), TIME);
    for (const [i, value] of decades.entries()) expect(value).toBeCloseTo(100 ** i, 6);
    expect(decades[3]).toBe(1e6);
  });

  test("without axes is the experiment itself", () => {
    expect(listPoints(designOf({}))).toEqual([{}]);
  });
});

describe("a sample", () => {
  const axes = {
    [BITS]: { from: 4, to: 8, whole: true },
    [TIME]: { from: 1, to: 1000, scale: "log" },
    "hardware.crossbar.pairs": ["physical", "aihwkit"],
  };
  const kind = fc.constantFrom("random", "latin-hypercube", "sobol");
  const points = fc.integer({ min: 1, max: 100 });

  test("of any kind stays on its axes, and depends only on the design", () => {
    fc.assert(
      fc.property(kind, points, fc.nat(), (kind, points, seed) => {
        const design = designOf({ seed, axes, sampling: { kind, points } });
        const all = listPoints(design);
        expect(all).toHaveLength(points);
        for (const values of all) {
          expect([4, 5, 6, 7, 8]).toContain(values[BITS]);
          expect(["physical", "aihwkit"]).toContain(values["hardware.crossbar.pairs"]);
          expect(values[TIME]).toBeGreaterThanOrEqual(1);
          expect(values[TIME]).toBeLessThanOrEqual(1000);
        }
        expect(listPoints(design)).toEqual(all);
        if (points > 20) expect(columnOf({ ...design, seed: seed + 1 }, TIME)).not.toEqual(columnOf(design, TIME));
      }),
    );
  });

  test("keeps an axis unchanged when another is added, except for Sobol, which counts dimensions", () => {
    const { [BITS]: bits, ...others } = axes;
    for (const kind of ["random", "latin-hypercube"]) {
      const sampling = { kind, points: 20 };
      expect(columnOf(designOf({ axes, sampling }), TIME)).toEqual(
        columnOf(designOf({ axes: others, sampling }), TIME),
      );
    }
  });

  test("of a Latin hypercube has one point in each part of each axis; so has Sobol at a power of two", () => {
    const range = { from: 0, to: 1 };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6 }), fc.nat(), points, (power, seed, points) => {
        for (const sampling of [
          { kind: "latin-hypercube", points },
          { kind: "sobol", points: 2 ** power },
        ]) {
          const design = designOf({ seed, axes: { a: range, b: range, c: range }, sampling });
          for (const path of ["a", "b", "c"]) {
            const parts = columnOf(design, path).map((value) => Math.floor(value * sampling.points));
            expect(new Set(parts).size).toBe(sampling.points);
          }
        }
      }),
    );
  });
});

describe("the experiment of a point", () => {
  const at = (experiment: object, values: object) => experimentAt(designOf({ experiment }), { ...values });

  test("is the experiment with its fields changed, and nothing else", () => {
    const base = { preset: "wireless-2x2", hardware: { adc: { bits: 7 } } };
    const plain = parseExperiment(base);
    const { hardware } = at(base, { "hardware.adc.sharing": 4, [TIME]: 60 });
    expect(hardware).toEqual({ ...plain.hardware, adc: { ...plain.hardware.adc, sharing: 4 }, readTime: 60 });
    expect(at(base, {})).toEqual(plain);
  });

  test("may change the preset, and vary several fields together", () => {
    expect(at({}, { preset: "paper-2x2-small" }).model).toEqual(parseExperiment({ preset: "paper-2x2-small" }).model);
    const { adc } = at({ hardware: { adc: { sharing: 4 } } }, { "hardware.adc": { bits: 6, mode: "pair" } }).hardware;
    expect(adc).toMatchObject({ bits: 6, mode: "pair", sharing: 4 });
  });

  test("of another kind drops the old kind's fields", () => {
    const experiment = { hardware: { crossbar: { device: { kind: "pcm", programmingNoise: false } } } };
    const { device } = at(experiment, { "hardware.crossbar.device.kind": "hermes" }).hardware.crossbar;
    expect(device).toMatchObject({ kind: "hermes" });
  });

  test("reaches into lists", () => {
    const stages = [{ steps: 10 }, { steps: 20, warmup: 3 }];
    const { training } = at({ training: { stages } }, { "training.stages.1.steps": 30 });
    expect(training.stages).toMatchObject([{ steps: 10 }, { steps: 30, warmup: 3 }]);
  });

  test.each([
    [{ [BITS]: 99 }, BITS, "hardware.adc.bits 99:\nhardware.adc.bits is 99; allowed: an integer from 1 to 16"],
    [{ "hardware.adc.bit": 5 }, "hardware.adc.bit", "did you mean `bits`"],
    [{ "hardware.adc.bits.more": 5 }, BITS, "an integer from 1 to 16"],
    [{ "hardware.__proto__": 1 }, "hardware", "__proto__"],
    [{ "model.heads": 7 }, "model.heads", "heads"],
    [{ preset: "papre" }, "preset", "known presets"],
    [{ "training.stages.5.steps": 3 }, "training.stages", "list"],
  ])("with %j is refused at %s", (values, path, message) => {
    try {
      at({}, values);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(SpecError);
      expect((error as SpecError).path).toBe(path);
      expect((error as SpecError).message).toContain("The design contains an invalid point");
      expect((error as SpecError).message).toContain(message);
    }
  });
});

describe("a design is refused", () => {
  test.each([
    [{ axes: { [TIME]: { from: 1, to: 2 } } }, 'axes["hardware.readTime"]', "Give it a `count`"],
    [{ axes: { a: { from: 1, to: 1e6, whole: true }, b: [1, 2, 3] } }, "axes", "1000000 x 3 = 3000000 points"],
    [
      {
        axes: Object.fromEntries(Array.from({ length: 22 }, (_, i) => [`a${i}`, [1]])),
        sampling: { kind: "sobol", points: 4 },
      },
      "sampling.kind",
      "22 axes",
    ],
  ])("%#: %j", (fields, path, message) => {
    expect(() => listPoints(designOf(fields))).toThrow(message);
    expect(() => listPoints(designOf(fields))).toThrow(expect.objectContaining({ path }));
  });
});

test("whole numbers of a logarithmic range are rounded to the nearest", () => {
  const axis = { from: 1, to: 64, scale: "log", whole: true } as const;
  // 64^0.25 = 2.83 and 64^0.4 = 5.28.
  expect([0.25, 0.4, 0.5].map((share) => valueAt(axis, share))).toEqual([3, 5, 8]);
});

test("a linear range of whole numbers has those between its ends, which may be fractions", () => {
  const axis = { from: 1.5, to: 4.2, scale: "linear", whole: true } as const;
  expect([0, 0.3, 0.34, 0.7, 1].map((share) => valueAt(axis, share))).toEqual([2, 2, 3, 4, 4]);
});
