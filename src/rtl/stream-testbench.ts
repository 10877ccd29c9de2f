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
import {
  binary,
  concat,
  decimal,
  type Expression,
  gap,
  hex,
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
import { columnBits, type EngineRun, hexLine, seedText } from "./testbench.ts";
import {
  count,
  engineUnderTest,
  inTurn,
  nextClock,
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
const STANDARD_INPUT = hex(32, 0x80000000);

export function streamTestbench(design: SsaDesign): Module {
  const { dimension, plan } = design.parameters;
  const [passes, blocks] = [plan.passes.length, blocksOf(plan)];
  const isBlockwise = passes > 1;
  const width = design.heads * plan.tileTokens;
  const seeds = seedBits(design);
  const integers = ["got", "idle", "steps", "last", "runs", "clocks", "columns", "errors"];
  const readRun = readLine(STANDARD_INPUT, "%h %h %h", "idle", "steps", "seed");
  const clock = name("clock");
  const windows = isBlockwise ? binary(name("steps"), "*", decimal(passes)) : name("steps");
  const pins = concat(name("busy"), name("take"), name("valid"));
  const expectedPins = concat(
    binary(clock, "<", name("last")),
    binary(clock, "<", binary(name("last"), "-", decimal(dimension))),
    name("shows"),
  );
  const spikeDiffers = binary(name("shows"), "&&", binary(name("spike"), "!==", name("expected")));
  const isWrong = binary(binary(pins, "!==", expectedPins), "||", spikeDiffers);
  return {
    name: STREAM_TESTBENCH,
    header: ["Checks every pin of the engine in every clock of the runs from standard input, and prints PASS or FAIL."],
    ports: [],
    items: [
      logic(1, "clk", "rst_n", "start", "busy", "take", "valid", "shows"),
      logic(STEP_BITS, "steps_pins"),
      logic(seeds, "seed"),
      logic(width, "query", "key", "value", "spike", "expected"),
      logic(3 * width, "inputs"),
      ...(isBlockwise ? [logic(bitsFor(passes - 1), "pass"), logic(bitsFor(blocks - 1), "block")] : []),
      { kind: "integer", names: integers },
      gap,
      { kind: "clock", signal: "clk", halfPeriod: 5 },
      gap,
      engineUnderTest("steps_pins", isBlockwise),
      gap,
      {
        kind: "initial",
        body: [
          ...integers.map((variable) => put(name(variable), decimal(0))),
          put(name("start"), sized(1, 0)),
          ...["steps_pins", "seed", "query", "key", "value"].map((signal) =>
            put(name(signal), { kind: "fill", bit: 0 } as const),
          ),
          ...shortReset("rst_n"),
          nextClock,
          readRun,
          {
            kind: "while",
            condition: binary(binary(name("got"), "==", decimal(3)), "&&", binary(name("steps"), "!=", decimal(0))),
            body: [
              { kind: "for", variable: "wait_clock", below: name("idle"), body: [nextClock] },
              put(name("start"), sized(1, 1)),
              put(name("steps_pins"), slice(name("steps"), STEP_BITS - 1, 0)),
              put(name("last"), binary(binary(windows, "+", decimal(1)), "*", decimal(dimension))),
              nextClock,
              put(name("steps_pins"), not(name("steps_pins"))),
              {
                kind: "for",
                variable: "clock",
                below: binary(name("last"), "+", decimal(1)),
                body: [
                  put(name("start"), startWhileBusy(clock, binary(clock, "<", name("last")))),
                  readLine(STANDARD_INPUT, "%h %h %h", "inputs", "shows", "expected"),
                  when(isWrong, [
                    when(binary(name("errors"), "<", decimal(10)), [
                      display(
                        "run %0d, clock %0d: busy, take, valid %b, spikes %h, expected %b, %h",
                        name("runs"),
                        clock,
                        pins,
                        name("spike"),
                        expectedPins,
                        name("expected"),
                      ),
                    ]),
                    count("errors"),
                  ]),
                  ...(isBlockwise ? [when(name("take"), inTurn("pass", clock, dimension, passes))] : []),
                  when(name("valid"), [...inTurn("block", name("columns"), dimension, blocks), count("columns")]),
                  put(concat(name("value"), name("key"), name("query")), name("inputs")),
                  when(binary(clock, "!=", name("last")), [nextClock]),
                ],
              },
              count("runs"),
              put(name("clocks"), binary(name("clocks"), "+", name("last"))),
              readRun,
            ],
          },
          when(
            binary(
              binary(name("errors"), "==", decimal(0)),
              "&&",
              binary(binary(name("got"), "==", decimal(3)), "&&", binary(name("runs"), "!=", decimal(0))),
            ),
            [display("PASS %0d runs, %0d clocks, %0d columns", name("runs"), name("clocks"), name("columns"))],
            [display("FAIL %0d errors in %0d runs, %0d clocks", name("errors"), name("runs"), name("clocks"))],
          ),
          task("$finish"),
        ],
      },
    ],
  };
}

const display = (format: string, ...values: Expression[]): Statement => task("$display", text(format), ...values);
