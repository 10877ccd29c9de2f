/**
 * The analog macro of a column group without converters: crossbars whose columns collect charge, and comparators, with spikes in
 * registers. Its body is a behavioural model in whole numbers for simulation (`hardware/charge-neurons.ts`), and a black box for
 * synthesis.
 *
 *   V = sat(floor(V L / 4096) + weights of driven lines + offset + n_T);   fires where V + n_D >= threshold;   then V = 0, or V - level
 *
 * in units of charge, from 0 at a token's first step. A comparator alone keeps no V. Leaks, thresholds and errors are those of a chip.
 * Noise comes from the simulator's stream, as in `erring-converters.ts`. A real macro has its own.
 */
import type { Deciding } from "../../experiment/by-read-out.ts";
import type { NeuronSpec } from "../../experiment/neuron.ts";
import { CHARGE_RANGE, LEAK_ONE } from "../../hardware/charge-neurons.ts";
import { bitsFor } from "../../hardware/ssa-parameters.ts";
import { isNoisy } from "../../simulation/columns.ts";
import * as sv from "../syntax.ts";
import { task } from "../testbench-parts.ts";
import { drawItems, type VectorOrder } from "./erring-converters.ts";
import { signExtended } from "./parts.ts";

/** Bits of a weight in units of charge, in two's complement: as a column's sum with all its lines driven. */
export const WEIGHT_BITS = 16;
/** Bits of a column's constants, of a membrane in the model, and of noise. */
export const WORD_BITS = 32;

/** A column's word, from its low bits on; a soft reset subtracts the level. */
export const COLUMN_WORDS = ["leak", "offset", "threshold", "level"] as const;
export type ColumnWord = (typeof COLUMN_WORDS)[number];

export interface ColumnMacroSize {
  /** Lines of each row block, ascending. */
  readonly rows: readonly number[];
  readonly columns: number;
}

export interface ColumnNeurons {
  readonly deciding: Deciding;
  readonly reset: NeuronSpec["reset"];
}

export const columnMacroName = ({ rows, columns }: ColumnMacroSize, { keeps }: Deciding): string =>
  `${keeps ? "charge" : "comparator"}_macro_${rows.join("_")}x${columns}`;

export function columnMacro(
  size: ColumnMacroSize,
  { deciding, reset }: ColumnNeurons,
  vectors: VectorOrder,
): sv.Module {
  const { rows, columns } = size;
  const { keeps } = deciding;
  const lines = rows.reduce((sum, count) => sum + count, 0);
  const draws = isNoisy(deciding);
  const ports = [
    sv.CLOCK,
    ...(draws ? [sv.input("rst_ni")] : []),
    sv.input("decide_i"),
    ...(keeps ? [sv.input("first_i")] : []),
    sv.input("lines_i", lines),
    sv.output("spikes_o", columns),
  ];
  const declared = [
    sv.memory(WEIGHT_BITS, "cells", lines * columns),
    sv.memory(COLUMN_WORDS.length * WORD_BITS, "constants", columns),
    ...(keeps ? [sv.logic(columns * WORD_BITS, "membranes_q")] : []),
    ...(draws ? [sv.memory(2 * WORD_BITS, "normals", 4096)] : []),
  ];
  const s = sv.signals<string, string>(ports, declared);
  const spike = columns === 1 ? s.spikes_o : sv.bit(s.spikes_o, sv.name("c"));
  const decision = sv.call("decision", sv.name("c"));
  return {
    name: columnMacroName(size, deciding),
    header: [
      `Analog macro: crossbars of ${rows.join(", ")} lines for the same ${columns} columns, and a comparator per column; no converters.`,
      `In the clock of decide_i, charge of the settled lines has ${keeps ? "joined the membranes" : "arrived"}, and every comparator decides. spikes_o has the decisions from the next clock on, until ` +
        `the next one.${keeps ? ` first_i marks a token's first step: membranes were emptied before it. Where a neuron fires, ${reset === "hard" ? "its membrane is emptied" : "the threshold's charge is taken from its membrane"}.` : ""}`,
      "A real macro must keep these ports and clocks: lines are stable from the first clock of a vector to its decision.",
      "The body is a behavioural model for simulation. The file Cells holds a word for each weight, column after column, in units of charge: two's complement. The file Columns " +
        `holds a word for each column: ${COLUMN_WORDS.join(", ")}, the first in the low ${WORD_BITS} bits; the leak in 1/${LEAK_ONE}.`,
      ...(draws
        ? [
            `The file Noise holds the noise of the charge, in the low half, and of the decision for each of 4,096 draws. A decision's draw is word (prompt << 7 | step, place) of the stream NoiseKey, for ${vectors.steps} steps of ` +
              "Tokens tokens and columns from FirstColumn on, counted from the last reset on: a real macro has its own noise, and no use for rst_ni.",
          ]
        : []),
    ],
    parameters: [
      ["Cells", sv.text("cells.hex")],
      ["Columns", sv.text("columns.hex")],
      ...(draws
        ? ([
            ["Noise", sv.text("noise.hex")],
            ["NoiseKey", sv.hex(64, 0)],
            ["Tokens", sv.decimal(1)],
            ["FirstColumn", sv.decimal(0)],
          ] satisfies [string, sv.Expression][])
        : []),
    ],
    isBlackBox: true,
    ports,
    items: [
      ...declared,
      sv.initial(
        task("$readmemh", sv.name("Cells"), s.cells),
        task("$readmemh", sv.name("Columns"), s.constants),
        ...(draws ? [task("$readmemh", sv.name("Noise"), s.normals)] : []),
      ),
      ...(draws ? drawItems(vectors, null, s.decide_i) : []),
      decisionOf(s, lines, { deciding, reset }),
      sv.clocked(
        sv.when(s.decide_i, [
          sv.forEach(
            "c",
            columns,
            keeps
              ? sv.set(sv.concat(spike, sv.part(s.membranes_q, sv.times(WORD_BITS, "c"), WORD_BITS)), decision)
              : sv.set(spike, decision),
          ),
        ]),
      ),
    ],
  };
}

/** The decision of a column, above what remains on its membrane. */
function decisionOf(s: sv.Signals<string>, lines: number, { deciding, reset }: ColumnNeurons): sv.Item {
  const { keeps } = deciding;
  const { low, high } = CHARGE_RANGE;
  const draws = isNoisy(deciding);
  const [charge, kept, leak, threshold] = ["charge", "kept", "leak", "threshold"].map(sv.name);
  const column = sv.name("column");
  const add = (value: sv.Expression) => sv.put(charge, sv.binary(charge, "+", value));
  const constant = (word: ColumnWord) => {
    const at = COLUMN_WORDS.indexOf(word) * WORD_BITS;
    return sv.slice(sv.bit(s.constants, column), at + WORD_BITS - 1, at);
  };
  // Twelve bits of a draw select one of all values: bits 4 to 15 for the charge, 20 to 31 for the decision.
  const noise = (from: number, half: 0 | 1) => {
    const draw = sv.cast(12, sv.binary(sv.name("draw"), ">>>", sv.decimal(from)));
    return sv.slice(sv.bit(s.normals, draw), (half + 1) * WORD_BITS - 1, half * WORD_BITS);
  };
  const cell = sv.bit(s.cells, sv.binary(sv.binary(sv.decimal(lines), "*", column), "+", sv.name("row")));
  const after = reset === "hard" ? sv.decimal(0) : sv.binary(charge, "-", sv.name("level"));
  const fires = sv.binary(charge, ">=", threshold);
  return {
    kind: "function",
    name: "decision",
    width: keeps ? 1 + WORD_BITS : 1,
    arguments: [{ name: "column", width: null }],
    variables: [
      ...[
        "charge",
        "threshold",
        ...(keeps ? ["kept", "leak"] : []),
        ...(keeps && reset === "soft" ? ["level"] : []),
      ].map((one) => ({ name: one, width: null })),
      ...(draws ? [{ name: "draw", width: WORD_BITS }] : []),
    ],
    body: [
      sv.put(charge, constant("offset")),
      sv.forEach(
        "row",
        lines,
        sv.when(lines === 1 ? s.lines_i : sv.bit(s.lines_i, sv.name("row")), [
          add(signExtended(cell, WEIGHT_BITS, WORD_BITS)),
        ]),
      ),
      ...(keeps
        ? [
            sv.put(leak, constant("leak")),
            sv.put(kept, sv.part(s.membranes_q, sv.times(WORD_BITS, "column"), WORD_BITS)),
            sv.put(kept, sv.binary(sv.binary(kept, "*", leak), ">>>", sv.decimal(bitsFor(LEAK_ONE - 1)))),
            sv.when(sv.isFalse(s.first_i), [add(kept)]),
          ]
        : []),
      ...(draws
        ? [
            sv.put(sv.name("draw"), sv.call("draw_of", sv.binary(column, "+", sv.name("FirstColumn")))),
            add(noise(4, 0)),
          ]
        : []),
      sv.when(sv.binary(charge, ">", sv.decimal(high)), [sv.put(charge, sv.decimal(high))]),
      sv.when(sv.binary(charge, "<", sv.decimal(low)), [sv.put(charge, sv.decimal(low))]),
      sv.put(threshold, constant("threshold")),
      ...(draws ? [sv.put(threshold, sv.binary(threshold, "-", noise(20, 1)))] : []),
      ...(keeps && reset === "soft" ? [sv.put(sv.name("level"), constant("level"))] : []),
      sv.put(
        sv.name("decision"),
        keeps ? sv.concat(fires, sv.cast(WORD_BITS, sv.choose(fires, after, charge))) : fires,
      ),
    ],
  };
}
