/**
 * From the paper's ratio to that of the simulated machine: assumptions are dropped one by one, and each has its contribution.
 *
 * Starts with the paper's prices at the paper's time steps: an ANN of the same size, calibrated conversions, sums that need no
 * scaling, no FIFOs, no stored stream, no clock, wires, control or leakage. Ends with `machineCost` at the user's own prices,
 * node and settings, compared with the ANN that was evaluated. The order is a choice: the contribution of an assumption depends
 * on those dropped before it; their product does not.
 */
import { ARCHITECTURES } from "./architectures/catalogue.ts";
import { xpikeformer } from "./architectures/xpikeformer.ts";
import type { EnergyPart } from "./machine-price.ts";
import type { ParameterId, Technology } from "./parameters.ts";
import type { Planner } from "./planned.ts";
import { keptPlans } from "./plans.ts";
import { findCostPreset } from "./presets.ts";
import { type ResolvedTechnology, resolveTechnology } from "./resolve.ts";
import { UNCHARGED } from "./uncharged.ts";
import { totalOf } from "./unit-energies.ts";
import { networkFor, type Workload } from "./workload.ts";
import { atPublishedSteps } from "./workloads.ts";

export interface WaterfallBar {
  readonly id: string;
  /** The assumption from here on. */
  readonly label: string;
  /** Energy of the digital int8 ANN divided by Xpikeformer's, before and after. */
  readonly from: number;
  readonly to: number;
}

export interface Waterfall {
  /** The ratio with the paper's assumptions. */
  readonly start: number;
  /** Those that change the ratio, in order: each starts where the previous one ends. */
  readonly bars: readonly WaterfallBar[];
  readonly end: number;
}

/** Inputs of a ratio. */
interface Assumptions {
  readonly workload: Workload;
  readonly technology: Technology;
  /** Parts of Xpikeformer not charged yet. */
  readonly unpaid: readonly EnergyPart[];
}

interface Step {
  readonly id: string;
  readonly label: string;
  readonly change: (before: Assumptions) => Partial<Assumptions>;
}

export function waterfall(workload: Workload, resolved: ResolvedTechnology, plan: Planner = keptPlans()): Waterfall {
  const projected: Workload = { ...atPublishedSteps(workload), scaled: false };
  let state: Assumptions = {
    workload: withoutCompared(projected),
    technology: priced("paper"),
    unpaid: [...BESIDE_UNITS],
  };
  const start = ratioOf(state, plan);
  let ratio = start;
  const bars: WaterfallBar[] = [];
  for (const { id, label, change } of steps(workload, resolved)) {
    state = { ...state, ...change(state) };
    const to = ratioOf(state, plan);
    // The same numbers, in whatever order they were added.
    if (Math.abs(to / ratio - 1) > 1e-12) bars.push({ id, label, from: ratio, to });
    ratio = to;
  }
  return { start, bars, end: ratio };
}

const priced = (preset: string): Technology => resolveTechnology(findCostPreset(preset)).technology;

function withoutCompared({ compared: _, ...workload }: Workload): Workload {
  return workload;
}

function ratioOf({ workload, technology, unpaid }: Assumptions, plan: Planner): number {
  const own = { ...xpikeformer(workload, technology, undefined, plan) };
  for (const part of unpaid) delete own[part];
  return totalOf(ARCHITECTURES.annDigital.energy(workload, technology)) / totalOf(own);
}

/** Everything paid per conversion. */
const CONVERSION: readonly ParameterId[] = [
  "conversion5",
  "periphery",
  "accumulation",
  "interconnect",
  "buffer",
  "conversionsPerSum",
];
/** Costs of the conventional network's engine besides SRAM. */
const ANN: readonly ParameterId[] = [
  "accumulatorBits",
  "softmaxElement",
  "layerNormElement",
  "geluElement",
  "activationTraffic",
  "partialSumTraffic",
  "weightTraffic",
  "dramBit",
];
const SIZES: readonly ParameterId[] = ["rows", "columns", "adcBits", "columnsPerConverter", "ssaTiles"];
const CHARGES = Object.keys(UNCHARGED) as (keyof typeof UNCHARGED)[];

/** Costs that projections leave out. */
const BESIDE_UNITS = ["stream", "fifos", "clock", "wires", "links", "leakage", "control", "upkeep"] as const;

function steps(own: Workload, resolved: ResolvedTechnology): Step[] {
  const [claim, bottomUp] = [priced("claim"), priced("bottom-up")];
  const set = (from: Technology, ids: readonly ParameterId[]): Step["change"] => {
    const values = Object.fromEntries(ids.map((id) => [id, from[id]]));
    return ({ technology }) => ({ technology: { ...technology, ...values } });
  };
  /** A part of the machine, and the prices that only this part pays. */
  const part = (id: string, label: string, parts: readonly EnergyPart[], ids: readonly ParameterId[] = []): Step => ({
    id,
    label,
    change: (before) => ({
      ...set(bottomUp, ids)(before),
      unpaid: before.unpaid.filter((one) => !parts.includes(one)),
    }),
  });
  const printed = atPublishedSteps(own).steps;
  const ann = networkFor(own, "ann");
  return [
    {
      id: "steps",
      label: `T = ${own.steps} instead of the printed ${printed}`,
      change: ({ workload }) => ({ workload: { ...workload, steps: own.steps, snnSteps: own.snnSteps } }),
    },
    { id: "conversions", label: "conversions at published prices, one per pair", change: set(claim, CONVERSION) },
    { id: "ann", label: "the ANN at published prices", change: set(claim, ANN) },
    { id: "units", label: "memories and other units at published prices", change: () => ({ technology: claim }) },
    {
      id: "rules",
      label: "the same rules for every machine",
      change: () => ({ technology: { ...bottomUp, ...pick(claim, CHARGES) } }),
    },
    {
      id: "evaluated",
      label: `the ANN that was evaluated, ${ann.depth}-${ann.width}`,
      change: ({ workload }) => ({
        workload: { ...workload, ...(own.compared ? { compared: own.compared } : {}) },
      }),
    },
    {
      id: "sizes",
      label: "crossbars, converters and tiles at their own sizes",
      change: set(resolved.technology, SIZES),
    },
    {
      id: "both-lines",
      label: "both lines of a pair converted",
      change: set(resolved.technology, ["conversionsPerSum"]),
    },
    {
      id: "scaled",
      label: "scaling of local sums",
      change: ({ workload }) => ({ workload: { ...workload, scaled: true } }),
    },
    {
      id: "widths",
      label: "units priced by width, memories by required size",
      change: set({ ...bottomUp, wholeMachine: 1 }, ["structure", "wholeMachine"]),
    },
    part("stream", "storage of the residual stream", ["stream"]),
    part("clock", "flip-flops with their clock", ["clock"], ["flipFlopClock", "clockTree"]),
    part("fifos", "FIFOs that shift at every clock", ["fifos"]),
    part("wires", "wires between units and dies", ["wires", "links"], ["wireBit", "dieLink"]),
    part("leakage", "leakage", ["leakage"], ["sramLeakage", "logicLeakage", "analogLeakage"]),
    part(
      "control",
      "control, programming, calibration",
      ["control", "upkeep"],
      ["controllerFlipFlops", "programDevice"],
    ),
    {
      id: "settings",
      label: "your preset, node and settings",
      change: () => ({ technology: { ...resolved.technology, wholeMachine: 1 } }),
    },
  ];
}

const pick = (technology: Technology, ids: readonly ParameterId[]): Partial<Technology> =>
  Object.fromEntries(ids.map((id) => [id, technology[id]]));
