/** Estimates as a table in the terminal. */
import { ratioTo } from "../cost/cost.ts";
import type { CostCase } from "./cost-report.ts";
import { plainTable, type TableOptions } from "./table.ts";

const COLUMNS = [
  ["X, uJ", "xpikeformer"],
  ["int8, uJ", "annDigital"],
] as const;

/** Baselines and their names; `trees` has the fewest registers, `int5` uses Xpikeformer's bits, `own` its cells and converters. */
const RATIOS = [
  ["int8/X", "annDigital"],
  ["trees/X", "annTrees"],
  ["int5/X", "annInt5"],
  ["own/X", "annAimcOwn"],
  ["SNN/X", "snnDigital"],
] as const;

/** Workloads down, machines across: microjoules per inference and ratios to Xpikeformer, below a line that explains the columns. */
export function costTable(cases: readonly CostCase[], options: TableOptions = {}): string {
  const head = ["workload", "prices", "T", ...[...COLUMNS, ...RATIOS].map(([name]) => name)];
  const rows = cases.map(({ id, estimate }) => {
    const { steps, snnSteps } = estimate.workload;
    return [
      estimate.workload.name,
      id,
      steps === snnSteps ? String(steps) : `${steps}, ${snnSteps}`,
      ...COLUMNS.map(([, architecture]) => significant(1e6 * estimate.architectures[architecture].total)),
      ...RATIOS.map(([, architecture]) => ratio(ratioTo(estimate, architecture))),
    ];
  });
  const read =
    "Energy per inference of Xpikeformer (X) and of the int8 ANN on a systolic array, and energies of ANNs (trees: int8 in adder\n" +
    "trees) and SNN over Xpikeformer's.";
  return `${read}\n${plainTable(head, rows, options)}`;
}

/** Larger numbers use exponents, since narrow columns would cut them. */
const LONG = 1e6;

const significant = (value: number): string =>
  value >= LONG ? value.toExponential(2) : value >= 1000 ? value.toFixed(0) : value.toPrecision(4);

const ratio = (value: number): string => (value >= LONG ? value.toExponential(2) : value.toFixed(2));
