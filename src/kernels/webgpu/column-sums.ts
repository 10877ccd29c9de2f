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
  readonly kept: number;
  readonly parts: GpuKernel<N | Sizes>;
  readonly fold: GpuKernel<N | Sizes>;
}

interface Reduced {
  /** WGSL that computes with `at` (row x columns + column), `row` and `column`. */
  readonly each?: string;
  /** What is reduced: expressions in the same names and those of `each`. */
  readonly terms: readonly string[];
  /** The largest term, at least 0, instead of the sum. */
  readonly most?: boolean;
  /** WGSL that takes `sum0`, `sum1`, ... of `column`. */
  readonly finish: string;
  /** Rows of columns in the scratch memory for the next kernel: word `keptAt(row, column)` of it. Default 0. */
  readonly kept?: number;
}

export function columnReduction<N extends string>(
  name: string,
  numbers: Readonly<Record<N, NumberKind>>,
  { each = "", terms, most = false, finish, kept = 0 }: Reduced,
): ColumnReduction<N> {
  const all = { ...SIZES, ...numbers } as Readonly<Record<N | Sizes, NumberKind>>;
  const lines = (of: (term: string, i: number) => string) => terms.map(of).join("\n");
  const both = (a: string, b: string) => (most ? `max(${a}, ${b})` : `(${a} + ${b})`);
  const exactly = (a: string, b: string) => (most ? `max(${a}, ${b})` : `plus(${a}, ${b})`);
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
${lines((term, i) => `      sum${i} = ${both(`sum${i}`, term)};`)}
    }
  }
${lines((_, i) => `  held[${COLUMNS * LANES * i}u + lane] = sum${i};`)}
  workgroupBarrier();
  if (first > 0u || column >= call.columns) { return; }
${lines((_, i) => {
  const of = (other: number) => `held[${COLUMNS * LANES * i + COLUMNS * other}u + lane]`;
  return `  storePart((${i}u * call.blocks + block) * call.columns + column, ${both(both(of(0), of(2)), both(of(1), of(3)))});`;
})}
`,
  });
  const fold = gpuKernel({
    name: `${name}: fold`,
    numbers: all,
    lanes: COLUMNS * LANES,
    helpers: `${PAIRS}
fn keptAt(row: u32, column: u32) -> u32 { return (${terms.length}u * call.blocks + row) * call.columns + column; }
fn sumOf(term: u32, column: u32, first: u32, lane: u32) -> f32 {
  var own = vec2f(0.0, 0.0);
  if (column < call.columns) {
    for (var block = first; block < call.blocks; block += ${LANES}u) {
      own = ${exactly("own", "vec2f(loadPart((term * call.blocks + block) * call.columns + column), 0.0)")};
    }
  }
  workgroupBarrier();
  pairs[lane] = own;
  workgroupBarrier();
  let a = lane % ${COLUMNS}u;
  let sum = ${exactly(
    exactly("pairs[a]", `pairs[a + ${2 * COLUMNS}u]`),
    exactly(`pairs[a + ${COLUMNS}u]`, `pairs[a + ${3 * COLUMNS}u]`),
  )};
  return sum.x + sum.y;
}
`,
    body: `${place}
${lines((_, i) => `  let sum${i} = sumOf(${i}u, column, first, lane);`)}
  if (first > 0u || column >= call.columns) { return; }
${finish}
`,
  });
  return { terms: terms.length, kept, parts, fold };
}

/** Returns the first word of what is kept in the scratch memory. */
export function reduceColumns<N extends string>(
  recorder: Recorder,
  reduction: ColumnReduction<N>,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  numbers: CallNumbers<N>,
): number {
  const blocks = Math.max(1, Math.ceil(rows / ROWS));
  const all = { ...numbers, rows, columns, blocks } as CallNumbers<N | Sizes>;
  const groups = Math.ceil(columns / COLUMNS);
  const kept = reduction.terms * blocks * columns;
  recorder.reserve(kept + reduction.kept * columns);
  recorder.call(reduction.parts, all, gridOf(groups, blocks));
  recorder.call(reduction.fold, all, [groups, 1, 1]);
  return kept;
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
export const columnSums = (
  recorder: Recorder,
  { source, target, ...sizes }: Parameters<RowOps["sumRows"]>[0],
): void => {
  reduceColumns(recorder, SUM, sizes, { source, result: target });
};
