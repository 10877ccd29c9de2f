/**
 * A layer of weights without converters: its macros, which put out spikes, and the control of a vector's clocks.
 *
 *   clock      of a vector of c clocks: settling and a decision
 *   0          the vector's first clock: it is at lines_i, and stays
 *   c - 1      decide, take_o: all comparators decide; the next vector may be there in the next clock
 *   c          valid_o: the decisions, in the macros' registers
 */
import { type Deciding, forReadOut } from "../../experiment/by-read-out.ts";
import { isNoisy } from "../../simulation/columns.ts";
import * as sv from "../syntax.ts";
import { type ColumnMacroSize, columnMacroName } from "./column-macro.ts";
import { both, countUp, indexBits, isAt, stepped } from "./parts.ts";
import type { GroupPlan, LayerPlan, MachinePlan } from "./plan.ts";

/** A layer's crossbars of one column group are one macro. */
export const columnMacroSize = ({ blocks, columns }: GroupPlan): ColumnMacroSize => ({
  rows: blocks.map(({ rows }) => rows),
  columns,
});

/**
 * @param deciding how comparators decide on its columns
 * @param settings of the macro that a crossbar is the first of: its parameters
 */
export function columnLayer(
  { steps, stepMajor }: Pick<MachinePlan, "steps" | "stepMajor">,
  layer: LayerPlan,
  deciding: Deciding,
  settings: (crossbar: number) => Readonly<Record<string, sv.Expression>>,
): sv.Module {
  const { lines, outputs, clocks, groups, module } = layer;
  const { keeps } = deciding;
  const ports = [
    ...sv.CLOCKED,
    sv.input("valid_i"),
    sv.input("lines_i", lines),
    sv.output("take_o"),
    sv.output("valid_o"),
    sv.output("spikes_o", outputs),
  ];
  const declared = [
    sv.logic(indexBits(clocks), "timer_q"),
    ...(keeps ? [sv.logic(indexBits(steps), "step_q")] : []),
    sv.logic(1, "decided_q"),
    sv.logic(1, "decide"),
  ];
  const s = sv.signals<string, string>(ports, declared);
  const { clk_i, rst_ni } = sv.CLOCKS;
  return {
    name: module,
    header: headerOf(layer, deciding, stepMajor !== null),
    ports,
    items: [
      ...declared,
      sv.wire(s.decide, both(s.valid_i, isAt(s.timer_q, clocks - 1))),
      sv.wire(s.take_o, s.decide),
      sv.registers(sv.cleared(s.timer_q, ...(keeps ? [s.step_q] : []), s.decided_q), [
        sv.when(s.valid_i, [sv.set(s.timer_q, sv.choose(s.decide, sv.sized(s.timer_q.width!, 0), stepped(s.timer_q)))]),
        ...(keeps ? [sv.when(s.decide, [countUp(s.step_q, steps)])] : []),
        sv.set(s.decided_q, s.decide),
      ]),
      sv.wire(s.valid_o, s.decided_q),
      sv.gap,
      ...groups.map((group) => {
        const { columnStart, columns, blocks } = group;
        return sv.instance(
          columnMacroName(columnMacroSize(group), deciding),
          `u_columns_${blocks[0].crossbar}`,
          {
            clk_i,
            ...(isNoisy(deciding) ? { rst_ni } : {}),
            decide_i: s.decide,
            ...(keeps ? { first_i: isAt(s.step_q, 0) } : {}),
            lines_i: s.lines_i,
            spikes_o: sv.slice(s.spikes_o, columnStart + columns - 1, columnStart),
          },
          settings(blocks[0].crossbar),
        );
      }),
    ],
  };
}

function headerOf(
  { name, lines, outputs, groups, rowBlocks, clocks, readOut }: LayerPlan,
  { keeps }: Deciding,
  isStepMajor: boolean,
) {
  const by = forReadOut(readOut, {
    converter: () => "converters",
    comparator: () => "comparators",
    charge: () => "comparators on membranes that hold charge",
  });
  return [
    `Layer ${name}: ${lines} lines to ${outputs} columns on ${groups.length * rowBlocks} crossbars, ${rowBlocks} row ${rowBlocks === 1 ? "block" : "blocks"} by ${groups.length} column ` +
      `${groups.length === 1 ? "group" : "groups"}, read by ${by}.`,
    `A vector is held at lines_i while valid_i is 1, from its first clock to take_o, ${clocks} clocks; the next may follow at once. Vectors arrive ` +
      (isStepMajor
        ? "step by step, all tokens of a step in succession."
        : "token by token, all steps of a token in succession.") +
      (keeps ? " Membranes are empty at a token's first step." : ""),
    `Latency: valid_o and spikes_o come from registers, ${clocks} clocks after the first clock of a vector.`,
  ];
}
