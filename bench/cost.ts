/** Pricing: a schedule, the whole table of workloads and presets, and Monte Carlo draws over the cited ranges. */
import { estimateCost } from "../src/cost/cost.ts";
import { monteCarlo } from "../src/cost/monte-carlo.ts";
import { planMachine } from "../src/cost/planned.ts";
import { COST_PRESETS, findCostPreset } from "../src/cost/presets.ts";
import { resolveTechnology } from "../src/cost/resolve.ts";
import { ratiosOf } from "../src/cost/variation.ts";
import { findWorkload, WORKLOADS } from "../src/cost/workloads.ts";
import { scheduleOf } from "../src/machine/schedule.ts";
import { stream } from "../src/numeric/stream.ts";
import { type BenchOptions, measure, median, type Section } from "./harness.ts";

export async function cost({ quick }: BenchOptions): Promise<Section> {
  const resolved = resolveTechnology(findCostPreset("bottom-up"));
  const workload = findWorkload("vit-8-768-imagenet");
  const draws = quick ? 500 : 5000;
  const table = await measure(() => {
    for (const preset of COST_PRESETS) {
      const { technology } = resolveTechnology(preset);
      for (const each of WORKLOADS) ratiosOf({ workload: each, technology });
    }
  });
  const estimates = await measure(
    () => {
      for (const preset of COST_PRESETS) {
        const prices = resolveTechnology(preset);
        for (const each of WORKLOADS) estimateCost(each, prices);
      }
    },
    { repeats: quick ? 3 : 9, warmUp: 1 },
  );
  const { machine } = planMachine(workload, resolved.technology);
  const scheduled = await measure(() => scheduleOf(machine));
  const draw = () => monteCarlo(workload, resolved, { draws, random: stream(1) });
  const sampled = await measure(draw, { repeats: quick ? 3 : 5, warmUp: 1 });
  return {
    name: "cost",
    about:
      "The schedule of a published workload, alone and in flight; energy of ten at the prices of every preset, by itself and with schedule, time " +
      "and area of every machine; and of one at prices drawn from the cited ranges.",
    rows: [
      { name: `schedule of ${workload.name}`, samples: scheduled, figures: {} },
      { name: `energy, ${WORKLOADS.length} workloads x ${COST_PRESETS.length} presets`, samples: table, figures: {} },
      { name: "the same, whole estimates", samples: estimates, figures: {} },
      { name: `${draws} draws`, samples: sampled, figures: { "draws/s": (1000 * draws) / median(sampled.cpu) } },
    ],
    notes: [],
  };
}
