// The tables of this folder's page, from the results of `measure.mjs`.
import { readFileSync } from "node:fs";
import { frontPoints, machineByName } from "xpikeformer";
import { parseDesign } from "xpikeformer/internal";

const read = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
const { machines: measuredMachines } = JSON.parse(read("result.json"));

/** Fields with their headings. */
const AXES = [
  ["model.steps", "T"],
  ["hardware.adc.bits", "bits"],
  ["hardware.adc.mode", "mode"],
  ["hardware.adc.sharing", "columns per ADC"],
  ["hardware.crossbar.rows", "rows"],
  ["hardware.ssa.fifo", "FIFO per"],
  ["hardware.order", "order"],
];
const sampled = ({ value, low, high }) => `${value.toFixed(4).replace("-", "−")} ± ${((high - low) / 2).toFixed(4)}`;
/** Columns in order: figure, heading and formatter. */
const MEASURES = [
  ["errorRate", "error rate", sampled],
  ["yearLoss", "added by a year", sampled],
  ["energy", "uJ", ({ value }) => (value * 1e6).toPrecision(3)],
  ["throughput", "prompts per second", ({ value }) => Number(value.toPrecision(3)).toLocaleString("en")],
  ["area", "mm²", ({ value }) => (value * 1e6).toFixed(1)],
];
const measured = (row) => MEASURES.map(([name, , text]) => text(row[name]));
const heads = (columns) => columns.map(([, head]) => head);

/** A machine's value in a field. For the recommended machine, only the time steps were varied. */
const recommended = { hardware: machineByName("recommended") };
const fieldOf = ({ values }, path) => values[path] ?? path.split(".").reduce((owner, name) => owner[name], recommended);

/** The measured machines on the Pareto front of the design. */
export function frontOf(name) {
  const rows = [...measuredMachines[name].searched, ...measuredMachines[name].recommended];
  const numbered = rows.map((measures, point) => ({ point, measures: { latency: null, ...measures } }));
  const design = parseDesign(read(`${name}.json`), name);
  // The loss over a year is indistinguishable from zero on every machine, so as an objective it would add machines by chance.
  const objectives = design.objectives.filter((objective) => objective !== "yearLoss");
  const front = [...frontPoints(numbered, { ...design, objectives })].map((point) => rows[point]);
  return front.sort((a, b) => a.errorRate.value - b.errorRate.value || a.energy.value - b.energy.value);
}

/** Whether `a` dominates `b` on the same prompts: no worse in any measure and better in at least one. */
function beats(a, b) {
  const costs = (row) => [row.errorRate.value, row.energy.value, -row.throughput.value, row.area.value];
  const [own, other] = [costs(a), costs(b)];
  return own.every((cost, i) => cost <= other[i]) && own.some((cost, i) => cost < other[i]);
}

const widthOf = (name) => (name === "wireless-2x2" ? "128" : "256");

/** The front for the studio: what was measured on which experiment, and each machine's values, error rate and costs in SI units. */
export function frontRecord(name) {
  const { experiment } = parseDesign(read(`${name}.json`), name);
  const machines = frontOf(name).map(({ values, errorRate, energy, area }) => ({
    ...{ values, errorRate, energy: energy.value, area: area.value },
  }));
  const tried = ["searched", "recommended"].reduce((sum, kind) => sum + measuredMachines[name][kind].length, 0);
  return { experiment, tried, machines };
}

export const frontTables = {
  "front-recommended": () => ({
    head: ["width", "T", ...heads(MEASURES), "beaten by"],
    rows: Object.entries(measuredMachines).flatMap(([name, { recommended }]) =>
      recommended.map((row) => {
        const better = frontOf(name).find((other) => beats(other, row));
        const apart = AXES.filter(([path]) => better && fieldOf(better, path) !== fieldOf(row, path));
        return [
          widthOf(name),
          String(row.values["model.steps"]),
          ...measured(row),
          apart.map(([path, head]) => `${head} ${fieldOf(better, path)}`).join(", ") || "none",
        ];
      }),
    ),
  }),
};
