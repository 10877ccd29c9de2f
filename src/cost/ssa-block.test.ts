import { expect, test } from "vitest";
import { annBlock, SSA_BLOCK, ssaBlock } from "./ssa-block.ts";

test("the SSA row of the table is reproduced within 1 %, an fp16 ANN's within 7 % without softmax", () => {
  const ssa = ssaBlock(SSA_BLOCK);
  expect(1e6 * ssa.processing).toBeCloseTo(1.239, 3);
  expect(1e6 * ssa.memory).toBeCloseTo(52.84, 2);
  const ann = annBlock(SSA_BLOCK);
  expect(1e6 * ann.processing).toBeCloseTo(6.27, 2);
  expect(1e6 * ann.memory).toBeCloseTo(84.5, 1);
});

test("by hand, with two tokens of width 2, one head, one step", () => {
  // Scores: 4 sums of 2 products, 4 additions; values: 4 sums of 2, 4 additions. Words: 32 + 4 + 4.
  const { processing, memory } = ssaBlock({ tokens: 2, width: 2, heads: 1, steps: 1 });
  expect(processing).toBeCloseTo(8 * 0.03e-12, 25);
  expect(memory).toBeCloseTo(40 * (20e-12 / 32), 25);
});
