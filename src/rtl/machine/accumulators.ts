/**
 * The head's accumulators after its readout units: outputs of the head, saturated to their register, added over tokens and
 * steps. In step-major order, totals of all tokens with separate answers are kept in a memory.
 */
import type { ArithmeticSpec } from "../../experiment/arithmetic.ts";
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
  logic,
  type Module,
  name,
  output,
  plus,
  put,
  repeat,
  set,
  sized,
  times,
  when,
  wire,
} from "../syntax.ts";
import { type MemorySize, stateName } from "./memories.ts";
import { both, indexBits, isAt, numberOf, saturated } from "./parts.ts";
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

export function accumulators(size: AccumulatorSize, arithmetic: ArithmeticSpec): Module {
  const { lanes, multiplexerSteps, added, tokens } = size;
  const { logitBits } = arithmetic;
  const isStored = tokens > 1;
  const memory = totalMemory(size, arithmetic);
  const bits = totalBits(arithmetic, added);
  const isShared = multiplexerSteps > 1;
  const steps = Array.from({ length: multiplexerSteps }, (_, m) => m);
  const totals = (m: number) => `totals_${m}_q`;
  const stored = steps
    .slice(0, -1)
    .reduceRight<Expression>(
      (rest, m) => choose(isAt("select_i", m, multiplexerSteps), name(totals(m)), rest),
      name(totals(multiplexerSteps - 1)),
    );
  const logit = numberOf("logits_o", "l", logitBits);
  const wide: Expression = concat(
    ...(bits > logitBits
      ? [repeat(bits - logitBits, bit(name("logits_o"), plus(times(logitBits, "l"), logitBits - 1)))]
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
    ports: [
      input("clk_i"),
      input("valid_i"),
      input("first_i"),
      ...(isStored
        ? [input("address_i", indexBits(memory.entries))]
        : isShared
          ? [input("select_i", indexBits(multiplexerSteps))]
          : []),
      input("sums_i", lanes * SUM_BITS),
      output("logits_o", lanes * logitBits),
      output("totals_o", lanes * bits),
    ],
    items: [
      held(logitBits),
      ...(isStored
        ? [
            logic(lanes * bits, "stored", "previous"),
            instance(stateName(memory), "u_totals", {
              clk_i: name("clk_i"),
              write_i: name("valid_i"),
              address_i: name("address_i"),
              data_i: name("totals_o"),
              data_o: name("stored"),
            }),
          ]
        : [...steps.map((m) => logic(lanes * bits, totals(m))), logic(lanes * bits, "previous")]),
      wire(name("previous"), choose(name("first_i"), sized(lanes * bits, 0), isStored ? name("stored") : stored)),
      combinational(forEach("l", lanes, put(logit, call("held", numberOf("sums_i", "l", SUM_BITS))))),
      combinational(
        forEach("l", lanes, put(numberOf("totals_o", "l", bits), binary(numberOf("previous", "l", bits), "+", wide))),
      ),
      ...(isStored
        ? []
        : steps.map((m) =>
            clocked(
              when(isShared ? both(name("valid_i"), isAt("select_i", m, multiplexerSteps)) : name("valid_i"), [
                set(name(totals(m)), name("totals_o")),
              ]),
            ),
          )),
    ],
  };
}

/** An output of the head as its register holds it. */
const held = (logitBits: number): Item => ({
  kind: "function",
  name: "held",
  width: logitBits,
  arguments: [{ name: "sum", width: SUM_BITS }],
  variables: [],
  body: [put(name("held"), logitBits < SUM_BITS ? saturated("sum", SUM_BITS, logitBits) : name("sum"))],
});
