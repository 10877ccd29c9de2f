/** The names and units of objectives in tables and drawings. */
import { formatQuantity, formatText } from "../report/format.ts";
import type { Objective } from "../spec/design.ts";
import { costsOf } from "./front.ts";
import type { Measured, Row } from "./unit.ts";

export const OBJECTIVE_LABELS: Readonly<Record<Objective, { readonly label: string; readonly unit: string }>> = {
  errorRate: { label: "Error rate", unit: "1" },
  yearLoss: { label: "Loss in a year", unit: "1" },
  energy: { label: "Energy per inference", unit: "J" },
  latency: { label: "Latency", unit: "s" },
  throughput: { label: "Throughput", unit: "inferences/s" },
  area: { label: "Area", unit: "m2" },
};

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
export function axisOf(objective: Objective, values: readonly number[]) {
  const { label, unit } = OBJECTIVE_LABELS[objective];
  const largest = Math.max(...values.map(Math.abs));
  // A power of ten; the printed form of the largest value gives its digits.
  const written = formatQuantity({ value: largest, unit }, 15);
  const exponent = largest === 0 ? 0 : Math.round(Math.log10(Number(written.value.replaceAll(",", "")) / largest));
  const factor = Number.isFinite(exponent) ? Number(`1e${exponent}`) : 1;
  const shown = Number.isFinite(exponent) ? written.unit : unit;
  const log = Math.min(...values) > 0 && largest > 8 * Math.min(...values);
  return {
    label: shown === "" ? label : `${label}, ${shown}`,
    scale: log ? ("log" as const) : ("linear" as const),
    of: (value: number): number => value * factor,
  };
}
