/**
 * What to change: the current machine with one setting changed, priced again.
 *
 * A lever is one field of `hardware`, the number of time steps, or a price setting: detection of silent row blocks, gated cells, a smaller
 * floorplan. Levers already in effect and levers that the machine refuses are omitted. Energy, time and area are
 * those of the changed machine. Only a simulation tells whether its answers are as good.
 */
import { MappingError } from "../errors.ts";
import { drawsOf } from "../experiment/by-attention.ts";
import { type HardwareSpec, hardwareSpec } from "../experiment/hardware.ts";
import { runsOn } from "../hardware/ssa-parameters.ts";
import { findPrice } from "./catalogue.ts";
import { hardwareFor, sizedFor } from "./hardware.ts";
import { type MachineCost, machineCost } from "./machine-cost.ts";
import type { ParameterId, Technology } from "./parameters.ts";
import type { Planner } from "./planned.ts";
import { keptPlans } from "./plans.ts";
import type { ResolvedTechnology } from "./resolve.ts";
import { type Workload, withSteps } from "./workload.ts";

export interface Lever {
  /** Words joined by dashes, for ids of figures. */
  readonly id: string;
  readonly label: string;
  /** The setting to write: `adc.mode=differential` for a field of `hardware`, `steps=3`, or `--set skipSilentBlocks=1`. */
  readonly setting: string;
  /** Spikes are unchanged, as long as converters have no errors; otherwise accuracy has to be simulated again. */
  readonly sameAnswers: boolean;
  /** Change relative to the current machine: -0.5 is half. */
  readonly change: Readonly<Record<LeverFigure, number>>;
}

export type LeverFigure = "energy" | "latency" | "interval" | "area";
const CHANGED: readonly LeverFigure[] = ["energy", "latency", "interval", "area"];

/** A priced machine. */
interface Case {
  readonly workload: Workload;
  readonly technology: Technology;
}

type Turned = Omit<Lever, "change"> & Partial<Case>;

/**
 * Ordered by the energy they save, at the same interval between pipelined prompts; levers that cost energy come last.
 *
 * Throws MappingError if the current machine cannot be built
 */
export function leversOf(workload: Workload, resolved: ResolvedTechnology, plan: Planner = keptPlans()): Lever[] {
  const { technology } = resolved;
  const base: Case = { workload, technology };
  const cost = costOf(base, plan);
  return [...turnFields(base), ...turnSteps(base), ...turnPrices(resolved)]
    .flatMap((turned) => {
      const changed = build({ ...base, ...turned }, plan);
      return changed === null ? [] : [leverOf(turned, cost, changed)];
    })
    .filter(({ change }) => CHANGED.some((figure) => change[figure] !== 0))
    .sort((a, b) => a.change.energy - b.change.energy);
}

const costOf = ({ workload, technology }: Case, plan: Planner): MachineCost =>
  machineCost(workload, technology, undefined, plan);

/** Null for a machine that cannot be built. */
function build(one: Case, plan: Planner): MachineCost | null {
  try {
    return costOf(one, plan);
  } catch (error) {
    if (error instanceof MappingError) return null;
    throw error;
  }
}

function leverOf({ id, label, setting, sameAnswers }: Turned, base: MachineCost, changed: MachineCost): Lever {
  const share = (figure: LeverFigure) => changed[figure] / base[figure] - 1;
  return {
    id,
    label,
    setting,
    sameAnswers,
    change: { energy: share("energy"), latency: share("latency"), interval: share("interval"), area: share("area") },
  };
}

type Value = string | number;

interface Field {
  readonly id: string;
  /** Path within `hardware`. */
  readonly field: string;
  /** The new value; null if already set. */
  readonly value: (hardware: HardwareSpec, workload: Workload) => Value | null;
  readonly label: (value: Value) => string;
  readonly sameAnswers?: true;
}

const half = (value: number): number | null => (value > 1 ? Math.ceil(value / 2) : null);
const twice = (value: number, most: number): number | null => (value < most ? Math.min(most, 2 * value) : null);
const tilesOf = ({ ssa }: HardwareSpec, { heads }: Workload): number => Math.min(heads, ssa.tiles ?? heads);
const plural = (count: Value, word: string, words = `${word}s`): string => `${count} ${count === 1 ? word : words}`;
const MOST_LINES = 4096;

/** Columns of a role without converters. */
const decided = (role: "attentionInput" | "feedForwardUp", id: string, name: string): readonly Field[] => [
  {
    id: `${id}-charge`,
    field: `readOut.${role}`,
    value: ({ readOut }) => (readOut[role] === "charge" ? null : "charge"),
    label: () => `${name} by charge`,
  },
  {
    id: `${id}-comparison`,
    field: `readOut.${role}`,
    // One decision needs all inputs in one row block, and nothing to keep for a next step.
    value: ({ readOut, crossbar }, { steps, width }) =>
      steps > 1 || width > crossbar.rows || readOut[role] === "comparator" ? null : "comparator",
    label: () => `${name} by comparison`,
  },
];

const FIELDS: readonly Field[] = [
  {
    id: "differential",
    field: "adc.mode",
    value: ({ adc }) => (adc.mode === "pair" ? "differential" : null),
    label: () => "one conversion per pair",
  },
  {
    id: "fewer-bits",
    field: "adc.bits",
    value: ({ adc }) => (adc.bits === null ? null : adc.bits - 1),
    label: (bits) => `converters of ${plural(bits, "bit")}`,
  },
  {
    id: "more-converters",
    field: "adc.sharing",
    value: ({ adc }) => half(adc.sharing),
    label: (columns) => `one converter per ${plural(columns, "column")}`,
    sameAnswers: true,
  },
  {
    id: "fewer-converters",
    field: "adc.sharing",
    value: ({ adc, crossbar }) => twice(adc.sharing, crossbar.columns),
    label: (columns) => `one converter per ${plural(columns, "column")}`,
    sameAnswers: true,
  },
  {
    id: "more-rows",
    field: "crossbar.rows",
    value: ({ crossbar }) => twice(crossbar.rows, MOST_LINES),
    label: (rows) => `crossbars of ${plural(rows, "row")}`,
  },
  {
    id: "fewer-rows",
    field: "crossbar.rows",
    value: ({ crossbar }) => half(crossbar.rows),
    label: (rows) => `crossbars of ${plural(rows, "row")}`,
  },
  {
    id: "more-columns",
    field: "crossbar.columns",
    value: ({ crossbar }) => twice(crossbar.columns, MOST_LINES),
    label: (columns) => `crossbars of ${plural(columns, "column")}`,
  },
  ...decided("attentionInput", "attention", "q, k, v"),
  ...decided("feedForwardUp", "feed-forward", "feed-forward"),
  {
    id: "coded-spikes",
    field: "transport.code",
    value: ({ transport }) => (transport.code === "fewer" ? null : "fewer"),
    label: () => "spikes or bits on wires",
    sameAnswers: true,
  },
  {
    id: "gated-clocks",
    field: "clocking",
    value: ({ clocking }) => (clocking === "written" ? "gated" : null),
    label: () => "gated clocks",
    sameAnswers: true,
  },
  {
    id: "threshold-scaling",
    field: "scaling",
    value: ({ scaling, arithmetic }) => (scaling === "sums" && arithmetic !== null ? "threshold" : null),
    label: () => "scale in thresholds",
  },
  {
    id: "row-fifos",
    field: "ssa.fifo",
    value: ({ ssa }) => (ssa.fifo === "cell" ? "row" : null),
    label: () => "one FIFO per row of cells",
    sameAnswers: true,
  },
  {
    id: "more-tiles",
    field: "ssa.tiles",
    value: (hardware, workload) => twice(tilesOf(hardware, workload), workload.heads),
    label: (tiles) => plural(tiles, "unit of attention", "units of attention"),
    sameAnswers: true,
  },
  {
    id: "fewer-tiles",
    field: "ssa.tiles",
    value: (hardware, workload) => half(tilesOf(hardware, workload)),
    label: (tiles) => plural(tiles, "unit of attention", "units of attention"),
    sameAnswers: true,
  },
  {
    id: "other-order",
    field: "order",
    value: ({ order, ssa }, { attention }) => {
      if (order === "step-major") return "token-major";
      return runsOn(ssa, (attention && drawsOf(attention)) ?? undefined) ? null : "step-major";
    },
    label: (order) => (order === "step-major" ? "step-major order" : "token-major order"),
    sameAnswers: true,
  },
  {
    id: "shared-registers",
    field: "ssa.lfsr.scope",
    value: ({ ssa }, workload) =>
      draws(workload) && ssa.random === "lfsr" && ssa.lfsr.scope === "tile" ? "engine" : null,
    label: () => "one seed for all heads",
  },
  {
    id: "power-of-two",
    field: "ssa.normaliser",
    value: ({ ssa }, workload) =>
      draws(workload) && ssa.random === "lfsr" && ssa.normaliser === "exact" ? "power-of-two" : null,
    label: () => "draws up to a power of two",
  },
];

/** Whether attention draws random numbers, as that of a published network that names no kind. */
const draws = ({ attention }: Workload): boolean => attention === undefined || drawsOf(attention) !== null;

function turnFields({ workload, technology }: Case): Turned[] {
  // A changed machine has other clocks, unless its own are set.
  const hardware = { ...hardwareFor(workload, technology), timing: workload.hardware?.timing ?? null };
  return FIELDS.flatMap(({ id, field, value, label, sameAnswers = false }) => {
    const to = value(hardware, workload);
    if (to === null) return [];
    const changed = hardwareSpec.safeParse(withField(hardware, field.split("."), to));
    if (!changed.success) return [];
    const turned = {
      workload: { ...workload, hardware: changed.data },
      technology: sizedFor(changed.data, technology),
    };
    return [{ id, label: label(to), setting: `${field}=${to}`, sameAnswers, ...turned }];
  });
}

/** A copy with one field changed. */
function withField(owner: object, [name, ...rest]: readonly string[], value: Value): object {
  const inner = rest.length === 0 ? value : withField((owner as Record<string, object>)[name], rest, value);
  return { ...owner, [name]: inner };
}

function turnSteps({ workload }: Case): Turned[] {
  const steps = workload.steps - 1;
  if (steps < 1) return [];
  const fewer = withSteps(workload, steps, workload.snnSteps);
  return [
    {
      id: "fewer-steps",
      label: plural(steps, "time step"),
      setting: `steps=${steps}`,
      sameAnswers: false,
      workload: fewer,
    },
  ];
}

/** What has no field of `hardware`, by the price setting that represents it. */
const PRICES: readonly (Pick<Lever, "id" | "label"> & {
  readonly set: ParameterId;
  readonly to: string;
  /** A parameter whose price follows the node like the new one. */
  readonly scaledAs: ParameterId;
})[] = [
  {
    id: "zero-detection",
    label: "skip silent row blocks",
    set: "skipSilentBlocks",
    to: "1",
    scaledAs: "skipSilentBlocks",
  },
  {
    id: "gated-cells",
    label: "gated attention cells",
    set: "sacOperation",
    to: "nangate-45.sacGated",
    scaledAs: "sacOperation",
  },
  {
    id: "smaller-floorplan",
    label: "a smaller floorplan",
    set: "floorplan",
    to: "assumptions.floorplan",
    scaledAs: "crossbarArea",
  },
];

function turnPrices({ technology, prices }: ResolvedTechnology): Turned[] {
  return PRICES.flatMap(({ id, label, set, to, scaledAs }) => {
    const isPrice = to.includes(".");
    // Both prices are for one node and are scaled to the user's in the same way.
    const value = isPrice ? findPrice(to).value * (technology[scaledAs] / prices[scaledAs].value) : Number(to);
    const changed = { ...technology, [set]: value };
    return technology[set] === value || !Number.isFinite(value)
      ? []
      : [{ id, label, setting: `--set ${set}=${to}`, sameAnswers: true, technology: changed }];
  });
}
