/** Thirty mistakes in users of the syntax tree, each rejected with the module and the signal, and modules without a mistake. */
import { expect, test } from "vitest";
import { smallDesign } from "../../test/support/engine-runs.ts";
import { madeInTests, tinyMachine } from "../../test/support/tiny-machine.ts";
import { checkModules } from "./check.ts";
import { machineBundle } from "./kit/bundle.ts";
import * as sv from "./syntax.ts";

const { clk_i, rst_ni } = sv.CLOCKS;
const go = sv.input("go_i");
const data = sv.input("data_i", 8);
const out = sv.output("out_o", 8);
const narrow = sv.signal("narrow", 4);
const byte = sv.signal("byte_q", 8);
const other = sv.signal("other", 8);
const flag = sv.signal("flag");
const stranger = sv.signal("stranger", 8);
const bank = sv.memory(8, "bank_q", 16);
const [words] = bank.signals;
const write = sv.when(go, [sv.set(sv.bit(words, 0), data)]);

/** Takes a byte and gives one. */
const taken = sv.input("in_i", 8);
const child: sv.Module = {
  name: "child",
  header: [],
  ports: [sv.CLOCK, taken, out],
  items: [sv.wire(out, taken)],
};
const withChild = (ports: Record<string, sv.Expression>) => sv.instance("child", "u_child", { clk_i, ...ports });
const double: sv.Item = {
  kind: "function",
  name: "double",
  width: 8,
  arguments: [{ name: "value", width: 4 }],
  variables: [],
  body: [sv.put(sv.name("double"), sv.concat(sv.name("value"), sv.sized(4, 0)))],
};
const byLoop = (target: sv.Expression) => sv.loop("i", 4, "gen_bit", [sv.wire(target, sv.bit(data, sv.name("i")))]);

const check = (...items: sv.Item[]) =>
  checkModules([{ name: "user", header: [], ports: [...sv.CLOCKED, go, data, out], items }], [child]);
const declared = sv.declare(byte, other);
const small = sv.declare(narrow);

const mistakes: readonly (readonly [string, RegExp, readonly sv.Item[]])[] = [
  // Not declared.
  ["an assignment reads an undeclared signal", /stranger is not declared/, [sv.wire(out, stranger)]],
  ["an assignment drives an undeclared signal", /stranger is not declared/, [sv.wire(stranger, data)]],
  ["a register is not declared", /stranger is not declared/, [sv.registers(sv.cleared(stranger), [])]],
  [
    "a condition in always_comb is not declared",
    /stray is not declared/,
    [sv.combinational(sv.put(out, data), sv.when(sv.signal("stray"), [sv.put(out, sv.zeros)]))],
  ],
  [
    "a port is connected to an undeclared signal",
    /stranger is not declared/,
    [withChild({ in_i: stranger, out_o: out })],
  ],
  [
    "part of a concatenation is not declared",
    /stray is not declared/,
    [sv.wire(out, sv.concat(sv.signal("stray", 4), sv.slice(data, 3, 0)))],
  ],
  [
    "the address of a memory is not declared",
    /stray is not declared/,
    [bank, sv.wire(out, sv.bit(words, sv.signal("stray", 4)))],
  ],
  [
    "a signal of a generate loop is read outside of it",
    /flag is used before|flag is not declared/,
    [sv.loop("i", 2, "gen_flag", [sv.declare(flag)]), sv.wire(sv.bit(out, 0), flag)],
  ],
  [
    "a signal is another module's of the same name",
    /byte_q is a signal of another declaration/,
    [sv.logic(8, "byte_q"), sv.wire(out, byte)],
  ],
  [
    "an assertion reads an undeclared signal",
    /stray is not declared/,
    [sv.simulation(sv.registers([], [sv.assert(sv.signal("stray"), "never")]))],
  ],
  // Declared after its use.
  [
    "an assignment reads a signal declared below",
    /byte_q is used before its declaration/,
    [sv.wire(out, byte), declared],
  ],
  [
    "an assignment drives a signal declared below",
    /byte_q is used before its declaration/,
    [sv.wire(byte, data), declared],
  ],
  [
    "always_ff drives a register declared below",
    /byte_q is used before its declaration/,
    [sv.registers(sv.cleared(byte), []), declared],
  ],
  [
    "an instance drives a wire declared below",
    /other is used before its declaration/,
    [withChild({ in_i: data, out_o: other }), declared],
  ],
  [
    "a memory is read above its declaration",
    /bank_q is used before its declaration/,
    [sv.wire(out, sv.bit(words, sv.slice(data, 3, 0))), bank],
  ],
  // Driven twice.
  ["two assignments drive one signal", /other is driven twice/, [declared, sv.wire(other, data), sv.wire(other, data)]],
  [
    "an assignment and always_ff drive one register",
    /byte_q is driven twice/,
    [declared, sv.wire(byte, data), sv.registers(sv.cleared(byte), [])],
  ],
  [
    "always_ff and always_comb drive one signal",
    /byte_q is driven twice/,
    [declared, sv.clocked(sv.set(byte, data)), sv.combinational(sv.put(byte, data))],
  ],
  [
    "an instance drives an assigned wire",
    /other is driven twice/,
    [declared, sv.wire(other, data), withChild({ in_i: data, out_o: other })],
  ],
  ["an input is driven inside", /data_i is driven twice: it is an input/, [sv.wire(data, sv.zeros)]],
  [
    "two slices overlap in a bit",
    /out_o is driven twice: by out_o\[4:0\] and out_o\[7:4\]/,
    [sv.wire(sv.slice(out, 4, 0), sv.slice(data, 4, 0)), sv.wire(sv.slice(out, 7, 4), sv.slice(data, 7, 4))],
  ],
  ["turns of a generate loop drive the same bit", /out_o is driven twice/, [byLoop(sv.bit(out, 0))]],
  ["two processes write a memory", /bank_q is driven twice/, [bank, sv.clocked(write), sv.clocked(write)]],
  // Wrong width.
  [
    "an assignment is too narrow",
    /out_o has 8 bits, but is driven by narrow of 4/,
    [small, sv.wire(narrow, sv.slice(data, 3, 0)), sv.wire(out, narrow)],
  ],
  [
    "a register takes too wide a value",
    /narrow has 4 bits, but is driven by data_i of 8/,
    [small, sv.registers(sv.cleared(narrow), [sv.set(narrow, data)])],
  ],
  [
    "a port is connected to too narrow a signal",
    /u_child.in_i has 8 bits, narrow has 4/,
    [small, withChild({ in_i: narrow, out_o: out })],
  ],
  [
    "operands differ in width",
    /data_i has 8 bits, narrow has 4, at "\+"/,
    [small, sv.wire(out, sv.binary(data, "+", narrow))],
  ],
  [
    "a slice goes past the highest bit",
    /data_i\[8:1\] is outside data_i, which has 8 bits/,
    [sv.wire(out, sv.slice(data, 8, 1))],
  ],
  [
    "a concatenation has a bit too many",
    /out_o has 8 bits, but is driven by \{go_i, data_i\} of 9/,
    [sv.wire(out, sv.concat(go, data))],
  ],
  [
    "a function takes too wide an argument",
    /double.value has 4 bits, data_i has 8/,
    [double, sv.wire(out, sv.call("double", data))],
  ],
];

test("there are thirty mistakes", () => {
  expect(mistakes).toHaveLength(30);
});

test.each(mistakes)("rejected: %s", (_title, message, items) => {
  const run = () => check(...items);
  expect(run).toThrow(message);
  expect(run).toThrow(/^Module user: /);
});

test("the same kinds of use without a mistake pass", () => {
  check(
    ...[bank, declared, small, double],
    sv.wire(narrow, sv.slice(data, 3, 0)),
    withChild({ in_i: data, out_o: other }),
    sv.registers(sv.cleared(byte), [sv.when(go, [sv.set(byte, sv.binary(byte, "+", other))])]),
    sv.clocked(sv.when(go, [sv.set(sv.bit(words, narrow), data)])),
    byLoop(sv.bit(out, sv.name("i"))),
    sv.wire(sv.slice(out, 7, 4), sv.slice(sv.call("double", narrow), 7, 4)),
    sv.simulation(sv.registers([], [sv.assert(rst_ni, "never")])),
  );
});

test("a signal does not go by its name", () => {
  expect(() => check(sv.wire(out, sv.name("data_i")))).toThrow("data_i is a signal, but goes by its name");
});

test("one of the two sides of a generated choice drives a signal", () => {
  const sides = { yes: [sv.wire(out, data)], no: [sv.wire(out, sv.zeros)] };
  check({ kind: "when", condition: sv.sized(1, 1), label: "gen_side", ...sides });
});

test.each(["token-major", "step-major"])("%s: all modules of a machine and its testbenches pass", (order) => {
  const { design, vectors } = tinyMachine({ hardware: { order } });
  // Writing the sources checks them.
  expect(Object.keys(machineBundle(design, vectors, madeInTests)).length).toBeGreaterThan(design.modules.length);
});

test.each(["independent", "stratified", "ordered"] as const)(
  "engines of %s draws pass, also with several passes",
  (draws) => {
    for (const ssa of [{}, { tileTokens: 3 }, { fifo: "cell" }]) {
      checkModules(smallDesign({ tokens: 5, dimension: 6, isCausal: true, draws, ssa }).modules);
    }
  },
);
