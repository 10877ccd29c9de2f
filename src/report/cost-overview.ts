/** The report of `xpike cost` without a workload: all published workloads on all machines. */
import { ratioTo } from "../cost/cost.ts";
import { buildReport, type FigureDraft } from "./build-report.ts";
import { BASELINES, comparisonChart, costNotes, costSources } from "./cost.ts";
import type { CostCase } from "./cost-report.ts";
import { formatText } from "./format.ts";
import type { Report } from "./report.ts";

export interface CostOverview {
  readonly cases: readonly CostCase[];
  readonly command: string;
  readonly seed: number;
  readonly versions: Readonly<Record<string, string>>;
}

/** Ids are `cost.WORKLOAD.PRICES.energy` and `.ratio.MACHINE`. */
export function costOverview({ cases, command, seed, versions }: CostOverview): Report {
  const resolved = cases.map(({ estimate }) => estimate.resolved);
  const energies = cases.map(({ estimate }) => estimate.architectures.xpikeformer.total);
  const joules = (value: number) => formatText({ value, unit: "J" });
  return buildReport({
    title: "Cost of the published workloads",
    summary:
      `${cases.length} estimates: from ${joules(Math.min(...energies))} to ${joules(Math.max(...energies))} per inference on ` +
      "Xpikeformer.",
    description:
      "Counted actions times published prices: an estimate, not a measurement of silicon. Each workload is reported in full by " +
      "`xpike cost WORKLOAD`.",
    command,
    seed,
    versions: { ...versions },
    notes: [...new Set(resolved.flatMap(costNotes))],
    sources: costSources(resolved),
    figures: cases.flatMap(figuresOf),
    charts: [
      comparisonChart(cases.map(({ id, estimate }) => ({ name: nameOf(id, estimate.workload.name), estimate }))),
    ],
  });
}

const nameOf = (prices: string, workload: string): string => `${workload}, ${prices}`;

function figuresOf({ id, estimate }: CostCase): FigureDraft[] {
  const { architectures, workload } = estimate;
  const prefix = `cost.${workload.name}.${id}`;
  const name = nameOf(id, workload.name);
  return [
    {
      id: `${prefix}.energy`,
      label: `Energy per inference: Xpikeformer, ${name}`,
      value: architectures.xpikeformer.total,
      unit: "J",
    },
    ...BASELINES.map((baseline) => ({
      id: `${prefix}.ratio.${baseline}`,
      label: `${architectures[baseline].label} over Xpikeformer, energy, ${name}`,
      value: ratioTo(estimate, baseline),
      unit: "1",
    })),
  ];
}
