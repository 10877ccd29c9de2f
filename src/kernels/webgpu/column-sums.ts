/**
 * Sums over the rows of a matrix, per column, in a fixed order and with an error that does not depend on the number of rows.
 *
 *   a group       64 columns, 4 lanes each; a lane adds every 4th of 128 rows in float32, and the 4 lanes are added as (0 + 2) + (1 + 3)
 *   folding       64 columns, 4 lanes each; a lane adds the parts of every 4th block in two floats (`tally.ts`), then the 4 lanes
 */
import { gridOf } from "../../webgpu/kernel.ts";
import type { RowOps } from "../ops.ts";
import { type GpuKernel, gpuKernel, type NumberKind } from "./kernel.ts";
import type { CallNumbers, Recorder } from "./recorder.ts";
import { PAIRS } from "./tally.ts";

/** Columns of a group, and lanes per column. */
const COLUMNS = 64;
const LANES = 4;
/** Rows of a group. */
const ROWS = 128;

const SIZES = { rows: "u32", columns: "u32", blocks: "u32" } as const;
type Sizes = keyof typeof SIZES;

export interface ColumnReduction<N extends string> {
  readonly terms: number;
  readonly parts: GpuKernel<N | Sizes>;
  readonly fold: GpuKernel<N | Sizes>;
}

/**
 * @param each    computes with \`at\` (row x columns + column) and \`column\`
 * @param terms   what is summed: expressions in the same names and those of \`each\`
 * @param finish  takes \`sum0\`, \`sum1\`, ... of \`column\`
 */
export function columnReduction<N extends string>(
  name: string,
  numbers: Readonly<Record<N, NumberKind>>,
  { each = "", terms, finish }: { readonly each?: string; readonly terms: readonly string[]; readonly finish: string },
): ColumnReduction<N> {
  const all = { ...SIZES, ...numbers } as Readonly<Record<N | Sizes, NumberKind>>;
  const lines = (of: (term: string, i: number) => string) => terms.map(of).join("\n");
  const place = `
  let column = group.x * ${COLUMNS}u + lane % ${COLUMNS}u;
  let first = lane / ${COLUMNS}u;
`;
  const parts = gpuKernel({
    name,
    numbers: all,
    lanes: COLUMNS * LANES,
    helpers: `var<workgroup> held: array<f32, ${terms.length * COLUMNS * LANES}>;`,
    body: `${place}
  let block = rowOf(group);
${lines((_, i) => `  var sum${i} = 0.0;`)}
  if (column < call.columns) {
    let end = min(call.rows, (block + 1u) * ${ROWS}u);
    for (var row = block * ${ROWS}u + first; row < end; row += ${LANES}u) {
      let at = row * call.columns + column;
${each}
${lines((term, i) => `      sum${i} += ${term};`)}
    }
  }
${lines((_, i) => `  held[${COLUMNS * LANES * i}u + lane] = sum${i};`)}
  workgroupBarrier();
  if (first > 0u || column >= call.columns) { return; }
${lines((_, i) => {
  const own = (from: number) => `held[${COLUMNS * LANES * i + COLUMNS * from}u + lane]`;
  return `  storePart((${i}u * call.blocks + block) * call.columns + column, (${own(0)} + ${own(2)}) + (${own(1)} + ${own(3)}));`;
})}
`,
  });
  const fold = gpuKernel({
    name: `${name}: fold`,
    numbers: all,
    lanes: COLUMNS * LANES,
    helpers: `${PAIRS}
fn sumOf(term: u32, column: u32, first: u32, lane: u32) -> f32 {
  var own = vec2f(0.0, 0.0);
  if (column < call.columns) {
    for (var block = first; block < call.blocks; block += ${LANES}u) {
      own = plus(own, vec2f(loadPart((term * call.blocks + block) * call.columns + column), 0.0));
    }
  }
  workgroupBarrier();
  pairs[lane] = own;
  workgroupBarrier();
  let own0 = lane % ${COLUMNS}u;
  let sum = plus(plus(pairs[own0], pairs[own0 + ${2 * COLUMNS}u]), plus(pairs[own0 + ${COLUMNS}u], pairs[own0 + ${3 * COLUMNS}u]));
  return sum.x + sum.y;
}
`,
    body: `${place}
${lines((_, i) => `  let sum${i} = sumOf(${i}u, column, first, lane);`)}
  if (first > 0u || column >= call.columns) { return; }
${finish}
`,
  });
  return { terms: terms.length, parts, fold };
}

export function reduceColumns<N extends string>(
  recorder: Recorder,
  reduction: ColumnReduction<N>,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  numbers: CallNumbers<N>,
): void {
  const blocks = Math.max(1, Math.ceil(rows / ROWS));
  const all = { ...numbers, rows, columns, blocks } as CallNumbers<N | Sizes>;
  const groups = Math.ceil(columns / COLUMNS);
  recorder.reserve(reduction.terms * blocks * columns);
  recorder.call(reduction.parts, all, gridOf(groups, blocks));
  recorder.call(reduction.fold, all, [groups, 1, 1]);
}

const SUM = columnReduction(
  "column sums",
  { source: "place", result: "place" },
  {
    terms: ["load(call.source + at)"],
    finish: "  store(call.result + column, load(call.result + column) + sum0);",
  },
);

/** target [columns] += sum of the rows of source. */
export const columnSums = (recorder: Recorder, { source, target, ...sizes }: Parameters<RowOps["sumRows"]>[0]): void =>
  reduceColumns(recorder, SUM, sizes, { source, result: target });
