// @module-tag slow
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stream } from "../numeric/stream.ts";
import type { CrossbarReading } from "./crossbar.ts";
import { readThroughWires, solveWires, wireLosses } from "./wires.ts";

interface Cells {
  readonly plus: Float64Array;
  readonly minus: Float64Array;
}

/** Conductances as on a programmed crossbar: one device of each pair near zero. */
function arrays(rows: number, columns: number, seed: number): Cells {
  const random = stream(seed);
  const plus = new Float64Array(rows * columns);
  const minus = new Float64Array(rows * columns);
  for (let i = 0; i < plus.length; i++) {
    const size = 25 * random.uniform();
    (random.integer(2) === 0 ? plus : minus)[i] = size;
    (plus[i] === size ? minus : plus)[i] = 0.1;
  }
  return { plus, minus };
}

function fast({ plus, minus }: Cells, rows: number, columns: number, lines: number, down: number): Cells {
  const seen = { plus: plus.slice(), minus: minus.slice() };
  wireLosses(seen.plus, seen.minus, rows, columns, { lines, columns: down });
  return seen;
}

/** Largest error of a cell, relative to the largest conductance. */
function error(a: Cells, b: Cells): number {
  const most = (x: Float64Array, y: Float64Array) => x.reduce((e, value, i) => Math.max(e, Math.abs(value - y[i])), 0);
  return Math.max(most(a.plus, b.plus), most(a.minus, b.minus)) / 25;
}

test("a single cell is three resistors in series, next to its partner", () => {
  // 20 uS behind 100 and 50 ohms; the partner conducts nothing.
  const [plus, minus] = [Float64Array.of(20), Float64Array.of(0)];
  wireLosses(plus, minus, 1, 1, { lines: 100, columns: 50 });
  const series = 1 / (1 / 20 + 100e-6 + 50e-6);
  const exact = solveWires(Float64Array.of(20), Float64Array.of(0), 1, 1, { lines: 100, columns: 50 });
  expect(exact.plus[0]).toBeCloseTo(series, 9);
  // The two drops, 2e-3 and 1e-3, are taken one by one: their product is the error.
  expect(Math.abs(plus[0] / series - 1)).toBeLessThan(3e-6);
});

describe("against nodal analysis of 8 x 6 cells", () => {
  const [rows, columns] = [8, 6];

  test("the fast form is exact when only the lines or only the columns resist", () => {
    for (let seed = 1; seed <= 5; seed++) {
      const cells = arrays(rows, columns, seed);
      // The exact form divides by both, so the other wire gets a hundredth of an ohm, which takes a share of 1e-5: what the
      // fast form leaves out is the product of that and the first wire's loss of a few per cent.
      for (const wires of [
        { lines: 200, columns: 0.01 },
        { lines: 0.01, columns: 200 },
      ]) {
        const exact = solveWires(cells.plus, cells.minus, rows, columns, wires);
        expect(error(cells, exact)).toBeGreaterThan(0.01);
        expect(error(fast(cells, rows, columns, wires.lines, wires.columns), exact)).toBeLessThan(1e-6);
      }
    }
  });

  test("with both, the error is small compared with the loss, and falls with its square", () => {
    for (let seed = 1; seed <= 5; seed++) {
      const cells = arrays(rows, columns, seed);
      const at = (ohms: number) => {
        const exact = solveWires(cells.plus, cells.minus, rows, columns, { lines: ohms, columns: ohms });
        return { loss: error(cells, exact), error: error(fast(cells, rows, columns, ohms, ohms), exact) };
      };
      const [large, small] = [at(100), at(10)];
      expect(large.loss).toBeGreaterThan(0.01);
      expect(large.error).toBeLessThan(0.1 * large.loss);
      expect(small.error).toBeLessThan(0.015 * small.loss);
      // Second order: a tenth of the resistance, a hundredth of the error, give or take higher orders.
      expect(small.error).toBeLessThan(0.02 * large.error);
    }
  });
});

test("far cells lose most: last of the line, first of the column", () => {
  const flat = () => new Float64Array(64 * 32).fill(5);
  const [plus, minus] = [flat(), flat()];
  wireLosses(plus, minus, 64, 32, { lines: 1, columns: 1 });
  const at = (r: number, c: number) => plus[r * 32 + c];
  for (let r = 1; r < 64; r++) expect(at(r, 7)).toBeGreaterThan(at(r - 1, 7));
  for (let c = 1; c < 32; c++) expect(at(9, c)).toBeLessThan(at(9, c - 1));
});

test("wires only lose signal, and lose more with more resistance", () => {
  const ohms = fc.double({ min: 0, max: 50, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), ohms, ohms, (rows, columns, a, b) => {
      const cells = arrays(rows, columns, 3);
      const less = fast(cells, rows, columns, Math.min(a, b), 1);
      const more = fast(cells, rows, columns, Math.max(a, b), 1);
      cells.plus.forEach((g, i) => {
        expect(less.plus[i]).toBeLessThanOrEqual(g);
        expect(more.plus[i]).toBeLessThanOrEqual(less.plus[i]);
        expect(more.plus[i]).toBeGreaterThan(0);
      });
    }),
    { seed: 1, numRuns: 100 },
  );
});

test("a reading loses by the resistance of lines, of columns, and of both; without any it stays the same", () => {
  const { plus, minus } = arrays(4, 3, 5);
  const weights = Float32Array.from(plus, (g, i) => (g - minus[i]) / 10);
  const scales = new Float64Array(3).fill(10);
  const reading: CrossbarReading = {
    ...{ rows: 4, columns: 3, scales, weights },
    plus: Float32Array.from(plus),
    minus: Float32Array.from(minus),
  };
  expect(readThroughWires(reading, { lines: 0, columns: 0 })).toBe(reading);
  for (const [lines, columns] of [
    [5, 0],
    [0, 5],
    [5, 5],
  ]) {
    const seen = readThroughWires(reading, { lines, columns });
    const expected = fast(
      { plus: Float64Array.from(reading.plus), minus: Float64Array.from(reading.minus) },
      4,
      3,
      lines,
      columns,
    );
    expect(seen.plus).toEqual(Float32Array.from(expected.plus));
    expect(seen.minus).toEqual(Float32Array.from(expected.minus));
    expect(seen.plus.every((g, i) => g < reading.plus[i])).toBe(true);
    seen.weights.forEach((weight, i) => {
      expect(weight).toBe(Math.fround((expected.plus[i] - expected.minus[i]) / 10));
    });
  }
});
