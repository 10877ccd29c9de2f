/**
 * The head's accumulators after its readout units: outputs of the head, saturated to their register, added over tokens and
 * steps. In step-major order, totals of all tokens with separate answers are kept in a memory.
 */
import type { ArithmeticSpec } from "../../experiment/arithmetic.ts";
import * as sv from "../syntax.ts";
import { type MemorySize, stateName } from "./memories.ts";
import { atStep, both, indexBits, isAt, numberOf, saturated } from "./parts.ts";
import { SUM_BITS } from "./scaled-sums.ts";

export interface AccumulatorSize {
  readonly lanes: number;
  readonly multiplexerSteps: number;
  /** Outputs that are summed. */
  readonly added: number;
  /** Number of tokens with totals kept at the same time; 1: in registers. */
  readonly tokens: number;
}

export const ACCUMULATORS = "accumulators";

/** Bits of a total of the given number of head outputs. */
export const totalBits = ({ logitBits }: ArithmeticSpec, added: number): number =>
  logitBits + Math.ceil(Math.log2(added));

/** Where totals of several tokens are kept. */
export const totalMemory = (
  { lanes, multiplexerSteps, added, tokens }: AccumulatorSize,
  arithmetic: ArithmeticSpec,
): MemorySize => ({ width: lanes * totalBits(arithmetic, added), entries: tokens * multiplexerSteps });

export function accumulators(size: AccumulatorSize, arithmetic: ArithmeticSpec): sv.Module {
  const { lanes, multiplexerSteps, added, tokens } = size;
  const { logitBits } = arithmetic;
  const isStored = tokens > 1;
  const memory = totalMemory(size, arithmetic);
  const bits = totalBits(arithmetic, added);
  const isShared = multiplexerSteps > 1;
  const steps = Array.from({ length: multiplexerSteps }, (_, m) => m);
  const totals = steps.map((m) => sv.signal(`totals_${m}_q`, lanes * bits));
  const ports = [
    sv.CLOCK,
    sv.input("valid_i"),
    sv.input("first_i"),
    ...(isStored
      ? [sv.input("address_i", indexBits(memory.entries))]
      : isShared
        ? [sv.input("select_i", indexBits(multiplexerSteps))]
        : []),
    sv.input("sums_i", lanes * SUM_BITS),
    sv.output("logits_o", lanes * logitBits),
    sv.output("totals_o", lanes * bits),
  ];
  const s = sv.signals(ports, [sv.logic(lanes * bits, "stored", "previous"), sv.logic(lanes * bits, "previous")]);
  const stored = isStored ? s.stored : atStep(s.select_i, totals);
  const logit = numberOf(s.logits_o, "l", logitBits);
  const wide: sv.Expression = sv.concat(
    ...(bits > logitBits
      ? [sv.repeat(bits - logitBits, sv.bit(s.logits_o, sv.plus(sv.times(logitBits, "l"), logitBits - 1)))]
      : []),
    logit,
  );
  return {
    name: ACCUMULATORS,
    header: [
      `Totals of ${added} outputs of the head, of ${lanes} readout units with ${multiplexerSteps} ${isShared ? "columns" : "column"} each. An output saturates in a register of ${logitBits} bits; ` +
        `a total has ${bits} bits and cannot overflow. All are in two's complement.` +
        (isStored ? ` Totals of ${tokens} tokens are in a memory, addressed by address_i.` : ""),
      "Latency: logits_o and totals_o are combinational and belong to valid_i; first_i begins a new total.",
    ],
    ports,
    items: [
      held(logitBits),
      ...(isStored
        ? [
            sv.declare(s.stored, s.previous),
            sv.instance(stateName(memory), "u_totals", {
              clk_i: s.clk_i,
              write_i: s.valid_i,
              address_i: s.address_i,
              data_i: s.totals_o,
              data_o: s.stored,
            }),
          ]
        : [...totals.map((one) => sv.declare(one)), sv.declare(s.previous)]),
      sv.wire(s.previous, sv.choose(s.first_i, sv.sized(lanes * bits, 0), stored)),
      sv.combinational(sv.forEach("l", lanes, sv.put(logit, sv.call("held", numberOf(s.sums_i, "l", SUM_BITS))))),
      sv.combinational(
        sv.forEach(
          "l",
          lanes,
          sv.put(numberOf(s.totals_o, "l", bits), sv.binary(numberOf(s.previous, "l", bits), "+", wide)),
        ),
      ),
      ...(isStored
        ? []
        : steps.map((m) =>
            sv.clocked(
              sv.when(isShared ? both(s.valid_i, isAt(s.select_i, m)) : s.valid_i, [sv.set(totals[m], s.totals_o)]),
            ),
          )),
    ],
  };
}

/** An output of the head as its register holds it. */
const held = (logitBits: number): sv.Item => ({
  kind: "function",
  name: "held",
  width: logitBits,
  arguments: [{ name: "sum", width: SUM_BITS }],
  variables: [],
  body: [
    sv.put(sv.name("held"), logitBits < SUM_BITS ? saturated(sv.name("sum"), SUM_BITS, logitBits) : sv.name("sum")),
  ],
});
