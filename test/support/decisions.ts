/** Decision units compared with the decisions of the simulators. */
import { synthesiseNetlist } from "../../src/node/rtl-synthesis.ts";
import { stream } from "../../src/numeric/stream.ts";
import { sourceFiles } from "../../src/rtl/design.ts";
import { portNets, readNetlist } from "../../src/rtl/gates/netlist.ts";
import { simulateGates } from "../../src/rtl/gates/simulate.ts";
import { DECISION_UNIT, type DecisionSize, decisionBits } from "../../src/rtl/machine/decision-unit.ts";
import type { Module } from "../../src/rtl/syntax.ts";
import { decide } from "../../src/task/answers.ts";

/** Decisions of gates and simulators on 400 rows of totals, at both ends and around 0, with many equal ones. */
export async function decisions(
  module: Module,
  size: DecisionSize,
): Promise<{ gates: number[]; simulators: number[] }> {
  const { outputs, readOut } = size;
  const rows = totalsOf(size);
  const classes = readOut === "bits" ? 2 ** outputs : outputs;
  const simulators = [...decide(Float32Array.from(rows.flat()), classes, readOut)];
  return { gates: await decisionsOf(module, size, rows), simulators };
}

/** The gates' decision for each row of totals, one clock after it. */
async function decisionsOf(module: Module, size: DecisionSize, rows: readonly (readonly number[])[]) {
  const { outputs, bits } = size;
  const netlist = readNetlist(await synthesiseNetlist(sourceFiles([module]), DECISION_UNIT, "bundled"), DECISION_UNIT);
  const totals = portNets(netlist, "input", "totals_i", outputs * bits);
  const decision = portNets(netlist, "output", "decision_o", decisionBits(size));
  const { set, get, settle, clock } = simulateGates(netlist);
  return rows.map((row) => {
    totals.forEach((net, n) => {
      set(net, -((row[Math.floor(n / bits)] >> (n % bits)) & 1));
    });
    settle();
    clock();
    settle();
    return decision.reduce((sum, net, n) => sum | ((get(net) & 1) << n), 0);
  });
}

function totalsOf({ outputs, bits }: DecisionSize): number[][] {
  const draws = stream(1);
  const half = 2 ** (bits - 1);
  const corners = [-half, -1, 0, 1, half - 1];
  return Array.from({ length: 400 }, (_, row) =>
    Array.from({ length: outputs }, () =>
      row % 2 === 0 ? corners[draws.integer(corners.length)] : draws.integer(2 * half) - half,
    ),
  );
}
