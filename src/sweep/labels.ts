/** The names and units of objectives in tables and drawings. */

import { isXpikeError } from "../errors.ts";
import type { Objective } from "../experiment/design.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { formatQuantity, formatText } from "../report/format.ts";
import { kitOf } from "../task/catalogue.ts";
import { costsOf } from "./front.ts";
import type { Measured, Row } from "./unit.ts";

export const OBJECTIVE_LABELS: Readonly<Record<Objective, { readonly label: string; readonly unit: string }>> = {
  errorRate: { label: "Error rate", unit: "1" },
  yearLoss: { label: "Loss in a year", unit: "1" },
  blockErrorRate: { label: "Block error rate", unit: "1" },
  codedEbN0: { label: "Eb/N0 at 10 % block errors", unit: "dB" },
  energy: { label: "Energy per inference", unit: "J" },
  latency: { label: "Latency", unit: "s" },
  throughput: { label: "Throughput", unit: "inferences/s" },
  area: { label: "Area", unit: "m2" },
};

/** What is known of a design where things are named. */
interface Named {
  readonly axes: Readonly<Record<string, unknown>>;
  readonly experiment?: unknown;
}

/** The experiment that the points change; null where an axis has to complete it. */
function baseOf({ experiment }: Named): Experiment | null {
  if (experiment === undefined || typeof experiment === "string") return null;
  try {
    return parseExperiment(experiment);
  } catch (error) {
    if (isXpikeError(error)) return null;
    throw error;
  }
}

/** The label of an objective in a design: energies say what an inference delivers, where that is more than one result at every point. */
export function objectiveLabel(objective: Objective, design: Named): string {
  const { label } = OBJECTIVE_LABELS[objective];
  const base = objective === "energy" ? baseOf(design) : null;
  if (base === null || Object.keys(design.axes).some((path) => path.startsWith("task"))) return label;
  const { name, perInference } = kitOf(base.task).result(base.task);
  return perInference === 1 ? label : `${label} (${perInference} ${name}s)`;
}

/** The T of all points; null where it is an axis, which every row shows. */
export function commonSteps(design: Named): number | null {
  const base = baseOf(design);
  if (!base || base.model.kind === "ann") return null;
  return Object.keys(design.axes).some((path) => path === "model" || path.startsWith("model.steps"))
    ? null
    : base.model.steps;
}

/** Rows that have all objectives. */
export type MeasuredRow = Row & { readonly measures: NonNullable<Row["measures"]> };

export const measuredRows = (rows: readonly Row[], objectives: readonly Objective[]): MeasuredRow[] =>
  rows.filter((row): row is MeasuredRow => costsOf(row.measures, objectives) !== null);

/** `0.0671 (0.0641 to 0.0703)`, `310 nJ`. */
export function measuredText(objective: Objective, { value, low, high }: Measured): string {
  const { unit } = OBJECTIVE_LABELS[objective];
  if (low === high) return formatText({ value, unit });
  const { value: text, interval } = formatQuantity({ value, unit, interval: { low, high } });
  return interval ? `${text} (${interval})` : text;
}

/** An axis in a unit that fits all values: its label, whether it is logarithmic, and the conversion of values. */
export function axisOf(objective: Objective, values: readonly number[], label = OBJECTIVE_LABELS[objective].label) {
  const { unit } = OBJECTIVE_LABELS[objective];
  const largest = Math.max(...values.map(Math.abs));
  // A power of ten; the printed form of the largest value gives its digits.
  const written = formatQuantity({ value: largest, unit }, 15);
  const exponent = largest === 0 ? 0 : Math.round(Math.log10(Number(written.value.replaceAll(",", "")) / largest));
  const factor = Number.isFinite(exponent) ? Number(`1e${exponent}`) : 1;
  const shown = Number.isFinite(exponent) ? written.unit : unit;
  // Decibels are logarithms already.
  const log = unit !== "dB" && Math.min(...values) > 0 && largest > 8 * Math.min(...values);
  return {
    label: shown === "" ? label : `${label}, ${shown}`,
    scale: log ? ("log" as const) : ("linear" as const),
    of: (value: number): number => value * factor,
  };
}
