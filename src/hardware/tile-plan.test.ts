import { expect, test } from "vitest";
import { planTile } from "./tile-plan.ts";

test("a block of queries that may attend to nothing still has a pass, which outputs its zeros", () => {
  // Five tokens in blocks of two; tokens 2 and 3, the second block, see no key.
  const mask = new Uint8Array(25);
  for (const query of [0, 1, 4]) for (let key = 0; key <= query; key++) mask[query * 5 + key] = 1;
  const passes = planTile(5, 2, mask).passes.map((pass) => [
    pass.queryBlock,
    pass.keyBlock,
    ...[pass.first, pass.last].map(Number),
  ]);
  expect(passes).toEqual([
    [0, 0, 1, 1],
    [1, 0, 1, 1],
    [2, 0, 1, 0],
    [2, 1, 0, 0],
    [2, 2, 0, 1],
  ]);
});

test("without a mask every block of queries meets every block of keys; a tile for all tokens takes one pass", () => {
  expect(planTile(5, 2).passes).toHaveLength(9);
  expect(planTile(5, 8)).toEqual({
    tileTokens: 5,
    drained: "run",
    passes: [{ queryBlock: 0, keyBlock: 0, first: true, last: true }],
  });
});
