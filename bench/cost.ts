/** Pricing: the whole table of workloads and presets, and Monte Carlo draws over the cited ranges. */
import { monteCarlo } from "../src/cost/monte-carlo.ts";
import { COST_PRESETS, findCostPreset } from "../src/cost/presets.ts";
import { resolveTechnology } from "../src/cost/resolve.ts";
import { ratiosOf } from "../src/cost/variation.ts";
import { findWorkload, WORKLOADS } from "../src/cost/workloads.ts";
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
  const draw = () => monteCarlo(workload, resolved, { draws, random: stream(1) });
  const sampled = await measure(draw, { repeats: quick ? 3 : 5, warmUp: 1 });
  return {
    name: "cost",
    about:
      "Energy of ten published workloads at the prices of every preset, and of one at prices drawn from the cited ranges.",
    rows: [
      { name: `${WORKLOADS.length} workloads x ${COST_PRESETS.length} presets`, samples: table, figures: {} },
      { name: `${draws} draws`, samples: sampled, figures: { "draws/s": (1000 * draws) / median(sampled.cpu) } },
    ],
    notes: [],
  };
}
