/** Vectors, and matrices as rows of vectors, on a GPU: twin of `../assembly/elementwise.ts`. */
import type { RowOps, TokenRows } from "../ops.ts";
import { columnSums } from "./column-sums.ts";
import { eachItem } from "./kernel.ts";
import type { Recorder } from "./recorder.ts";

const ADD = eachItem(
  "add",
  { result: "place", source: "place", factor: "f32" },
  "  store(call.result + at, load(call.result + at) + call.factor * load(call.source + at));",
);
const MULTIPLY = eachItem(
  "multiply",
  { result: "place", source: "place" },
  "  store(call.result + at, load(call.result + at) * load(call.source + at));",
);
const SCALE = eachItem(
  "scale",
  { result: "place", factor: "f32" },
  "  store(call.result + at, call.factor * load(call.result + at));",
);
const BROADCAST_ROW = eachItem(
  "broadcast row",
  { row: "place", columns: "u32", result: "place" },
  "  storeWord(call.result + at, loadWord(call.row + at % call.columns));",
);
const ADD_ROW = eachItem(
  "add row",
  { source: "place", row: "place", columns: "u32", result: "place" },
  "  store(call.result + at, load(call.source + at) + load(call.row + at % call.columns));",
);

/** A lane per column of the table; the rows with its remainder one after another. */
const SUM_PERIODIC = eachItem(
  "sum periodic",
  { source: "place", rows: "u32", columns: "u32", table: "place", period: "u32" },
  `
  var sum = load(call.table + at);
  for (var row = at / call.columns; row < call.rows; row += call.period) {
    sum += load(call.source + row * call.columns + at % call.columns);
  }
  store(call.table + at, sum);`,
);

/** Word `at` of [prompts, chosen, width] is at `tokenWord(at)` of [prompts, tokens, width]. */
const TOKEN_WORD = `
fn tokenWord(at: u32) -> u32 {
  let row = at / call.width;
  let token = loadWord(call.chosen + row % call.chosenTokens);
  return (row / call.chosenTokens * call.tokens + token) * call.width + at % call.width;
}
`;
const TOKENS = {
  source: "place",
  tokens: "u32",
  width: "u32",
  chosen: "place",
  chosenTokens: "u32",
  result: "place",
} as const;
const GATHER_TOKENS = eachItem(
  "gather tokens",
  TOKENS,
  "  storeWord(call.result + at, loadWord(call.source + tokenWord(at)));",
  TOKEN_WORD,
);
const SCATTER_TOKENS = eachItem(
  "scatter tokens",
  TOKENS,
  "  storeWord(call.result + tokenWord(at), loadWord(call.source + at));",
  TOKEN_WORD,
);
const CLEAR = eachItem("clear", { result: "place" }, "  storeWord(call.result + at, 0u);");

export function rowOps(recorder: Recorder): RowOps {
  const { each } = recorder;
  /** Words of all chosen tokens, and how a kernel finds them. */
  const tokensOf = ({ source, prompts, tokens, width, chosen, target }: TokenRows) =>
    [
      prompts * chosen.count * width,
      { source, tokens, width, chosen: chosen.at, chosenTokens: chosen.count, result: target },
    ] as const;
  return {
    add: (target, source, count) => each(ADD, count, { result: target, source, factor: 1 }),
    addScaled: (target, source, count, factor) => each(ADD, count, { result: target, source, factor }),
    multiply: (target, source, count) => each(MULTIPLY, count, { result: target, source }),
    scale: (target, count, factor) => each(SCALE, count, { result: target, factor }),
    sumRows: (of) => columnSums(recorder, of),
    sumManyRows: (of) => columnSums(recorder, of),
    broadcastRow: ({ row, rows, columns, target }) =>
      each(BROADCAST_ROW, rows * columns, { row, columns, result: target }),
    addRow: ({ source, row, rows, columns, target }) =>
      each(ADD_ROW, rows * columns, { source, row, columns, result: target }),
    // A period of rows is one longer row.
    addPeriodic: ({ table, period, rows, columns, target }) =>
      each(ADD_ROW, rows * columns, { source: target, row: table, columns: period * columns, result: target }),
    sumPeriodic: ({ source, rows, columns, table, period }) =>
      each(SUM_PERIODIC, period * columns, { source, rows, columns, table, period }),
    gatherTokens: (of) => each(GATHER_TOKENS, ...tokensOf(of)),
    scatterTokens: (of) => {
      each(CLEAR, of.prompts * of.tokens * of.width, { result: of.target });
      each(SCATTER_TOKENS, ...tokensOf(of));
    },
  };
}
