import { describe, expect, test } from "vitest";
import { SpecError } from "../errors.ts";
import { MOST_AGES, parseDuration, parseDurations } from "./duration.ts";

describe("a duration", () => {
  test.each([
    ["1s", 1],
    ["0.5s", 0.5],
    ["90m", 5400],
    ["1h", 3600],
    ["2d", 172_800],
    ["1mo", 2_592_000],
    ["1y", 31_536_000],
  ])("%s has %d seconds", (text, seconds) => {
    expect(parseDuration(text, "drift")).toEqual({ text, seconds });
  });

  test.each(["", "1", "h", "-1s", "1 h", "1min", "1Y", "1e3s", "1s2m", "٣s"])(
    "%j is none, and the units are named",
    (text) => {
      expect(() => parseDuration(text, "drift")).toThrow(SpecError);
      expect(() => parseDuration(text, "drift")).toThrow("mo (30 days)");
    },
  );

  test("longer than any device is read says so", () => {
    expect(() => parseDuration("400y", "drift")).toThrow(
      "400 x 31536000 s = 12614400000 s; the longest is 10000000000 s",
    );
  });
});

describe("a list of durations", () => {
  test("keeps its order", () => {
    expect(parseDurations("1y, 1s,1m", "drift").map(({ seconds }) => seconds)).toEqual([31_536_000, 1, 60]);
  });

  test("has every age once, however it is written", () => {
    expect(() => parseDurations("1m,1h,60s", "drift")).toThrow("1m and 60s are the same age");
  });

  test("has no gaps", () => {
    expect(() => parseDurations("1s,,1m", "drift")).toThrow(SpecError);
  });

  test("are as many as a chart holds", () => {
    const ages = (count: number) => Array.from({ length: count }, (_, i) => `${i + 1}s`).join();
    expect(parseDurations(ages(MOST_AGES), "drift")).toHaveLength(MOST_AGES);
    expect(() => parseDurations(ages(MOST_AGES + 1), "drift")).toThrow("These are 101 ages");
  });
});
