import { expect, test } from "vitest";
import type { Schedule } from "../machine/schedule.ts";
import { estimateCost } from "./cost.ts";
import { findCostPreset } from "./presets.ts";
import { resolveTechnology } from "./resolve.ts";
import { timesOf } from "./times.ts";
import { findWorkload } from "./workloads.ts";

const technology = (set: Readonly<Record<string, number>>) =>
  resolveTechnology(findCostPreset("claim"), { set }).technology;

test("a single inference takes its clocks, and with moving data over the chip that much longer", () => {
  const schedule = { alone: { clocks: 500 }, inFlight: { clocks: 800 }, interval: 100 } as unknown as Schedule;
  const still = { alone: 5e-6, withMovement: 5e-6, inFlight: 8e-6, interval: 1e-6 };
  const own = technology({ ssaClock: 1e8, globalMovement: 0 });
  expect(timesOf(schedule, own)).toEqual(still);
  expect(timesOf(schedule, technology({ ssaClock: 1e8, globalMovement: 2 ** -18 }))).toEqual({
    ...still,
    withMovement: 5e-6 + 2 ** -18,
  });
  expect(timesOf({ ...schedule, inFlight: null }, own).inFlight).toBeNull();
});

test("moving data changes no latency, interval or throughput of an architecture but the one that names it", () => {
  const priced = (globalMovement: number) =>
    estimateCost(
      findWorkload("icl-4-256-2x2"),
      resolveTechnology(findCostPreset("claim"), { set: { globalMovement } }),
    );
  const [still, moving] = [priced(0), priced(1e-3)];
  expect(moving.times).toEqual({ ...still.times, withMovement: still.times.alone + 1e-3 });
  for (const id of Object.keys(still.architectures) as (keyof typeof still.architectures)[]) {
    expect(moving.architectures[id].performance, id).toEqual(still.architectures[id].performance);
  }
});
