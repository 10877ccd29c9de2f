/** Gates of decision units against what answers of the simulators are decided by. */
import { expect, test } from "vitest";
import { synthesiseNetlist } from "../../node/rtl-synthesis.ts";
import { stream } from "../../numeric/stream.ts";
import { decide } from "../../task/answers.ts";
import { sourceFiles } from "../design.ts";
import { portNets, readNetlist } from "../gates/netlist.ts";
import { simulateGates } from "../gates/simulate.ts";
import type { Module } from "../syntax.ts";
import { DECISION_UNIT, type DecisionSize, decisionBits, decisionUnit } from "./decision-unit.ts";

const BITS = 6;

/** What the gates decide of each row of totals, one clock after it. */
async function decisionsOf(module: Module, size: DecisionSize, rows: readonly (readonly number[])[]) {
  const netlist = readNetlist(await synthesiseNetlist(sourceFiles([module]), DECISION_UNIT, "bundled"), DECISION_UNIT);
  const width = decisionBits(size);
  const totals = portNets(netlist, "input", "totals_i", size.outputs * BITS);
  const decision = portNets(netlist, "output", "decision_o", width);
  const { set, get, settle, clock } = simulateGates(netlist);
  return rows.map((row) => {
    totals.forEach((net, n) => {
      set(net, -((row[Math.floor(n / BITS)] >> (n % BITS)) & 1));
    });
    settle();
    clock();
    settle();
    return decision.reduce((sum, net, n) => sum | ((get(net) & 1) << n), 0);
  });
}

/** Totals of both ends and around 0, with many equal ones. */
function totalsOf(outputs: number): number[][] {
  const draws = stream(1);
  const corners = [-32, -1, 0, 1, 31];
  return Array.from({ length: 400 }, (_, row) =>
    Array.from({ length: outputs }, () => (row % 2 === 0 ? corners[draws.integer(5)] : draws.integer(64) - 32)),
  );
}

test.each<Pick<DecisionSize, "outputs" | "readOut">>([
  { outputs: 2, readOut: "joint" },
  { outputs: 3, readOut: "joint" },
  { outputs: 10, readOut: "joint" },
  { outputs: 16, readOut: "joint" },
  { outputs: 1, readOut: "bits" },
  { outputs: 4, readOut: "bits" },
])("gates decide as the simulators do, also of equal totals: $outputs outputs, $readOut", async (setting) => {
  const size = { ...setting, bits: BITS };
  const rows = totalsOf(setting.outputs);
  const classes = setting.readOut === "bits" ? 2 ** setting.outputs : setting.outputs;
  const expected = decide(Float32Array.from(rows.flat()), classes, setting.readOut);
  expect(await decisionsOf(decisionUnit(size), size, rows)).toEqual([...expected]);
  expect(new Set(expected).size).toBe(classes);
});
