import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tinyImages as images } from "../../test/support/tiny-images.ts";
import type { ImageData, ImageSet } from "../data/images.ts";
import { ShapeError, SpecError, ValueError } from "../errors.ts";
import { type ImageClassificationSpec, imageClassificationSpec } from "../experiment/task.ts";
import { stream } from "../numeric/stream.ts";
import { decodeRates } from "../spike/encode.ts";
import { unpackSpikes } from "../spike/train.ts";
import { imageClassification, imageClassificationKit } from "./image-classification.ts";
import { imageGeometry, isLineOn, lineShares, planPatches, readPatches } from "./patches.ts";

const shape = { height: 4, width: 4, channels: 1, classes: 4 };
const specOf = (fields: object = {}): ImageClassificationSpec =>
  imageClassificationSpec.parse({
    kind: "image-classification",
    data: { name: "halves", ...shape },
    patch: 2,
    ...fields,
  });

/** Pixel of row r and column c is 10 (r + 1) + c + 1. */
const numbered = Uint8Array.from({ length: 16 }, (_, i) => 10 * ((i >> 2) + 1) + (i & 3) + 1);

function read(spec: ImageClassificationSpec): number[][] {
  const plan = planPatches(spec);
  const out = new Uint8Array(plan.rows.length);
  readPatches(plan, shape, numbered, 0, out);
  const { inputs } = imageGeometry(spec).real;
  return Array.from({ length: out.length / inputs }, (_, i) => [...out.subarray(i * inputs, (i + 1) * inputs)]);
}

describe("patches, by hand", () => {
  test("go row by row, and so do their pixels", () => {
    expect(read(specOf())).toEqual([
      [11, 12, 21, 22],
      [13, 14, 23, 24],
      [31, 32, 41, 42],
      [33, 34, 43, 44],
    ]);
  });
  test("are followed by their left, right, upper and lower neighbours, black outside the image", () => {
    expect(read(specOf({ shift: 1 }))[1]).toEqual([
      ...[13, 14, 23, 24],
      ...[12, 13, 22, 23],
      ...[14, 0, 24, 0],
      ...[0, 0, 13, 14],
      ...[23, 24, 33, 34],
    ]);
  });
  test("that do not fill the image are refused, and the error lists sides that do", () => {
    expect(() => imageGeometry(specOf({ patch: 3 }))).toThrow(/4 \/ 3 = 1.333.*Sides that do: 1, 2, 4\./);
    expect(() => imageGeometry(specOf({ patch: 3 }))).toThrow(SpecError);
  });
});

describe("the geometry", () => {
  test("of the published data sets", () => {
    const sizes = (data: string, patch: number, rest = {}) => {
      const { real, spiking } = imageGeometry(specOf({ data, patch, ...rest }));
      return [real.tokens, real.inputs, spiking.inputs, real.classes];
    };
    expect(sizes("fashion-mnist", 7, { coding: "thermometer", thresholds: 4 })).toEqual([16, 49, 196, 10]);
    expect(sizes("mnist", 4, { coding: "bits", pixelBits: 3, readOut: "class-token" })).toEqual([50, 16, 48, 10]);
    // The first author's shapes: 64 patches and a class token; 4 x 4 x 15 inputs.
    expect(sizes("cifar-10", 4, { readOut: "class-token", shift: 1 })).toEqual([65, 240, 240, 10]);
  });
  test("lets every token see every token, and reads the last one or all", () => {
    const mean = imageGeometry(specOf()).real;
    expect([...mean.mask]).toEqual(new Array(16).fill(1));
    expect([mean.readOut, [...mean.queries]]).toEqual(["mean", [3]]);
    const token = imageGeometry(specOf({ readOut: "class-token" })).real;
    expect([token.readOut, token.tokens, [...token.queries]]).toEqual([undefined, 5, [4]]);
  });
});

describe("what enters a network", () => {
  const one: ImageSet = { ...images.test, count: 1, pixels: numbered.map((x) => 5 * x), labels: Uint16Array.of(2) };
  const draw = (fields: object, steps = 2) =>
    imageClassification(specOf(fields), steps, { ...images, test: one }).draw(1, stream(1));
  const pixels = [11, 12, 21, 22, 13, 14, 23, 24, 31, 32, 41, 42, 33, 34, 43, 44].map((x) => 5 * x);

  test("as real values are pixels from -1 to 1, and 0 in the class token", () => {
    const { values, labels, spikes } = draw({ coding: "repeat", readOut: "class-token" });
    const expected = [...pixels.map((x) => x / 127.5 - 1), 0, 0, 0, 0];
    expect([...values]).toEqual(expected.map((x) => Math.fround(x)));
    expect([...labels]).toEqual([2]);
    expect(spikes).toBeUndefined();
  });
  test("as bits are the highest bits, the same at every step", () => {
    const bits = [...unpackSpikes(draw({ coding: "bits", pixelBits: 3, readOut: "class-token" }).spikes!)];
    const expected = [...pixels.flatMap((x) => [x >> 7, (x >> 6) & 1, (x >> 5) & 1]), ...new Array(12).fill(0)];
    expect(bits).toEqual([...expected, ...expected]);
  });
  test("as a thermometer are the thresholds reached", () => {
    const bits = [...unpackSpikes(draw({ coding: "thermometer", thresholds: 3 }, 1).spikes!)];
    expect(bits).toEqual(pixels.flatMap((x) => [64, 128, 192].map((threshold) => (x >= threshold ? 1 : 0))));
  });
  test("as a thermometer reach a threshold at equality", () => {
    const reached = [63, 64, 127, 128, 191, 192, 255].map((pixel) =>
      [0, 1, 2].filter((line) => isLineOn(specOf({ coding: "thermometer", thresholds: 3 }), pixel, line)),
    );
    expect(reached).toEqual([[], [0], [0], [0, 1], [0, 1], [0, 1, 2], [0, 1, 2]]);
  });
  test("as a thermometer with a remainder are the thresholds reached, then the bits of the remainder", () => {
    const fields = { coding: "thermometer", thresholds: 3, remainderBits: 2 };
    // Thresholds are 64 apart; the bits represent 32 and 16.
    const lines = (pixel: number) => [0, 1, 2, 3, 4].map((line) => Number(isLineOn(specOf(fields), pixel, line)));
    expect([0, 15, 16, 63, 64, 100, 255].map(lines)).toEqual([
      ...[
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 1],
        [0, 0, 0, 1, 1],
      ],
      ...[
        [1, 0, 0, 0, 0],
        [1, 0, 0, 1, 0],
        [1, 1, 1, 1, 1],
      ],
    ]);
    expect([...unpackSpikes(draw(fields, 1).spikes!)]).toEqual(pixels.flatMap(lines));
    expect(draw(fields, 1).spikes!.features).toBe(imageGeometry(specOf(fields)).spiking.inputs);
  });
  test("in lines whose shares add up to the pixel's level, whatever the coding", () => {
    const coding = fc.oneof(
      fc.record({
        coding: fc.constant("thermometer"),
        thresholds: fc.integer({ min: 1, max: 20 }),
        remainderBits: fc.nat(4),
      }),
      fc.record({ coding: fc.constant("bits"), pixelBits: fc.integer({ min: 1, max: 8 }) }),
    );
    fc.assert(
      fc.property(coding, fc.nat(255), (fields, pixel) => {
        const spec = specOf(fields);
        const levels = fields.coding === "bits" ? 2 ** spec.pixelBits : (spec.thresholds + 1) * 2 ** spec.remainderBits;
        const sum = lineShares(spec).reduce(
          (total, share, line) => total + (isLineOn(spec, pixel, line) ? share : 0),
          0,
        );
        // The shares are rounded to doubles, each within 2^-53.
        expect(sum).toBeCloseTo(Math.floor((pixel * levels) / 256) / (levels - 1), 12);
      }),
    );
  });
  test("as Bernoulli lines fire as often as pixels are bright", () => {
    const steps = 4000;
    const { values } = decodeRates(draw({ coding: "bernoulli" }, steps).spikes!);
    pixels.forEach((pixel, i) => {
      const p = pixel / 255;
      // 4.5 standard errors: one of 16 lines fails by chance in about 1 of 9000 seeds, and this seed is fixed.
      expect(Math.abs(values[i] - p)).toBeLessThan(4.5 * Math.sqrt((p * (1 - p)) / steps));
    });
  });
});

describe("which images are drawn", () => {
  const order = stream(3);
  /** All images differ, so their pixels identify them. */
  const keys = (values: Float32Array) =>
    Array.from({ length: values.length / 16 }, (_, k) => values.subarray(16 * k, 16 * k + 16).join());
  const task = imageClassification(specOf({ coding: "repeat" }), 1, images);
  const training = (position: number, count: number) =>
    task.draw(count, stream(7), { from: { part: "training", position, order } });

  test("for training: each once per epoch, in a new order each time, whatever the batch size", () => {
    const epochs = [0, 64].map((position) => keys(training(position, 64).values));
    expect(new Set(epochs[0]).size).toBe(64);
    expect([...epochs[0]].sort()).toEqual([...epochs[1]].sort());
    expect(epochs[0]).not.toEqual(epochs[1]);
    expect(keys(training(40, 48).values)).toEqual([...epochs[0].slice(40), ...epochs[1].slice(0, 24)]);
  });

  test("for a test: in order, the same for any batch size", () => {
    const spec = specOf({ coding: "bernoulli" });
    const drawn = imageClassification(spec, 3, images);
    const whole = drawn.draw(40, stream(1));
    fc.assert(
      fc.property(fc.nat(39), fc.integer({ min: 1, max: 40 }), (first, count) => {
        const prompts = Math.min(count, 40 - first);
        const part = drawn.draw(prompts, stream(1), { firstPrompt: first });
        expect(part.labels).toEqual(whole.labels.slice(first, first + prompts));
        expect(part.values).toEqual(whole.values.slice(16 * first, 16 * (first + prompts)));
        const rows = unpackSpikes(whole.spikes!);
        const own = [0, 1, 2].flatMap((t) => [
          ...rows.subarray(16 * (40 * t + first), 16 * (40 * t + first + prompts)),
        ]);
        expect([...unpackSpikes(part.spikes!)]).toEqual(own);
      }),
      { seed: 1, numRuns: 20 },
    );
    expect([...whole.labels]).toEqual([...images.test.labels]);
  });

  test.each([
    ["moved and mirrored", { crop: 1, flip: true }],
    ["cut out", { cutout: 2 }],
  ])("%s in training alone", (_, change) => {
    const moving = imageClassification(specOf({ coding: "repeat", ...change }), 1, images);
    const options = { from: { part: "training", position: 0, order } } as const;
    expect(keys(moving.draw(64, stream(7), options).values)).not.toEqual(keys(training(0, 64).values));
    for (const part of ["calibration", "validation", "test"] as const) {
      const draws = [moving, task].map((of) => of.draw(32, stream(7), { from: { part } }).values);
      expect(draws[0], part).toEqual(draws[1]);
    }
  });

  test("no more than there are", () => {
    expect(() => task.draw(41, stream(1))).toThrow(/Images 0 .. 40 were requested, but the test part of halves has 40/);
    expect(() => task.draw(41, stream(1))).toThrow(ValueError);
  });

  test("too few to calibrate chips are counted, with those kept for validation", () => {
    const few: ImageData = {
      ...images,
      train: { ...images.train, count: 30 },
      validation: { ...images.validation, count: 10 },
    };
    const calibrate = () =>
      imageClassification(specOf(), 1, few).draw(32, stream(1), { from: { part: "calibration" } });
    expect(calibrate).toThrow(SpecError);
    expect(calibrate).toThrow(
      "Chips calibrate their converters on 32 training images or more, but of the 40 of halves, 10 are kept for validation: 40 - 10 = 30. Add 2 or more images for training.",
    );
  });
});

test("without images there is a geometry, but nothing to draw", () => {
  const task = imageClassification(specOf(), 1);
  expect(task.geometry.real.tokens).toBe(4);
  expect(() => task.draw(1, stream(1))).toThrow(SpecError);
});

test.each([
  ["height", { height: 5 }, 5],
  ["width", { width: 5 }, 5],
  ["channels", { channels: 3 }, 3],
  ["classes", { classes: ["a", "b", "c"] }, 3],
] as const)("images with other %s are refused", (field, change, given) => {
  const other: ImageData = { ...images, validation: { ...images.validation, ...change } };
  expect(() => imageClassification(specOf(), 1, other)).toThrow(ShapeError);
  expect(() => imageClassification(specOf(), 1, other)).toThrow(
    `have ${field} ${given}, but task.data says ${shape[field]}`,
  );
});

test("the error rate counts wrong decisions", () => {
  const { errors, rate } = imageClassificationKit;
  expect(rate(errors([0, 1, 2, 3], [0, 1, 1, 0], specOf())).rate).toBe(0.5);
});
