/** Estimates as parts of a report: figures with stable ids, charts side by side, sources of all prices. */
import { ARCHITECTURE_IDS, type ArchitectureId } from "../cost/architectures/catalogue.ts";
import { meritOf } from "../cost/architectures/performance.ts";
import {
  type ArchitectureCost,
  type CostEstimate,
  chosenPrices,
  type MachineEstimate,
  sourcesOf,
} from "../cost/cost.ts";
import type { BreakEven } from "../cost/maps.ts";
import type { MonteCarlo, Spread } from "../cost/monte-carlo.ts";
import { PARAMETERS } from "../cost/parameters.ts";
import { ALL_RIVALS, type Priced, type PricedWorkload } from "../cost/priced.ts";
import type { PriceRanges, RangedFigure } from "../cost/ranges.ts";
import type { Price, Source } from "../cost/receipt.ts";
import type { ResolvedTechnology } from "../cost/resolve.ts";
import type { TornadoBar } from "../cost/tornado.ts";
import { totalOf } from "../cost/unit-energies.ts";
import type { Workload } from "../cost/workload.ts";
import type { ChartDraft, FigureDraft } from "./build-report.ts";
import { energyAxis, formatRounded, formatText } from "./format.ts";
import { partLabel } from "./machine-cost.ts";
import type { ReportSource } from "./report.ts";
import { hasRatio, machineAtSteps, perInferenceOf } from "./rivals.ts";

/** Baselines whose ratio to Xpikeformer is a figure of its own. */
export const BASELINES: readonly ArchitectureId[] = ARCHITECTURE_IDS.filter((id) => id !== "xpikeformer");

/**
 * Figures of one estimate, ids below `prefix`: energies, per result where one inference gives several, ratios to `rivals`, time, area.
 * Every label names the time steps of its machine.
 *
 * @param ranges of the same estimate, for intervals over the ranges of its prices
 */
export function estimateFigures(
  estimate: MachineEstimate,
  prefix = "cost",
  rivals = ALL_RIVALS,
  ranges?: PriceRanges,
): FigureDraft[] {
  const { architectures, workload, times, area } = estimate;
  const { name, perInference } = workload.result;
  const figures: FigureDraft[] = [];
  const over = (id: ArchitectureId, figure: RangedFigure, value: number, of?: (drawn: number) => number) =>
    intervalOf(ranges, id, figure, value, of);
  const costs = ARCHITECTURE_IDS.flatMap((id) => {
    const cost = architectures[id];
    return cost ? { ...cost, id, label: machineAtSteps(estimate, id) } : [];
  });
  for (const { id, label, total, alone } of costs) {
    figures.push({
      id: `${prefix}.${id}.energy`,
      label: `Energy per inference: ${label}`,
      value: total,
      unit: "J",
      ...over(id, "energy", total),
    });
    figures.push({
      id: `${prefix}.${id}.alone`,
      label: `Energy per inference, one at a time: ${label}`,
      value: alone,
      unit: "J",
      ...over(id, "alone", alone),
    });
    if (perInference === 1) continue;
    const value = total / perInference;
    const interval = over(id, "energy", value, (drawn) => drawn / perInference);
    figures.push({
      id: `${prefix}.${id}.${name}`,
      label: `Energy per ${name}: ${label}`,
      value,
      unit: "J",
      ...interval,
    });
  }
  for (const { id, total, label: rival } of costs.filter(({ id }) => hasRatio(id, rivals))) {
    const label = `Energy ratio: ${rival}, over ${machineAtSteps(estimate, "xpikeformer")}`;
    const value = total / architectures.xpikeformer.total;
    figures.push({ id: `${prefix}.ratio.${id}`, label, value, unit: "1", ...over(id, "ratio", value) });
  }
  for (const [part, value] of Object.entries(architectures.xpikeformer.parts)) {
    figures.push({
      id: `${prefix}.xpikeformer.parts.${part}`,
      label: `Xpikeformer, ${partLabel(part)}`,
      value,
      unit: "J",
    });
  }
  for (const cost of costs) {
    const merits = meritFigures(cost, workload, `${prefix}.${cost.id}`);
    figures.push(...merits.map((figure) => ({ ...figure, ...meritInterval(figure, cost.id, perInference, ranges) })));
  }
  const time = (id: string, label: string, value: number, interval: Interval = {}) =>
    figures.push({ id: `${prefix}.latency.${id}`, label, value, unit: "s", ...interval });
  const own = (figure: RangedFigure, value: number) => over("xpikeformer", figure, value);
  time("alone", "Latency: Xpikeformer, one inference at a time", times.alone, own("latency", times.alone));
  if (times.inFlight !== null) time("inFlight", "Latency: Xpikeformer, pipelined", times.inFlight);
  const label = "Time between inferences: Xpikeformer, pipelined";
  time("interval", label, times.interval, own("interval", times.interval));
  time(
    "withMovement",
    "Latency: Xpikeformer, one inference at a time, including data movement over the chip",
    times.withMovement,
  );
  if (architectures.annDigital) {
    time("annDigital", "Latency: ANN, digital int8", architectures.annDigital.performance.latency);
  }
  const square = (id: string, label: string, value: number, interval: Interval = {}) =>
    figures.push({ id: `${prefix}.area.${id}`, label, value, unit: "m2", ...interval });
  const whole = totalOf(area.xpikeformer);
  square("xpikeformer", "Area: Xpikeformer", whole, own("area", whole));
  for (const [part, value] of Object.entries(area.xpikeformer)) {
    square(
      part,
      part === "crossbars" ? `Area: ${area.crossbars} crossbars with converters` : `Area: ${AREAS[part]}`,
      value,
    );
  }
  if (area.annDigital) {
    const { arithmetic, weights } = area.annDigital;
    square("annDigital", "Area: ANN engine with its weights in SRAM", arithmetic + weights);
  }
  return figures;
}

type Interval = Pick<FigureDraft, "interval" | "trials">;

/** The interval of a figure over the ranges of its prices, wide enough for its value; none where no price of it is open. */
function intervalOf(
  ranges: PriceRanges | undefined,
  id: ArchitectureId,
  figure: RangedFigure,
  value: number,
  of: (drawn: number) => number = (drawn) => drawn,
): Interval {
  const range = ranges?.of[id][figure];
  if (!ranges || !range) return {};
  const ends = [of(range.low), of(range.high), value];
  const kind = `5 to 95 % of ${ranges.draws} draws over the ranges of all prices`;
  return { interval: { low: Math.min(...ends), high: Math.max(...ends), kind }, trials: ranges.draws };
}

/** Results per second fall as times grow. */
function meritInterval(
  { id, value }: FigureDraft,
  machine: ArchitectureId,
  results: number,
  ranges: PriceRanges | undefined,
): Interval {
  const per = (drawn: number) => results / drawn;
  if (id.endsWith(".energyDelay")) return intervalOf(ranges, machine, "energyDelay", value);
  if (id.endsWith(".oneAtATime")) return intervalOf(ranges, machine, "latency", value, per);
  if (id.endsWith(".inFlight")) return intervalOf(ranges, machine, "interval", value, per);
  if (id.endsWith(".perWatt")) return intervalOf(ranges, machine, "energy", value, per);
  return {};
}

/** Parts of the area in words. */
const AREAS: Readonly<Record<string, string>> = {
  scalers: "scaling of codes",
  adders: "adders of the tiles",
  feet: "comparators and capacitors of columns",
  lif: "LIF units",
  neurons: "LIF units with membranes",
  residual: "adders of the residual stream",
  attention: "cells of SSA tiles",
  fifos: "FIFOs for V",
  random: "random numbers",
  buffers: "SRAM",
  control: "control",
};

/** Figures of merit: answers per second, per area and per watt. */
function meritFigures(
  { label, total, alone, performance }: ArchitectureCost,
  { result }: Pick<Workload, "result">,
  prefix: string,
): FigureDraft[] {
  const merit = meritOf({ total, alone }, performance, result.perInference);
  const results = `${result.name[0].toUpperCase()}${result.name.slice(1)}s`;
  return [
    {
      id: `${prefix}.energyDelay`,
      label: `Energy times latency, one inference at a time: ${label}`,
      value: merit.energyDelay,
      unit: "J s",
    },
    {
      id: `${prefix}.oneAtATime`,
      label: `${results} per second, one inference at a time: ${label}`,
      value: merit.oneAtATime,
      unit: "1/s",
    },
    {
      id: `${prefix}.inFlight`,
      label: `${results} per second, pipelined: ${label}`,
      value: merit.inFlight,
      unit: "1/s",
    },
    ...(merit.perArea === null
      ? []
      : [
          {
            id: `${prefix}.perArea`,
            label: `${results} per second and mm²: ${label}`,
            value: merit.perArea,
            unit: "1/(s mm²)",
          },
        ]),
    { id: `${prefix}.perWatt`, label: `${results} per second and watt: ${label}`, value: merit.perWatt, unit: "1/J" },
  ];
}

const microjoules = (joules: number): number => joules * 1e6;

/**
 * Energy of every machine except the GPUs, whose bars would hide all others. Bars of one group share T; otherwise each bar names its own.
 */
export function comparisonChart(
  cases: readonly { readonly name: string; readonly estimate: CostEstimate }[],
): ChartDraft {
  const bars = cases.flatMap(({ name, estimate }) =>
    ARCHITECTURE_IDS.filter((id) => !id.startsWith("gpu")).map((id) => ({
      label:
        estimate.workload.steps === estimate.workload.snnSteps
          ? estimate.architectures[id].label
          : machineAtSteps(estimate, id),
      group: name,
      value: microjoules(estimate.architectures[id].total),
    })),
  );
  const units = new Set(cases.map(({ estimate }) => perInferenceOf(estimate.workload)));
  const unit = units.size === 1 ? [...units][0] : "per inference";
  return {
    kind: "bars",
    id: "cost-comparison",
    title: "Energy per inference",
    caption: "Counted actions times published prices. GPUs are in the table of figures.",
    value: { label: `Microjoules ${unit}`, scale: "log" },
    bars,
  };
}

export function breakdownChart({ architectures }: CostEstimate): ChartDraft {
  const shown: readonly ArchitectureId[] = ["xpikeformer", "annDigital", "annAimc", "snnDigital"];
  const bars = shown.flatMap((id) => {
    const { label, parts, total } = architectures[id];
    return Object.entries(parts)
      .filter(([, value]) => value > 0.001 * total)
      .sort(([, a], [, b]) => b - a)
      .map(([part, value]) => ({ label: partLabel(part), group: label, value: (100 * value) / total }));
  });
  return {
    kind: "bars",
    id: "cost-breakdown",
    title: "Where each machine's energy goes",
    caption: "Share of the machine's own energy. Components below 0.1 % are left out.",
    value: { label: "Percent" },
    bars,
  };
}

/** Xpikeformer layer by layer. */
export function operationsChart({ operations, workload }: MachineEstimate): ChartDraft {
  const axis = energyAxis(operations.map(({ energy }) => energy));
  return {
    kind: "bars",
    id: "cost-stages",
    title: "Xpikeformer's energy by layer",
    caption:
      "Layers with their converters, the neurons that follow, and attention. Blocks with equal spike densities are added up.",
    value: { label: `${axis.unit} ${perInferenceOf(workload)}` },
    bars: operations.map(({ name, energy }) => ({ label: name, value: axis.of(energy) })),
  };
}

/** Energy ratios against converter resolution, for both kinds of converter. */
export function converterChart({ rows: bits, ratios }: PricedWorkload["converters"]): ChartDraft {
  const series = (name: string, column: 0 | 1, which: "ann" | "snn") => ({
    name,
    dashed: column === 1,
    points: bits.map((x, row) => ({ x, y: ratios[row][column][which] })),
  });
  return {
    kind: "lines",
    id: "cost-converters",
    title: "Energy ratio against converter resolution",
    caption:
      "The energy of SAR converters grows with their bits. That of flash converters (dashed, with NeuroSim's own 5-bit energy) doubles per bit.",
    x: { label: "Bits of a conversion", ticks: [...bits] },
    y: { label: "Energy ratio to Xpikeformer", scale: "log" },
    series: [
      series("digital ANN, SAR", 0, "ann"),
      series("digital ANN, flash", 1, "ann"),
      series("digital SNN, SAR", 0, "snn"),
      series("digital SNN, flash", 1, "snn"),
    ],
    rules: [{ label: "equal to Xpikeformer", y: 1 }],
  };
}

/** Break-even points: where ratios cross round levels. */
export const breakEvenFigures = (points: readonly BreakEven[]): FigureDraft[] =>
  points.flatMap(({ id, label, unit, value }) =>
    value === null ? [] : [{ id: `cost.breakEven.${id}`, label, value, unit }],
  );

/** Most parameters that are shown, the most sensitive first. */
const LONGEST_BARS = 12;

/** The ratio to the digital int8 ANN, one parameter at a time, the most sensitive first. */
export function tornadoChart(bars: readonly TornadoBar[], base: number): ChartDraft {
  return {
    kind: "bars",
    id: "cost-tornado",
    title: "Sensitivity of the energy ratio to the digital ANN",
    caption:
      `The ratio is ${formatRounded(base)}. Each pair of bars shows it at the two ends of the named range, ` +
      "with everything else unchanged.",
    value: { label: "Energy ratio, ANN over Xpikeformer" },
    bars: bars.slice(0, LONGEST_BARS).flatMap(({ label, low, high }) => [
      { label, group: "first end", value: low.ann },
      { label, group: "second end", value: high.ann },
    ]),
  };
}

/** Ratios over time steps and density, one chart per rival. */
export function stepMaps({ stepMap, rivals }: Priced): ChartDraft[] {
  if (stepMap === null) return [];
  const { rows, columns, ratios } = stepMap;
  const chart = (which: "ann" | "snn", name: string): ChartDraft => ({
    kind: "heat",
    id: `cost-map-${which}`,
    title: `Energy ratio: ${name} over Xpikeformer, by time steps and spike density`,
    caption:
      "Both spiking machines run the same number of steps. Values are logarithms to base 2: at 1, Xpikeformer needs half the energy; " +
      "below 0, it needs more.",
    x: { label: "Mean spike density, %", ticks: columns.map((density) => String(100 * density)) },
    y: { label: "Time steps T", ticks: rows.map(String) },
    label: "log2 of the energy ratio:",
    values: ratios.map((row) => row.map((one) => Math.log2(one[which]))),
  });
  return [
    ...(rivals.ann ? [chart("ann", "Digital int8 ANN")] : []),
    ...(rivals.snn ? [chart("snn", "Ideal digital SNN")] : []),
  ];
}

/** Medians of the draws with their 5 to 95 % range. */
export function monteCarloFigures({ draws, ann, snn }: MonteCarlo, prefix = "cost"): FigureDraft[] {
  const figure = (id: string, label: string, { percentiles: [p5, , p50, , p95] }: Spread): FigureDraft => ({
    id: `${prefix}.monteCarlo.${id}`,
    label: `Energy ratio: ${label} over Xpikeformer, median over the literature's price ranges`,
    value: p50,
    unit: "1",
    interval: { low: p5, high: p95, kind: `5 to 95 % of ${draws} draws` },
    trials: draws,
  });
  const share = (id: string, label: string, value: number): FigureDraft => ({
    id: `${prefix}.monteCarlo.${id}`,
    label,
    value,
    unit: "1",
    trials: draws,
  });
  return [
    figure("annDigital", "ANN, digital int8", ann),
    figure("snnDigital", "SNN, ideal digital", snn),
    share("annDigital.claimed", "Share of draws with at least 13 times less energy than the digital ANN", ann.claimed),
    share("snnDigital.claimed", "Share of draws with at least 1.9 times less energy than the digital SNN", snn.claimed),
    share("snnDigital.loses", "Share of draws in which the digital SNN needs less energy", snn.loses),
  ];
}

/** Longest text of an entry; a source with more prices has several entries. */
const LONGEST_ENTRY = 3500;

/** Every price that was used, grouped by publication: its value, the printed number, and the arithmetic between them. */
export function costSources(resolved: readonly ResolvedTechnology[]): ReportSource[] {
  const entries = new Map<string, { source: Source; uses: Map<string, { price: Price; labels: Set<string> }> }>();
  for (const one of resolved) {
    for (const { source, used } of sourcesOf(one)) {
      const entry = entries.get(source.id) ?? { source, uses: new Map() };
      entries.set(source.id, entry);
      for (const id of used) {
        const price = one.prices[id];
        const use = entry.uses.get(price.id) ?? { price, labels: new Set() };
        use.labels.add(PARAMETERS[id].label);
        entry.uses.set(price.id, use);
      }
    }
  }
  return [...entries.values()].flatMap(({ source, uses }) =>
    chunk([...uses.values()].map(({ price, labels }) => describePrice(price, [...labels]))).map((text) => ({
      text: source.reference,
      usedFor: text,
      ...(source.url ? { url: source.url } : {}),
    })),
  );
}

const PRINTED_DIGITS = 4;

/** `8-bit addition: 0.03 pJ (Fig. 1.1.9: 8-bit integer add 0.03 pJ; as printed)`. */
function describePrice(
  { value, unit, node, basis, printed, arithmetic, note }: Price,
  labels: readonly string[],
): string {
  // Prices are printed numbers, which keep their digits.
  const amount = formatText({ value, unit }, PRINTED_DIGITS);
  const at = node === null ? "" : ` at ${node} nm`;
  const from = basis === "assumed" ? arithmetic : `${printed}; ${arithmetic}`;
  const besides = note === null ? "" : `; ${note}`;
  return `${labels.join(", ")}: ${amount}${at}, ${basis} (${from}${besides})`;
}

/** Joins texts by semicolons, up to the length of an entry. */
function chunk(parts: readonly string[]): string[] {
  const texts: string[] = [];
  for (const part of parts) {
    const last = texts.at(-1);
    if (last !== undefined && last.length + part.length < LONGEST_ENTRY) texts[texts.length - 1] = `${last}; ${part}`;
    else texts.push(part);
  }
  return texts;
}

/** Notes that qualify an estimate. */
export function costNotes(resolved: ResolvedTechnology): string[] {
  const chosen = chosenPrices(resolved).map(({ id }) => id.slice("chosen.".length));
  return [...resolved.notes, ...(chosen.length > 0 ? [`Set by hand, without a source: ${chosen.join(", ")}.`] : [])];
}
