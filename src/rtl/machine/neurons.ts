/**
 * The neurons after a layer's readout units, one per column, with their membranes in registers, or in a memory if steps are not
 * the innermost loop (`hardware/integer-lif.ts`).
 *
 *   V = sat(floor(V / 2^k) + current);   fire where V >= threshold;   then V = 0, or V - threshold
 */
import type { IntegerLifConstants } from "../../hardware/integer-arithmetic.ts";
import * as sv from "../syntax.ts";
import { type MemorySize, stateName } from "./memories.ts";
import { atStep, both, indexBits, isAt, numberOf, saturatedSum } from "./parts.ts";

export interface NeuronSize {
  readonly lanes: number;
  readonly multiplexerSteps: number;
  readonly currentBits: number;
  readonly membraneBits: number;
  /** Number of tokens with membranes kept at the same time; 1: in registers. */
  readonly tokens: number;
  /** Whether the threshold comes in at a pin. */
  readonly hasThresholdPin: boolean;
  /** Shift of the leak, where layers of the machine have different ones. */
  readonly ownLeak?: number;
}

export const neuronsName = ({
  lanes,
  multiplexerSteps,
  currentBits,
  tokens,
  hasThresholdPin,
  ownLeak,
}: NeuronSize): string =>
  `neurons_${currentBits}_x${lanes}_m${multiplexerSteps}${tokens > 1 ? `_n${tokens}` : ""}${hasThresholdPin ? "_t" : ""}${ownLeak === undefined ? "" : `_k${ownLeak}`}`;

/** Where membranes of several tokens are kept. */
export const membraneMemory = ({ lanes, multiplexerSteps, membraneBits, tokens }: NeuronSize): MemorySize => ({
  width: lanes * membraneBits,
  entries: tokens * multiplexerSteps,
});

export function neurons(size: NeuronSize, { leakShift, threshold, reset }: IntegerLifConstants): sv.Module {
  const { lanes, multiplexerSteps, currentBits, membraneBits: bits, tokens, hasThresholdPin } = size;
  const isStored = tokens > 1;
  const memory = membraneMemory(size);
  const isShared = multiplexerSteps > 1;
  const shift = Math.min(leakShift, bits - 1);
  const kept = bits - shift;
  const steps = Array.from({ length: multiplexerSteps }, (_, m) => m);
  const membranes = steps.map((m) => sv.signal(`membranes_${m}_q`, lanes * bits));
  const ports = [
    sv.CLOCK,
    sv.input("valid_i"),
    sv.input("first_i"),
    ...(isStored
      ? [sv.input("last_i"), sv.input("address_i", indexBits(memory.entries))]
      : isShared
        ? [sv.input("select_i", indexBits(multiplexerSteps))]
        : []),
    ...(hasThresholdPin ? [sv.input("threshold_i", bits - 1)] : []),
    sv.input("currents_i", lanes * currentBits),
    sv.output("spikes_o", lanes),
  ];
  const s = sv.signals(ports, [sv.logic(lanes * bits, "stored", "next", "potentials")]);
  const stored = isStored ? s.stored : atStep(s.select_i, membranes);
  const potential = numberOf(s.potentials, "l", bits);
  const fired = numberOf(s.spikes_o, lanes === 1 ? null : "l", 1);
  const after: sv.Expression =
    reset === "hard"
      ? sv.sized(bits, 0)
      : sv.binary(
          potential,
          "-",
          hasThresholdPin ? sv.widen(s.threshold_i, bits - 1, bits) : sv.sized(bits, threshold),
        );
  const rests = sv.choose(fired, after, potential);
  // The leak rounds down, so the low bits of a membrane are not read.
  const rested = sv.part(s.stored, sv.plus(sv.times(bits, "l"), shift), kept);
  return {
    name: neuronsName(size),
    header: [
      `Neurons of ${lanes} readout units with ${multiplexerSteps} ${isShared ? "columns" : "column"} each: leak by ${leakShift} bits, threshold ${hasThresholdPin ? "threshold_i" : threshold}, ${reset} reset. Currents and ` +
        "membranes are in two's complement, in units of the last bit of the machine's numbers; a membrane saturates in its register.",
      ...(isStored
        ? [
            `Membranes of ${tokens} tokens are in a memory, addressed by address_i. They are not written at the last step, marked by last_i.`,
          ]
        : []),
      `In a clock of valid_i column ${isShared ? "select_i" : "0"} of every unit takes its current; first_i marks the first step of a token, with membranes at 0.`,
      "Latency: spikes_o is combinational and belongs to valid_i; membranes follow with the clock.",
    ],
    ports,
    items: [
      saturatedSum({ a: bits, b: currentBits, sum: bits }),
      leaked(bits, shift),
      fires(bits, hasThresholdPin ? null : threshold),
      ...(isStored
        ? [
            sv.declare(s.stored, s.next, s.potentials),
            sv.instance(stateName(memory), "u_membranes", {
              clk_i: s.clk_i,
              write_i: both(s.valid_i, sv.isFalse(s.last_i)),
              address_i: s.address_i,
              data_i: s.next,
              data_o: s.stored,
            }),
          ]
        : [...membranes.map((one) => sv.declare(one)), sv.declare(s.stored, s.potentials), sv.wire(s.stored, stored)]),
      sv.combinational(
        sv.forEach(
          "l",
          lanes,
          sv.put(
            potential,
            sv.call("saturated_sum", sv.call("leaked", s.first_i, rested), numberOf(s.currents_i, "l", currentBits)),
          ),
          sv.put(fired, sv.call("fires", potential, ...(hasThresholdPin ? [s.threshold_i] : []))),
        ),
      ),
      ...(isStored
        ? [sv.combinational(sv.forEach("l", lanes, sv.put(numberOf(s.next, "l", bits), rests)))]
        : steps.map((m) =>
            sv.clocked(
              sv.when(isShared ? both(s.valid_i, isAt(s.select_i, m)) : s.valid_i, [
                sv.forEach("l", lanes, sv.set(numberOf(membranes[m], "l", bits), rests)),
              ]),
            ),
          )),
    ],
  };
}

const leaked = (bits: number, shift: number): sv.Item => {
  const kept = bits - shift;
  const membrane = sv.name("membrane");
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
      sv.put(
        sv.name("leaked"),
        sv.choose(
          sv.name("first"),
          sv.sized(bits, 0),
          shift === 0 ? membrane : sv.concat(sv.repeat(shift, sv.bit(membrane, kept - 1)), membrane),
        ),
      ),
    ],
  };
};

/** The threshold is positive, so a negative membrane never reaches it. Null: it is an argument. */
const fires = (bits: number, threshold: number | null): sv.Item => ({
  kind: "function",
  name: "fires",
  width: 1,
  arguments: [
    { name: "potential", width: bits },
    ...(threshold === null ? [{ name: "threshold", width: bits - 1 }] : []),
  ],
  variables: [],
  body: [
    sv.put(
      sv.name("fires"),
      both(
        sv.isFalse(sv.bit(sv.name("potential"), bits - 1)),
        sv.binary(
          sv.slice(sv.name("potential"), bits - 2, 0),
          ">=",
          threshold === null ? sv.name("threshold") : sv.sized(bits - 1, threshold),
        ),
      ),
    ),
  ],
});
