/**
 * The cost of a machine on one screen: energy, throughput and area next to the int8 ANN on its cheaper engine and the digital SNN, the
 * energy of the ANN's other engine, where the energy goes, and what to change.
 */
import picocolors from "picocolors";
import { type Merit, meritOf } from "../cost/architectures/performance.ts";
import type { ArchitectureCost, CostEstimate } from "../cost/cost.ts";
import type { Lever } from "../cost/levers.ts";
import { ALL_RIVALS, type Rivals } from "../cost/priced.ts";
import type { PriceRanges, Range } from "../cost/ranges.ts";
import { formatNumber, formatText } from "./format.ts";
import { partLabel } from "./machine-cost.ts";
import type { Report } from "./report.ts";
import { hasRatio } from "./rivals.ts";
import { clean, grid, noteLines, type TableOptions, TERMINAL_WIDTH, wrap } from "./table.ts";

/** Lines of the screen, less the last lines of the command. */
const LINES = 19;
/** Fewest levers that are shown. */
const LEAST_LEVERS = 2;
/** Parts of the energy that are named. */
const MOST_PARTS = 8;

/** Text with line breaks. `report` is of the same estimate. */
export function costScreen(
  report: Pick<Report, "title" | "notes" | "brief">,
  {
    estimate,
    equal = estimate,
    levers,
    rivals = ALL_RIVALS,
    ranges,
  }: {
    readonly estimate: CostEstimate;
    /** The same with the digital SNN at Xpikeformer's T, where the columns are to be of one T. Default: each at its own. */
    readonly equal?: CostEstimate;
    readonly levers: readonly Lever[];
    /** Rivals with an energy ratio. */
    readonly rivals?: Rivals;
    /** Of the estimate's prices; left out: no ranges are shown. */
    readonly ranges?: PriceRanges | undefined;
  },
  { color = false, width = TERMINAL_WIDTH }: TableOptions = {},
): string {
  const { bold, dim } = picocolors.createColors(color);
  const { workload, resolved } = equal;
  const steps = workload.steps === workload.snnSteps ? "" : ` (digital SNN ${workload.snnSteps})`;
  const title = `${report.title}: T = ${workload.steps}${steps}, ${resolved.preset.name} prices, ${resolved.node} nm`;
  const above = [
    bold(wrap(clean(title), width)),
    "",
    comparison(equal, rivals, ranges, { dim, width }),
    ...[otherEngine(equal, rivals, ranges), `Where the energy goes: ${parts(estimate.architectures.xpikeformer)}.`].map(
      (sentence) => wrap(sentence, width).replaceAll(JOINT, " "),
    ),
  ];
  const [first, ...others] = report.notes;
  const more = others.length === 0 ? "" : ` (${others.length} more with --all)`;
  const below = [
    ...(report.brief?.remark ? [wrap(clean(report.brief.remark), width)] : []),
    ...(first === undefined ? [] : noteLines([`${first}${more}`], { color, width }).slice(1)),
  ];
  const room = LINES - [...above, ...below].join("\n").split("\n").length - 2;
  return [...above, ...changes(levers.slice(0, Math.max(LEAST_LEVERS, room)), { dim, width }), ...below, ""].join("\n");
}

interface Style {
  readonly dim: (text: string) => string;
  readonly width: number;
}

/** Engines of the int8 ANN, with their names at the head of a column and in a sentence. */
const ENGINES = [
  ["annTrees", "int8 ANN, trees", "in adder trees"],
  ["annDigital", "int8 ANN, systolic", "on a systolic array"],
] as const;

/** The one that needs less energy first. */
const enginesOf = ({ architectures }: CostEstimate) =>
  ENGINES.toSorted(([a], [b]) => architectures[a].total - architectures[b].total);

/** The energy of the int8 ANN on the engine that has no column, with the ratio and its range where there is one. */
function otherEngine(estimate: CostEstimate, rivals: Rivals, ranges: PriceRanges | undefined): string {
  const { architectures, workload } = estimate;
  const [, [id, , on]] = enginesOf(estimate);
  const { name, perInference } = workload.result;
  const { total } = architectures[id];
  const range = ranges?.of[id].ratio;
  const over = hasRatio(id, rivals)
    ? `, ${times(total, architectures.xpikeformer.total)}${range ? ` (${ends(range)})` : ""}`
    : "";
  return `The same int8 ANN ${on}: ${text(total / perInference, "J")} per ${name}${over}.`;
}

/** Xpikeformer, the int8 ANN that needs less energy, and the digital SNN side by side; the latter two with their ratios to Xpikeformer. */
function comparison(estimate: CostEstimate, rivals: Rivals, ranges: PriceRanges | undefined, style: Style): string {
  const { architectures, workload } = estimate;
  const { xpikeformer, snnDigital } = architectures;
  const [[ann, annName]] = enginesOf(estimate);
  const { name, perInference } = workload.result;
  const costs = [xpikeformer, architectures[ann], snnDigital];
  const compared = [true, rivals.ann, rivals.snn];
  const merits = costs.map((cost) => meritOf(cost, cost.performance, perInference));
  const row = (label: string, unit: string, value: (merit: Merit, cost: ArchitectureCost) => number | null) => {
    const values = merits.map((merit, i) => value(merit, costs[i]));
    const ratio = (one: number | null, i: number) => (/^J/.test(unit) && !compared[i] ? "" : times(one, values[0]));
    return [label, ...values.flatMap((one, i) => [text(one, unit), ...(i === 0 ? [] : [ratio(one, i)])])];
  };
  // The same energy in the other unit: Xpikeformer's alone, since ratios do not change.
  const inference = perInference === 1 ? "" : ` (${text(architectures.xpikeformer.total, "J")} per inference)`;
  const ranged = (id: typeof ann | "snnDigital") => {
    const range = hasRatio(id, rivals) ? ranges?.of[id].ratio : undefined;
    return range ? ends(range) : "";
  };
  const overRanges = [ranged(ann), ranged("snnDigital")];
  const head = ["", "Xpikeformer", annName, "", "digital SNN", ""];
  const rows = [
    row(`Energy per ${name}${inference}`, "J", (_, { total }) => total / perInference),
    ...(overRanges.some(Boolean)
      ? [["... over the ranges of all prices", "", overRanges[0], "", overRanges[1], ""]]
      : []),
    row(`Energy per ${name}, one at a time`, "J", (_, { alone }) => alone / perInference),
    row("Energy times latency, one at a time", "J s", ({ energyDelay }) => energyDelay),
    row(`${capital(name)}s per second, pipelined`, "1", ({ inFlight }) => inFlight),
    row(`${capital(name)}s per second, one at a time`, "1", ({ oneAtATime }) => oneAtATime),
    row("Area", "m2", (_, { performance: { area } }) => area),
  ];
  return grid([head, ...rows], ["left", ...new Array(5).fill("right")], style);
}

const capital = (word: string): string => `${word[0].toUpperCase()}${word.slice(1)}`;
const text = (value: number | null, unit: string, digits = 3): string =>
  value === null ? "" : formatText({ value: Number(value.toPrecision(digits)), unit });
const ends = ({ low, high }: Range): string => `${text(low, "1", 2)} to ${text(high, "1", 2)} x`;
const times = (value: number | null, own: number | null): string =>
  value === null || own === null ? "" : `${formatText({ value: value / own, unit: "1" })} x`;

/** Stands for a space at which no line ends. */
const JOINT = "\u00a0";

/** `FIFOs 32 %, clock tree 20 %`, with the remainder as one entry. */
function parts({ parts, total }: ArchitectureCost): string {
  const sorted = Object.entries(parts)
    .filter(([, value]) => value > 0)
    .sort(([, a], [, b]) => b - a);
  const percent = (value: number) => `${formatNumber((100 * value) / total, 0)}${JOINT}%`;
  const named = sorted.slice(0, MOST_PARTS).map(([part, value]) => `${partLabel(part)} ${percent(value)}`);
  const rest = sorted.slice(MOST_PARTS).reduce((sum, [, value]) => sum + value, 0);
  return [...named, ...(rest > 0 ? [`the rest ${percent(rest)}`] : [])].join(", ");
}

/** Levers as a table, after an empty line. */
function changes(levers: readonly Lever[], style: Style): string[] {
  if (levers.length === 0) return [];
  const head = ["What to change", "(*: simulate accuracy)", "energy", "latency", "per s", "area"];
  const rows = levers.map(({ label, setting, sameAnswers, change: { energy, latency, interval, area } }) => [
    `${label}${sameAnswers ? "" : " *"}`,
    setting,
    ...[energy, latency, 1 / (1 + interval) - 1, area].map(signed),
  ]);
  return ["", grid([head, ...rows], ["left", "left", "right", "right", "right", "right"], style)];
}

/** `−52 %`; empty below half a percent. */
function signed(share: number): string {
  const percent = 100 * share;
  return Math.abs(percent) < 0.5 ? "" : `${percent > 0 ? "+" : ""}${formatNumber(percent, 0)} %`;
}
