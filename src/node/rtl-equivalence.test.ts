// @module-tag program
import { expect, test } from "vitest";
import { smallDesign } from "../../test/support/engine-runs.ts";
import { sourceFiles } from "../rtl/design.ts";
import { proveGates } from "./rtl-equivalence.ts";

// A normaliser that is not a power of two, so that cell and foot multiply.
const design = smallDesign({ tokens: 3, dimension: 3, isCausal: false, draws: "stratified", ssa: { fifo: "cell" } });
const sources = sourceFiles(design.modules);

test("cell and foot are proven equal to their gates by the bundled Yosys", async () => {
  const results = await proveGates(sources, ["ssa_cell", "ssa_column_foot"], { yosys: "bundled" });
  for (const { module, pairs, proven, unproven } of results) {
    expect([module, unproven, proven]).toEqual([module, [], pairs]);
    // A 2-bit counter, the score, a FIFO of three and the product; the output of the foot.
    expect(pairs).toBeGreaterThanOrEqual(module === "ssa_cell" ? 7 : 1);
  }
});
