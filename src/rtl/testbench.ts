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
import * as sv from "./syntax.ts";
import { count, engineUnderTest, fallingEdges, inTurn, shortReset, startWhileBusy, task } from "./testbench-parts.ts";

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

export function engineTestbench(design: SsaDesign, { runs, inputs, outputs, clocks }: VectorSizes): sv.Module {
  const { dimension, plan } = design.parameters;
  const [passes, blocks] = [plan.passes.length, blocksOf(plan)];
  const isBlockwise = passes > 1;
  const width = design.heads * plan.tileTokens;
  const seeds = seedBits(design);
  const ports: sv.Port<never>[] = [];
  const variables = sv.integers(
    "run_count",
    "taken",
    "checked",
    "columns",
    "clocks",
    "length",
    "busy_clocks",
    "errors",
  );
  const declared = [
    sv.logic(1, "clk", "rst_n", "start", "busy", "take", "valid"),
    sv.logic(STEP_BITS, "steps"),
    sv.logic(seeds, "seed"),
    sv.logic(width, "query", "key", "value", "spike"),
    ...(isBlockwise ? [sv.logic(bitsFor(passes - 1), "pass"), sv.logic(bitsFor(blocks - 1), "block")] : []),
    sv.memory(seeds + 16, "runs", runs),
    sv.memory(3 * width, "inputs", inputs),
    sv.memory(width, "outputs", outputs),
    variables,
  ];
  const s = sv.signals(ports, declared);
  const errors = s.errors;
  const asked = sv.concat(sv.sized(32 - STEP_BITS, 0), s.steps);
  const low = (signal: sv.Signal) => sv.put(signal, sv.sized(1, 0));
  const line = sv.bit(s.inputs, s.taken);
  const columns = sv.bit(s.outputs, s.checked);
  const windows = isBlockwise ? sv.binary(asked, "*", sv.decimal(passes)) : asked;
  const perFeature = isBlockwise ? sv.binary(asked, "*", sv.decimal(blocks)) : asked;
  const steps = sv.slice(sv.bit(s.runs, sv.name("run")), seeds + STEP_BITS - 1, seeds);
  return {
    name: TESTBENCH,
    header: [
      "Checks the engine against vectors of the cycle model: every output bit, and the clocks of every run.",
      `${runs} runs, ${inputs} columns in, ${clocks} busy clocks.`,
    ],
    ports,
    items: [
      ...declared,
      sv.gap,
      { kind: "clock", signal: s.clk, halfPeriod: 5 },
      sv.gap,
      engineUnderTest(s, s.steps, isBlockwise),
      sv.gap,
      sv.initial(
        task("$readmemh", sv.text("runs.hex"), s.runs),
        task("$readmemh", sv.text("inputs.hex"), s.inputs),
        task("$readmemh", sv.text("outputs.hex"), s.outputs),
        ...variables.signals.slice(1).map((variable) => sv.put(variable, sv.decimal(0))),
        sv.comment(`+${RUNS}=N takes the first N runs.`),
        sv.when(sv.isFalse(sv.call("$value$plusargs", sv.text(`${RUNS}=%d`), s.run_count)), [
          sv.put(s.run_count, sv.decimal(runs)),
        ]),
        low(s.start),
        ...[s.steps, s.seed, s.query, s.key, s.value].map((signal) => sv.put(signal, sv.zeros)),
        ...shortReset(s.rst_n),
        sv.forEach(
          "run",
          s.run_count,
          fallingEdges(s.clk),
          sv.put(s.start, sv.sized(1, 1)),
          sv.put(s.steps, steps),
          sv.put(s.seed, sv.slice(sv.bit(s.runs, sv.name("run")), seeds - 1, 0)),
          sv.put(s.clocks, sv.decimal(0)),
          sv.put(s.length, sv.binary(sv.binary(windows, "+", sv.decimal(1)), "*", sv.decimal(dimension))),
          sv.put(s.columns, sv.binary(s.columns, "+", sv.binary(perFeature, "*", sv.decimal(dimension)))),
          sv.put(s.busy_clocks, sv.binary(s.busy_clocks, "+", s.length)),
          fallingEdges(s.clk),
          sv.put(s.steps, sv.not(s.steps)),
          sv.comment("One clock after the last busy one, because the last output is registered."),
          sv.forEach(
            "clock",
            s.length,
            sv.put(s.start, startWhileBusy(sv.name("clock"), sv.sized(1, 1))),
            sv.when(s.busy, [count(s.clocks)]),
            sv.when(s.take, [
              ...inTurn(s.errors, s.pass, s.taken, dimension, passes),
              sv.put(sv.concat(s.value, s.key, s.query), line),
              count(s.taken),
            ]),
            sv.when(s.valid, check()),
            fallingEdges(s.clk),
          ),
          low(s.start),
          sv.when(s.valid, check()),
          sv.when(sv.binary(sv.binary(s.clocks, "!==", s.length), "||", s.busy), [
            task("$display", sv.text("run %0d was busy for %0d clocks"), sv.name("run"), s.clocks),
            count(s.errors),
          ]),
        ),
        sv.when(
          sv.binary(sv.binary(errors, "==", sv.decimal(0)), "&&", sv.binary(s.checked, "==", s.columns)),
          [task("$display", sv.text("PASS %0d runs, %0d clocks, %0d columns"), s.run_count, s.busy_clocks, s.checked)],
          [task("$display", sv.text("FAIL %0d errors, %0d of %0d columns checked"), errors, s.checked, s.columns)],
        ),
        task("$finish"),
      ),
    ],
  };

  function check(): sv.Statement[] {
    return [
      ...inTurn(s.errors, s.block, s.checked, dimension, blocks),
      sv.when(sv.binary(s.spike, "!==", columns), [
        sv.when(sv.binary(s.errors, "<", sv.decimal(10)), [
          task("$display", sv.text("column %0d is %h, expected %h"), s.checked, s.spike, columns),
        ]),
        count(s.errors),
      ]),
      count(s.checked),
    ];
  }
}
