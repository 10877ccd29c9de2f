/** What testbenches of the engine have in common: the engine under test, clocks, counters and system tasks. */
import { ENGINE } from "./ssa-engine.ts";
import {
  binary,
  bit,
  decimal,
  type Expression,
  type Item,
  instance,
  name,
  put,
  type Statement,
  text,
  when,
} from "./syntax.ts";

/** The engine with a signal of the pin's name at every pin, and `steps` at its number of time steps; a blockwise one has several passes a step. */
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

/** Waits for falling edges, each between two rising ones, at which pins may change and have settled. */
export const fallingEdges = (times: number): Statement => ({ kind: "edge", edge: "negedge", signal: "clk", times });
export const nextClock = fallingEdges(1);

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

/** What counts an error where a condition holds, and says the first `most` of them; `always` are the first values of every format. */
export const complaints =
  (most: number, ...always: Expression[]) =>
  (condition: Expression, format: string, ...values: Expression[]): Statement =>
    when(condition, [
      when(binary(name("errors"), "<", decimal(most)), [task("$display", text(format), ...always, ...values)]),
      count("errors"),
    ]);
