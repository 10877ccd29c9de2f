import fc from "fast-check";
import { expect, test } from "vitest";
import { literalMachine } from "../../test/support/literal-machine.ts";
import type { LayerRole } from "../model/layers.ts";
import { cutBlock, matrixBlocks } from "./blocks.ts";

const size = fc.integer({ min: 1, max: 23 });

test("blocks hold every weight once, in its place, and fit a crossbar", () => {
  fc.assert(
    fc.property(size, size, size, size, (inputs, outputs, rows, columns) => {
      const { crossbar } = literalMachine({ crossbar: { rows, columns } });
      const weights = Float32Array.from({ length: inputs * outputs }, (_, i) => i);
      const found: number[] = [];
      for (const block of matrixBlocks("feed-forward up", inputs, outputs, crossbar)) {
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

test("only the embedding has rows of its own", () => {
  const { crossbar } = literalMachine({ crossbar: { rows: 16, columns: 8, embedRows: 5 } });
  const rowsOf = (role: LayerRole) => matrixBlocks(role, 12, 8, crossbar).map(({ rows }) => rows);
  expect(rowsOf("embedding")).toEqual([5, 5, 2]);
  expect(rowsOf("head")).toEqual([12]);
});
