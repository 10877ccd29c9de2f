/**
 * A self-checking testbench for an engine with neurons, against the vectors of `vectors.ts`: every pin in every clock of every run.
 * In every second clock of a run `start_i` is high, with another number of steps, and must be ignored; a run begins right after
 * the one before.
 */
import { STEP_BITS } from "../ssa-engine.ts";
import * as sv from "../syntax.ts";
import { RUNS } from "../testbench.ts";
import { count, fallingEdges, shortReset, startWhileBusy, task } from "../testbench-parts.ts";
import type { AttentionDesign } from "./design.ts";
import { ATTENTION_ENGINE } from "./pair-tile.ts";
import { type AttentionVectorSizes, CLOCK_FILE, portsOf, RUN_FILE } from "./vectors.ts";

export const ATTENTION_TESTBENCH = "attention_engine_tb";

export function attentionTestbench(design: AttentionDesign, { runs, clocks }: AttentionVectorSizes): sv.Module {
  const ports = portsOf(design);
  const { step, drain } = design.unit.clocks;
  const widthOf = (of: readonly sv.Port[]) => of.reduce((sum, { width }) => sum + width, 0);
  const [inputBits, pinBits] = [widthOf(ports.inputs), widthOf(ports.pins)];
  const integers = sv.integers("run_count", "at", "length", "errors");
  const declared = [
    sv.logic(1, "clk", "rst_n", "start"),
    sv.logic(STEP_BITS, "steps"),
    sv.logic(inputBits, "inputs"),
    sv.logic(pinBits, "pins", "expected", "matters"),
    sv.logic(inputBits + 2 * pinBits, "line"),
    sv.memory(8, "runs", runs),
    sv.memory(inputBits + 2 * pinBits, "clocks", clocks),
    integers,
  ];
  const s = sv.signals([] as sv.Port<never>[], declared);
  const [at, clock] = [s.at, sv.name("clock")];
  const parts = (of: readonly sv.Port[], bus: sv.Signal) => {
    let low = 0;
    return Object.fromEntries(
      of.map(({ name, width }) => {
        low += width;
        return [name, width === 1 ? sv.bit(bus, low - 1) : sv.slice(bus, low - 1, low - width)];
      }),
    );
  };
  const asked = sv.widen(s.steps, STEP_BITS, 32);
  return {
    name: ATTENTION_TESTBENCH,
    header: [
      "Checks every pin of the engine in every clock of its runs, and prints PASS or FAIL.",
      `${runs} runs, ${clocks} clocks.`,
    ],
    ports: [],
    items: [
      ...declared,
      sv.gap,
      { kind: "clock", signal: s.clk, halfPeriod: 5 },
      sv.gap,
      sv.instance(ATTENTION_ENGINE, "u_engine", {
        clk_i: s.clk,
        rst_ni: s.rst_n,
        start_i: s.start,
        steps_i: s.steps,
        ...parts(ports.inputs, s.inputs),
        ...parts(ports.pins, s.pins),
      }),
      sv.gap,
      sv.initial(
        task("$readmemh", sv.text(RUN_FILE), s.runs),
        task("$readmemh", sv.text(CLOCK_FILE), s.clocks),
        ...[at, s.errors].map((variable) => sv.put(variable, sv.decimal(0))),
        sv.comment(`+${RUNS}=N takes the first N runs.`),
        sv.when(sv.isFalse(sv.call("$value$plusargs", sv.text(`${RUNS}=%d`), s.run_count)), [
          sv.put(s.run_count, sv.decimal(runs)),
        ]),
        sv.put(s.start, sv.sized(1, 0)),
        ...[s.steps, s.inputs].map((signal) => sv.put(signal, sv.zeros)),
        ...shortReset(s.rst_n),
        fallingEdges(s.clk),
        sv.forEach(
          "run",
          s.run_count,
          sv.put(s.start, sv.sized(1, 1)),
          sv.put(s.steps, sv.slice(sv.bit(s.runs, sv.name("run")), STEP_BITS - 1, 0)),
          sv.put(s.length, sv.binary(sv.binary(asked, "*", sv.decimal(step)), "+", sv.decimal(drain + 1))),
          fallingEdges(s.clk),
          sv.put(s.steps, sv.not(s.steps)),
          sv.forEach(
            "clock",
            s.length,
            sv.put(s.line, sv.bit(s.clocks, at)),
            sv.put(sv.concat(s.matters, s.expected, s.inputs), s.line),
            sv.when(sv.binary(sv.binary(s.pins, "&", s.matters), "!==", s.expected), [
              sv.when(sv.binary(s.errors, "<", sv.decimal(10)), [
                task(
                  "$display",
                  sv.text("run %0d, clock %0d: pins are %h, expected %h where %h"),
                  sv.name("run"),
                  clock,
                  s.pins,
                  s.expected,
                  s.matters,
                ),
              ]),
              count(s.errors),
            ]),
            count(at),
            sv.put(s.start, startWhileBusy(clock, sv.binary(clock, "<", sv.binary(s.length, "-", sv.decimal(1))))),
            sv.when(sv.binary(clock, "!=", sv.binary(s.length, "-", sv.decimal(1))), [fallingEdges(s.clk)]),
          ),
        ),
        sv.when(
          sv.binary(s.errors, "==", sv.decimal(0)),
          [task("$display", sv.text("PASS %0d runs, %0d clocks"), s.run_count, at)],
          [task("$display", sv.text("FAIL %0d errors in %0d clocks"), s.errors, at)],
        ),
        task("$finish"),
      ),
    ],
  };
}
