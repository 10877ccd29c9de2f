import { describe, expect, test } from "vitest";
import { seriesData } from "../data/series.ts";
import { parseExperiment } from "../experiment/parse.ts";
import type { TimeSeriesSpec } from "../experiment/task.ts";
import { stream } from "../numeric/stream.ts";
import { timeSeries, timeSeriesKit } from "./time-series.ts";

const specOf = (task: object = {}) =>
  parseExperiment({
    task: { kind: "time-series", window: 4, patch: 2, horizon: 2, outputs: 2, sampleBits: 2, ...task },
  }).task as TimeSeriesSpec;
const spec = specOf();
const samples = Float64Array.from({ length: 200 }, (_, i) => Math.sin(i) + i / 100);
const series = seriesData("sine", samples, spec);
const task = timeSeries(spec, 3, series);
const normal = (i: number) => Math.fround((samples[i] - series.mean) / series.deviation);

describe("a prompt", () => {
  test("is a window, and its answer the samples `horizon` after the last", () => {
    const { values, labels } = task.draw(2, stream(1));
    // Tests begin at sample 170; a window with its answer takes 4 + 2 + 2 - 1 = 7.
    expect([...values]).toEqual([170, 171, 172, 173, 177, 178, 179, 180].map(normal));
    expect([...labels]).toEqual([175, 176, 182, 183].map(normal));
  });

  test("has a thermometer line for each threshold that a sample exceeds, the same at every step", () => {
    const { values, spikes } = task.draw(3, stream(1));
    // Two bits over -2.5 .. 2.5: thresholds at -1.25, 0 and 1.25.
    const expected = Array.from<number, number[]>(values, (x) =>
      [-1.25, 0, 1.25].map((threshold) => (x >= threshold ? 1 : 0)),
    );
    const rows = Array.from({ length: 6 }, (_, row) => [...expected[2 * row], ...expected[2 * row + 1]]);
    const words = rows.map((bits) => bits.reduce((word, bit, i) => word | (bit << i), 0));
    expect([...spikes!.words]).toEqual([...words, ...words, ...words]);
  });

  test.each(["bernoulli", "bits", "thermometer"] as const)("does not depend on its batch, coded by %s", (coding) => {
    const own = timeSeries(specOf({ coding }), 3, series);
    const whole = own.draw(4, stream(2));
    const last = own.draw(1, stream(2), { firstPrompt: 3 });
    expect([...last.values]).toEqual([...whole.values.slice(12)]);
    const perStep = whole.spikes!.words.length / 3;
    const expected = [0, 1, 2].flatMap((t) => [...whole.spikes!.words.slice(t * perStep + 6, (t + 1) * perStep)]);
    expect([...last.spikes!.words]).toEqual(expected);
  });
});

test("sizes follow the window, and tokens that do not fill it are refused with those that do", () => {
  expect(task.geometry.spiking).toMatchObject({ inputs: 6, tokens: 2, classes: 2, answer: "numbers" });
  expect(() => timeSeries(specOf({ patch: 3 }), 1, null)).toThrow(/4 \/ 3 = 1.333.*Sizes that do: 1, 2, 4/);
});

test("a series cut for other windows, and none at all, are refused", () => {
  expect(() => timeSeries(specOf({ horizon: 3 }), 1, series)).toThrow(expect.objectContaining({ path: "series.test" }));
  expect(() => timeSeries(spec, 1, null).draw(1, stream(1))).toThrow(expect.objectContaining({ path: "task.data" }));
});

test("the error of a prompt is the mean square over its numbers, and its interval is Student's", () => {
  const { wrong, squares } = timeSeriesKit.errors([0, 0, 0, 0, 0, 0], [1, 3, 0, 0, 4, 0], spec, 2);
  expect([...wrong]).toEqual([5, 0, 8]);
  expect(squares.rate).toBeCloseTo(13 / 3, 14);
  // t(2) = 4.303, and a standard deviation of 4.041: 4.333 -+ 10.04, no less than 0.
  expect(squares.high).toBeCloseTo(14.37, 2);
  expect(squares.low).toBe(0);
});
