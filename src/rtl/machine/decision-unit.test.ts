// @module-tag slow
/** Gates of decision units against the decisions of the simulators. */
import { expect, test } from "vitest";
import { decisions } from "../../../test/support/decisions.ts";
import { type DecisionSize, decisionUnit } from "./decision-unit.ts";

test.each<Pick<DecisionSize, "outputs" | "readOut">>([
  { outputs: 2, readOut: "joint" },
  { outputs: 3, readOut: "joint" },
  { outputs: 10, readOut: "joint" },
  { outputs: 16, readOut: "joint" },
  { outputs: 1, readOut: "bits" },
  { outputs: 4, readOut: "bits" },
])("gates decide as the simulators do, also of equal totals: $outputs outputs, $readOut", async (setting) => {
  const size = { ...setting, bits: 6 };
  const { gates, simulators } = await decisions(decisionUnit(size), size);
  expect(gates).toEqual(simulators);
  const classes = setting.readOut === "bits" ? 2 ** setting.outputs : setting.outputs;
  expect(new Set(simulators).size).toBe(classes);
});
