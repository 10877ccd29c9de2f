/** Generators of the stochastic attention cell and of the FIFO that delays V (`hardware/clocked-tile.ts`). */
import type { SsaParameters } from "../hardware/ssa-parameters.ts";
import { encoderItems } from "./encoder.ts";
import * as sv from "./syntax.ts";

/** How a cell decides on its finished count. */
export interface CellDecision {
  /** Inputs that it needs besides those of every cell. */
  readonly inputs: readonly sv.Port[];
  readonly items: readonly sv.Item[];
  readonly fires: sv.Expression;
  /** What else happens with a decision. */
  readonly decided: readonly sv.Statement[];
}

export function ssaCell(parameters: SsaParameters): sv.Module {
  const { dimension, largestCount, scoreGain, scoreNormaliser } = parameters;
  const saturates = largestCount < dimension;
  const random = sv.input("random_i", 8);
  return tileCell(parameters, {
    name: "ssa_cell",
    header: [
      "Stochastic attention cell (i, j): one score bit of query i and key j, and its product with value j.",
      `Counts query_i & key_i over ${dimension} clocks. At the clock of last_i the count, including that clock's bit, is compared with a random ` +
        "number; the result is held for the next window, in which it gates value j, delayed by one window.",
      `Latency: a score is held from the clock after last_i on; product_o is combinational.` +
        (saturates ? ` The counter saturates at ${largestCount}.` : ""),
    ],
    saturates,
    decide: (count) => {
      const encoder = encoderItems({ normaliser: scoreNormaliser, gain: scoreGain, count, random });
      return { inputs: [random], items: encoder.items, fires: encoder.fires, decided: [] };
    },
  });
}

/** A cell that counts query & key, decides, and gates the value of the window before. */
export function tileCell(
  { counterBits, fifo }: Pick<SsaParameters, "counterBits" | "fifo">,
  {
    name,
    header,
    saturates,
    decide,
  }: Pick<sv.Module, "name" | "header"> & {
    readonly saturates: boolean;
    readonly decide: (count: sv.Signal) => CellDecision;
  },
): sv.Module {
  const count = sv.signal("count_d", counterBits);
  const decision = decide(count);
  const ports = [
    ...sv.CLOCKED,
    sv.input("last_i"),
    sv.input("query_i"),
    sv.input("key_i"),
    sv.input("value_i"),
    ...decision.inputs,
    sv.output("product_o"),
  ] as const;
  const declared = [sv.logic(1, "hit")];
  const s = sv.signals(ports, [
    ...declared,
    sv.declare(sv.signal("count_q", counterBits), count),
    sv.logic(1, "score_q"),
    sv.logic(1, "delayed"),
  ]);

  const hit = sv.binary(s.query_i, "&", s.key_i);
  const next = sv.binary(s.count_q, "+", sv.widen(s.hit, 1, counterBits));
  return {
    name,
    header,
    ports,
    items: [
      ...declared,
      sv.wire(s.hit, hit),
      sv.declare(s.count_q, s.count_d),
      sv.wire(s.count_d, saturates ? sv.choose(sv.allOnes(s.count_q), s.count_q, next) : next),
      sv.gap,
      ...decision.items,
      sv.gap,
      sv.declare(s.score_q),
      sv.registers(
        [sv.set(s.count_q, sv.zeros)],
        [sv.set(s.count_q, sv.choose(s.last_i, sv.sized(counterBits, 0), s.count_d))],
      ),
      sv.clocked(sv.when(s.last_i, [sv.set(s.score_q, decision.fires), ...decision.decided])),
      sv.gap,
      ...(fifo === "cell"
        ? [
            sv.declare(s.delayed),
            fifoInstance("u_value_fifo", s.value_i, s.delayed),
            sv.wire(s.product_o, sv.binary(s.score_q, "&", s.delayed)),
          ]
        : [
            sv.comment("One FIFO per row, outside: value_i is already delayed."),
            sv.wire(s.product_o, sv.binary(s.score_q, "&", s.value_i)),
          ]),
    ],
  };
}

export function valueFifo({ dimension }: Pick<SsaParameters, "dimension">): sv.Module {
  const ports = [sv.CLOCK, sv.input("value_i"), sv.output("value_o")];
  const declared = [sv.logic(dimension, "fifo_q")];
  const s = sv.signals(ports, declared);

  return {
    name: "ssa_value_fifo",
    header: [
      `Shift register that delays the bits of one value by a window of ${dimension} clocks.`,
      "It has no reset, so FPGAs can map it to shift-register LUTs: its contents during the first window never reach a valid output.",
    ],
    ports,
    items: [
      ...declared,
      sv.clocked(sv.set(s.fifo_q, sv.concat(sv.slice(s.fifo_q, dimension - 2, 0), s.value_i))),
      sv.wire(s.value_o, sv.slice(s.fifo_q, dimension - 1, dimension - 1)),
    ],
  };
}

export const fifoInstance = (label: string, value: sv.Expression, delayed: sv.Expression): sv.Item =>
  sv.instance("ssa_value_fifo", label, { clk_i: sv.CLOCK, value_i: value, value_o: delayed });
