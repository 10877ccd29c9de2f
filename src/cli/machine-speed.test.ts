import { expect, test } from "vitest";
import { measureSlowness } from "./machine-speed.ts";

/** A clock on which every timing takes the given number of milliseconds. */
function clock(timings: readonly number[]) {
  let [calls, time] = [0, 0];
  return () => {
    const isEnd = calls % 2 === 1;
    if (isEnd) time += timings[(calls >> 1) % timings.length];
    calls++;
    return time;
  };
}

test("a machine on which the same work takes twice as long is twice as slow", () => {
  const [once, twice] = [2, 4].map((time) => measureSlowness(clock([time])));
  expect(twice / once).toBeCloseTo(2, 12);
});

test("one slow timing changes nothing, and a clock that stands still or jumps gives no absurd number", () => {
  const steady = measureSlowness(clock([2]));
  expect(measureSlowness(clock([2, 2, 500, 2, 2, 2, 2, 2, 2]))).toBe(steady);
  expect(measureSlowness(() => 5)).toBe(0.1);
  expect(measureSlowness(clock([1e9]))).toBe(20);
  expect(measureSlowness(() => Number.NaN)).toBe(1);
});

test("the measurement takes some tens of milliseconds", () => {
  measureSlowness();
  const { user } = process.cpuUsage();
  const slowness = measureSlowness();
  expect((process.cpuUsage().user - user) / 1000).toBeLessThan(500);
  expect(slowness).toBeGreaterThan(0.1);
});
