import { expect, test } from "vitest";
import { estimateLatency } from "./latency.ts";
import { findCostPreset } from "./presets.ts";
import { resolveTechnology } from "./resolve.ts";
import { findWorkload } from "./workloads.ts";

const { technology } = resolveTechnology(findCostPreset("bottom-up"));
const workload = findWorkload("vit-8-768-imagenet");

test("the slower of crossbars and attention sets the pace of the pipeline", () => {
  const many = estimateLatency(workload, technology);
  expect(many.interval).toBe(workload.steps * workload.tokens * many.vector);
  expect(many.attentionStep).toBeLessThan(workload.tokens * many.vector);
  // With one token and one tile for all heads, 64 clocks for each of 12 heads at 200 MHz outlast one vector of 0.09 us.
  const few = estimateLatency({ ...workload, tokens: 1 }, { ...technology, ssaTiles: 1 });
  expect(few.attentionStep).toBeCloseTo((12 * 64) / 200e6, 15);
  expect(few.interval).toBe(workload.steps * few.attentionStep);
});
