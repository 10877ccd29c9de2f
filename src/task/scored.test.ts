import { expect, test } from "vitest";
import { slotDetectionSpec } from "../experiment/slot-detection.ts";
import { imageClassificationSpec, symbolDetectionSpec } from "../experiment/task.ts";
import { kitOf } from "./catalogue.ts";
import { scoredErrors, scoredQueries, scoredValues } from "./scored.ts";

/** 2 antennas of QPSK on 2 x 3 elements: 2 pilots and 4 data elements, two of them in the pilot symbol. */
const slots = slotDetectionSpec.parse({
  kind: "slot-detection",
  transmitAntennas: 2,
  channel: { kind: "iid", symbols: 2, subcarriers: 3, pilots: { symbols: [0], comb: 3 } },
});
const link = symbolDetectionSpec.parse({ transmitAntennas: 2, pilots: 3 });
const FOUR = { queries: Int32Array.of(2, 3, 4, 5) };

// Wrong bits: 0, 1, 0, 4 in the first prompt and 2, 0, 0, 0 in the second.
const slices = [
  { labels: Int32Array.of(5, 0b1000, 3, 0b0000), decisions: Int32Array.of(5, 0b1001, 3, 0b1111) },
  { labels: Int32Array.of(0b0110, 1, 2, 9), decisions: Int32Array.of(0b0000, 1, 2, 9) },
];

test("of a slot all data elements count, and of a link the last query, by hand", () => {
  const all = scoredErrors(slots, FOUR, slices);
  expect([...all.wrong]).toEqual([5, 2]);
  expect([...all.wrongSymbols]).toEqual([2, 1]);
  expect(all.prompts).toBe(2);
  expect(all.bits).toMatchObject({ errors: 7, trials: 32, rate: 7 / 32 });
  expect(all.symbols).toMatchObject({ errors: 3, trials: 8 });
  const last = scoredErrors(link, FOUR, slices);
  expect([...last.wrong]).toEqual([4, 0]);
  expect([...last.wrongSymbols]).toEqual([1, 0]);
  expect(last.bits).toMatchObject({ errors: 4, trials: 8 });
});

test("a slot is one cluster: bits that fail together widen the interval", () => {
  const { bits } = scoredErrors(slots, FOUR, slices);
  // Rates 5/16 and 2/16 have a mean of 7/32 and a standard error of half their difference.
  expect(bits.standardError).toBeCloseTo(3 / 32, 12);
  const independent = Math.sqrt(((7 / 32) * (25 / 32)) / 32);
  expect(bits.designEffect).toBeCloseTo((3 / 32 / independent) ** 2, 12);
});

test("the errors of a prompt are at most its trials, and a result is one data symbol of one antenna", () => {
  expect(kitOf(slots).trials(slots)).toBe(4 * 4);
  expect(kitOf(slots).result(slots)).toEqual({ name: "symbol", perInference: 8 });
  expect(kitOf(link).trials(link)).toBe(4);
});

test("values are kept at the queries that count, with all of their entries", () => {
  const values = Float32Array.from({ length: 16 }, (_, i) => i);
  expect(scoredValues(values, scoredQueries(slots, FOUR), 2)).toEqual(values);
  expect([...scoredValues(values, scoredQueries(link, FOUR), 2)]).toEqual([6, 7, 14, 15]);
  const images = imageClassificationSpec.parse({ kind: "image-classification" });
  expect(scoredQueries(images, { queries: Int32Array.of(0) })).toEqual({ queries: 1, scored: 1 });
});
