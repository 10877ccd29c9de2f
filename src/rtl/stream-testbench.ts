/**
 * A testbench for long runs: compiled once per engine, it reads any number of runs from standard input, so memory and disk use
 * stay small.
 *
 *   one line per run     idle clocks before the start, steps, seeds in the bit order of `seed_i`
 *   then one per clock   value, key, query of all heads (head 0 in the low bits), then 1 if spikes are expected in that clock, and the
 *                        spikes
 *   at the end           `0 0 0`
 *
 * All numbers are hexadecimal. A run of T steps has (T + 1) d + 1 clocks, or (P T + 1) d + 1 with P passes per step: the last
 * output is registered. The testbench compares every pin in every clock: `busy_o`, `take_o` and `valid_o` with the clock's
 * number, `spike_o` with the line whenever it is valid. Without idle clocks the next run starts in the clock in which the last
 * output appears. Columns keep arriving after the last step, all ones, and `start_i` is high in every second clock of a run,
 * with another number of steps: all of this must be ignored.
 */
import { bitsFor } from "../hardware/ssa-parameters.ts";
import { ssaTileCycles } from "../hardware/ssa-tile.ts";
import { type SsaDesign, seedBits } from "./design.ts";
import { blocksOf, shownAt, type Window, windowAt } from "./passes.ts";
import { STEP_BITS } from "./ssa-engine.ts";
import * as sv from "./syntax.ts";
import { columnBits, type EngineRun, hexLine, seedText } from "./testbench.ts";
import {
  count,
  engineUnderTest,
  fallingEdges,
  inTurn,
  readLine,
  shortReset,
  startWhileBusy,
  task,
} from "./testbench-parts.ts";

export const STREAM_TESTBENCH = "ssa_engine_stream_tb";

/** End of a stream; a stream that breaks off fails. */
export const END_OF_STREAM = "0 0 0\n";

/** A run as lines of the stream, with the cycle model's spikes as expected output. `idle`: clocks between the previous run and this one. */
export function streamText({ parameters }: SsaDesign, { heads, seeds }: EngineRun, idle: number): string {
  const { dimension, plan } = parameters;
  const { tileTokens } = plan;
  const { steps } = heads[0].query;
  const [queries, keys, values, outputs] = (["query", "key", "value", "output"] as const).map((of) =>
    heads.map((head) => head[of]),
  );
  const ones = hexLine(new Uint8Array(3 * heads.length * tileTokens).fill(1));
  const lines = [`${idle.toString(16)} ${steps.toString(16)} ${seedText(seeds)}`];
  for (let clock = 0; clock <= ssaTileCycles(steps, dimension, plan.passes.length); clock++) {
    const entering = windowAt(plan, steps, Math.floor(clock / dimension));
    const columns = (trains: typeof queries, { step }: Window, block: number) =>
      columnBits(trains, step, clock % dimension, block, tileTokens);
    const input = entering
      ? hexLine([
          ...columns(queries, entering, entering.pass.queryBlock),
          ...columns(keys, entering, entering.pass.keyBlock),
          ...columns(values, entering, entering.pass.keyBlock),
        ])
      : ones;
    const shown = shownAt(parameters, steps, clock);
    const output = shown
      ? `1 ${hexLine(columnBits(outputs, shown.step, shown.feature, shown.pass.queryBlock, tileTokens))}`
      : "0 0";
    lines.push(`${input} ${output}`);
  }
  return `${lines.join("\n")}\n`;
}

/** The file descriptor of standard input, IEEE 1800-2017, section 21.3.1. */
const STANDARD_INPUT = sv.hex(32, 0x80000000);

export function streamTestbench(design: SsaDesign): sv.Module {
  const { dimension, plan } = design.parameters;
  const [passes, blocks] = [plan.passes.length, blocksOf(plan)];
  const isBlockwise = passes > 1;
  const width = design.heads * plan.tileTokens;
  const seeds = seedBits(design);
  const integers = sv.integers("got", "idle", "steps", "last", "runs", "clocks", "columns", "errors");
  const ports: sv.Port<never>[] = [];
  const declared = [
    sv.logic(1, "clk", "rst_n", "start", "busy", "take", "valid", "shows"),
    sv.logic(STEP_BITS, "steps_pins"),
    sv.logic(seeds, "seed"),
    sv.logic(width, "query", "key", "value", "spike", "expected"),
    sv.logic(3 * width, "inputs"),
    ...(isBlockwise ? [sv.logic(bitsFor(passes - 1), "pass"), sv.logic(bitsFor(blocks - 1), "block")] : []),
    integers,
  ];
  const s = sv.signals(ports, declared);
  const readRun = readLine(s.got, STANDARD_INPUT, "%h %h %h", s.idle, s.steps, s.seed);
  const clock = sv.name("clock");
  const windows = isBlockwise ? sv.binary(s.steps, "*", sv.decimal(passes)) : s.steps;
  const pins = sv.concat(s.busy, s.take, s.valid);
  const expectedPins = sv.concat(
    sv.binary(clock, "<", s.last),
    sv.binary(clock, "<", sv.binary(s.last, "-", sv.decimal(dimension))),
    s.shows,
  );
  const spikeDiffers = sv.binary(s.shows, "&&", sv.binary(s.spike, "!==", s.expected));
  const isWrong = sv.binary(sv.binary(pins, "!==", expectedPins), "||", spikeDiffers);
  return {
    name: STREAM_TESTBENCH,
    header: ["Checks every pin of the engine in every clock of the runs from standard input, and prints PASS or FAIL."],
    ports,
    items: [
      ...declared,
      sv.gap,
      { kind: "clock", signal: s.clk, halfPeriod: 5 },
      sv.gap,
      engineUnderTest(s, s.steps_pins, isBlockwise),
      sv.gap,
      sv.initial(
        ...integers.signals.map((variable) => sv.put(variable, sv.decimal(0))),
        sv.put(s.start, sv.sized(1, 0)),
        ...[s.steps_pins, s.seed, s.query, s.key, s.value].map((signal) => sv.put(signal, sv.zeros)),
        ...shortReset(s.rst_n),
        fallingEdges(s.clk),
        readRun,
        sv.loopWhile(
          sv.binary(sv.binary(s.got, "==", sv.decimal(3)), "&&", sv.binary(s.steps, "!=", sv.decimal(0))),
          sv.forEach("wait_clock", s.idle, fallingEdges(s.clk)),
          sv.put(s.start, sv.sized(1, 1)),
          sv.put(s.steps_pins, sv.slice(s.steps, STEP_BITS - 1, 0)),
          sv.put(s.last, sv.binary(sv.binary(windows, "+", sv.decimal(1)), "*", sv.decimal(dimension))),
          fallingEdges(s.clk),
          sv.put(s.steps_pins, sv.not(s.steps_pins)),
          sv.forEach(
            "clock",
            sv.binary(s.last, "+", sv.decimal(1)),
            sv.put(s.start, startWhileBusy(clock, sv.binary(clock, "<", s.last))),
            readLine(s.got, STANDARD_INPUT, "%h %h %h", s.inputs, s.shows, s.expected),
            sv.when(isWrong, [
              sv.when(sv.binary(s.errors, "<", sv.decimal(10)), [
                display(
                  "run %0d, clock %0d: busy, take, valid %b, spikes %h, expected %b, %h",
                  s.runs,
                  clock,
                  pins,
                  s.spike,
                  expectedPins,
                  s.expected,
                ),
              ]),
              count(s.errors),
            ]),
            ...(isBlockwise ? [sv.when(s.take, inTurn(s.errors, s.pass, clock, dimension, passes))] : []),
            sv.when(s.valid, [...inTurn(s.errors, s.block, s.columns, dimension, blocks), count(s.columns)]),
            sv.put(sv.concat(s.value, s.key, s.query), s.inputs),
            sv.when(sv.binary(clock, "!=", s.last), [fallingEdges(s.clk)]),
          ),
          count(s.runs),
          sv.put(s.clocks, sv.binary(s.clocks, "+", s.last)),
          readRun,
        ),
        sv.when(
          sv.binary(
            sv.binary(s.errors, "==", sv.decimal(0)),
            "&&",
            sv.binary(sv.binary(s.got, "==", sv.decimal(3)), "&&", sv.binary(s.runs, "!=", sv.decimal(0))),
          ),
          [display("PASS %0d runs, %0d clocks, %0d columns", s.runs, s.clocks, s.columns)],
          [display("FAIL %0d errors in %0d runs, %0d clocks", s.errors, s.runs, s.clocks)],
        ),
        task("$finish"),
      ),
    ],
  };
}

const display = (format: string, ...values: sv.Expression[]): sv.Statement =>
  task("$display", sv.text(format), ...values);
