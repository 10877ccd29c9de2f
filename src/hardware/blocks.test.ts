import fc from "fast-check";
import { expect, test } from "vitest";
import { cutBlock, matrixBlocks } from "./blocks.ts";

const size = fc.integer({ min: 1, max: 23 });

test("blocks hold every weight once, in its place, and fit a crossbar", () => {
  fc.assert(
    fc.property(size, size, size, size, (inputs, outputs, rows, columns) => {
      const weights = Float32Array.from({ length: inputs * outputs }, (_, i) => i);
      const found: number[] = [];
      for (const block of matrixBlocks(inputs, outputs, rows, columns)) {
        expect(block.rows).toBeLessThanOrEqual(rows);
        expect(block.columns).toBeLessThanOrEqual(columns);
        const cut = cutBlock(weights, outputs, block);
        expect(cut).toHaveLength(block.rows * block.columns);
        const corner = block.rowStart * outputs + block.columnStart;
        cut.forEach((weight, i) => {
          expect(weight).toBe(corner + Math.floor(i / block.columns) * outputs + (i % block.columns));
        });
        found.push(...cut);
      }
      expect(found.sort((a, b) => a - b)).toEqual([...weights]);
    }),
  );
});

test("by hand: 12 inputs on crossbars of 5 lines take two whole blocks and one of 2", () => {
  expect(matrixBlocks(12, 8, 5, 8).map(({ rows, columns }) => [rows, columns])).toEqual([
    [5, 8],
    [5, 8],
    [2, 8],
  ]);
});
