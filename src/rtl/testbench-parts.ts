/** Shared parts of testbenches: the engine under test, clocks, files read line by line, counters and system tasks. */
import { bitsFor } from "../hardware/ssa-parameters.ts";
import { ENGINE } from "./ssa-engine.ts";
import * as sv from "./syntax.ts";

/** The pins of an engine under test, each with the signal of its name, and `steps` at its number of time steps. */
export const engineUnderTest = (
  s: Readonly<Record<"clk" | "rst_n" | EnginePin, sv.Signal>>,
  steps: sv.Expression,
  isBlockwise: boolean,
): sv.Item =>
  sv.instance(ENGINE, "u_engine", {
    clk_i: s.clk,
    rst_ni: s.rst_n,
    start_i: s.start,
    steps_i: steps,
    seed_i: s.seed,
    query_i: s.query,
    key_i: s.key,
    value_i: s.value,
    busy_o: s.busy,
    take_o: s.take,
    valid_o: s.valid,
    spike_o: s.spike,
    // A blockwise engine has several passes per step.
    ...(isBlockwise ? { pass_o: s.pass, block_o: s.block } : {}),
  });
type EnginePin = "start" | "seed" | "query" | "key" | "value" | "busy" | "take" | "valid" | "spike" | "pass" | "block";

const edges = (edge: "negedge" | "posedge", signal: sv.Expression, times: number): sv.Statement => ({
  kind: "edge",
  edge,
  signal,
  times,
});
/** Waits for falling edges, each between two rising ones, where pins may change and have settled. */
export const fallingEdges = (clock: sv.Expression, times = 1): sv.Statement => edges("negedge", clock, times);
/** Waits for a rising edge, where it is checked what the edge takes. */
export const risingEdge = (clock: sv.Expression): sv.Statement => edges("posedge", clock, 1);

/**
 * A reset that begins after a falling edge, or at the start of simulation, and ends before the next rising one. No register is
 * clocked during it, so a register with a missing reset keeps its value. Half a period of the clock must be more than two time
 * units.
 */
export const shortReset = (signal: sv.Signal): sv.Statement[] => [
  sv.put(signal, sv.sized(1, 1)),
  { kind: "delay", units: 1 },
  sv.put(signal, sv.sized(1, 0)),
  { kind: "delay", units: 1 },
  sv.put(signal, sv.sized(1, 1)),
];

/** Reads numbers from a line of an open file into variables; `got` is the number read. */
export const readLine = (got: sv.Signal, file: sv.Expression, format: string, ...targets: sv.Signal[]): sv.Statement =>
  sv.put(got, sv.call("$fscanf", file, sv.text(format), ...targets));
/** The same for a required line: if it is missing, the testbench fails and ends. */
export const nextLine = (got: sv.Signal, file: sv.Signal, format: string, ...targets: sv.Signal[]): sv.Statement[] => [
  readLine(got, file, format, ...targets),
  sv.when(sv.binary(got, "!=", sv.decimal(targets.length)), [
    task("$display", sv.text(`FAIL ${file.name} ends too early`)),
    task("$finish"),
  ]),
];

/** A start in every second clock of a run, which a busy engine must ignore. */
export const startWhileBusy = (clock: sv.Expression, isBusy: sv.Expression): sv.Expression =>
  sv.binary(sv.bit(clock, 0), "&&", isBusy);

export const count = (variable: sv.Signal): sv.Statement => sv.put(variable, sv.binary(variable, "+", sv.decimal(1)));

/** A call such as `$display("...", value);`. */
export const task = (systemTask: string, ...parts: sv.Expression[]): sv.Statement => ({
  kind: "task",
  name: systemTask,
  arguments: parts,
});

/** Counts an error if a condition holds, and prints the first `most` of them; `always` are the first values of every format. */
export const complaints =
  (errors: sv.Signal, most: number, ...always: sv.Expression[]) =>
  (condition: sv.Expression, format: string, ...values: sv.Expression[]): sv.Statement =>
    sv.when(condition, [
      sv.when(sv.binary(errors, "<", sv.decimal(most)), [task("$display", sv.text(format), ...always, ...values)]),
      count(errors),
    ]);

/** Passes, or blocks, of a blockwise engine follow each other, and each lasts as many columns as there are features; counted from 0. */
export const inTurn = (
  errors: sv.Signal,
  signal: sv.Signal,
  column: sv.Expression,
  dimension: number,
  among: number,
): sv.Statement[] => {
  if (among < 2) return [];
  const turn = sv.binary(sv.binary(column, "/", sv.decimal(dimension)), "%", sv.decimal(among));
  const isWrong = sv.binary(signal, "!==", sv.cast(bitsFor(among - 1), turn));
  return [complaints(errors, 10)(isWrong, `column %0d has ${signal.name} %0d`, column, signal)];
};
