/** Charts of the simulated machine: its schedule, the energy and area of each unit, levers, and why its ratio differs from the paper's. */
import type { MachineEstimate } from "../cost/cost.ts";
import type { Lever } from "../cost/levers.ts";
import type { AreaPart, EnergyPart, MachinePrice } from "../cost/machine-price.ts";
import type { Priced } from "../cost/priced.ts";
import type { ChipsMachine } from "../cost/simulated.ts";
import type { Waterfall } from "../cost/waterfall.ts";
import type { ChartDraft, FigureDraft } from "./build-report.ts";
import { energyAxis, formatText } from "./format.ts";
import { perInferenceOf } from "./rivals.ts";
import { scheduleCharts } from "./schedule.ts";

/** Without levers and waterfall, which take the sizes of a transformer, those of any network. */
export function machineCharts({
  estimate,
  machine,
  levers = [],
  waterfall = null,
}: ChipsMachine & Partial<Pick<Priced, "levers" | "waterfall">>): ChartDraft[] {
  const { workload, resolved, schedule, engines } = estimate;
  return [
    ...(waterfall ? [waterfallChart(waterfall)] : []),
    ...leversChart(levers),
    energyChart(machine, workload),
    areaChart(machine),
    ...scheduleCharts(schedule, engines, resolved.technology.ssaClock),
  ];
}

const ENERGY: Readonly<Record<EnergyPart, string>> = {
  conversions: "converters",
  array: "cells of crossbars",
  drivers: "line drivers",
  digital: "scaling and sums",
  feet: "comparators and membranes",
  neurons: "LIF units",
  stream: "residual stream",
  attention: "attention",
  fifos: "FIFOs",
  random: "random numbers",
  buffers: "buffers",
  clock: "flip-flops",
  control: "control",
  wires: "wires between units",
  links: "links between dies",
  leakage: "leakage",
  upkeep: "programming, calibration",
};

const AREA: Readonly<Record<AreaPart, string>> = {
  crossbars: "crossbars with converters",
  scalers: "scalers",
  adders: "adders of sums",
  feet: "comparators and capacitors",
  neurons: "LIF units",
  residual: "residual adders",
  attention: "cells of attention",
  fifos: "FIFOs",
  random: "random numbers",
  buffers: "memories",
  control: "control",
};

/** A component of a machine in words: the simulated machine's by name, `ssaCells` as `ssa cells`. */
export const partLabel = (part: string): string =>
  Object.hasOwn(ENERGY, part)
    ? ENERGY[part as EnergyPart]
    : part.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** Smallest share of the whole that is drawn. */
const LEAST = 1e-4;

/** Largest first. */
function bars<P extends string>(
  values: Readonly<Record<P, number>>,
  names: Readonly<Record<P, string>>,
  of: (value: number) => number,
) {
  const parts = Object.keys(names) as P[];
  const whole = parts.reduce((sum, part) => sum + values[part], 0);
  return parts
    .filter((part) => values[part] > LEAST * whole)
    .sort((a, b) => values[b] - values[a])
    .map((part) => ({ label: names[part], value: of(values[part]) }));
}

function energyChart({ energy }: MachinePrice, workload: MachineEstimate["workload"]): ChartDraft {
  const axis = energyAxis(Object.values(energy));
  return {
    kind: "bars",
    id: "machine-energy",
    title: "The simulated machine's energy by unit",
    caption:
      "One inference in pipelined operation. Each counted action is priced at the width of the unit that performs it. " +
      "Units below 0.01 % are left out.",
    value: { label: `${axis.unit} ${perInferenceOf(workload)}` },
    bars: bars(energy, ENERGY, axis.of),
  };
}

const areaChart = ({ area, dies }: MachinePrice): ChartDraft => ({
  kind: "bars",
  id: "machine-area",
  title: "The simulated machine's area by unit",
  caption: dies === 1 ? "The chip is one die." : `Larger than one exposure field (reticle): ${dies} dies.`,
  value: { label: "Square millimetres" },
  bars: bars(area, AREA, (squareMetres) => squareMetres * 1e6),
});

function waterfallChart({ start, bars: given, end }: Waterfall): ChartDraft {
  const ratio = (value: number) => formatText({ value, unit: "1" });
  return {
    kind: "bars",
    id: "waterfall",
    title: "From the paper's ratio to the simulated machine's",
    caption:
      `With the prices and conventions of the paper's projection, the digital int8 ANN needs ${ratio(start)} times Xpikeformer's energy; on the ` +
      `simulated machine, ${ratio(end)} times. From the top, one assumption changes at a time. The effect of a change depends on those ` +
      "before it; together they account for the whole difference.",
    value: { label: "Energy ratio, ANN over Xpikeformer", scale: "log" },
    bars: [
      { label: "as the paper counts", value: start, group: "ratio" },
      ...given.map(({ label, from, to }) => ({ label, from, value: to, group: "effect of a change" })),
      { label: "as simulated", value: end, group: "ratio" },
    ],
  };
}

/** Empty without levers. */
function leversChart(levers: readonly Lever[]): ChartDraft[] {
  if (levers.length === 0) return [];
  return [
    {
      kind: "heat",
      id: "levers",
      title: "What to change, and the effect",
      caption:
        "Each row changes one thing in the machine, at the same prices. Columns: energy per inference, latency of one inference at a time, " +
        "time between pipelined inferences, and area. A star marks a change that alters the spikes, so accuracy must be simulated again. " +
        "The table of figures lists the setting for each change.",
      x: { label: "effect, %", ticks: ["energy", "latency", "interval", "area"] },
      y: { label: "change", ticks: levers.map(({ label, sameAnswers }) => `${label}${sameAnswers ? "" : " *"}`) },
      label: "percent",
      values: levers.map(({ change: { energy, latency, interval, area } }) =>
        [energy, latency, interval, area].map((share) => 100 * share),
      ),
    },
  ];
}

/** The effect of each lever on the energy, with its setting. */
export const leverFigures = (levers: readonly Lever[]): FigureDraft[] =>
  levers.map(({ id, label, setting, change }) => ({
    id: `cost.levers.${id}`,
    label: `Relative energy with ${label} (${setting})`,
    value: 1 + change.energy,
    unit: "1",
  }));
