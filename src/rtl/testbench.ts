/**
 * A self-checking testbench for the engine against vectors of the cycle model, and the vectors.
 *
 *   runs.hex     one line per run: steps, then the seeds in the bit order of `seed_i`
 *   inputs.hex   one line per clock in which the engine takes a column: value, key, query of all heads, head 0 in the low bits
 *   outputs.hex  one line per clock with `valid_o`: spikes of all heads
 *
 * The testbench compares every output bit, the number of outputs, and the clocks of a run; the engine's own assertions check
 * when outputs appear. In every second clock of a run `start_i` is high, with another number of steps, and must be ignored. It
 * prints one line that begins with PASS or FAIL.
 */

import { bitsFor } from "../hardware/ssa-parameters.ts";
import { ssaTileCycles } from "../hardware/ssa-tile.ts";
import { type SpikeTrain, wordsPerRow } from "../spike/train.ts";
import { type SourceFiles, type SsaDesign, seedBits } from "./design.ts";
import { blocksOf } from "./passes.ts";
import { STEP_BITS } from "./ssa-engine.ts";
import {
  binary,
  bit,
  call,
  comment,
  concat,
  decimal,
  gap,
  isFalse,
  logic,
  type Module,
  name,
  not,
  put,
  type Statement,
  sized,
  slice,
  text,
  when,
} from "./syntax.ts";
import { count, engineUnderTest, inTurn, nextClock, shortReset, startWhileBusy, task } from "./testbench-parts.ts";

/** One run of the engine: all heads of one prompt and block. */
export interface EngineRun {
  /** By head, `[T][N][d]`. */
  readonly heads: readonly {
    readonly query: SpikeTrain;
    readonly key: SpikeTrain;
    readonly value: SpikeTrain;
    readonly output: SpikeTrain;
  }[];
  /** Seeds of the registers, head by head (or once, where heads share them). */
  readonly seeds: Uint32Array;
}

export interface VectorSizes {
  readonly runs: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Clocks that the engine is busy. */
  readonly clocks: number;
}

/** The vectors as text files. */
export function vectorFiles(design: SsaDesign, runs: readonly EngineRun[]): { files: SourceFiles; sizes: VectorSizes } {
  const { dimension, plan } = design.parameters;
  const lines = { runs: [] as string[], inputs: [] as string[], outputs: [] as string[] };
  let clocks = 0;
  for (const { heads, seeds } of runs) {
    const { steps } = heads[0].query;
    clocks += ssaTileCycles(steps, dimension, plan.passes.length);
    lines.runs.push(steps.toString(16).padStart(4, "0") + seedText(seeds));
    const columns = (of: "query" | "key" | "value" | "output", t: number, f: number, block: number) =>
      columnBits(
        heads.map((h) => h[of]),
        t,
        f,
        block,
        plan.tileTokens,
      );
    for (let t = 0; t < steps; t++) {
      for (const { queryBlock, keyBlock, last } of plan.passes) {
        for (let f = 0; f < dimension; f++) {
          const [q, k, v] = [
            columns("query", t, f, queryBlock),
            columns("key", t, f, keyBlock),
            columns("value", t, f, keyBlock),
          ];
          lines.inputs.push(hexLine([...q, ...k, ...v]));
          if (last) lines.outputs.push(hexLine(columns("output", t, f, queryBlock)));
        }
      }
    }
  }
  const join = (list: readonly string[]) => `${list.join("\n")}\n`;
  return {
    files: { "runs.hex": join(lines.runs), "inputs.hex": join(lines.inputs), "outputs.hex": join(lines.outputs) },
    sizes: { runs: runs.length, inputs: lines.inputs.length, outputs: lines.outputs.length, clocks },
  };
}

/** Feature f of the tokens of a block at step t, head after head; 0 past the last token. */
export function columnBits(
  trains: readonly SpikeTrain[],
  t: number,
  f: number,
  block: number,
  tileTokens: number,
): Uint8Array {
  const tokens = trains[0].rows;
  const [first, inBlock] = [block * tileTokens, Math.min(tileTokens, tokens - block * tileTokens)];
  const column = new Uint8Array(trains.length * tileTokens);
  trains.forEach(({ features, words }, h) => {
    const stride = wordsPerRow(features);
    const [word, bit] = [f >> 5, f & 31];
    for (let i = 0; i < inBlock; i++)
      column[h * tileTokens + i] = (words[(t * tokens + first + i) * stride + word] >>> bit) & 1;
  });
  return column;
}

/** Seeds in the bit order of `seed_i`, the first in the low bits. */
export const seedText = (seeds: Uint32Array): string =>
  Array.from(seeds, (seed) => seed.toString(16).padStart(8, "0"))
    .reverse()
    .join("");

/** Bits, least significant first, as hexadecimal digits. */
export function hexLine(bits: ArrayLike<number>): string {
  let line = "";
  for (let i = 0; i < bits.length; i += 4) {
    const digit = bits[i] | ((bits[i + 1] ?? 0) << 1) | ((bits[i + 2] ?? 0) << 2) | ((bits[i + 3] ?? 0) << 3);
    line = digit.toString(16) + line;
  }
  return line;
}

/** The plusarg of this name limits the number of runs in a testbench; default all. */
export const RUNS = "runs";

export const TESTBENCH = "ssa_engine_tb";

export function engineTestbench(design: SsaDesign, { runs, inputs, outputs, clocks }: VectorSizes): Module {
  const { dimension, plan } = design.parameters;
  const [passes, blocks] = [plan.passes.length, blocksOf(plan)];
  const isBlockwise = passes > 1;
  const width = design.heads * plan.tileTokens;
  const seeds = seedBits(design);
  const errors = name("errors");
  const asked = concat(sized(32 - STEP_BITS, 0), name("steps"));
  const counters = ["taken", "checked", "columns", "clocks", "length", "busy_clocks", "errors"];
  const low = (signal: string) => put(name(signal), sized(1, 0));
  const line = bit(name("inputs"), name("taken"));
  const columns = bit(name("outputs"), name("checked"));
  const windows = isBlockwise ? binary(asked, "*", decimal(passes)) : asked;
  const perFeature = isBlockwise ? binary(asked, "*", decimal(blocks)) : asked;
  const steps = slice(bit(name("runs"), name("run")), seeds + STEP_BITS - 1, seeds);
  return {
    name: TESTBENCH,
    header: [
      "Checks the engine against vectors of the cycle model: every output bit, and the clocks of every run.",
      `${runs} runs, ${inputs} columns in, ${clocks} busy clocks.`,
    ],
    ports: [],
    items: [
      logic(1, "clk", "rst_n", "start", "busy", "take", "valid"),
      logic(STEP_BITS, "steps"),
      logic(seeds, "seed"),
      logic(width, "query", "key", "value", "spike"),
      ...(isBlockwise ? [logic(bitsFor(passes - 1), "pass"), logic(bitsFor(blocks - 1), "block")] : []),
      { kind: "memory", width: seeds + 16, name: "runs", entries: runs },
      { kind: "memory", width: 3 * width, name: "inputs", entries: inputs },
      { kind: "memory", width, name: "outputs", entries: outputs },
      { kind: "integer", names: ["run_count", ...counters] },
      gap,
      { kind: "clock", signal: "clk", halfPeriod: 5 },
      gap,
      engineUnderTest("steps", isBlockwise),
      gap,
      {
        kind: "initial",
        body: [
          task("$readmemh", text("runs.hex"), name("runs")),
          task("$readmemh", text("inputs.hex"), name("inputs")),
          task("$readmemh", text("outputs.hex"), name("outputs")),
          ...counters.map((variable) => put(name(variable), decimal(0))),
          comment(`+${RUNS}=N takes the first N runs.`),
          when(isFalse(call("$value$plusargs", text(`${RUNS}=%d`), name("run_count"))), [
            put(name("run_count"), decimal(runs)),
          ]),
          low("start"),
          ...["steps", "seed", "query", "key", "value"].map((signal) =>
            put(name(signal), { kind: "fill", bit: 0 } as const),
          ),
          ...shortReset("rst_n"),
          {
            kind: "for",
            variable: "run",
            below: name("run_count"),
            body: [
              nextClock,
              put(name("start"), sized(1, 1)),
              put(name("steps"), steps),
              put(name("seed"), slice(bit(name("runs"), name("run")), seeds - 1, 0)),
              put(name("clocks"), decimal(0)),
              put(name("length"), binary(binary(windows, "+", decimal(1)), "*", decimal(dimension))),
              put(name("columns"), binary(name("columns"), "+", binary(perFeature, "*", decimal(dimension)))),
              put(name("busy_clocks"), binary(name("busy_clocks"), "+", name("length"))),
              nextClock,
              put(name("steps"), not(name("steps"))),
              comment("One clock after the last busy one, because the last output is registered."),
              {
                kind: "for",
                variable: "clock",
                below: name("length"),
                body: [
                  put(name("start"), startWhileBusy(name("clock"), sized(1, 1))),
                  when(name("busy"), [count("clocks")]),
                  when(name("take"), [
                    ...inTurn("pass", name("taken"), dimension, passes),
                    put(concat(name("value"), name("key"), name("query")), line),
                    count("taken"),
                  ]),
                  when(name("valid"), check()),
                  nextClock,
                ],
              },
              low("start"),
              when(name("valid"), check()),
              when(binary(binary(name("clocks"), "!==", name("length")), "||", name("busy")), [
                task("$display", text("run %0d was busy for %0d clocks"), name("run"), name("clocks")),
                count("errors"),
              ]),
            ],
          },
          when(
            binary(binary(errors, "==", decimal(0)), "&&", binary(name("checked"), "==", name("columns"))),
            [
              task(
                "$display",
                text("PASS %0d runs, %0d clocks, %0d columns"),
                ...["run_count", "busy_clocks", "checked"].map(name),
              ),
            ],
            [
              task(
                "$display",
                text("FAIL %0d errors, %0d of %0d columns checked"),
                errors,
                name("checked"),
                name("columns"),
              ),
            ],
          ),
          task("$finish"),
        ],
      },
    ],
  };

  function check(): Statement[] {
    return [
      ...inTurn("block", name("checked"), dimension, blocks),
      when(binary(name("spike"), "!==", columns), [
        when(binary(name("errors"), "<", decimal(10)), [
          task("$display", text("column %0d is %h, expected %h"), name("checked"), name("spike"), columns),
        ]),
        count("errors"),
      ]),
      count("checked"),
    ];
  }
}
