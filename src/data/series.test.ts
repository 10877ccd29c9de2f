import { expect, test } from "vitest";
import { mackeyGlass } from "./mackey-glass.ts";
import { parseSeries, seriesData } from "./series.ts";

const cut = { window: 3, horizon: 2, outputs: 1 };

test("the Mackey-Glass series is within 1e-5 of the one with half the step, and never repeats", () => {
  const coarse = mackeyGlass(200, 100);
  const fine = mackeyGlass(200, 100, 20);
  // Errors of a method of order four shrink sixteenfold; chaos lets them grow over 300 units of time.
  for (const [i, value] of coarse.entries()) expect(Math.abs(value - fine[i])).toBeLessThan(1e-5);
  expect(new Set(coarse).size).toBe(200);
});

test("a series is cut in its order, and windows of validation and test share no sample", () => {
  const data = seriesData(
    "line",
    Array.from({ length: 100 }, (_, i) => i),
    cut,
  );
  const back = (part: typeof data.test) =>
    Array.from(part.samples, (x) => Math.abs(Math.round(x * data.deviation + data.mean)));
  expect([back(data.train)[0], back(data.train).at(-1)]).toEqual([0, 69]);
  expect([back(data.validation)[0], back(data.test)[0], back(data.test).at(-1)]).toEqual([70, 85, 99]);
  expect(data.train).toMatchObject({ count: 70 - 5 + 1, stride: 1 });
  expect(data.test).toMatchObject({ count: 3, stride: 5 });
  expect(data.mean).toBeCloseTo(34.5, 12);
  expect(data.deviation).toBeCloseTo(Math.sqrt((70 ** 2 - 1) / 12), 12);
});

test("a series that is short, constant or not finite is refused with the field and the arithmetic", () => {
  expect(() => seriesData("s", new Array(20).fill(0), cut)).toThrow(/20 samples.*3 \+ 2 \+ 1 - 1 = 5/);
  expect(() => seriesData("s", new Array(100).fill(2), cut)).toThrow(/all 2: there is nothing to predict/);
  expect(() => seriesData("s", [1, Number.NaN], cut)).toThrow(expect.objectContaining({ path: "samples[1]" }));
});

test("a text has a number per line, below a heading, and a line that is none is named", () => {
  expect([...parseSeries("value\r\n1\n-2.5e1,\n\n", "x.csv")]).toEqual([1, -25]);
  expect(() => parseSeries("1\ntwo", "x.csv")).toThrow('Line 2 is not a number: "two"');
});
