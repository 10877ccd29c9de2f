/**
 * The neurons after a layer's readout units, one per column, with their membranes in registers, or in a memory if steps are not
 * the innermost loop (`hardware/integer-lif.ts`).
 *
 *   V = sat(floor(V / 2^k) + current);   fire where V >= threshold;   then V = 0, or V - threshold
 */
import type { IntegerLifConstants } from "../../hardware/integer-arithmetic.ts";
import {
  binary,
  bit,
  call,
  choose,
  clocked,
  combinational,
  concat,
  type Expression,
  forEach,
  type Item,
  input,
  instance,
  isFalse,
  logic,
  type Module,
  name,
  output,
  part,
  plus,
  put,
  repeat,
  set,
  sized,
  slice,
  times,
  when,
  wire,
} from "../syntax.ts";
import { type MemorySize, stateName } from "./memories.ts";
import { both, indexBits, isAt, numberOf, saturatedSum } from "./parts.ts";

export interface NeuronSize {
  readonly lanes: number;
  readonly multiplexerSteps: number;
  readonly currentBits: number;
  readonly membraneBits: number;
  /** Number of tokens with membranes kept at the same time; 1: in registers. */
  readonly tokens: number;
}

export const neuronsName = ({ lanes, multiplexerSteps, currentBits, tokens }: NeuronSize): string =>
  `neurons_${currentBits}_x${lanes}_m${multiplexerSteps}${tokens > 1 ? `_n${tokens}` : ""}`;

/** Where membranes of several tokens are kept. */
export const membraneMemory = ({ lanes, multiplexerSteps, membraneBits, tokens }: NeuronSize): MemorySize => ({
  width: lanes * membraneBits,
  entries: tokens * multiplexerSteps,
});

export function neurons(size: NeuronSize, { leakShift, threshold, reset }: IntegerLifConstants): Module {
  const { lanes, multiplexerSteps, currentBits, membraneBits: bits, tokens } = size;
  const isStored = tokens > 1;
  const memory = membraneMemory(size);
  const isShared = multiplexerSteps > 1;
  const shift = Math.min(leakShift, bits - 1);
  const kept = bits - shift;
  const steps = Array.from({ length: multiplexerSteps }, (_, m) => m);
  const membranes = (m: number) => `membranes_${m}_q`;
  const stored = steps
    .slice(0, -1)
    .reduceRight<Expression>(
      (rest, m) => choose(isAt("select_i", m, multiplexerSteps), name(membranes(m)), rest),
      name(membranes(multiplexerSteps - 1)),
    );
  const potential = numberOf("potentials", "l", bits);
  const fired = numberOf("spikes_o", lanes === 1 ? null : "l", 1);
  const after: Expression = reset === "hard" ? sized(bits, 0) : binary(potential, "-", sized(bits, threshold));
  const rests = choose(fired, after, potential);
  // The leak rounds down, so the low bits of a membrane are not read.
  const rested = part(name("stored"), plus(times(bits, "l"), shift), kept);
  return {
    name: neuronsName(size),
    header: [
      `Neurons of ${lanes} readout units with ${multiplexerSteps} ${isShared ? "columns" : "column"} each: leak by ${leakShift} bits, threshold ${threshold}, ${reset} reset. Currents and ` +
        "membranes are in two's complement, in units of the last bit of the machine's numbers; a membrane saturates in its register.",
      ...(isStored
        ? [
            `Membranes of ${tokens} tokens are in a memory, addressed by address_i. They are not written at the last step, marked by last_i.`,
          ]
        : []),
      `In a clock of valid_i column ${isShared ? "select_i" : "0"} of every unit takes its current; first_i marks the first step of a token, with membranes at 0.`,
      "Latency: spikes_o is combinational and belongs to valid_i; membranes follow with the clock.",
    ],
    ports: [
      input("clk_i"),
      input("valid_i"),
      input("first_i"),
      ...(isStored
        ? [input("last_i"), input("address_i", indexBits(memory.entries))]
        : isShared
          ? [input("select_i", indexBits(multiplexerSteps))]
          : []),
      input("currents_i", lanes * currentBits),
      output("spikes_o", lanes),
    ],
    items: [
      saturatedSum({ a: bits, b: currentBits, sum: bits }),
      leaked(bits, shift),
      fires(bits, threshold),
      ...(isStored
        ? [
            logic(lanes * bits, "stored", "next", "potentials"),
            instance(stateName(memory), "u_membranes", {
              clk_i: name("clk_i"),
              write_i: both(name("valid_i"), isFalse(name("last_i"))),
              address_i: name("address_i"),
              data_i: name("next"),
              data_o: name("stored"),
            }),
          ]
        : [
            ...steps.map((m) => logic(lanes * bits, membranes(m))),
            logic(lanes * bits, "stored", "potentials"),
            wire(name("stored"), stored),
          ]),
      combinational(
        forEach(
          "l",
          lanes,
          put(
            potential,
            call("saturated_sum", call("leaked", name("first_i"), rested), numberOf("currents_i", "l", currentBits)),
          ),
          put(fired, call("fires", potential)),
        ),
      ),
      ...(isStored
        ? [combinational(forEach("l", lanes, put(numberOf("next", "l", bits), rests)))]
        : steps.map((m) =>
            clocked(
              when(isShared ? both(name("valid_i"), isAt("select_i", m, multiplexerSteps)) : name("valid_i"), [
                forEach("l", lanes, set(numberOf(membranes(m), "l", bits), rests)),
              ]),
            ),
          )),
    ],
  };
}

const leaked = (bits: number, shift: number): Item => {
  const kept = bits - shift;
  const membrane = name("membrane");
  return {
    kind: "function",
    name: "leaked",
    width: bits,
    arguments: [
      { name: "first", width: 1 },
      { name: "membrane", width: kept },
    ],
    variables: [],
    body: [
      put(
        name("leaked"),
        choose(
          name("first"),
          sized(bits, 0),
          shift === 0 ? membrane : concat(repeat(shift, bit(membrane, kept - 1)), membrane),
        ),
      ),
    ],
  };
};

/** The threshold is positive, so a negative membrane never reaches it. */
const fires = (bits: number, threshold: number): Item => ({
  kind: "function",
  name: "fires",
  width: 1,
  arguments: [{ name: "potential", width: bits }],
  variables: [],
  body: [
    put(
      name("fires"),
      both(
        isFalse(bit(name("potential"), bits - 1)),
        binary(slice(name("potential"), bits - 2, 0), ">=", sized(bits - 1, threshold)),
      ),
    ),
  ],
});
