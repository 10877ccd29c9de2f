/** The macros without converters by themselves in Icarus, with sums at thresholds and at the ends of a membrane, and faults in them. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { testWith } from "../../../test/support/hardware-tools.ts";
import type { Deciding } from "../../experiment/by-read-out.ts";
import { readOutSpec } from "../../experiment/read-out.ts";
import { emptyTally } from "../../hardware/actions.ts";
import { type ColumnConstants, runChargeNeurons } from "../../hardware/charge-neurons.ts";
import { stream } from "../../numeric/stream.ts";
import { unpackSpikes } from "../../spike/train.ts";
import { printModule } from "../print.ts";
import type { Module } from "../syntax.ts";
import { columnText, noiseText } from "./column-constants.ts";
import { columnMacro, columnMacroName, WEIGHT_BITS } from "./column-macro.ts";
import { lines, wordText } from "./constants.ts";

const folder = mkdtempSync(join(tmpdir(), "xpikeformer-columns-"));
afterAll(() => rmSync(folder, { recursive: true }));
const testInIcarus = await testWith("iverilog");

const SIZE = { rows: [5, 3], columns: 10 };
const [ROWS, COLUMNS] = [8, 10];
const [STEPS, PROMPTS, TOKENS] = [3, 10, 4];
/** Columns from this one on belong to the macro. */
const FIRST = 5;

/** Small weights meet thresholds exactly; in the last two columns they meet the ends of a membrane. */
const draws = stream(3);
const weights = Array.from({ length: ROWS }, (_, r) =>
  Array.from({ length: COLUMNS }, (_, c) => {
    if (c === 8) return [-20_000, -20_000, 32_767, 0, 0, 0, 0, 0][r];
    if (c === 9) return [20_000, 20_000, 0, 0, 0, 0, -5, 3][r];
    return draws.integer(19) - 9;
  }),
);
const constantsFor = (keeps: boolean): ColumnConstants => ({
  leaks: Int32Array.from({ length: COLUMNS }, (_, c) => (!keeps ? 0 : c === 8 ? 4096 : c < 4 ? 2048 : 3277 + c)),
  thresholds: Int32Array.from({ length: COLUMNS }, (_, c) => (c === 8 ? 0 : c === 9 ? 32_767 : 3 + (c % 3))),
  levels: Int32Array.from({ length: COLUMNS }, (_, c) => (c === 9 ? 32_760 : 4)),
  thermal: new Float32Array(COLUMNS).fill(1.5),
  deciding: new Float32Array(COLUMNS).fill(2.5),
});
const offsets = Float32Array.from({ length: COLUMNS }, (_, c) => (c < 8 ? (c % 3) - 1 : 0));
const driven = Array.from({ length: STEPS * PROMPTS * TOKENS }, () =>
  Array.from({ length: ROWS }, () => draws.integer(2)),
);

interface Setting {
  readonly keeps: boolean;
  readonly reset: "hard" | "soft";
  readonly noisy: boolean;
}
type Files = Record<"cells.hex" | "columns.hex", string>;

const decidingFor = ({ keeps, noisy }: Setting): Deciding => ({
  circuit: readOutSpec.parse({ circuit: noisy ? { noise: 1 } : {} }).circuit,
  keeps,
});

/** Spikes of the macro, a line for each vector, token by token, and those of the simulator. */
function run(
  setting: Setting,
  change: (text: string) => string = (text) => text,
  changed: (files: Files) => Files = (files) => files,
) {
  const { keeps, reset, noisy } = setting;
  const constants = constantsFor(keeps);
  const deciding = decidingFor(setting);
  const key = [-7, 12345] as const;
  // The simulator has the layer's columns, of which those of the macro are the last; and vectors step by step.
  const charges = driven.flatMap((lines) =>
    Array.from({ length: FIRST + COLUMNS }, (_, f) => {
      const c = f - FIRST;
      return c < 0 ? 0 : lines.reduce((sum, bit, r) => sum + bit * weights[r][c], offsets[c]);
    }),
  );
  const ofLayer = Object.fromEntries(
    Object.entries(constants).map(([name, values]) => {
      const all =
        name in { thermal: 0, deciding: 0 } ? new Float32Array(FIRST + COLUMNS) : new Int32Array(FIRST + COLUMNS);
      all.set(values, FIRST);
      return [name, all];
    }),
  ) as unknown as ColumnConstants;
  const { train, saturated } = runChargeNeurons(
    Float32Array.from(charges),
    ofLayer,
    {
      ...{ features: FIRST + COLUMNS, reset, keeps, leaks: true, key: noisy ? key : null },
      vectors: { steps: STEPS, firstPrompt: 0, prompts: PROMPTS, perPrompt: TOKENS },
    },
    emptyTally(),
  );
  const bits = unpackSpikes(train);
  const order = Array.from(driven, (_, i) => (i % STEPS) * PROMPTS * TOKENS + Math.floor(i / STEPS));
  const expected = order.map((v) =>
    Array.from({ length: COLUMNS }, (_, c) => bits[v * (FIRST + COLUMNS) + FIRST + c])
      .reverse()
      .join(""),
  );

  const module: Module = columnMacro(SIZE, { deciding, reset }, { order: "token-major", steps: STEPS });
  const cells = Array.from({ length: COLUMNS * ROWS }, (_, i) =>
    wordText([weights[i % ROWS][Math.floor(i / ROWS)]], WEIGHT_BITS),
  );
  const files = {
    "macro.sv": change(printModule(module)),
    "tb.sv": testbench(setting, columnMacroName(SIZE, deciding)),
    ...changed({ "cells.hex": lines(cells), "columns.hex": columnText({ offsets, constants }) }),
    "noise.hex": noiseText(constants),
    "vectors.hex": lines(order.map((v) => wordText(driven[v], 1))),
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  execFileSync("iverilog", ["-g2012", "-s", "tb", "-o", "tb.vvp", "macro.sv", "tb.sv"], { cwd: folder });
  const seen = execFileSync("vvp", ["tb.vvp"], { cwd: folder, encoding: "utf8" }).trim().split("\n");
  return { seen: seen.slice(0, expected.length), expected, saturated };
}

const SETTINGS: readonly Setting[] = [
  { keeps: true, reset: "hard", noisy: false },
  { keeps: true, reset: "soft", noisy: false },
  { keeps: true, reset: "soft", noisy: true },
  { keeps: false, reset: "hard", noisy: false },
  { keeps: false, reset: "hard", noisy: true },
];

testInIcarus.each(SETTINGS)("spikes are those of the simulator's columns: %j", (setting) => {
  const { seen, expected, saturated } = run(setting);
  expect(seen).toEqual(expected);
  expect(saturated).toBeGreaterThan(10);
  for (let c = 0; c < COLUMNS; c++) expect(new Set(expected.map((line) => line[c])).size, `column ${c}`).toBe(2);
});

const SOFT: Setting = { keeps: true, reset: "soft", noisy: false };

/** Replaces the only place of a text. */
const replaced = (from: string, to: string) => (text: string) => {
  expect(text.split(from)).toHaveLength(2);
  return text.replace(from, to);
};

/** Changes number `which` of every column's word of four. */
const ofColumns =
  (which: number, change: (value: number) => number) =>
  (files: Files): Files => {
    const changed = files["columns.hex"]
      .trim()
      .split("\n")
      .map((word) => {
        const numbers = Array.from(
          { length: 4 },
          (_, n) => Number.parseInt(word.slice(24 - 8 * n, 32 - 8 * n), 16) | 0,
        );
        return wordText(
          numbers.map((value, n) => (n === which ? change(value) : value)),
          32,
        );
      });
    return { ...files, "columns.hex": lines(changed) };
  };

testInIcarus.each<[string, Parameters<typeof run>[1], Parameters<typeof run>[2]?]>([
  ["a membrane that is not emptied at a token's first step", replaced("if (!first_i)", "if (membranes_q[0] !== 1'bx)")],
  ["a leak that is one bit off", undefined, ofColumns(0, (leak) => leak ^ 0x200)],
  ["a leak that rounds up", replaced("kept = kept * leak >>> 12", "kept = (kept * leak + 4095) >>> 12")],
  ["an offset of the other sign", undefined, ofColumns(1, (offset) => -offset)],
  ["a threshold one too high", undefined, ofColumns(2, (threshold) => threshold + 1)],
  ["a level one too low", undefined, ofColumns(3, (level) => level - 1)],
  ["a membrane one short at its high end", (text) => text.replaceAll("32767", "32766")],
  ["a membrane one short at its low end", (text) => text.replaceAll("32768", "32767")],
  [
    "the second row block left out",
    undefined,
    (files) => ({
      ...files,
      "cells.hex": files["cells.hex"]
        .split("\n")
        .map((word, i) => (i % 8 < 5 ? word : word && "0000"))
        .join("\n"),
    }),
  ],
])("caught: %s", (_title, change, changed) => {
  const { seen, expected } = run(SOFT, change, changed);
  expect(seen).toHaveLength(expected.length);
  expect(seen).not.toEqual(expected);
});

testInIcarus("without a change the same run agrees, so what is caught is caught for its change", () => {
  const { seen, expected } = run(
    SOFT,
    undefined,
    ofColumns(3, (level) => level),
  );
  expect(seen).toEqual(expected);
});

const testbench = ({ keeps, noisy }: Setting, name: string): string => `
module tb;
  logic clk = 0, rst_n = 0, decide = 0, first = 0;
  logic [${ROWS - 1}:0] driven, vectors [0:${driven.length - 1}];
  wire [${COLUMNS - 1}:0] spikes;
  always #5 clk = ~clk;
  ${name} ${noisy ? `#(.NoiseKey({32'd12345, -32'd7}), .Tokens(${TOKENS}), .FirstColumn(${FIRST}))` : ""} u_macro (
    .clk_i(clk), ${noisy ? ".rst_ni(rst_n), " : ""}.decide_i(decide), ${keeps ? ".first_i(first), " : ""}.lines_i(driven), .spikes_o(spikes)
  );
  initial begin
    $readmemh("vectors.hex", vectors);
    repeat (2) @(negedge clk);
    rst_n = 1;
    for (int v = 0; v < ${driven.length}; v++) begin
      driven = vectors[v];
      first = v % ${STEPS} == 0;
      decide = 1;
      @(negedge clk);
      decide = 0;
      driven = ~driven;
      $display("%b", spikes);
      @(negedge clk);
    end
    $finish;
  end
endmodule
`;
