/** Shared parts of testbenches: the engine under test, clocks, files read line by line, counters and system tasks. */
import { bitsFor } from "../hardware/ssa-parameters.ts";
import { ENGINE } from "./ssa-engine.ts";
import {
  binary,
  bit,
  call,
  cast,
  decimal,
  type Expression,
  type Item,
  instance,
  name,
  put,
  type Statement,
  sized,
  text,
  when,
} from "./syntax.ts";

/**
 * The engine with a signal of the pin's name at every pin, and `steps` at its number of time steps; a blockwise engine has
 * several passes per step.
 */
export const engineUnderTest = (steps: string, isBlockwise: boolean): Item =>
  instance(ENGINE, "u_engine", {
    clk_i: name("clk"),
    rst_ni: name("rst_n"),
    start_i: name("start"),
    steps_i: name(steps),
    seed_i: name("seed"),
    query_i: name("query"),
    key_i: name("key"),
    value_i: name("value"),
    busy_o: name("busy"),
    take_o: name("take"),
    valid_o: name("valid"),
    spike_o: name("spike"),
    ...(isBlockwise ? { pass_o: name("pass"), block_o: name("block") } : {}),
  });

const edges = (edge: "negedge" | "posedge", signal: string, times: number): Statement => ({
  ...{ kind: "edge", edge, signal, times },
});
/** Waits for falling edges, each between two rising ones, where pins may change and have settled. */
export const fallingEdges = (times: number, signal = "clk"): Statement => edges("negedge", signal, times);
export const nextClock = fallingEdges(1);
/** Waits for a rising edge, where it is checked what the edge takes. */
export const risingEdge = (signal: string): Statement => edges("posedge", signal, 1);

/**
 * A reset that begins after a falling edge, or at the start of simulation, and ends before the next rising one. No register is
 * clocked during it, so a register with a missing reset keeps its value. Half a period of the clock must be more than two time
 * units.
 */
export const shortReset = (signal: string): Statement[] => [
  put(name(signal), sized(1, 1)),
  { kind: "delay", units: 1 },
  put(name(signal), sized(1, 0)),
  { kind: "delay", units: 1 },
  put(name(signal), sized(1, 1)),
];

/** Reads numbers from a line of an open file into variables; `got` is the number read. */
export const readLine = (file: Expression, format: string, ...targets: string[]): Statement =>
  put(name("got"), call("$fscanf", file, text(format), ...targets.map(name)));
/** The same for a required line: if it is missing, the testbench fails and ends. */
export const nextLine = (file: string, format: string, ...targets: string[]): Statement[] => [
  readLine(name(file), format, ...targets),
  when(binary(name("got"), "!=", decimal(targets.length)), [
    task("$display", text(`FAIL ${file} ends too early`)),
    task("$finish"),
  ]),
];

/** A start in every second clock of a run, which a busy engine must ignore. */
export const startWhileBusy = (clock: Expression, isBusy: Expression): Expression =>
  binary(bit(clock, 0), "&&", isBusy);

export const count = (variable: string): Statement => put(name(variable), binary(name(variable), "+", decimal(1)));

/** A call such as `$display("...", value);`. */
export const task = (systemTask: string, ...parts: Expression[]): Statement => ({
  kind: "task",
  name: systemTask,
  arguments: parts,
});

/** Counts an error if a condition holds, and prints the first `most` of them; `always` are the first values of every format. */
export const complaints =
  (most: number, ...always: Expression[]) =>
  (condition: Expression, format: string, ...values: Expression[]): Statement =>
    when(condition, [
      when(binary(name("errors"), "<", decimal(most)), [task("$display", text(format), ...always, ...values)]),
      count("errors"),
    ]);

/** Passes, or blocks, of a blockwise engine follow each other, and each lasts as many columns as there are features; counted from 0. */
export const inTurn = (signal: "pass" | "block", column: Expression, dimension: number, among: number): Statement[] => {
  if (among < 2) return [];
  const turn = binary(binary(column, "/", decimal(dimension)), "%", decimal(among));
  const isWrong = binary(name(signal), "!==", cast(bitsFor(among - 1), turn));
  return [complaints(10)(isWrong, `column %0d has ${signal} %0d`, column, name(signal))];
};
