/** Generators of the stochastic attention cell and of the FIFO that delays V (`hardware/clocked-tile.ts`). */
import type { SsaParameters } from "../hardware/ssa-parameters.ts";
import { encoderItems } from "./encoder.ts";
import {
  allOnes,
  binary,
  CLOCKED,
  choose,
  clocked,
  comment,
  concat,
  gap,
  type Item,
  input,
  instance,
  logic,
  type Module,
  name,
  output,
  registers,
  set,
  sized,
  slice,
  when,
  widen,
  wire,
  zeros,
} from "./syntax.ts";

export function ssaCell(parameters: SsaParameters): Module {
  const { dimension, counterBits, largestCount, scoreGain, scoreNormaliser, fifo } = parameters;
  const hit = binary(name("query_i"), "&", name("key_i"));
  const next = binary(name("count_q"), "+", widen(name("hit"), 1, counterBits));
  const saturates = largestCount < dimension;
  return {
    name: "ssa_cell",
    header: [
      "Stochastic attention cell (i, j): one score bit of query i and key j, and its product with value j.",
      `Counts query_i & key_i over ${dimension} clocks. At the clock of last_i the count, including that clock's bit, is compared with a random ` +
        "number; the result is held for the next window, in which it gates value j, delayed by one window.",
      `Latency: a score is held from the clock after last_i on; product_o is combinational.` +
        (saturates ? ` The counter saturates at ${largestCount}.` : ""),
    ],
    ports: [
      ...CLOCKED,
      input("last_i"),
      input("query_i"),
      input("key_i"),
      input("value_i"),
      input("random_i", 8),
      output("product_o"),
    ],
    items: [
      logic(1, "hit"),
      wire(name("hit"), hit),
      logic(counterBits, "count_q", "count_d"),
      wire(name("count_d"), saturates ? choose(allOnes(name("count_q")), name("count_q"), next) : next),
      gap,
      ...encoderItems({
        normaliser: scoreNormaliser,
        gain: scoreGain,
        count: "count_d",
        countBits: counterBits,
        random: "random_i",
      }),
      gap,
      logic(1, "score_q"),
      registers(
        [set(name("count_q"), zeros)],
        [set(name("count_q"), choose(name("last_i"), sized(counterBits, 0), name("count_d")))],
      ),
      clocked(when(name("last_i"), [set(name("score_q"), name("fires"))])),
      gap,
      ...(fifo === "cell"
        ? [
            logic(1, "delayed"),
            fifoInstance("u_value_fifo", name("value_i"), name("delayed")),
            wire(name("product_o"), binary(name("score_q"), "&", name("delayed"))),
          ]
        : [
            comment("One FIFO per row, outside: value_i is already delayed."),
            wire(name("product_o"), binary(name("score_q"), "&", name("value_i"))),
          ]),
    ],
  };
}

export function valueFifo({ dimension }: SsaParameters): Module {
  return {
    name: "ssa_value_fifo",
    header: [
      `Shift register that delays the bits of one value by a window of ${dimension} clocks.`,
      "It has no reset, so FPGAs can map it to shift-register LUTs: its contents during the first window never reach a valid output.",
    ],
    ports: [input("clk_i"), input("value_i"), output("value_o")],
    items: [
      logic(dimension, "fifo_q"),
      clocked(set(name("fifo_q"), concat(slice(name("fifo_q"), dimension - 2, 0), name("value_i")))),
      wire(name("value_o"), slice(name("fifo_q"), dimension - 1, dimension - 1)),
    ],
  };
}

export const fifoInstance = (label: string, value: ReturnType<typeof name>, delayed: ReturnType<typeof name>): Item =>
  instance("ssa_value_fifo", label, {
    clk_i: name("clk_i"),
    value_i: value,
    value_o: delayed,
  });
